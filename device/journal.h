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
	STATE_FETCHING, /* a new file grows beside the old one */
	STATE_SWITCHING, /* the new one is whole; the rename may or may not have happened */
	STATE_TESTING, /* the new one is in place; its health is not known */
	STATE_COMMITTED, /* the new one is good */
	STATE_ROLLED_BACK, /* the new one was not, and the old one is back */
	STATE_FAILED, /* the update ended with an error; the old one was never touched */
};

struct entry {
	enum update_state state;
	int64_t release; /* of the update that `state` is about */
	int64_t committed; /* the highest release that ever was: never go below it */
	int64_t time; /* of the last change, seconds since 1970 */
	int64_t fetched; /* bytes of the delta or file, so far */
	int64_t spent; /* bytes over the wire for that; with a budget, never too few */
	bool full; /* the whole file is fetched, and not a delta */
	char from[65], to[65]; /* SHA-256 of the file before and after */
	int code; /* enum rill_code of a failure */
	char message[512];
};

struct journal {
	const char *folder;
	cJSON *targets; /* name to entry */
};

const char *update_state_name(enum update_state state);

/* Reads the journal; without one it is empty. A damaged one, or one of a newer version, is
 * RILL_IO and says so: nothing is guessed. Release with journal_close(). */
enum rill_code journal_open(struct journal *journal, const char *folder, struct rill_error *error);
void journal_close(struct journal *journal);

void journal_get(const struct journal *journal, const char *target, struct entry *entry);
/* Changes an entry (setting its time) and makes the journal durable. */
enum rill_code journal_put(struct journal *journal, const char *target, struct entry *entry,
			   struct rill_error *error);

#endif
