/* SPDX-License-Identifier: Apache-2.0
 *
 * Brings one target to its signed release, or leaves it as it was.
 */
#ifndef RILL_DEVICE_UPDATE_H
#define RILL_DEVICE_UPDATE_H

#include "device/config.h"
#include "device/http.h"
#include "device/journal.h"
#include "device/progress.h"
#include "device/trust.h"

struct update {
	const struct config *config;
	const struct target_config *target;
	struct journal *journal;
	enum progress_style style;
	/* Results */
	struct entry entry;
	bool changed;

	struct progress progress;
};

/* Ends what a power cut or kill left undone: a new file whose health is not known is
 * checked, and kept or rolled back. Needs no network. */
enum rill_code update_recover(struct update *update, struct rill_error *error);

/* Compares, fetches, installs and checks. `trust` is refreshed. RILL_UNHEALTHY: the new
 * version failed its check and the old one is back; RILL_POLICY: there is no delta from
 * what is there, it would cost more than the budget, or the release is for other boards; other
 * codes as they come. What was received when it fails is kept for the next time. */
enum rill_code update_run(struct update *update, struct trust *trust, struct http *http,
			  struct rill_error *error);

#endif
