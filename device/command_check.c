/* SPDX-License-Identifier: Apache-2.0 */
#include "device/session.h"

static enum rill_code check_group(struct session *session, struct group *group)
{
	enum rill_code first = RILL_OK;

	for (size_t i = 0; i < group->count; i++) {
		struct update *member = &group->members[i];
		enum rill_code code = update_look(member, &session->trust, &member->error);

		member->error.code = code;
		member->available = code == RILL_OK && !member->plan.current;
		update_close(member);
		if (first == RILL_OK)
			first = code;
	}
	return first;
}

enum rill_code command_check(const struct options *options, struct rill_error *error)
{
	struct session session;
	enum rill_code code = session_open(&session, options, error);

	if (code == RILL_OK)
		code = session_begin(&session, error);
	if (code == RILL_OK) {
		code = session_poll(&session, false, check_group, error);
		session_end(&session);
	}
	session_close(&session);
	return code;
}
