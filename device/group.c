/* SPDX-License-Identifier: Apache-2.0 */
#include "device/group.h"

#include "device/boot.h"
#include "device/group_hooks.h"
#include "device/partial.h"
#include "device/signals.h"
#include <inttypes.h>
#include <string.h>
#include <time.h>

#define FOR_WANTED(member, group)                                                                  \
	for (struct update *member = (group)->members; member < (group)->members + (group)->count; \
	     member++)                                                                             \
		if (member->wanted)

/* The members of whom one is enough to say it of all. */
static bool any_in(const struct group *group, enum update_state state)
{
	for (size_t i = 0; i < group->count; i++)
		if (group->members[i].entry.state == state)
			return true;
	return false;
}

static enum rill_code put_all(struct group *group, enum update_state state,
			      struct rill_error *error)
{
	int64_t now = (int64_t)time(NULL);
	struct journal *journal = group->members[0].journal;

	FOR_WANTED(member, group)
	{
		member->entry.state = state;
		member->entry.time = now;
		journal_set(journal, member->target->name, &member->entry);
	}
	return journal_store(journal, error);
}

static enum rill_code fail_all(struct group *group, const struct rill_error *error)
{
	group->members[0].error = *error;
	FOR_WANTED(member, group)
	member->error = *error;
	return error->code;
}

static enum rill_code find(const struct update *member, enum kind_position *position,
			   struct rill_error *error)
{
	uint8_t from[RILL_SHA256_SIZE], to[RILL_SHA256_SIZE];
	char boot[sizeof member->entry.boot];

	boot_id(boot, sizeof boot);
	return kind_find(member->target, update_sha256(member->entry.from, from),
			 update_sha256(member->entry.to, to), strcmp(boot, member->entry.boot) != 0,
			 position, error);
}

/* Brings one member back, if it is not there already. */
static enum rill_code restore(struct update *member, struct rill_error *error)
{
	const struct kind *kind = kind_of(member->target->kind);
	uint8_t from[RILL_SHA256_SIZE];
	enum kind_position position;
	enum rill_code code = find(member, &position, error);

	if (code != RILL_OK || position == KIND_OLD)
		return code;
	if (position == KIND_OTHER)
		return rill_fail(error, RILL_WRONG_BASE,
				 "%s: neither the old version nor the new one; it is left as it is",
				 member->target->path);
	return kind->restore(member->target, update_sha256(member->entry.from, from), error);
}

/* Ends a rollback that the journal has. What cannot be undone is final; what failed by an I/O error
 * is tried again by the next run. */
static enum rill_code finish_rollback(struct group *group)
{
	enum update_state state = STATE_ROLLED_BACK;
	struct rill_error error;

	FOR_WANTED(member, group)
	{
		enum rill_code code = restore(member, &error);

		rill_fail(&member->error, (enum rill_code)member->entry.code, "%s",
			  member->entry.message);
		if (code == RILL_OK) {
			hook_restored(member);
			if (member->entry.failures >= FAILURES_MAX)
				partial_remove(member->config->state, member->target->name);
			continue;
		}
		rill_error_in(&member->error, "%s, and it could not be undone", error.text);
		snprintf(member->entry.message, sizeof member->entry.message, "%s",
			 member->error.text);
		state = code == RILL_WRONG_BASE ? STATE_FAILED : STATE_ROLLING_BACK;
	}
	put_all(group, state, &error);
	FOR_WANTED(member, group)
	{
		member->changed = false;
		if (member->error.code != RILL_OK)
			return member->error.code;
	}
	return RILL_OK;
}

static enum rill_code roll_back(struct group *group, const struct rill_error *why)
{
	struct rill_error ignored;

	FOR_WANTED(member, group)
	update_failed(member, why);
	put_all(group, STATE_ROLLING_BACK, &ignored);
	return finish_rollback(group);
}

static enum rill_code commit_all(struct group *group)
{
	struct rill_error error = {.code = RILL_OK};

	FOR_WANTED(member, group)
	{
		const struct kind *kind = kind_of(member->target->kind);

		if (kind->commit && kind->commit(member->target, &error) != RILL_OK)
			return fail_all(group, &error); /* the next run tries again */
		member->entry.committed = member->entry.release;
		member->entry.failures = member->entry.code = 0;
		member->entry.boot[0] = 0;
	}
	if (put_all(group, STATE_COMMITTED, &error) != RILL_OK)
		return fail_all(group, &error);
	FOR_WANTED(member, group)
	partial_remove(member->config->state, member->target->name);
	return RILL_OK;
}

