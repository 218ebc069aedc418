/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking at a repository, and tidying it.
 */
#include "host/release_history.h"
#include "host/repo_command.h"
#include "host/repository_check.h"
#include "host/repository_prune.h"

#include <string.h>
#include <time.h>

static cJSON *describe_role(const struct repository *repository, enum rill_tuf_role role)
{
	const struct rill_tuf_document *document = &repository->tuf.document[role];
	cJSON *report = cJSON_CreateObject();
	char text[RILL_TUF_TIME_SIZE];

	cJSON_AddStringToObject(report, "role", rill_tuf_role_name(role));
	report_add_number(report, "version", (uint64_t)document->version);
	rill_tuf_print_time(document->expires, text);
	cJSON_AddStringToObject(report, "expires", text);
	report_add_number(report, "threshold", (uint64_t)root_threshold(repository->root, role));
	cJSON_AddItemToObject(report, "keys",
			      cJSON_Duplicate(root_keyids(repository->root, role), true));
	return report;
}

static cJSON *describe_staged(const struct repository *repository, enum rill_tuf_role role)
{
	const struct draft *draft = &repository->draft[role];
	cJSON *report = cJSON_CreateObject(), *keys;
	const cJSON *item;

	cJSON_AddStringToObject(report, "role", rill_tuf_role_name(role));
	report_add_number(report, "version", (uint64_t)draft_version(draft));
	keys = cJSON_AddArrayToObject(report, "signatures");
	cJSON_ArrayForEach(item, draft->signatures)
	{
		const cJSON *keyid = cJSON_GetObjectItemCaseSensitive(item, "keyid");

		cJSON_AddItemToArray(keys, cJSON_Duplicate(keyid, true));
	}
	return report;
}

/* Releases with the number of their deltas; deltas are targets, too, but no releases. */
static void describe_targets(const struct repository *repository, cJSON *list)
{
	cJSON *body = repository_body(repository, RILL_TUF_TARGETS,
				      repository->tuf.document[RILL_TUF_TARGETS].version);
	const cJSON *entry;

	cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(body, "targets"))
	{
		const cJSON *deltas = cJSON_GetObjectItemCaseSensitive(
			cJSON_GetObjectItemCaseSensitive(
				cJSON_GetObjectItemCaseSensitive(entry, "custom"), "rill"),
			"deltas");
		struct release_entry release;
		cJSON *report;

		if (!release_entry_read(entry, &release))
			continue;
		report = cJSON_CreateObject();
		cJSON_AddStringToObject(report, "target", entry->string);
		report_add_number(report, "release", (uint64_t)release.release);
		report_add_number(report, "length", (uint64_t)release.length);
		report_add_number(report, "deltas", (uint64_t)cJSON_GetArraySize(deltas));
		cJSON_AddItemToArray(list, report);
	}
	cJSON_Delete(body);
}

static const char *text_of(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsString(item) || cJSON_IsRaw(item) ? item->valuestring : "";
}

static int count_of(const cJSON *object, const char *name)
{
	return cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(object, name));
}

static void print_status(const cJSON *report)
{
	const cJSON *item;

	printf("%-10s %8s  %-20s  keys\n", "role", "version", "expires");
	cJSON_ArrayForEach(item, cJSON_GetObjectItem(report, "roles"))
	{
		const cJSON *key;

		printf("%-10s %8s  %s  %s of", text_of(item, "role"), text_of(item, "version"),
		       text_of(item, "expires"), text_of(item, "threshold"));
		cJSON_ArrayForEach(key, cJSON_GetObjectItem(item, "keys"))
		{
			printf(" %.8s", cJSON_IsString(key) ? key->valuestring : "");
		}
		printf("\n");
	}
	cJSON_ArrayForEach(item, cJSON_GetObjectItem(report, "targets"))
	{
		printf("%s: release %s, %s bytes, %s deltas\n", text_of(item, "target"),
		       text_of(item, "release"), text_of(item, "length"), text_of(item, "deltas"));
	}
	cJSON_ArrayForEach(item, cJSON_GetObjectItem(report, "staged"))
	{
		printf("staged: %s %s, %d signatures\n", text_of(item, "role"),
		       text_of(item, "version"), count_of(item, "signatures"));
	}
	if (cJSON_IsTrue(cJSON_GetObjectItem(report, "interrupted")))
		printf("a change of keys did not come to its end: repo refresh with the new "
		       "keys\n");
}

