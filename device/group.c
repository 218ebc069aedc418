/* SPDX-License-Identifier: Apache-2.0 */
#include "device/group.h"

#include "device/boot.h"
#include "device/group_steps.h"
#include <string.h>
#include <time.h>

/* What is whole beside the old version is taken up, unless others of the group are not so far. */
static enum rill_code finish_preparation(struct group *group)
{
	struct rill_error error;
	bool lost = false;

	if (group->count > 1 &&
	    (group_any_in(group, STATE_FETCHING) || group_any_in(group, STATE_FAILED)))
		return RILL_OK;
	for (struct update *member = group_first(group); member;
	     member = group_next(group, member)) {
		enum rill_code code = update_reopen(member, &error);

		if (code == RILL_OK)
			continue;
		if (code == RILL_BUSY)
			return group_fail(group, &error);
		lost = true;
		update_close(member);
		if (update_put(member, STATE_FETCHING, &error) != RILL_OK)
			return group_fail(group, &error);
	}
	return lost ? RILL_OK : group_switch(group);
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

/* What was rolled back in this boot, and takes a reboot. */
static enum rill_code ask_for_reboot(struct group *group)
{
	char boot[sizeof group->members->entry.boot];
	enum rill_code code = RILL_OK;

	if (!boot_id(boot, sizeof boot))
		return RILL_OK; /* perhaps there was one */
	for (size_t i = 0; i < group->count; i++) {
		struct update *member = &group->members[i];

		if (member->entry.state != STATE_ROLLED_BACK ||
		    strcmp(member->entry.boot, boot) != 0)
			continue;
		member->reboot = true;
		code = rill_fail(&member->error, RILL_REBOOT, "a reboot starts the version before");
	}
	return code;
}

enum rill_code group_recover(struct group *group)
{
	enum rill_code code = RILL_OK;

	load(group);
	if (group_any_in(group, STATE_ROLLING_BACK))
		code = group_finish_rollback(group);
	else if (group_any_in(group, STATE_TESTING))
		code = group_finish_test(group);
	else if (group_any_in(group, STATE_SWITCHING))
		code = group_finish_switch(group);
	else if (group_any_in(group, STATE_FETCHED) || group_any_in(group, STATE_PREPARING) ||
		 group_any_in(group, STATE_PREPARED))
		code = finish_preparation(group);
	else
		code = ask_for_reboot(group);
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

		member->error.code = code; /* what was tried again with success is no error */
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
		const struct kind *kind = kind_of(member->target->kind);

		if (!update_begin(member))
			continue;
		/* What is found in use, say after the journal was lost, stays: the boot loader may
		 * still count its trials. */
		if (member->plan.current && kind->commit &&
		    kind->commit(member->target, error) != RILL_OK)
			return error->code;
		member->entry.time = (int64_t)time(NULL);
		journal_set(journal, member->target->name, &member->entry);
	}
	return journal_store(journal, error);
}

static bool all_noted(const struct group *group)
{
	for (size_t i = 0; i < group->count; i++)
		if (!update_is_noted(&group->members[i]))
			return false;
	return true;
}

static enum rill_code fetch_all(struct group *group, struct http *http)
{
	enum rill_code first = RILL_OK;

	for (struct update *member = group_first(group); member;
	     member = group_next(group, member)) {
		enum rill_code code = update_fetch(member, http, &member->error);

		member->error.code = code;
		if (first == RILL_OK)
			first = code;
		if (code == RILL_BUSY)
			break;
	}
	if (first == RILL_OK)
		return RILL_OK;
	for (struct update *member = group_first(group); member; member = group_next(group, member))
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

	if (is_busy(group)) {
		for (size_t i = 0; i < group->count; i++)
			if (group->members[i].error.code != RILL_OK)
				return group->members[i].error.code;
		return RILL_OK;
	}
	code = look_all(group, trust);
	if (code != RILL_OK || all_noted(group))
		return code;
	if (begin_all(group, &error) != RILL_OK)
		return group_fail(group, &error);
	for (struct update *member = group_first(group); member; member = group_next(group, member))
		any = true;
	if (any)
		code = fetch_all(group, http);
	return any && code == RILL_OK ? group_switch(group) : code;
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
	if (!group_any_in(group, STATE_TESTING))
		return rill_fail(&group->members[0].error, RILL_POLICY,
				 "nothing waits for a commit");
	return group_keep(group);
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
		if (member->wanted && entry->state == STATE_COMMITTED &&
		    kind_of(member->target->kind)->forgets)
			return false;
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
	for (struct update *member = group_first(group); member; member = group_next(group, member))
		member->entry.failures = FAILURES_MAX;
	group_roll_back(group, &why);
	code = RILL_OK;
	for (struct update *member = group_first(group); member;
	     member = group_next(group, member)) {
		if (member->entry.state != STATE_ROLLED_BACK)
			code = member->error.code = RILL_IO;
		else
			member->error.code = RILL_OK;
	}
	return code;
}
