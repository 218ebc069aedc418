/* SPDX-License-Identifier: Apache-2.0
 *
 * Targets that switch together, and go back together: those of one "group" of the configuration,
 * or a single one. The journal gets each step of all of them at once, before it is taken, so that
 * a process that starts anew goes on, or back, for all:
 *
 *	prepared -> switching -> testing -> committed
 *	                 `-----------`----> rolling-back -> rolled-back
 *
 * A switch that was begun is finished as long as every member can be; otherwise all go back.
 */
#ifndef RILL_DEVICE_GROUP_H
#define RILL_DEVICE_GROUP_H

#include "device/update.h"

struct group {
	struct update *members;
	size_t count;
};

/* Ends what a restart left undone, as far as that needs no network: what is prepared is switched
 * to, what is in use is tested and kept or rolled back. RILL_OK also when there was nothing.
 * RILL_REBOOT: waits for a reboot. Each member's `error` says how it went for it. */
enum rill_code group_recover(struct group *group);

/* Fetches what is new for the members, prepares all, and switches. RILL_UNHEALTHY: the new
 * versions failed their check and the old ones are back; RILL_REBOOT: a reboot is what is left
 * to do; the codes of update.h. */
enum rill_code group_update(struct group *group, struct trust *trust, struct http *http);

/* By hand: what is being tested is good; or is to go, also after it was committed, if the one
 * before is still there. RILL_POLICY: there is none of that. */
enum rill_code group_commit(struct group *group);
enum rill_code group_rollback(struct group *group);

#endif
