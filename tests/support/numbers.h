/* SPDX-License-Identifier: Apache-2.0
 *
 * A number model that starts afresh, with buckets of its own. One at a time.
 */
#ifndef RILL_TESTS_NUMBERS_H
#define RILL_TESTS_NUMBERS_H

#include "protocol/number_model.h"

static inline void numbers_setup(struct rill_number_model *numbers,
				 const struct rill_bit_tables *tables)
{
	static _Alignas(64) struct rill_buckets line[256];
	static struct rill_bucket_table table = {.line = line, .bits = 8};

	rill_bucket_table_setup(&table);
	rill_number_model_setup(numbers, tables, &table);
}

#endif
