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

#include "protocol/error.h"

/* Fails with the message when `code` is not RILL_OK. */
void assert_ok(enum rill_code code, const struct rill_error *error);

/* Fails unless `code` is `expected`, and the message has `fragment` in it. */
void assert_fails(enum rill_code code, enum rill_code expected, const struct rill_error *error,
		  const char *fragment);

/* Pseudo-random numbers that are the same on every machine (xorshift64*). */
uint64_t next_random(uint64_t *state);

#endif
