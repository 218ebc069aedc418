/* SPDX-License-Identifier: Apache-2.0 */
#include "host/commands.h"
#include "host/options.h"
#include "host/publish.h"
#include "host/report.h"
#include "host/repository.h"

#include <stdlib.h>
#include <string.h>

struct job {
	struct common common;
	const char *key_file;
	int64_t days;
	struct key key;
	bool has_key;
};

static enum rill_code open_key(struct job *job, struct rill_error *error)
{
	if (!job->key_file)
		return rill_fail(error, RILL_USAGE, "which key signs? give --key FILE");
	job->has_key = true;
	return key_open(&job->key, job->key_file, error);
}

static void close_key(struct job *job)
{
	if (job->has_key)
		key_close(&job->key);
}

#define KEY_OPTION(job)                                                                            \
	{                                                                                          \
		"key", 'k', OPTION_TEXT, &(job).key_file, "FILE", "the key that signs"             \
	}
#define DAYS_OPTION(job, help)                                                                     \
	{                                                                                          \
		"days", 'd', OPTION_NUMBER, &(job).days, "N", help                                 \
	}

static enum rill_code repo_init(int argc, char **argv, struct rill_error *error)
{
	struct job job = {.days = 365};
	struct option_spec options[] = {KEY_OPTION(job),
					DAYS_OPTION(job, "until its metadata expires (365)"),
					COMMON_OPTIONS(job.common)};
	const struct usage usage = {
		"repo init",
		"REPOSITORY --key FILE",
		"Makes an empty repository in a folder. Devices get a copy of its\n"
		"metadata/1.root.json: that is what they trust.",
		1,
		1,
		options};
	char **operand;
	size_t count;
	bool done;
	enum rill_code code = parse_options(&usage, argc, argv, &operand, &count, &done, error);

	if (code != RILL_OK || done)
		return code;
	code = open_key(&job, error);
	if (code == RILL_OK)
		code = repository_init(operand[0], &job.key, job.days, error);
	if (code == RILL_OK && job.common.json) {
		cJSON *report = cJSON_CreateObject();

		cJSON_AddStringToObject(report, "repository", operand[0]);
		cJSON_AddStringToObject(report, "keyid", job.key.id);
		report_print(report);
	} else if (code == RILL_OK && !job.common.quiet) {
		printf("%s: made; devices trust %s/metadata/1.root.json\n", operand[0], operand[0]);
	}
	close_key(&job);
	return code;
}

static void print_publication(const cJSON *report)
{
	const cJSON *delta, *deltas = cJSON_GetObjectItem(report, "deltas");
	double length = strtod(cJSON_GetObjectItem(report, "length")->valuestring, NULL);

	printf("%s: release %s, %s bytes; deltas:%s\n",
	       cJSON_GetObjectItem(report, "target")->valuestring,
	       cJSON_GetObjectItem(report, "release")->valuestring,
	       cJSON_GetObjectItem(report, "length")->valuestring,
	       cJSON_GetArraySize(deltas) ? "" : " none");
	cJSON_ArrayForEach(delta, deltas)
	{
		const char *bytes = cJSON_GetObjectItem(delta, "length")->valuestring;

		printf("  from %.19s: %s bytes, %.2f %%\n",
		       cJSON_GetArrayItem(cJSON_GetObjectItem(delta, "from"), 0)->valuestring,
		       bytes, length > 0 ? 100 * strtod(bytes, NULL) / length : 0);
	}
}

static enum rill_code run_publish(struct job *job, struct publication *publication,
				  const char *path, struct rill_error *error)
{
	struct repository repository;
	cJSON *report = cJSON_CreateObject();
	enum rill_code code = repository_open(&repository, path, error);

	publication->quiet = job->common.quiet;
	if (code == RILL_OK)
		code = open_key(job, error);
	if (code == RILL_OK)
		code = publish(&repository, publication, report, error);
	if (code == RILL_OK)
		code = repository_commit(&repository, &job->key, job->days, error);
	if (code == RILL_OK && !job->common.json && !job->common.quiet)
		print_publication(report);
	if (code == RILL_OK && job->common.json)
		report_print(report);
	else
		cJSON_Delete(report);
	repository_close(&repository);
	close_key(job);
	return code;
}

