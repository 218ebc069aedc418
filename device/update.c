/* SPDX-License-Identifier: Apache-2.0 */
#include "device/update.h"

#include "device/health.h"
#include "device/kind.h"
#include "device/partial.h"
#include "device/receive.h"
#include <inttypes.h>
#include <string.h>

/* Steps in which a budget is used up, in bytes. */
#define ALLOWANCE_MIN 65536
#define ALLOWANCE_MAX (1 << 20)

static enum rill_code put(struct update *update, enum update_state state, struct rill_error *error)
{
	update->entry.state = state;
	if (state == STATE_COMMITTED)
		update->entry.committed = update->entry.release;
	return journal_put(update->journal, update->target->name, &update->entry, error);
}

/* Records why it ended; the first error is the one that counts. */
static enum rill_code end_badly(struct update *update, enum update_state state, enum rill_code code,
				const struct rill_error *error)
{
	struct rill_error ignored;

	update->entry.code = (int)code;
	snprintf(update->entry.message, sizeof update->entry.message, "%s", error->text);
	put(update, state, &ignored);
	return code;
}

/* The new version is in place: keep it if it is well, or bring the old one back. */
static enum rill_code test(struct update *update, struct rill_error *error)
{
	const struct target_config *target = update->target;
	struct rill_error why;
	enum rill_code code = put(update, STATE_TESTING, error);

	if (code == RILL_OK && target->health) {
		code = health_check(target->health, target->health_timeout, error);
		if (code != RILL_OK)
			rill_error_in(error, "health check");
	}
	if (code == RILL_OK)
		return put(update, STATE_COMMITTED, error);
	if (kind_of(target->kind)->restore(target->path, update->entry.from[0] != 0, &why) !=
	    RILL_OK) {
		rill_error_in(error, "%s, and it could not be undone", why.text);
		return end_badly(update, STATE_FAILED, code, error);
	}
	return end_badly(update, STATE_ROLLED_BACK, code, error);
}

static bool is_installed(const struct install *install, const char *hex)
{
	uint8_t digest[RILL_SHA256_SIZE];

	return install->has_base && rill_unhex(hex, digest, sizeof digest) &&
	       memcmp(digest, install->base_sha256, sizeof digest) == 0;
}

enum rill_code update_recover(struct update *update, struct rill_error *error)
{
	const struct kind *kind = kind_of(update->target->kind);
	struct install *install;
	bool switched;
	enum rill_code code;

	journal_get(update->journal, update->target->name, &update->entry);
	if (update->entry.state != STATE_SWITCHING && update->entry.state != STATE_TESTING)
		return RILL_OK;
	code = kind->open(&install, update->target->path, error);
	if (code != RILL_OK)
		return code;
	switched = is_installed(install, update->entry.to);
	kind->close(install);
	return switched ? test(update, error) : put(update, STATE_IDLE, error);
}

/* What the metadata says of the target, and what is there of it. */
struct plan {
	struct rill_tuf_target target, delta_target;
	struct rill_release release;
	struct rill_release_delta delta;
	bool has_delta;
};

static enum rill_code get_target(struct trust *trust, const char *name,
				 struct rill_tuf_target *target, struct rill_error *error)
{
	enum rill_code code = trust_target(trust, name, target, error);

	if (code == RILL_OK && !target->hashes.has_sha256)
		code = rill_fail(error, RILL_UNSUPPORTED, "target %.200s has no sha256", name);
	return code;
}

static enum rill_code read_release(const struct update *update, struct trust *trust,
				   struct plan *plan, struct rill_error *error)
{
	enum rill_code code = get_target(trust, update->target->name, &plan->target, error);
	const struct rill_json *json = plan->target.json;

	if (code == RILL_OK)
		code = rill_release_parse(json, plan->target.custom, &plan->release, error);
	if (code != RILL_OK)
		return code;
	if (plan->release.kind != update->target->kind)
		return rill_fail(error, RILL_CONFIG, "the repository has it as another kind");
	if (!rill_release_is_for(json, &plan->release, update->config->board))
		return rill_fail(error, RILL_POLICY, "release %" PRId64 " is not for board \"%s\"",
				 plan->release.number, update->config->board);
	if (!rill_release_fits(json, &plan->release, update->config->hardware))
		return rill_fail(error, RILL_POLICY,
				 "release %" PRId64 " is not for hardware \"%s\"",
				 plan->release.number, update->config->hardware);
	if (plan->release.number < update->entry.committed &&
	    plan->release.downgrade_from < update->entry.committed)
		return rill_fail(error, RILL_SECURITY,
				 "release %" PRId64 " is older than %" PRId64
				 ", which was installed",
				 plan->release.number, update->entry.committed);
	return RILL_OK;
}

