/* SPDX-License-Identifier: Apache-2.0
 *
 * What the commands that work on targets share: configuration, lock, journal, trust, and the
 * way through all groups of targets.
 */
#ifndef RILL_DEVICE_SESSION_H
#define RILL_DEVICE_SESSION_H

#include "device/clock.h"
#include "device/commands.h"
#include "device/group.h"
#include <limits.h>

struct session {
	const struct options *options;
	struct config config;
	struct journal journal;
	struct device_clock clock;
	struct http http;
	struct trust_source source;
	struct trust trust;
	char folder[PATH_MAX]; /* of the trusted metadata */
	int lock; /* descriptor, or -1 */
	bool polled; /* the server was asked */
	bool unreached; /* for some target it could not be reached */
	bool reboot; /* something takes effect with that */
	bool waiting; /* something waits for `rill-agent commit`, which needs the lock */
	bool recovering; /* what `print_result` reports was ended, not begun */
};

/* Reads the configuration. Release with session_close(), also after a failure. */
enum rill_code session_open(struct session *session, const struct options *options,
			    struct rill_error *error);
void session_close(struct session *session);

/* Takes the lock and reads the journal; a damaged one is set aside, which is printed. RILL_BUSY:
 * another instance is at work. */
enum rill_code session_begin(struct session *session, struct rill_error *error);
void session_end(struct session *session);

/* After session_end(): starts the device anew, if something waits for that and the configuration
 * says how. */
void session_reboot(const struct session *session);

/* Recovers, then polls and updates, unless something waits for a commit. */
enum rill_code session_update(struct session *session, struct rill_error *error);

/* Calls `work` for every group that has the target of the options, or every one without; prints
 * how it went for each member, unless nothing was to be done. The code is that of the first
 * group that failed. RILL_USAGE: there is no such target. Ends early when something is `waiting`
 * or we are told to stop. */
typedef enum rill_code (*session_work)(struct session *session, struct group *group);
enum rill_code session_each(struct session *session, session_work work, struct rill_error *error);

/* Ends what a restart left undone. Needs no network. */
enum rill_code session_recover(struct session *session, struct rill_error *error);

/* Asks the server, if the policy has it so (`polled`), and does the work. Without text, the error
 * was printed. */
enum rill_code session_poll(struct session *session, bool whole, session_work work,
			    struct rill_error *error);

/* The lock of the folder, named: "lock" while something is done, "daemon" while that runs. -1:
 * the error says why not, RILL_BUSY: somebody has it. */
int session_lock(const char *folder, const char *name, struct rill_error *error);
/* True when somebody has it. */
bool session_is_locked(const char *folder, const char *name);

#endif