static bool is_manual(const struct group *group)
{
	FOR_WANTED(member, group)
	{
		if (member->target->manual)
			return true;
	}
	return false;
}

static void start_clock(struct group *group, bool tested)
{
	FOR_WANTED(member, group)
	{
		boot_id(member->entry.boot, sizeof member->entry.boot);
		member->entry.since = boot_seconds();
		member->entry.tested = tested;
	}
}

/* The new versions are in use: keep them if they are well, or bring the old ones back. */
static enum rill_code test(struct group *group)
{
	struct rill_error error = {.code = RILL_OK};

	FOR_WANTED(member, group)
	member->changed = true;
	if (put_all(group, STATE_TESTING, &error) != RILL_OK)
		return roll_back(group, &error);
	FOR_WANTED(member, group)
	{
		enum rill_code code = hook_test(member, &error);

		if (code == RILL_POLICY || code == RILL_BUSY)
			return fail_all(group, &error); /* the next run asks again */
		if (code != RILL_OK)
			return roll_back(group, &error);
	}
	if (!is_manual(group))
		return commit_all(group);
	start_clock(group, true);
	if (put_all(group, STATE_TESTING, &error) != RILL_OK)
		return fail_all(group, &error);
	return RILL_OK;
}

/* All is switched: what follows depends on who needs a reboot. */
static enum rill_code test_or_reboot(struct group *group)
{
	struct rill_error error;
	bool pending = false;

	FOR_WANTED(member, group)
	{
		enum kind_position position = KIND_NEW;

		if (kind_of(member->target->kind)->reboots &&
		    find(member, &position, &error) != RILL_OK)
			return fail_all(group, &error);
		pending = pending || position == KIND_PENDING;
	}
	if (!pending)
		return test(group);
	rill_fail(&error, RILL_REBOOT, "release %" PRId64 " is installed; a reboot starts it",
		  group->members[0].entry.release);
	return fail_all(group, &error);
}

/* A switch that could not be: if it has happened to nobody, nobody goes back. */
static enum rill_code back_out(struct group *group, const struct rill_error *why)
{
	enum kind_position position = KIND_OLD;
	struct rill_error ignored;
	bool all_old = true;

	FOR_WANTED(member, group)
	if (find(member, &position, &ignored) != RILL_OK || position != KIND_OLD)
		all_old = false;
	/* What stands in its place is somebody else's, and newer. */
	if (group->count == 1 && position == KIND_OTHER)
		all_old = true;
	if (!all_old)
		return roll_back(group, why);
	FOR_WANTED(member, group)
	{
		update_failed(member, why);
		if (member->install)
			member->install->keep = false;
	}
	put_all(group, STATE_FAILED, &ignored);
	return fail_all(group, why);
}

/* All wanted members are prepared and open. */
static enum rill_code switch_all(struct group *group)
{
	struct rill_error error = {.code = RILL_OK};

	FOR_WANTED(member, group)
	{
		if (hook_may_switch(member, &error) == RILL_OK)
			continue;
		if (error.code == RILL_POLICY || error.code == RILL_BUSY)
			return fail_all(group, &error); /* all stays prepared */
		return back_out(group, &error);
	}
	start_clock(group, false);
	if (put_all(group, STATE_SWITCHING, &error) != RILL_OK)
		return back_out(group, &error);
	FOR_WANTED(member, group)
	if (member->install->kind->switch_to_new(member->install, &error) != RILL_OK)
		return back_out(group, &error);
	return test_or_reboot(group);
}

/* Somebody else's change, or the boot loader's, ends a switch. */
static enum rill_code judge_position(const struct update *member, enum kind_position position,
				     struct rill_error *error)
{
	if (position == KIND_OTHER)
		return rill_fail(error, RILL_WRONG_BASE, "%s: somebody changed it meanwhile",
				 member->target->path);
	if (position == KIND_FELL_BACK)
		return rill_fail(error, RILL_UNHEALTHY,
				 "release %" PRId64 " did not boot; the boot loader went back",
				 member->entry.release);
	return RILL_OK;
}

/* Goes on with a switch. Those to whom it has not happened yet follow, if what was prepared is
 * still there; otherwise the next update fetches anew. */
static enum rill_code finish_switch(struct group *group)
{
	struct rill_error error = {.code = RILL_OK};
	bool any_new = false, lost = false;

