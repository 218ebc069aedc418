/* SPDX-License-Identifier: Apache-2.0
 *
 * What the agent remembers of each target, in the file "journal" of the state folder:
 * a line with the SHA-256 of what follows, then JSON. It is replaced whole before the
 * agent acts on a change, so that after a power cut it says how far things may have got.
 */
#ifndef RILL_DEVICE_JOURNAL_H
#define RILL_DEVICE_JOURNAL_H

#include "protocol/error.h"
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

enum update_state {
	STATE_IDLE, /* nothing was ever done */
	STATE_FETCHING, /* a new version grows beside the old one, as the bytes come in */
	STATE_FETCHED, /* all came; what grew is whole, but perhaps not durable */
	STATE_PREPARING, /* it is made durable and read back */
	STATE_PREPARED, /* it is good, and waits: for the rest of its group, or for a hook */
	STATE_SWITCHING, /* the switch may or may not have happened, or waits for a reboot */
	STATE_TESTING, /* the new one is in use; whether it works is not known */
	STATE_ROLLING_BACK, /* it does not, or is not wanted: the old one is to come back */
	STATE_COMMITTED, /* the new one is good */
	STATE_ROLLED_BACK, /* the new one was not, and the old one is back */
	STATE_FAILED, /* the update ended with an error; the old one was never touched */
};

/* Of what an update to a release may be tried: then a newer one must come. */
#define FAILURES_MAX 2

struct entry {
	enum update_state state;
	int64_t release; /* of the update that `state` is about */
	int64_t committed; /* the highest release that ever was: never go below it */
	int64_t time; /* of the last change, seconds since 1970 */
	int64_t fetched; /* bytes of the delta or file, so far */
	int64_t spent; /* bytes over the wire for that; with a budget, never too few */
	int64_t total; /* bytes that were to be fetched in all; 0: not known */
	bool full; /* the whole file is fetched, and not a delta */
	char from[65], to[65]; /* SHA-256 of the file before and after */
	int64_t failures; /* of this release, by its own fault: FAILURES_MAX */
	int code; /* enum rill_code of a failure */
	char message[512];

	/* While switching or testing, or when what was rolled back takes a reboot */
	char boot[40]; /* the kernel's id of the boot in which it began */
	int64_t since; /* seconds of that boot, when the wait for a commit began */
	bool tested; /* it works, and waits for `rill-agent commit` */
};

struct journal {
	const char *folder;
	cJSON *targets; /* name to entry */
};

/* "rolled-back". */
const char *update_state_name(enum update_state state);
/* True in the middle of an update, which a restart goes on with. */
bool update_state_is_open(enum update_state state);

/* Reads the journal; without one it is empty. RILL_CORRUPT: it is damaged; RILL_UNSUPPORTED: it
 * is of another version. Then it is empty too, and journal_put() would replace it. Release
 * with journal_close(). */
enum rill_code journal_open(struct journal *journal, const char *folder, struct rill_error *error);
void journal_close(struct journal *journal);
/* Renames a damaged journal to "journal.damaged", for whoever wants to know. */
enum rill_code journal_set_aside(const struct journal *journal, struct rill_error *error);

void journal_get(const struct journal *journal, const char *target, struct entry *entry);
/* Changes an entry, but only in memory. */
void journal_set(struct journal *journal, const char *target, const struct entry *entry);
/* Makes all changes durable at once. */
enum rill_code journal_store(const struct journal *journal, struct rill_error *error);
/* Both, at this time. */
enum rill_code journal_put(struct journal *journal, const char *target, struct entry *entry,
			   struct rill_error *error);

#endif
