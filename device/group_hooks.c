/* SPDX-License-Identifier: Apache-2.0 */
#include "device/group_hooks.h"

#include "device/hook.h"
#include <inttypes.h>
#include <limits.h>

#define VARIABLES 5
#define VARIABLE_SIZE (PATH_MAX + 32)

static enum rill_code run(const struct update *update, const char *const *command, int64_t timeout,
			  const char *event, struct rill_error *error)
{
	const struct target_config *target = update->target;
	char text[VARIABLES][VARIABLE_SIZE];
	char *environment[VARIABLES + 1];

	if (!command)
		return RILL_OK;
	snprintf(text[0], VARIABLE_SIZE, "RILL_TARGET=%s", target->name);
	snprintf(text[1], VARIABLE_SIZE, "RILL_KIND=%s", target->kind_name);
	snprintf(text[2], VARIABLE_SIZE, "RILL_PATH=%s", target->path);
	snprintf(text[3], VARIABLE_SIZE, "RILL_RELEASE=%" PRId64, update->entry.release);
	snprintf(text[4], VARIABLE_SIZE, "RILL_EVENT=%s", event);
	for (size_t i = 0; i < VARIABLES; i++)
		environment[i] = text[i];
	environment[VARIABLES] = NULL;
	return hook_run(command, timeout, environment, error);
}

enum rill_code hook_may_switch(const struct update *update, struct rill_error *error)
{
	const struct target_config *target = update->target;
	enum rill_code code = run(update, (const char *const *)target->may_switch,
				  target->hook_timeout, "may-switch", error);

	if (code != RILL_OK)
		rill_error_in(error, "\"may_switch\"");
	return code;
}

enum rill_code hook_test(const struct update *update, struct rill_error *error)
{
	const struct target_config *target = update->target;
	enum rill_code code = run(update, (const char *const *)target->activate,
				  target->hook_timeout, "activate", error);

	if (code != RILL_OK) {
		rill_error_in(error, "\"activate\"");
		return code;
	}
	code = run(update, (const char *const *)target->health, target->health_timeout, "health",
		   error);
	if (code != RILL_OK)
		rill_error_in(error, "health check");
	return code;
}

void hook_restored(const struct update *update)
{
	const struct target_config *target = update->target;
	struct rill_error error;

	if (run(update, (const char *const *)target->activate, target->hook_timeout, "restore",
		&error) != RILL_OK)
		fprintf(stderr, "rill-agent: %s: previous version: \"activate\": %s\n",
			target->name, error.text);
}