	FOR_WANTED(member, group)
	{
		enum kind_position position;

		if (find(member, &position, &error) != RILL_OK)
			return fail_all(group, &error);
		if (judge_position(member, position, &error) != RILL_OK)
			return back_out(group, &error);
		if (position != KIND_OLD)
			any_new = true;
		else if (update_reopen(member, &error) != RILL_OK)
			lost = true;
	}
	if (lost && any_new)
		return back_out(group, &error);
	if (lost) {
		if (put_all(group, STATE_FETCHING, &error) != RILL_OK)
			return fail_all(group, &error);
		return RILL_OK;
	}
	FOR_WANTED(member, group)
	{
		if (member->install)
			member->entry.state = STATE_SWITCHING;
		if (member->install &&
		    member->install->kind->switch_to_new(member->install, &error) != RILL_OK)
			return back_out(group, &error);
	}
	return test_or_reboot(group);
}

/* Waits for `rill-agent commit`, but not for ever; a reboot starts the wait anew. */
static enum rill_code wait_for_commit(struct group *group)
{
	struct update *first = group->members;
	char boot[sizeof first->entry.boot];
	struct rill_error error;

	while (!first->wanted)
		first++;
	boot_id(boot, sizeof boot);
	if (strcmp(boot, first->entry.boot) != 0) {
		start_clock(group, true);
		return put_all(group, STATE_TESTING, &error) == RILL_OK ? RILL_OK
									: fail_all(group, &error);
	}
	if (boot_seconds() - first->entry.since < first->target->commit_timeout)
		return RILL_OK;
	rill_fail(&error, RILL_UNHEALTHY, "not committed within %" PRId64 " s",
		  first->target->commit_timeout);
	return roll_back(group, &error);
}

/* It was in use; since then the boot loader or somebody may have gone back. */
static enum rill_code finish_test(struct group *group)
{
	struct rill_error error;

	FOR_WANTED(member, group)
	{
		enum kind_position position;

		if (find(member, &position, &error) != RILL_OK)
			return fail_all(group, &error);
		if (position == KIND_OLD)
			position = KIND_FELL_BACK;
		if (judge_position(member, position, &error) != RILL_OK)
			return roll_back(group, &error);
	}
	FOR_WANTED(member, group)
	{
		if (!member->entry.tested)
			return test(group);
	}
	return wait_for_commit(group);
}

/* What is whole beside the old version is taken up, unless others of the group are not so far. */
static enum rill_code finish_preparation(struct group *group)
{
	struct rill_error error;
	bool lost = false;

	if (group->count > 1 && (any_in(group, STATE_FETCHING) || any_in(group, STATE_FAILED)))
		return RILL_OK;
	FOR_WANTED(member, group)
	if (update_reopen(member, &error) != RILL_OK) {
		lost = true;
		update_close(member);
		if (update_put(member, STATE_FETCHING, &error) != RILL_OK)
			return fail_all(group, &error);
	}
	return lost ? RILL_OK : switch_all(group);
}

static void load(struct group *group)
{
	for (size_t i = 0; i < group->count; i++) {
		struct update *member = &group->members[i];

		journal_get(member->journal, member->target->name, &member->entry);
		member->wanted = update_state_is_open(member->entry.state);
		member->error.code = RILL_OK;
		member->changed = false;
	}
}

static void close_all(struct group *group)
{
	for (size_t i = 0; i < group->count; i++)
		update_close(&group->members[i]);
}

enum rill_code group_recover(struct group *group)
{
	enum rill_code code = RILL_OK;

	load(group);
	if (any_in(group, STATE_ROLLING_BACK))
		code = finish_rollback(group);
	else if (any_in(group, STATE_TESTING))
		code = finish_test(group);
	else if (any_in(group, STATE_SWITCHING))
		code = finish_switch(group);
	else if (any_in(group, STATE_FETCHED) || any_in(group, STATE_PREPARING) ||
		 any_in(group, STATE_PREPARED))
		code = finish_preparation(group);
	close_all(group);
	return code;
}

/* Nothing is begun for any while one is refused. */
static enum rill_code look_all(struct group *group, struct trust *trust)
{
	enum rill_code first = RILL_OK;

	for (size_t i = 0; i < group->count; i++) {
		struct update *member = &group->members[i];
		enum rill_code code = update_look(member, trust, &member->error);

		if (code == RILL_OK) /* whatever was tried again */
			member->error.code = RILL_OK;
		if (first == RILL_OK)
			first = code;
	}
	return first;
}

