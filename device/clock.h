/* SPDX-License-Identifier: Apache-2.0
 *
 * The time, on devices that may have none: the latest of the system's clock, the date of
 * this version, and the last time that was known to be good, kept in STATE/time.
 */
#ifndef RILL_DEVICE_CLOCK_H
#define RILL_DEVICE_CLOCK_H

#include "protocol/error.h"
#include <stdbool.h>
#include <stdint.h>

struct device_clock {
	int64_t now; /* seconds since 1970 */
	bool trusted; /* the kernel says that the system's clock is synchronized (adjtimex(2)) */
	bool behind; /* the system's clock is known to be wrong */
};

/* A file that is missing or damaged counts as none. */
struct device_clock clock_read(const char *state);

/* Keeps the time, once something that is signed agrees with it: a clock that was ever far
 * ahead must not make all that follows look expired. Not one that is behind; at most a write a day.
 */
enum rill_code clock_keep(const char *state, const struct device_clock *clock,
			  struct rill_error *error);

#endif
