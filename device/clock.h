/* SPDX-License-Identifier: Apache-2.0
 *
 * The time, on devices that may have none: the latest of the system's clock, the date of
 * this version, and the last time that was known to be good, kept in STATE/time. Where the system's
 * clock is behind, it is wrong, and the time is not to be trusted.
 */
#ifndef RILL_DEVICE_CLOCK_H
#define RILL_DEVICE_CLOCK_H

#include "protocol/error.h"
#include <stdbool.h>
#include <stdint.h>

struct clock {
	int64_t now; /* seconds since 1970 */
	bool trusted;
};

/* A file that is missing or damaged counts as none. */
struct clock clock_read(const char *state);

/* Keeps the time, once something that is signed agrees with it: a clock that was ever far
 * ahead must not make all that follows look expired. At most one write a day. */
enum rill_code clock_keep(const char *state, const struct clock *clock, struct rill_error *error);

#endif