static enum rill_code begin_all(struct group *group, struct rill_error *error)
{
	struct journal *journal = group->members[0].journal;

	for (size_t i = 0; i < group->count; i++) {
		struct update *member = &group->members[i];

		if (!update_begin(member))
			continue;
		member->entry.time = (int64_t)time(NULL);
		journal_set(journal, member->target->name, &member->entry);
	}
	return journal_store(journal, error);
}

static bool all_noted(const struct group *group)
{
	for (size_t i = 0; i < group->count; i++) {
		const struct update *member = &group->members[i];

		if (!member->plan.current || member->entry.state != STATE_COMMITTED ||
		    member->entry.release != member->plan.release.number)
			return false;
	}
	return true;
}

static enum rill_code fetch_all(struct group *group, struct http *http)
{
	enum rill_code first = RILL_OK;

	FOR_WANTED(member, group)
	{
		enum rill_code code = update_fetch(member, http, &member->error);

		if (first == RILL_OK)
			first = code;
		if (code == RILL_BUSY)
			break;
	}
	if (first == RILL_OK)
		return RILL_OK;
	FOR_WANTED(member, group)
	if (member->error.code == RILL_OK)
		rill_fail(&member->error, RILL_POLICY, "waits for the others of its group");
	return first;
}

/* An update that still goes on keeps the next one away. */
static bool is_busy(struct group *group)
{
	bool busy = false;

	load(group);
	for (size_t i = 0; i < group->count; i++) {
		struct update *member = &group->members[i];

		member->wanted = false;
		if (member->entry.state < STATE_SWITCHING ||
		    member->entry.state > STATE_ROLLING_BACK)
			continue;
		busy = true;
		if (!member->entry.tested)
			rill_fail(&member->error, RILL_POLICY, "the last update has not ended: %s",
				  update_state_name(member->entry.state));
	}
	return busy;
}

static enum rill_code look_and_update(struct group *group, struct trust *trust, struct http *http)
{
	struct rill_error error;
	enum rill_code code;
	bool any = false;

	if (is_busy(group))
		return group->members[0].error.code;
	code = look_all(group, trust);
	if (code != RILL_OK || all_noted(group))
		return code;
	if (begin_all(group, &error) != RILL_OK)
		return fail_all(group, &error);
	FOR_WANTED(member, group)
	any = true;
	if (any)
		code = fetch_all(group, http);
	return any && code == RILL_OK ? switch_all(group) : code;
}

enum rill_code group_update(struct group *group, struct trust *trust, struct http *http)
{
	enum rill_code code;

	code = look_and_update(group, trust, http);
	close_all(group);
	return code;
}

enum rill_code group_commit(struct group *group)
{
	load(group);
	for (size_t i = 0; i < group->count; i++)
		group->members[i].wanted = group->members[i].entry.state == STATE_TESTING;
	if (!any_in(group, STATE_TESTING))
		return rill_fail(&group->members[0].error, RILL_POLICY,
				 "nothing waits for a commit");
	return commit_all(group);
}

/* What was committed together goes back together; the journal has the same time for it. */
static bool can_go_back(struct group *group)
{
	const struct entry *latest = NULL;
	bool any = false;

	for (size_t i = 0; i < group->count; i++) {
		const struct entry *entry = &group->members[i].entry;

		if (entry->state == STATE_COMMITTED && (!latest || entry->time > latest->time))
			latest = entry;
	}
	for (size_t i = 0; i < group->count; i++) {
		struct update *member = &group->members[i];
		const struct entry *entry = &member->entry;

		member->wanted = entry->from[0] &&
				 (entry->state == STATE_SWITCHING ||
				  entry->state == STATE_TESTING ||
				  (entry->state == STATE_COMMITTED && entry->time == latest->time));
		any = any || member->wanted;
	}
	return any;
}

enum rill_code group_rollback(struct group *group)
{
	struct rill_error why;
	enum rill_code code;

	load(group);
	if (!can_go_back(group))
		return rill_fail(&group->members[0].error, RILL_POLICY,
				 "there is no version to go back to");
	rill_fail(&why, RILL_POLICY, "rolled back by hand");
	FOR_WANTED(member, group)
	member->entry.failures = FAILURES_MAX;
	roll_back(group, &why);
	code = RILL_OK;
	FOR_WANTED(member, group)
	{
		if (member->entry.state != STATE_ROLLED_BACK)
			code = member->error.code = RILL_IO;
		else
			member->error.code = RILL_OK;
	}
	return code;
}
