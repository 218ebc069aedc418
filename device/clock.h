/* SPDX-License-Identifier: Apache-2.0
 *
 * The time that expiry is judged by, on devices whose clock may stand at 1970. It is the latest
 * of the system's clock, the date of the build, and the last trusted time, which is kept beside
 * the metadata and only grows:
 *
 *	- the system's clock, when the kernel says that it is synchronized (adjtimex(2));
 *	- what a verified timestamp says of when it was issued, but never beyond its own expiry or
 *	  the root's: whoever signs timestamps cannot make all that comes later look expired.
 *
 * Never the Date of an HTTP answer. When a root withdraws the keys of the timestamp, what those
 * keys said of the time is forgotten with them. So an untrusted clock can make stale metadata
 * pass for as long as the device was off, and never makes fresh metadata fail.
 */
#ifndef RILL_DEVICE_CLOCK_H
#define RILL_DEVICE_CLOCK_H

#include "protocol/tuf.h"

struct device_clock {
	int64_t now; /* seconds since 1970 */
	int64_t bare; /* the same without what was kept */
	bool trusted; /* the system's clock is synchronized */
	bool behind; /* the system's clock is known to be wrong */
};

/* Reads the clocks; `folder` is that of the metadata. A kept time that cannot be read counts as
 * none. */
struct device_clock clock_read(const char *folder);

/* The floor that verified metadata gives; 0 when it gives none. */
int64_t clock_floor(const struct rill_tuf *tuf);

/* Keeps what is known of the time after metadata was verified. Writes at most once a day. */
enum rill_code clock_keep(const char *folder, const struct device_clock *clock,
			  const struct rill_tuf *tuf, struct rill_error *error);

/* Name of the file in the folder. */
#define CLOCK_FILE "time"

#endif
