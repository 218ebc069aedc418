/* SPDX-License-Identifier: Apache-2.0
 *
 * What the unit tests share. Include this first: cmocka wants its headers in this order.
 */
#ifndef RILL_TESTS_SUPPORT_H
#define RILL_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "protocol/copy_map.h"
#include "protocol/error.h"

/* Fails with the message when `code` is not RILL_OK. */
void assert_ok(enum rill_code code, const struct rill_error *error);

/* Fails unless `code` is `expected`, and the message has `fragment` in it. */
void assert_fails(enum rill_code code, enum rill_code expected, const struct rill_error *error,
		  const char *fragment);

/* Pseudo-random numbers that are the same on every machine (xorshift64*). */
uint64_t next_random(uint64_t *state);

/* Any of the entries that copy_map.h allows where `at` bytes of output are written and
 * `left` (not 0) are to come. */
struct rill_copy random_copy(uint64_t *state, uint64_t at, uint64_t left, uint64_t base_length);

#endif
