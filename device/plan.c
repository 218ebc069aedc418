/* SPDX-License-Identifier: Apache-2.0 */
#include "device/plan.h"

#include <inttypes.h>
#include <string.h>

static enum rill_code get_target(struct trust *trust, const char *name,
				 struct rill_tuf_target *target, struct rill_error *error)
{
	enum rill_code code = trust_target(trust, name, target, error);

	if (code == RILL_OK && !target->hashes.has_sha256)
		code = rill_fail(error, RILL_UNSUPPORTED, "target %.200s has no sha256", name);
	return code;
}

static enum rill_code check_device(const struct plan *plan, const struct config *config,
				   struct rill_error *error)
{
	const struct rill_json *json = plan->target.json;
	int64_t number = plan->release.number;

	if (!rill_release_is_for(json, &plan->release, config->board))
		return rill_fail(error, RILL_POLICY, "release %" PRId64 " is not for board \"%s\"",
				 number, config->board);
	if (!rill_release_fits(json, &plan->release, config->hardware))
		return rill_fail(error, RILL_POLICY,
				 "release %" PRId64 " is not for hardware \"%s\"", number,
				 config->hardware);
	return RILL_OK;
}

enum rill_code plan_read(struct plan *plan, const struct config *config,
			 const struct target_config *target, struct trust *trust, int64_t committed,
			 struct rill_error *error)
{
	enum rill_code code = get_target(trust, target->name, &plan->target, error);
	const struct rill_json *json = plan->target.json;

	if (code == RILL_OK)
		code = rill_release_parse(json, plan->target.custom, &plan->release, error);
	if (code != RILL_OK)
		return code;
	if (plan->release.kind != target->kind)
		return rill_fail(error, RILL_CONFIG, "the repository has it as another kind");
	code = check_device(plan, config, error);
	if (code == RILL_OK && plan->release.number < committed &&
	    plan->release.downgrade_from < committed)
		code = rill_fail(error, RILL_SECURITY,
				 "release %" PRId64 " is older than %" PRId64
				 ", which was installed",
				 plan->release.number, committed);
	return code;
}

static enum rill_code may_fetch_full(const struct config *config, const struct plan *plan,
				     const struct kind *kind, struct rill_error *error)
{
	bool within = config->full == FULL_WITHIN_BUDGET && plan->target.length <= config->budget;

	if (!kind->resume)
		return rill_fail(error, RILL_POLICY,
				 "release %" PRId64 " has no delta from what is installed, and a "
				 "target of kind \"%s\" is never fetched whole",
				 plan->release.number, kind->name);
	if (within || config->full == FULL_ALWAYS)
		return RILL_OK;
	return rill_fail(error, RILL_POLICY,
			 "release %" PRId64 " has no delta from what is installed; "
			 "\"full\": \"always\" allows all %" PRId64 " bytes",
			 plan->release.number, plan->target.length);
}

enum rill_code plan_choose(struct plan *plan, const struct config *config, struct trust *trust,
			   const struct install *install, struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	plan->has_delta = false;
	plan->current = install->has_base &&
			install->base_length == (uint64_t)plan->target.length &&
			memcmp(install->base_sha256, plan->target.sha256, RILL_SHA256_SIZE) == 0;
	if (plan->current)
		return RILL_OK;
	if (install->has_base)
		code = rill_release_find_delta(plan->target.json, &plan->release,
					       install->base_sha256, &plan->delta, &plan->has_delta,
					       error);
	if (code != RILL_OK)
		return code;
	if (!plan->has_delta)
		return may_fetch_full(config, plan, install->kind, error);
	if (plan->delta.memory > config->memory)
		return rill_fail(error, RILL_MEMORY,
				 "the delta needs %" PRId64 " bytes of memory, \"memory\" allows "
				 "%" PRId64,
				 plan->delta.memory, config->memory);
	if (snprintf(plan->path, sizeof plan->path, "%s", plan->delta.path) >=
	    (int)sizeof plan->path)
		return rill_fail(error, RILL_UNSUPPORTED, "the delta's name is too long");
	plan->delta.path = plan->path;
	code = get_target(trust, plan->path, &plan->delta_target, error);
	if (code == RILL_OK && plan->delta_target.length != plan->delta.length)
		code = rill_fail(error, RILL_SECURITY, "the delta has two lengths");
	return code;
}

int64_t plan_length(const struct plan *plan)
{
	return plan->has_delta ? plan->delta.length : plan->target.length;
}