static enum rill_code may_fetch_full(const struct update *update, const struct plan *plan,
				     struct rill_error *error)
{
	const struct config *config = update->config;
	bool within = config->full == FULL_WITHIN_BUDGET && plan->target.length <= config->budget;

	if (within || config->full == FULL_ALWAYS)
		return RILL_OK;
	return rill_fail(error, RILL_POLICY,
			 "release %" PRId64 " has no delta from what is installed; "
			 "\"full\": \"always\" allows all %" PRId64 " bytes",
			 plan->release.number, plan->target.length);
}

/* A delta if there is one; otherwise all of it, if the policy has it so. */
static enum rill_code choose_source(const struct update *update, struct trust *trust,
				    const struct install *install, struct plan *plan,
				    struct rill_error *error)
{
	const struct config *config = update->config;
	enum rill_code code = RILL_OK;

	if (install->has_base)
		code = rill_release_find_delta(plan->target.json, &plan->release,
					       install->base_sha256, &plan->delta, &plan->has_delta,
					       error);
	if (code != RILL_OK)
		return code;
	if (!plan->has_delta)
		return may_fetch_full(update, plan, error);
	if (plan->delta.memory > config->memory)
		return rill_fail(error, RILL_MEMORY,
				 "the delta needs %" PRId64 " bytes of memory, \"memory\" allows "
				 "%" PRId64,
				 plan->delta.memory, config->memory);
	code = get_target(trust, plan->delta.path, &plan->delta_target, error);
	if (code == RILL_OK && plan->delta_target.length != plan->delta.length)
		code = rill_fail(error, RILL_SECURITY, "the delta has two lengths");
	return code;
}

/* More of the budget, taken before it is used: a power cut does not make it grow. */
static uint64_t take_allowance(void *context)
{
	struct update *update = context;
	int64_t budget = update->config->budget, left = budget - update->entry.spent;
	int64_t step = budget / 32;
	struct rill_error ignored;

	step = step < ALLOWANCE_MIN ? ALLOWANCE_MIN : step > ALLOWANCE_MAX ? ALLOWANCE_MAX : step;
	if (step > left)
		step = left;
	if (step <= 0)
		return 0;
	update->entry.spent += step;
	return put(update, STATE_FETCHING, &ignored) == RILL_OK ? (uint64_t)step : 0;
}

static void tick(void *context)
{
	struct update *update = context;

	progress_tick(&update->progress);
}

static void pausing(void *context, int64_t ms, const struct rill_error *why)
{
	struct update *update = context;

	progress_pause(&update->progress, ms, why);
}

/* What it needs that is not here yet must fit what is left: nothing is fetched in vain. */
static enum rill_code check_budget(const struct update *update, uint64_t needed,
				   struct rill_error *error)
{
	int64_t left = update->config->budget - update->entry.spent;

	if (!update->config->budget || (left >= 0 && needed <= (uint64_t)left))
		return RILL_OK;
	return rill_fail(error, RILL_POLICY,
			 "%" PRIu64 " bytes are still to be fetched, and %" PRId64
			 " of the release's budget are left",
			 needed, left > 0 ? left : 0);
}

static enum rill_code receive_by_plan(struct update *update, const struct receiver *receiver,
				      const struct plan *plan, bool resume,
				      struct rill_error *error)
{
	uint64_t length = (uint64_t)(plan->has_delta ? plan->delta.length : plan->target.length);
	uint64_t kept = plan->has_delta ? partial_size(receiver->state, receiver->name) : 0;
	enum rill_code code = RILL_OK;

	/* What is kept of a whole file is seen only later, by its kind: then the budget itself
	 * is the limit. */
	if (!resume || plan->has_delta)
		code = check_budget(update, kept < length ? length - kept : 0, error);
	if (code != RILL_OK)
		return code;
	progress_start(&update->progress, update->style, receiver->name, &receiver->http->received,
		       length);
	return plan->has_delta ? receive_delta(receiver, &plan->delta, &plan->delta_target,
					       (uint64_t)update->config->memory, error)
			       : receive_full(receiver, resume, error);
}

