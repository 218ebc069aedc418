/* SPDX-License-Identifier: Apache-2.0
 *
 * What every delta of an executable begins with, shown to the models before its first byte: they
 * start with the counts of having coded one typical layout table and copy map, as a small delta has
 * too few numbers of its own to learn from.
 */
#ifndef RILL_PRIME_H
#define RILL_PRIME_H

#include "protocol/number_model.h"

void rill_prime_numbers(struct rill_number_model *numbers, const struct rill_bit_tables *tables);

#endif
