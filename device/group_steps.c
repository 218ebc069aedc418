/* SPDX-License-Identifier: Apache-2.0 */
#include "device/group_steps.h"

#include "device/boot.h"
#include "device/group_hooks.h"
#include "device/partial.h"
#include <string.h>
#include <time.h>

static struct update *first_from(const struct group *group, struct update *member)
{
	while (member < group->members + group->count && !member->wanted)
		member++;
	return member < group->members + group->count ? member : NULL;
}

struct update *group_first(const struct group *group)
{
	return first_from(group, group->members);
}

struct update *group_next(const struct group *group, struct update *member)
{
	return first_from(group, member + 1);
}

bool group_any_in(const struct group *group, enum update_state state)
{
	for (size_t i = 0; i < group->count; i++)
		if (group->members[i].entry.state == state)
			return true;
	return false;
}

enum rill_code group_put(struct group *group, enum update_state state, struct rill_error *error)
{
	int64_t now = (int64_t)time(NULL);
	const struct update *first = group_first(group);

	if (!first)
		return RILL_OK;
	for (struct update *member = group_first(group); member;
	     member = group_next(group, member)) {
		member->entry.state = state;
		member->entry.time = now;
		journal_set(member->journal, member->target->name, &member->entry);
	}
	return journal_store(first->journal, error);
}

enum rill_code group_fail(struct group *group, const struct rill_error *error)
{
	group->members[0].error = *error;
	for (struct update *member = group_first(group); member; member = group_next(group, member))
		member->error = *error;
	return error->code;
}

enum rill_code group_find(const struct update *member, enum kind_position *position,
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
	enum rill_code code = group_find(member, &position, error);

	/* Of what takes a reboot, a boot loader may have been told only half. */
	if (code != RILL_OK || (position == KIND_OLD && !kind->reboots))
		return code;
	if (position == KIND_OTHER)
		return rill_fail(error, RILL_WRONG_BASE,
				 "%s: neither the old version nor the new one; it is left as it is",
				 member->target->path);
	return kind->restore(member->target, update_sha256(member->entry.from, from), error);
}

enum rill_code group_finish_rollback(struct group *group)
{
	enum update_state state = STATE_ROLLED_BACK;
	struct rill_error error;

	for (struct update *member = group_first(group); member;
	     member = group_next(group, member)) {
		enum rill_code code = restore(member, &error);

		member->entry.boot[0] = 0;
		if (code == RILL_REBOOT) { /* done, and takes effect with that */
			member->reboot = true;
			boot_id(member->entry.boot, sizeof member->entry.boot);
			code = RILL_OK;
		}
		rill_fail(&member->error, (enum rill_code)member->entry.code, "%s",
			  member->entry.message);
		if (code == RILL_OK) {
			hook_restored(member);
			if (member->entry.failures >= FAILURES_MAX)
				partial_remove(member->config->state, member->target->name);
			continue;
		}
		rill_error_in(&member->error, "%s, and it could not be undone", error.text);
		if (code != RILL_WRONG_BASE) {
			state = STATE_ROLLING_BACK;
			continue;
		}
		snprintf(member->entry.message, sizeof member->entry.message, "%s",
			 member->error.text);
		if (state == STATE_ROLLED_BACK)
			state = STATE_FAILED;
	}
	group_put(group, state, &error);
	for (struct update *member = group_first(group); member;
	     member = group_next(group, member)) {
		member->changed = false;
		if (member->error.code != RILL_OK)
			return member->error.code;
	}
	return RILL_OK;
}

enum rill_code group_roll_back(struct group *group, const struct rill_error *why)
{
	struct rill_error ignored;

	for (struct update *member = group_first(group); member; member = group_next(group, member))
		update_failed(member, why);
	group_put(group, STATE_ROLLING_BACK, &ignored);
	return group_finish_rollback(group);
}

enum rill_code group_keep(struct group *group)
{
	struct rill_error error = {.code = RILL_OK};

	for (struct update *member = group_first(group); member;
	     member = group_next(group, member)) {
		const struct kind *kind = kind_of(member->target->kind);

		if (kind->commit && kind->commit(member->target, &error) != RILL_OK)
			return group_fail(group, &error); /* the next run tries again */
		member->entry.committed = member->entry.release;
		member->entry.failures = member->entry.code = 0;
		member->entry.boot[0] = 0;
	}
	if (group_put(group, STATE_COMMITTED, &error) != RILL_OK)
		return group_fail(group, &error);
	for (struct update *member = group_first(group); member; member = group_next(group, member))
		partial_remove(member->config->state, member->target->name);
	return RILL_OK;
}