static enum rill_code repo_publish(int argc, char **argv, struct rill_error *error)
{
	struct job job = {.days = 30};
	struct publication publication = {.release = 0};
	struct option_spec options[] = {KEY_OPTION(job),
					{"release", 'r', OPTION_NUMBER, &publication.release, "N",
					 "its number; devices never go to a lower one (the next)"},
					{"base", 'b', OPTION_LIST, &publication.bases, "FILE",
					 "make a delta from this, too (may be repeated)"},
					{"board", 0, OPTION_LIST, &publication.boards, "BOARD",
					 "for this board only (may be repeated)"},
					DAYS_OPTION(job, "until the metadata expires (30)"),
					COMMON_OPTIONS(job.common)};
	const struct usage usage = {
		"repo publish",
		"REPOSITORY NAME FILE --key FILE",
		"Publishes FILE as the next release of the target NAME, with a delta from the\n"
		"release before. The metadata changes last: devices see the old release or the\n"
		"new one, whole.",
		3,
		3,
		options};
	char **operand;
	size_t count;
	bool done;
	enum rill_code code = parse_options(&usage, argc, argv, &operand, &count, &done, error);

	if (code == RILL_OK && !done) {
		publication.name = operand[1];
		publication.file = operand[2];
		code = run_publish(&job, &publication, operand[0], error);
	}
	text_list_free(&publication.bases);
	text_list_free(&publication.boards);
	return code;
}

static enum rill_code repo_refresh(int argc, char **argv, struct rill_error *error)
{
	struct job job = {.days = 30};
	struct option_spec options[] = {KEY_OPTION(job),
					DAYS_OPTION(job, "until the metadata expires (30)"),
					COMMON_OPTIONS(job.common)};
	const struct usage usage = {"repo refresh",
				    "REPOSITORY --key FILE",
				    "Signs the same targets again, so that they do not expire.",
				    1,
				    1,
				    options};
	struct repository repository;
	char **operand;
	size_t count;
	bool done;
	enum rill_code code = parse_options(&usage, argc, argv, &operand, &count, &done, error);

	if (code != RILL_OK || done)
		return code;
	code = repository_open(&repository, operand[0], error);
	if (code == RILL_OK)
		code = open_key(&job, error);
	if (code == RILL_OK)
		code = repository_commit(&repository, &job.key, job.days, error);
	if (code == RILL_OK && !job.common.quiet && !job.common.json)
		printf("%s: good for %lld more days\n", operand[0], (long long)job.days);
	if (code == RILL_OK && job.common.json) {
		cJSON *report = cJSON_CreateObject();

		cJSON_AddStringToObject(report, "repository", operand[0]);
		report_add_number(report, "days", (uint64_t)job.days);
		report_print(report);
	}
	repository_close(&repository);
	close_key(&job);
	return code;
}

enum rill_code command_repo(int argc, char **argv, struct rill_error *error)
{
	static const struct {
		const char *name;
		enum rill_code (*run)(int argc, char **argv, struct rill_error *error);
		const char *help;
	} actions[] = {
		{"init", repo_init, "make an empty repository"},
		{"publish", repo_publish, "publish a release with its deltas"},
		{"refresh", repo_refresh, "sign the metadata again before it expires"},
	};
	const size_t count = sizeof actions / sizeof actions[0];

	for (size_t i = 0; argc > 1 && i < count; i++)
		if (strcmp(argv[1], actions[i].name) == 0)
			return actions[i].run(argc - 1, argv + 1, error);
	if (argc > 1 && strcmp(argv[1], "--help") != 0)
		return rill_fail(error, RILL_USAGE,
				 "unknown action 'repo %s': see mkdelta repo --help", argv[1]);
	printf("Usage: mkdelta repo ACTION [OPTION]... [OPERAND]...\n\nActions:\n");
	for (size_t i = 0; i < count; i++)
		printf("  %-8s %s\n", actions[i].name, actions[i].help);
	printf("\n'mkdelta repo ACTION --help' shows an action's options.\n");
	return argc > 1 ? RILL_OK : rill_fail(error, RILL_USAGE, "no action: see above");
}