static cJSON *describe(const struct repository *repository)
{
	cJSON *report = cJSON_CreateObject(), *roles, *staged;

	cJSON_AddStringToObject(report, "repository", repository->path);
	roles = cJSON_AddArrayToObject(report, "roles");
	for (int role = 0; role < RILL_TUF_ROLES && repository->root; role++)
		cJSON_AddItemToArray(roles, describe_role(repository, (enum rill_tuf_role)role));
	describe_targets(repository, cJSON_AddArrayToObject(report, "targets"));
	staged = cJSON_AddArrayToObject(report, "staged");
	for (int role = 0; role < RILL_TUF_ROLES; role++)
		if (repository->draft[role].body)
			cJSON_AddItemToArray(staged,
					     describe_staged(repository, (enum rill_tuf_role)role));
	cJSON_AddBoolToObject(report, "interrupted", repository->interrupted);
	return report;
}

enum rill_code repo_status(int argc, char **argv, struct rill_error *error)
{
	struct common common = {0};
	struct option_spec options[] = {COMMON_OPTIONS(common)};
	const struct usage usage = {"repo status",
				    "REPOSITORY",
				    "Shows who signs what, until when, the releases, and what is "
				    "staged.",
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
	code = repository_open(&repository, operand[0], error);
	if (code == RILL_OK) {
		cJSON *report = describe(&repository);

		if (common.json) {
			report_print(report);
		} else {
			if (!common.quiet)
				print_status(report);
			cJSON_Delete(report);
		}
	}
	repository_close(&repository);
	return code;
}

static void print_check(const struct check_counts *counts, const char *path,
			const struct common *common)
{
	if (common->json) {
		cJSON *report = cJSON_CreateObject();

		cJSON_AddStringToObject(report, "repository", path);
		report_add_number(report, "targets", counts->targets);
		report_add_number(report, "bytes", counts->bytes);
		report_add_number(report, "deltas", counts->deltas);
		report_add_number(report, "applied", counts->applied);
		report_print(report);
	} else if (!common->quiet) {
		printf("%s: whole: %llu targets, %llu bytes; %llu deltas, %llu of them applied\n",
		       path, (unsigned long long)counts->targets, (unsigned long long)counts->bytes,
		       (unsigned long long)counts->deltas, (unsigned long long)counts->applied);
	}
}

enum rill_code repo_check(int argc, char **argv, struct rill_error *error)
{
	struct common common = {0};
	struct option_spec options[] = {COMMON_OPTIONS(common)};
	const struct usage usage = {
		"repo check",
		"REPOSITORY",
		"Verifies every signature, length and hash as a device would that has only\n"
		"1.root.json, and applies every delta whose base is there.",
		1,
		1,
		options};
	struct repository repository = {.lock = -1};
	struct check_counts counts = {0};
	char **operand;
	size_t count;
	bool done;
	enum rill_code code = parse_options(&usage, argc, argv, &operand, &count, &done, error);

	if (code != RILL_OK || done)
		return code;
	code = repository_open(&repository, operand[0], error);
	if (code == RILL_OK)
		code = repository_check(&repository, (int64_t)time(NULL), &counts, error);
	if (code == RILL_OK)
		print_check(&counts, operand[0], &common);
	repository_close(&repository);
	return code;
}

enum rill_code repo_prune(int argc, char **argv, struct rill_error *error)
{
	struct common common = {0};
	int64_t keep = 10;
	bool dry = false;
	struct option_spec options[] = {
		{"keep", 'n', OPTION_NUMBER, &keep, "K",
		 "versions of the targets that stay, with all they name (10)"},
		{"dry-run", 0, OPTION_FLAG, &dry, NULL, "only say what would go"},
		COMMON_OPTIONS(common)};
	const struct usage usage = {
		"repo prune",
		"REPOSITORY",
		"Removes files of targets and metadata that only older versions name, and what a\n"
		"publisher that was killed left. Roots stay: devices of any age need them all.",
		1,
		1,
		options};
	struct repository repository = {.lock = -1};
	struct prune_counts counts = {0};
	char **operand;
	size_t count;
	bool done;
	enum rill_code code = parse_options(&usage, argc, argv, &operand, &count, &done, error);

	if (code != RILL_OK || done)
		return code;
	code = repository_open(&repository, operand[0], error);
	if (code == RILL_OK)
		code = repository_prune(&repository, keep, dry, &counts, error);
	if (code == RILL_OK && common.json) {
		cJSON *report = cJSON_CreateObject();

		cJSON_AddStringToObject(report, "repository", operand[0]);
		report_add_number(report, "files", counts.files);
		report_add_number(report, "bytes", counts.bytes);
		report_print(report);
	} else if (code == RILL_OK && !common.quiet) {
		printf("%s: %s %llu files, %llu bytes\n", operand[0],
		       dry ? "would remove" : "removed", (unsigned long long)counts.files,
		       (unsigned long long)counts.bytes);
	}
	repository_close(&repository);
	return code;
}
