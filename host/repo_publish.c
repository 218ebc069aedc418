/* SPDX-License-Identifier: Apache-2.0 */
#include "host/publish.h"
#include "host/repo_command.h"

#include <stdlib.h>
#include <string.h>

static void print_publication(const cJSON *report, bool staged)
{
	const cJSON *delta, *deltas = cJSON_GetObjectItem(report, "deltas");
	bool image = strcmp(cJSON_GetObjectItem(report, "kind")->valuestring, "image") == 0;
	double length = strtod(cJSON_GetObjectItem(report, "length")->valuestring, NULL);

	printf("%s: release %s%s, ", cJSON_GetObjectItem(report, "target")->valuestring,
	       cJSON_GetObjectItem(report, "release")->valuestring, staged ? " staged" : "");
	if (image)
		printf("image %.12s", cJSON_GetObjectItem(report, "sha256")->valuestring);
	else
		printf("%s bytes", cJSON_GetObjectItem(report, "length")->valuestring);
	printf("; deltas:%s\n", cJSON_GetArraySize(deltas) ? "" : " none");
	cJSON_ArrayForEach(delta, deltas)
	{
		const char *bytes = cJSON_GetObjectItem(delta, "length")->valuestring;

		printf("  from %.19s: %s bytes",
		       cJSON_GetArrayItem(cJSON_GetObjectItem(delta, "from"), 0)->valuestring,
		       bytes);
		/* An image is named by its config, whose length says nothing. */
		if (!image && length > 0)
			printf(", %.2f %%", 100 * strtod(bytes, NULL) / length);
		printf("\n");
	}
}

static enum rill_code run(struct signing *signing, struct publication *publication,
			  const char *path, struct rill_error *error)
{
	struct repository repository;
	cJSON *report = cJSON_CreateObject();
	enum rill_code code = repository_open(&repository, path, error);

	publication->quiet = signing->common.quiet;
	publication->days = signing->days;
	if (code == RILL_OK && !signing->stage)
		code = repository_not_staged(&repository, error);
	if (code == RILL_OK)
		code = signing_open(signing, error);
	if (code == RILL_OK)
		code = publish(&repository, publication, report, error);
	if (code == RILL_OK)
		code = signing_end(signing, &repository, error);
	if (code == RILL_OK && !signing->common.json && !signing->common.quiet)
		print_publication(report, signing->stage);
	if (code == RILL_OK && signing->common.json)
		report_print(report);
	else
		cJSON_Delete(report);
	repository_close(&repository);
	return code;
}

enum rill_code repo_publish(int argc, char **argv, struct rill_error *error)
{
	struct signing signing = {.days = 30};
	struct publication publication = {.base_releases = 1};
	struct option_spec options[] = {SIGNING_OPTIONS(signing),
					{"release", 'r', OPTION_NUMBER, &publication.release, "N",
					 "its number; devices never go to a lower one (the next)"},
					{"bases", 'B', OPTION_NUMBER, &publication.base_releases,
					 "K", "make deltas from so many releases before (1)"},
					{"base", 'b', OPTION_LIST, &publication.bases, "FILE",
					 "make a delta from this, too (may be repeated)"},
					{"kind", 0, OPTION_TEXT, &publication.kind, "KIND",
					 "file, image, or slot (what FILE is, but slot)"},
					{"platform", 0, OPTION_TEXT, &publication.platform,
					 "OS/ARCH", "the one to take of images for several"},
					{"jobs", 'j', OPTION_NUMBER, &publication.threads, "N",
					 "make so many deltas at once (one a processor)"},
					{"board", 0, OPTION_LIST, &publication.boards, "BOARD",
					 "for this board only (may be repeated)"},
					{"hardware", 0, OPTION_LIST, &publication.hardware, "ID",
					 "for hardware of this id only (may be repeated)"},
					{"downgrade-from", 0, OPTION_NUMBER,
					 &publication.downgrade_from, "N",
					 "devices up to release N may go down to this one"},
					STAGE_OPTION(signing),
					DAYS_OPTION(signing, "until the metadata expires (30)"),
					COMMON_OPTIONS(signing.common)};
	const struct usage usage = {
		"repo publish",
		"REPOSITORY NAME FILE --key FILE",
		"Publishes FILE as the next release of the target NAME, with deltas from the\n"
		"releases before. The metadata changes last: devices see the old release or the\n"
		"new one, whole. FILE may be a container image, as for mkdelta diff: then each\n"
		"--base is one, too, and nothing else is a base.",
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
		code = run(&signing, &publication, operand[0], error);
	}
	text_list_free(&publication.bases);
	text_list_free(&publication.boards);
	text_list_free(&publication.hardware);
	signing_close(&signing);
	return code;
}
