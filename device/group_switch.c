/* SPDX-License-Identifier: Apache-2.0 */
#include "device/group_steps.h"

#include "device/boot.h"
#include "device/group_hooks.h"
#include <inttypes.h>
#include <string.h>

static bool is_manual(const struct group *group)
{
	for (struct update *member = group_first(group); member;
	     member = group_next(group, member)) {
		if (member->target->manual)
			return true;
	}
	return false;
}

static void start_clock(struct group *group, bool tested)
{
	for (struct update *member = group_first(group); member;
	     member = group_next(group, member)) {
		boot_id(member->entry.boot, sizeof member->entry.boot);
		member->entry.since = boot_seconds();
		member->entry.tested = tested;
	}
}

/* The new versions are in use: keep them if they are well, or bring the old ones back. */
static enum rill_code test(struct group *group)
{
	struct rill_error error = {.code = RILL_OK};

	for (struct update *member = group_first(group); member; member = group_next(group, member))
		member->changed = true;
	if (group_put(group, STATE_TESTING, &error) != RILL_OK)
		return group_roll_back(group, &error);
	for (struct update *member = group_first(group); member;
	     member = group_next(group, member)) {
		enum rill_code code = hook_test(member, &error);

		if (code == RILL_POLICY || code == RILL_BUSY)
			return group_fail(group, &error); /* the next run asks again */
		if (code != RILL_OK)
			return group_roll_back(group, &error);
	}
	if (!is_manual(group))
		return group_keep(group);
	start_clock(group, true);
	if (group_put(group, STATE_TESTING, &error) != RILL_OK)
		return group_fail(group, &error);
	return RILL_OK;
}

/* A switch that could not be: if it has happened to nobody, nobody goes back. */
static enum rill_code back_out(struct group *group, const struct rill_error *why)
{
	enum kind_position position = KIND_OLD;
	struct rill_error error;
	bool all_old = true;

	for (struct update *member = group_first(group); member;
	     member = group_next(group, member)) {
		enum rill_code code = group_find(member, &position, &error);

		if (code == RILL_BUSY)
			return group_fail(group, &error); /* the next run goes on */
		if (code != RILL_OK || position != KIND_OLD)
			all_old = false;
	}
	/* What stands in its place is somebody else's, and newer. */
	if (group->count == 1 && position == KIND_OTHER)
		all_old = true;
	if (!all_old)
		return group_roll_back(group, why);
	for (struct update *member = group_first(group); member;
	     member = group_next(group, member)) {
		update_failed(member, why);
		if (member->install)
			member->install->keep = false;
	}
	group_put(group, STATE_FAILED, &error);
	return group_fail(group, why);
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

/* All is switched: what follows depends on who needs a reboot. */
static enum rill_code test_or_reboot(struct group *group)
{
	struct rill_error error;
	bool pending = false;

	for (struct update *member = group_first(group); member;
	     member = group_next(group, member)) {
		enum kind_position position = KIND_NEW;

		if (kind_of(member->target->kind)->reboots &&
		    group_find(member, &position, &error) != RILL_OK)
			return group_fail(group, &error);
		if (judge_position(member, position, &error) != RILL_OK)
			return back_out(group, &error);
		member->reboot = position == KIND_PENDING;
		pending = pending || member->reboot;
	}
	if (!pending)
		return test(group);
	rill_fail(&error, RILL_REBOOT, "release %" PRId64 " is installed; a reboot starts it",
		  group_first(group)->entry.release);
	return group_fail(group, &error);
}

/* Switches those that are open, the others have been switched before; the journal says so first,
 * and in which boot. */
static enum rill_code switch_all(struct group *group)
{
	struct rill_error error;

	start_clock(group, false);
	if (group_put(group, STATE_SWITCHING, &error) != RILL_OK)
		return back_out(group, &error);
	for (struct update *member = group_first(group); member;
	     member = group_next(group, member)) {
		if (!member->install ||
		    member->install->kind->switch_to_new(member->install, &error) == RILL_OK)
			continue;
		if (error.code == RILL_BUSY)
			return group_fail(group, &error); /* the next run goes on */
		return back_out(group, &error);
	}
	return test_or_reboot(group);
}

enum rill_code group_switch(struct group *group)
{
	struct rill_error error = {.code = RILL_OK};

	for (struct update *member = group_first(group); member;
	     member = group_next(group, member)) {
		if (hook_may_switch(member, &error) == RILL_OK)
			continue;
		if (error.code == RILL_POLICY || error.code == RILL_BUSY)
			return group_fail(group, &error); /* all stays prepared */
		return back_out(group, &error);
	}
	return switch_all(group);
}

/* Goes on with a switch. Those to whom it has not happened yet follow, if what was prepared is
 * still there; otherwise the next update fetches anew. */
enum rill_code group_finish_switch(struct group *group)
{
	struct rill_error error = {.code = RILL_OK};
	bool any_new = false, any_old = false, lost = false;

	for (struct update *member = group_first(group); member;
	     member = group_next(group, member)) {
		enum kind_position position;
		enum rill_code code;

		if (group_find(member, &position, &error) != RILL_OK)
			return group_fail(group, &error);
		if (judge_position(member, position, &error) != RILL_OK)
			return back_out(group, &error);
		if (position != KIND_OLD) {
			any_new = true;
			continue;
		}
		code = update_reopen(member, &error);
		if (code == RILL_BUSY)
			return group_fail(group, &error);
		any_old = true;
		lost = lost || code != RILL_OK;
	}
	if (lost && any_new)
		return back_out(group, &error);
	if (lost) {
		if (group_put(group, STATE_FETCHING, &error) != RILL_OK)
			return group_fail(group, &error);
		return RILL_OK;
	}
	return any_old ? switch_all(group) : test_or_reboot(group);
}

/* Waits for `rill-agent commit`, but not for ever; a reboot starts the wait anew. */
static enum rill_code wait_for_commit(struct group *group)
{
	struct update *first = group_first(group);
	int64_t timeout = INT64_MAX;
	char boot[sizeof first->entry.boot];
	struct rill_error error;

	boot_id(boot, sizeof boot);
	if (strcmp(boot, first->entry.boot) != 0) {
		start_clock(group, true);
		return group_put(group, STATE_TESTING, &error) == RILL_OK
			       ? RILL_OK
			       : group_fail(group, &error);
	}
	for (struct update *member = first; member; member = group_next(group, member))
		if (member->target->manual && member->target->commit_timeout < timeout)
			timeout = member->target->commit_timeout;
	if (boot_seconds() - first->entry.since < timeout)
		return RILL_OK;
	rill_fail(&error, RILL_UNHEALTHY, "not committed within %" PRId64 " s", timeout);
	return group_roll_back(group, &error);
}

/* It was in use; since then the boot loader or somebody may have gone back. */
enum rill_code group_finish_test(struct group *group)
{
	struct rill_error error;

	for (struct update *member = group_first(group); member;
	     member = group_next(group, member)) {
		enum kind_position position;

		if (group_find(member, &position, &error) != RILL_OK)
			return group_fail(group, &error);
		if (position == KIND_OLD) {
			rill_fail(&error, RILL_UNHEALTHY,
				  "release %" PRId64 " is not in use any more; it went back",
				  member->entry.release);
			return group_roll_back(group, &error);
		}
		if (judge_position(member, position, &error) != RILL_OK)
			return group_roll_back(group, &error);
	}
	for (struct update *member = group_first(group); member;
	     member = group_next(group, member)) {
		if (!member->entry.tested)
			return test(group);
	}
	return wait_for_commit(group);
}
