/* SPDX-License-Identifier: Apache-2.0 */
#include "device/update.h"

#include "device/partial.h"
#include "device/receive.h"
#include <inttypes.h>
#include <string.h>
#include <time.h>

/* Steps in which a budget is used up, in bytes. */
#define ALLOWANCE_MIN 65536
#define ALLOWANCE_MAX (1 << 20)

enum rill_code update_put(struct update *update, enum update_state state, struct rill_error *error)
{
	update->entry.state = state;
	return journal_put(update->journal, update->target->name, &update->entry, error);
}

const uint8_t *update_sha256(const char *hex, uint8_t digest[static RILL_SHA256_SIZE])
{
	return rill_unhex(hex, digest, RILL_SHA256_SIZE) ? digest : NULL;
}

/* Another try of the same release would end in the same way. */
static bool is_its_own_fault(enum rill_code code)
{
	return code == RILL_UNHEALTHY || code == RILL_CORRUPT || code == RILL_SECURITY ||
	       code == RILL_UNSUPPORTED || code == RILL_INTERNAL;
}

void update_failed(struct update *update, const struct rill_error *error)
{
	struct entry *entry = &update->entry;

	entry->code = (int)error->code;
	snprintf(entry->message, sizeof entry->message, "%s", error->text);
	if (is_its_own_fault(error->code) && entry->failures < FAILURES_MAX)
		entry->failures++;
}

/* Records why it ended; the first error is the one that counts. When we are told to stop, it has
 * not ended. */
static enum rill_code end_badly(struct update *update, const struct rill_error *error)
{
	enum update_state state = STATE_FETCHING;
	struct rill_error ignored;

	if (error->code != RILL_BUSY) {
		update_failed(update, error);
		state = STATE_FAILED;
	}
	update_put(update, state, &ignored);
	return error->code;
}

static bool is_same_release(const struct update *update)
{
	char to[RILL_SHA256_HEX];

	rill_hex(update->plan.target.sha256, RILL_SHA256_SIZE, to);
	return update->entry.release == update->plan.release.number &&
	       strcmp(update->entry.to, to) == 0;
}

static enum rill_code check_failures(const struct update *update, struct rill_error *error)
{
	const struct entry *entry = &update->entry;

	if (update->again || entry->failures < FAILURES_MAX || !is_same_release(update))
		return RILL_OK;
	return rill_fail(error, RILL_POLICY,
			 "release %" PRId64
			 " is not tried again, but a newer one will be; it failed "
			 "(%.300s); --now tries it all the same",
			 entry->release, entry->message);
}

enum rill_code update_look(struct update *update, struct trust *trust, struct rill_error *error)
{
	struct plan *plan = &update->plan;
	enum rill_code code;

	journal_get(update->journal, update->target->name, &update->entry);
	code = plan_read(plan, update->config, update->target, trust, update->entry.committed,
			 error);
	if (code == RILL_OK)
		code = kind_of(update->target->kind)->open(&update->install, update->target, error);
	if (code == RILL_OK)
		code = plan_choose(plan, update->config, trust, update->install, error);
	if (code == RILL_OK && !plan->current)
		code = check_failures(update, error);
	return code;
}

bool update_is_noted(const struct update *update)
{
	return update->plan.current && update->entry.state == STATE_COMMITTED &&
	       update->entry.release == update->plan.release.number;
}

bool update_begin(struct update *update)
{
	const struct plan *plan = &update->plan;
	struct entry was = update->entry, *entry = &update->entry;
	bool same = is_same_release(update);

	if (update_is_noted(update))
		return false;
	*entry = (struct entry){.release = plan->release.number, .committed = was.committed};
	rill_hex(plan->target.sha256, RILL_SHA256_SIZE, entry->to);
	if (plan->current) { /* whoever put it there */
		entry->state = STATE_COMMITTED;
		entry->committed = entry->release;
		return true;
	}
	if (update->install->has_base)
		rill_hex(update->install->base_sha256, RILL_SHA256_SIZE, entry->from);
	if (same) {
		entry->fetched = was.fetched;
		entry->spent = was.spent;
		entry->failures = was.failures;
	}
	entry->full = !plan->has_delta;
	entry->total = plan_length(plan);
	/* What is prepared is looked at by update_fetch() before anything else. */
	entry->state = same && was.state == STATE_PREPARED && strcmp(was.from, entry->from) == 0
			       ? STATE_PREPARED
			       : STATE_FETCHING;
	update->resume = same && was.full && entry->full &&
			 (was.state == STATE_FETCHING || was.state == STATE_FAILED ||
			  was.state == STATE_ROLLED_BACK);
	return update->wanted = true;
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
	return update_put(update, STATE_FETCHING, &ignored) == RILL_OK ? (uint64_t)step : 0;
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
				      struct rill_error *error)
{
	const struct plan *plan = &update->plan;
	uint64_t length = (uint64_t)plan_length(plan);
	uint64_t kept = plan->has_delta ? partial_size(receiver->state, receiver->name) : 0;
	enum rill_code code = RILL_OK;

