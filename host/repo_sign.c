/* SPDX-License-Identifier: Apache-2.0
 *
 * Signing what is there: anew, or in steps.
 */
#include "host/repo_command.h"

enum rill_code repo_refresh(int argc, char **argv, struct rill_error *error)
{
	struct signing signing = {.days = 30};
	struct option_spec options[] = {SIGNING_OPTIONS(signing),
					DAYS_OPTION(signing, "until the metadata expires (30)"),
					COMMON_OPTIONS(signing.common)};
	const struct usage usage = {
		"repo refresh",
		"REPOSITORY --key FILE",
		"Signs the timestamp again, so that it does not expire; and whichever of snapshot\n"
		"and targets the keys suffice for.",
		1,
		1,
		options};
	struct repository repository = {.lock = -1};
	char **operand;
	size_t count;
	bool done;
	enum rill_code code = parse_options(&usage, argc, argv, &operand, &count, &done, error);

	if (code == RILL_OK && !done) {
		code = repository_open(&repository, operand[0], error);
		/* What is staged stays: a timestamp must not wait for it. */
		for (int role = 0; role < RILL_TUF_ROLES; role++)
			draft_drop(&repository.draft[role]);
		repository.staged = false;
		if (code == RILL_OK)
			code = signing_open(&signing, error);
		if (code == RILL_OK)
			code = repository_refresh(&repository, &signing.keyring, signing.days,
						  error);
		if (code == RILL_OK && signing.common.json) {
			cJSON *report = cJSON_CreateObject();

			cJSON_AddStringToObject(report, "repository", operand[0]);
			report_add_number(report, "days", (uint64_t)signing.days);
			report_print(report);
		} else if (code == RILL_OK && !signing.common.quiet) {
			printf("%s: good for %lld more days\n", operand[0],
			       (long long)signing.days);
		}
		repository_close(&repository);
	}
	signing_close(&signing);
	return code;
}

static enum rill_code nothing_staged(const struct repository *repository, struct rill_error *error)
{
	return repository->staged
		       ? RILL_OK
		       : rill_fail(error, RILL_USAGE, "%s: nothing is staged", repository->path);
}

static void print_path(const struct common *common, const char *path, const char *what)
{
	if (common->json) {
		cJSON *report = cJSON_CreateObject();

		cJSON_AddStringToObject(report, "repository", path);
		report_print(report);
	} else if (!common->quiet) {
		printf("%s: %s\n", path, what);
	}
}

enum rill_code repo_sign(int argc, char **argv, struct rill_error *error)
{
	struct signing signing = {.days = 30};
	struct option_spec options[] = {SIGNING_OPTIONS(signing), COMMON_OPTIONS(signing.common)};
	const struct usage usage = {
		"repo sign",
		"REPOSITORY --key FILE",
		"Adds signatures to what is staged, of each key for the roles it may sign. Where\n"
		"keys are offline, a copy of REPOSITORY with only metadata/*.root.json and "
		"staged/\n"
		"is enough; staged/ is then copied back.",
		1,
		1,
		options};
	struct repository repository = {.lock = -1};
	char **operand;
	size_t count;
	bool done;
	enum rill_code code = parse_options(&usage, argc, argv, &operand, &count, &done, error);

	if (code == RILL_OK && !done) {
		code = repository_open_staged(&repository, operand[0], error);
		if (code == RILL_OK)
			code = nothing_staged(&repository, error);
		if (code == RILL_OK)
			code = signing_open(&signing, error);
		if (code == RILL_OK)
			code = repository_sign(&repository, &signing.keyring, error);
		if (code == RILL_OK)
			code = repository_stage(&repository, error);
		if (code == RILL_OK)
			print_path(&signing.common, operand[0], "signed what is staged");
		repository_close(&repository);
	}
	signing_close(&signing);
	return code;
}

enum rill_code repo_commit(int argc, char **argv, struct rill_error *error)
{
	struct signing signing = {.days = 30, .stage = true};
	struct option_spec options[] = {
		SIGNING_OPTIONS(signing),
		DAYS_OPTION(signing, "until snapshot and timestamp expire (30)"),
		COMMON_OPTIONS(signing.common)};
	const struct usage usage = {
		"repo commit",
		"REPOSITORY --key FILE",
		"Publishes what is staged, if it has all its signatures, with a snapshot and a\n"
		"timestamp over it. Without their keys these are staged in turn.",
		1,
		1,
		options};
	struct repository repository = {.lock = -1};
	char **operand;
	size_t count;
	bool done;
	enum rill_code code = parse_options(&usage, argc, argv, &operand, &count, &done, error);

	if (code == RILL_OK && !done) {
		code = repository_open(&repository, operand[0], error);
		if (code == RILL_OK)
			code = nothing_staged(&repository, error);
		if (code == RILL_OK)
			code = signing_open(&signing, error);
		if (code == RILL_OK)
			code = repository_commit(&repository, &signing.keyring, signing.days, true,
						 error);
		if (code == RILL_OK)
			print_path(&signing.common, operand[0], "published what was staged");
		repository_close(&repository);
	}
	signing_close(&signing);
	return code;
}

enum rill_code repo_discard(int argc, char **argv, struct rill_error *error)
{
	struct common common = {0};
	struct option_spec options[] = {COMMON_OPTIONS(common)};
	const struct usage usage = {"repo discard",
				    "REPOSITORY",
				    "Forgets what is staged; nothing published changes.",
				    1,
				    1,
				    options};
	struct repository repository = {.lock = -1};
	char **operand;
	size_t count;
	bool done;
	enum rill_code code = parse_options(&usage, argc, argv, &operand, &count, &done, error);

	if (code != RILL_OK || done)
		return code;
	code = repository_lock(&repository, operand[0], error);
	if (code == RILL_OK)
		code = repository_discard(&repository, error);
	if (code == RILL_OK)
		print_path(&common, operand[0], "nothing is staged");
	repository_close(&repository);
	return code;
}
