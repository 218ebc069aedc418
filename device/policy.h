/* SPDX-License-Identifier: Apache-2.0
 *
 * May the network be used now? Allowed hours, a hook that knows of metered links, and what the
 * server asked for; and when the next poll is due. What is remembered of that is in STATE/poll.
 */
#ifndef RILL_DEVICE_POLICY_H
#define RILL_DEVICE_POLICY_H

#include "device/clock.h"
#include "device/config.h"

/* Seconds since 1970; 0: never. */
struct poll {
	int64_t last, next; /* the last one, and when another is due */
	int64_t not_before; /* the server asked not to be asked before */
};

/* A longer wait than this is not the server's to ask for. */
#define POLICY_WAIT_MAX 86400

/* A file that is missing or damaged counts as none. */
struct poll policy_read_poll(const char *state);
/* Records a poll that just was, and computes the next: soon, if the server could not be reached;
 * when it was to be, if this was only a part of one. */
enum poll_outcome { POLL_WHOLE, POLL_PART, POLL_UNREACHED };
enum rill_code policy_write_poll(const struct config *config, const struct device_clock *clock,
				 int64_t not_before, enum poll_outcome outcome,
				 struct rill_error *error);

/* RILL_POLICY says why not, and until when if that is known; RILL_NETWORK: the server asked to
 * wait. Hours cannot be told by a clock that is behind, and are no obstacle then. */
enum rill_code policy_may_fetch(const struct config *config, const struct device_clock *clock,
				struct rill_error *error);

/* "HH:MM-HH:MM", to minutes of the day; the second may be the smaller one, past midnight. */
bool policy_parse_hours(const char *text, int *from, int *to);
/* True when `minute` of the day lies in it. */
bool policy_in_hours(int from, int to, int minute);

#endif
