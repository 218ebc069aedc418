/* SPDX-License-Identifier: Apache-2.0 */
#include "device/session.h"

enum rill_code command_update(const struct options *options, struct rill_error *error)
{
	struct session session;
	enum rill_code code = session_open(&session, options, error);

	if (code == RILL_OK)
		code = session_begin(&session, error);
	if (code == RILL_OK) {
		code = session_update(&session, error);
		session_end(&session);
		session_reboot(&session);
	}
	session_close(&session);
	return code;
}