	/* What is kept of a whole file is seen only later, by its kind: then the budget itself
	 * is the limit. */
	if (!update->resume || plan->has_delta)
		code = check_budget(update, kept < length ? length - kept : 0, error);
	if (code != RILL_OK)
		return code;
	progress_start(&update->progress, update->style, receiver->state, receiver->name,
		       &receiver->http->received, length);
	return plan->has_delta ? receive_delta(receiver, &plan->delta, &plan->delta_target,
					       (uint64_t)update->config->memory, error)
			       : receive_full(receiver, update->resume, error);
}

static enum rill_code receive(struct update *update, struct http *http, struct rill_error *error)
{
	const struct receiver receiver = {.http = http,
					  .install = update->install,
					  .progress = &update->progress,
					  .state = update->config->state,
					  .name = update->target->name,
					  .target = &update->plan.target};
	uint64_t content = http->received, wire = http->wire.received + http->wire.sent;
	int64_t spent = update->entry.spent;
	enum rill_code code;

	http->wire.more = update->config->budget ? take_allowance : NULL;
	http->wire.allowance = 0;
	http->wire.tick = tick;
	http->pausing = pausing;
	http->wire.context = http->context = update;
	code = receive_by_plan(update, &receiver, error);
	progress_end(&update->progress);
	http->wire.more = NULL;
	http->wire.tick = NULL;
	http->pausing = NULL;
	update->entry.fetched += (int64_t)(http->received - content);
	update->entry.spent = spent + (int64_t)(http->wire.received + http->wire.sent - wire);
	return code;
}

/* Made durable, and read back. */
static enum rill_code seal(struct update *update, struct rill_error *error)
{
	uint8_t digest[RILL_SHA256_SIZE];
	enum rill_code code = update_put(update, STATE_PREPARING, error);

	if (code == RILL_OK)
		code = update->install->kind->seal(update->install,
						   update_sha256(update->entry.to, digest), error);
	return code == RILL_OK ? update_put(update, STATE_PREPARED, error) : code;
}

/* A base that changed while it was read is not the delta's fault. */
static void blame(const struct update *update, enum rill_code code, struct rill_error *error)
{
	struct rill_error changed;

	if (code == RILL_CORRUPT && update->install->kind->check_base &&
	    update->install->kind->check_base(update->install, &changed) == RILL_WRONG_BASE)
		*error = changed;
}

enum rill_code update_fetch(struct update *update, struct http *http, struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	if (update->entry.state == STATE_PREPARED) {
		code = update_reopen(update, error);
		if (code == RILL_OK || code == RILL_BUSY)
			return code;
		code = update_put(update, STATE_FETCHING, error);
	}
	if (code == RILL_OK)
		code = receive(update, http, error);
	if (code == RILL_OK)
		code = update_put(update, STATE_FETCHED, error);
	if (code == RILL_OK)
		code = seal(update, error);
	if (code == RILL_OK) {
		update->install->keep = true;
		return error->code =
			       RILL_OK; /* whatever went wrong on the way, and was tried again */
	}
	if (update->entry.state >= STATE_FETCHED)
		update->install->keep = update->entry.full && code != RILL_CORRUPT;
	blame(update, code, error);
	return end_badly(update, error);
}

enum rill_code update_reopen(struct update *update, struct rill_error *error)
{
	const struct kind *kind = kind_of(update->target->kind);
	uint8_t digest[RILL_SHA256_SIZE];
	const uint8_t *from = update_sha256(update->entry.from, digest);
	enum rill_code code = RILL_OK;

	if (!update->install)
		code = kind->open(&update->install, update->target, error);
	if (code != RILL_OK)
		return code;
	if (!from != !update->install->has_base ||
	    (from && memcmp(from, update->install->base_sha256, RILL_SHA256_SIZE) != 0))
		return rill_fail(error, RILL_WRONG_BASE, "somebody changed it meanwhile");
	code = kind->reopen(update->install, error);
	if (code == RILL_OK)
		code = kind->seal(update->install, update_sha256(update->entry.to, digest), error);
	if (code == RILL_OK && update->entry.state < STATE_PREPARED)
		code = update_put(update, STATE_PREPARED, error);
	/* What came of a whole target is worth keeping even when it is not complete; and all when
	 * we are only told to stop. */
	update->install->keep = code == RILL_OK || code == RILL_BUSY || update->entry.full;
	return code;
}

void update_close(struct update *update)
{
	if (update->install)
		update->install->kind->close(update->install);
	update->install = NULL;
}
