/* SPDX-License-Identifier: Apache-2.0
 *
 * What the signed metadata says of a target, and how to get there from what is installed.
 */
#ifndef RILL_DEVICE_PLAN_H
#define RILL_DEVICE_PLAN_H

#include "device/config.h"
#include "device/kind.h"
#include "device/trust.h"
#include <limits.h>

struct plan {
	struct rill_tuf_target target, delta_target;
	struct rill_release release;
	bool current; /* it is installed already */
	struct rill_release_delta delta;
	char path[PATH_MAX]; /* the delta's; trust may drop the document it came from */
	bool has_delta; /* otherwise all of the target is fetched */
};

/* Reads the release. `committed` is the highest that ever was on the device. RILL_POLICY: it is
 * for other boards or hardware; RILL_SECURITY: it is older than `committed`, without a signed
 * permission. The target in `plan` points into `trust`: plan_choose() must follow before
 * another target is looked up. */
enum rill_code plan_read(struct plan *plan, const struct config *config,
			 const struct target_config *target, struct trust *trust, int64_t committed,
			 struct rill_error *error);

/* Compares it with what is installed, and finds the way. RILL_POLICY: there is no delta from
 * there, and the policy does not allow the whole target; RILL_MEMORY: over the budget. */
enum rill_code plan_choose(struct plan *plan, const struct config *config, struct trust *trust,
			   const struct install *install, struct rill_error *error);

/* Bytes to fetch, if nothing is kept. */
int64_t plan_length(const struct plan *plan);

#endif
