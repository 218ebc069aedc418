/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds where a target's bytes come from in a base: C. Percival's approximate matching
 * over a suffix array ("Naive differences of executable code", 2003). An exact match
 * starts a copy when it explains over 8 bytes more than the alignment at work does;
 * copies are then stretched both ways over bytes of which at least half agree.
 */
#ifndef RILL_HOST_SUFFIX_MATCH_H
#define RILL_HOST_SUFFIX_MATCH_H

#include "host/copy_select.h"
#include "host/progress.h"
#include <stddef.h>

/* Gives copies in the order of the target. Memory: 5 times the base up to 2 GiB, 9 times over that.
 * RILL_MEMORY. */
enum rill_code suffix_match(const uint8_t *base, size_t base_length, const uint8_t *target,
			    size_t target_length, struct copy_list *list, struct progress *progress,
			    struct rill_error *error);

#endif
