/* SPDX-License-Identifier: Apache-2.0 */
#include "device/session.h"

/* What somebody decides by hand: no network, no hooks but those of a rollback. */
static enum rill_code decide(const struct options *options, session_work work,
			     struct rill_error *error)
{
	struct session session;
	enum rill_code code = session_open(&session, options, error);

	if (code == RILL_OK)
		code = session_begin(&session, error);
	if (code == RILL_OK) {
		code = session_each(&session, work, error);
		session_end(&session);
		session_reboot(&session);
	}
	session_close(&session);
	return code;
}

static enum rill_code commit(struct session *session, struct group *group)
{
	(void)session;
	return group_commit(group);
}

enum rill_code command_commit(const struct options *options, struct rill_error *error)
{
	return decide(options, commit, error);
}

static enum rill_code roll_back(struct session *session, struct group *group)
{
	(void)session;
	return group_rollback(group);
}

enum rill_code command_rollback(const struct options *options, struct rill_error *error)
{
	return decide(options, roll_back, error);
}
