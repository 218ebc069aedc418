/* SPDX-License-Identifier: Apache-2.0 */
#include "host/repo_command.h"

#include <stdlib.h>
#include <string.h>

/* Keys of one role, beside those of --key, which are for every role without its own. */
struct init {
	struct signing signing;
	struct text_list files[RILL_TUF_ROLES], thresholds;
	struct role_keys roles;
};

/* "ROLE:N" */
static enum rill_code set_threshold(struct init *init, const char *text, struct rill_error *error)
{
	const char *colon = strchr(text, ':');
	enum rill_tuf_role role;
	char name[16], *end;
	long n = colon ? strtol(colon + 1, &end, 10) : 0;
	enum rill_code code;

	if (!colon || colon - text >= (ptrdiff_t)sizeof name || n < 1 || n > 64 || *end)
		return rill_fail(error, RILL_USAGE, "--threshold: '%s' is not ROLE:NUMBER", text);
	snprintf(name, sizeof name, "%.*s", (int)(colon - text), text);
	code = role_by_name(name, &role, error);
	if (code == RILL_OK)
		init->roles.threshold[role] = n;
	return code;
}

static enum rill_code open_keys(struct init *init, struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	for (int role = 0; code == RILL_OK && role < RILL_TUF_ROLES; role++) {
		const struct text_list *own = &init->files[role];

		init->roles.threshold[role] = 1;
		code = keyring_open(&init->roles.keyring[role],
				    own->count ? own : &init->signing.files, &init->signing.access,
				    error);
		if (code == RILL_OK && init->roles.keyring[role].count == 0)
			code = rill_fail(error, RILL_USAGE, "which key signs %s? give --key FILE",
					 rill_tuf_role_name((enum rill_tuf_role)role));
	}
	for (size_t i = 0; code == RILL_OK && i < init->thresholds.count; i++)
		code = set_threshold(init, init->thresholds.items[i], error);
	return code;
}

static void print_made(const struct init *init, const char *path)
{
	if (init->signing.common.json) {
		cJSON *report = cJSON_CreateObject();

		cJSON_AddStringToObject(report, "repository", path);
		cJSON_AddStringToObject(report, "keyid",
					init->roles.keyring[RILL_TUF_ROOT].keys[0].id);
		report_print(report);
	} else if (!init->signing.common.quiet) {
		printf("%s: made; devices trust %s/metadata/1.root.json\n", path, path);
	}
}

static void close_keys(struct init *init)
{
	for (int role = 0; role < RILL_TUF_ROLES; role++) {
		keyring_close(&init->roles.keyring[role]);
		text_list_free(&init->files[role]);
	}
	text_list_free(&init->thresholds);
	signing_close(&init->signing);
}

enum rill_code repo_init(int argc, char **argv, struct rill_error *error)
{
	struct init init = {.signing.days = 365};
	struct option_spec options[] = {
		SIGNING_OPTIONS(init.signing),
		{"root-key", 0, OPTION_LIST, &init.files[RILL_TUF_ROOT], "FILE",
		 "for this role instead of --key, may be only public"},
		{"targets-key", 0, OPTION_LIST, &init.files[RILL_TUF_TARGETS], "FILE", "likewise"},
		{"snapshot-key", 0, OPTION_LIST, &init.files[RILL_TUF_SNAPSHOT], "FILE",
		 "likewise"},
		{"timestamp-key", 0, OPTION_LIST, &init.files[RILL_TUF_TIMESTAMP], "FILE",
		 "likewise"},
		{"threshold", 't', OPTION_LIST, &init.thresholds, "ROLE:N",
		 "so many of the role's keys must sign (1)"},
		DAYS_OPTION(init.signing, "until its metadata expires (365)"),
		COMMON_OPTIONS(init.signing.common)};
	const struct usage usage = {
		"repo init",
		"REPOSITORY --key FILE",
		"Makes an empty repository in a folder. Devices get a copy of its\n"
		"metadata/1.root.json: that is what they trust. When not all keys are at hand it\n"
		"is staged: repo sign and repo commit end it.",
		1,
		1,
		options};
	char **operand;
	size_t count;
	bool done;
	enum rill_code code = parse_options(&usage, argc, argv, &operand, &count, &done, error);

	if (code == RILL_OK && !done) {
		code = open_keys(&init, error);
		if (code == RILL_OK)
			code = repository_init(operand[0], &init.roles, init.signing.days, error);
		if (code == RILL_OK)
			print_made(&init, operand[0]);
	}
	close_keys(&init);
	return code;
}
