/* SPDX-License-Identifier: Apache-2.0
 *
 * Brings one target from what is installed to where only the switch is left (group.h). The
 * order is look, begin, fetch, close; after a restart reopen may stand in the place of the
 * first three.
 */
#ifndef RILL_DEVICE_UPDATE_H
#define RILL_DEVICE_UPDATE_H

#include "device/config.h"
#include "device/http.h"
#include "device/journal.h"
#include "device/kind.h"
#include "device/plan.h"
#include "device/progress.h"
#include "device/trust.h"

struct update {
	const struct config *config;
	const struct target_config *target;
	struct journal *journal;
	enum progress_style style;
	bool again; /* also a release that failed FAILURES_MAX times */

	/* Results */
	struct rill_error error; /* why it ended; its code is RILL_OK when it is well */
	struct entry entry;
	bool changed; /* a new version is in use */
	bool reboot; /* what was done takes effect with a reboot */
	bool available; /* there is one to be had: `plan` */

	/* At work */
	struct install *install;
	struct plan plan;
	bool wanted; /* there is something to switch to */
	bool resume; /* what an earlier run wrote of the whole target goes on */
	struct progress progress;
};

/* Reads the metadata and what is installed, and finds the way; changes nothing. `trust` was
 * refreshed. `plan.current`: there is nothing to do. Codes: those of plan.h and the kind;
 * RILL_POLICY also: the release failed too often. */
enum rill_code update_look(struct update *update, struct trust *trust, struct rill_error *error);

/* What is installed is what there is, and the entry says so already. */
bool update_is_noted(const struct update *update);

/* Starts a new entry, or goes on with that of an earlier run, in memory; sets `wanted`.
 * False: it is noted already. */
bool update_begin(struct update *update);

/* Fetches and prepares, after the entry that update_begin() made is in the journal. What was
 * received when it fails is kept for the next time; the journal knows why. RILL_POLICY: it would
 * cost more than the budget. */
enum rill_code update_fetch(struct update *update, struct http *http, struct rill_error *error);

/* What an earlier run wrote to its end, if it did, and if the base is still the same: then it is
 * good to be switched to. Needs no network. */
enum rill_code update_reopen(struct update *update, struct rill_error *error);

void update_close(struct update *update);

/* Records a state and makes it durable. */
enum rill_code update_put(struct update *update, enum update_state state, struct rill_error *error);
/* Notes in the entry that it failed, and whose fault that is. */
void update_failed(struct update *update, const struct rill_error *error);

/* The bytes of a SHA-256 of the entry, or NULL when it is "". */
const uint8_t *update_sha256(const char *hex, uint8_t digest[static RILL_SHA256_SIZE]);

#endif