static enum rill_code receive(struct update *update, struct http *http, struct install *install,
			      const struct plan *plan, bool resume, struct rill_error *error)
{
	const struct receiver receiver = {.http = http,
					  .install = install,
					  .progress = &update->progress,
					  .state = update->config->state,
					  .name = update->target->name,
					  .target = &plan->target};
	uint64_t content = http->received, wire = http->wire.received + http->wire.sent;
	int64_t spent = update->entry.spent;
	enum rill_code code;

	http->wire.more = update->config->budget ? take_allowance : NULL;
	http->wire.allowance = 0;
	http->wire.tick = tick;
	http->pausing = pausing;
	http->wire.context = http->context = update;
	code = receive_by_plan(update, &receiver, plan, resume, error);
	progress_end(&update->progress);
	http->wire.more = NULL;
	http->wire.tick = NULL;
	http->pausing = NULL;
	update->entry.fetched += (int64_t)(http->received - content);
	update->entry.spent = spent + (int64_t)(http->wire.received + http->wire.sent - wire);
	return code == RILL_OK ? install->kind->seal(install, plan->target.sha256, error) : code;
}

static enum rill_code install_release(struct update *update, struct http *http,
				      struct install *install, const struct plan *plan, bool resume,
				      struct rill_error *error)
{
	enum rill_code code = put(update, STATE_FETCHING, error);

	if (code == RILL_OK)
		code = receive(update, http, install, plan, resume, error);
	if (code == RILL_OK)
		install->keep = false;
	if (code == RILL_OK)
		code = put(update, STATE_SWITCHING, error);
	if (code != RILL_OK)
		return end_badly(update, STATE_FAILED, code, error);
	code = install->kind->switch_to_new(install, error);
	if (code == RILL_WRONG_BASE)
		return end_badly(update, STATE_FAILED, code, error);
	if (code != RILL_OK) /* it may have happened: the next run looks */
		return end_badly(update, STATE_SWITCHING, code, error);
	update->changed = true;
	partial_remove(update->config->state, update->target->name);
	return test(update, error);
}

/* Starts an entry, or goes on with that of an earlier run; true when that left a new version
 * that can be gone on with. */
static bool start_entry(struct update *update, const struct install *install,
			const struct plan *plan)
{
	struct entry was = update->entry, *entry = &update->entry;
	bool same;

	*entry = (struct entry){.release = plan->release.number,
				.committed = was.committed,
				.full = !plan->has_delta};
	if (install->has_base)
		rill_hex(install->base_sha256, RILL_SHA256_SIZE, entry->from);
	rill_hex(plan->target.sha256, RILL_SHA256_SIZE, entry->to);
	same = was.release == entry->release && strcmp(was.to, entry->to) == 0 &&
	       (was.state == STATE_FETCHING || was.state == STATE_FAILED);
	if (same) {
		entry->fetched = was.fetched;
		entry->spent = was.spent;
	}
	return same && was.full && entry->full;
}

/* The signed file is there already, whoever put it there. */
static enum rill_code note_current(struct update *update, const struct plan *plan,
				   struct rill_error *error)
{
	if (update->entry.state == STATE_COMMITTED && update->entry.release == plan->release.number)
		return RILL_OK;
	update->entry = (struct entry){.release = plan->release.number};
	rill_hex(plan->target.sha256, RILL_SHA256_SIZE, update->entry.to);
	return put(update, STATE_COMMITTED, error);
}

enum rill_code update_run(struct update *update, struct trust *trust, struct http *http,
			  struct rill_error *error)
{
	const struct kind *kind = kind_of(update->target->kind);
	struct install *install = NULL;
	struct plan plan = {.has_delta = false};
	enum rill_code code = read_release(update, trust, &plan, error);

	if (code == RILL_OK)
		code = kind->open(&install, update->target->path, error);
	if (code != RILL_OK)
		return code;
	if (install->has_base && install->base_length == (uint64_t)plan.target.length &&
	    memcmp(install->base_sha256, plan.target.sha256, RILL_SHA256_SIZE) == 0) {
		code = note_current(update, &plan, error);
	} else {
		code = choose_source(update, trust, install, &plan, error);
		if (code == RILL_OK) {
			bool resume = start_entry(update, install, &plan);

			code = install_release(update, http, install, &plan, resume, error);
		}
	}
	kind->close(install);
	return code;
}
