/* SPDX-License-Identifier: Apache-2.0 */
#include "device/result.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* One word for scripts. */
static const char *word_of(const struct update *update)
{
	const struct entry *entry = &update->entry;

	if (update->error.code == RILL_REBOOT)
		return "reboot";
	if (update->error.code != RILL_OK)
		return "failed";
	if (entry->state == STATE_TESTING)
		return "testing";
	if (entry->state == STATE_ROLLED_BACK)
		return "rolled-back";
	if (update->changed)
		return "updated";
	if (update->available)
		return "available";
	return "up-to-date";
}

static void print_json(const struct session *session, const struct update *update)
{
	const struct entry *entry = &update->entry;
	cJSON *report = cJSON_CreateObject();
	char *text;

	cJSON_AddStringToObject(report, "target", update->target->name);
	cJSON_AddStringToObject(report, "result", word_of(update));
	cJSON_AddNumberToObject(report, "release", (double)entry->release);
	cJSON_AddBoolToObject(report, "time_trusted", session->clock.trusted);
	if (update->changed)
		cJSON_AddNumberToObject(report, "fetched", (double)entry->fetched);
	if (update->available) {
		cJSON_AddNumberToObject(report, "available", (double)update->plan.release.number);
		cJSON_AddNumberToObject(report, "length", (double)plan_length(&update->plan));
		cJSON_AddBoolToObject(report, "full", !update->plan.has_delta);
	}
	if (update->error.code != RILL_OK) {
		cJSON_AddStringToObject(report, "code", rill_code_name(update->error.code));
		cJSON_AddStringToObject(report, "message", update->error.text);
	}
	text = cJSON_PrintUnformatted(report);
	printf("%s\n", text ? text : "{}");
	cJSON_free(text);
	cJSON_Delete(report);
}

static void print_text(const struct update *update)
{
	const char *name = update->target->name, *word = word_of(update);
	const struct entry *entry = &update->entry;

	if (strcmp(word, "updated") == 0)
		printf("%s: updated to release %" PRId64 ", %" PRId64 " bytes fetched%s\n", name,
		       entry->release, entry->fetched, entry->full ? " (the whole file)" : "");
	else if (strcmp(word, "testing") == 0)
		printf("%s: release %" PRId64 " is in use, and waits for rill-agent commit\n", name,
		       entry->release);
	else if (strcmp(word, "rolled-back") == 0)
		printf("%s: release %" PRId64 " is gone, the one before is back\n", name,
		       entry->release);
	else if (strcmp(word, "available") == 0)
		printf("%s: release %" PRId64 " is available, %" PRId64 " bytes to fetch%s\n", name,
		       update->plan.release.number, plan_length(&update->plan),
		       update->plan.has_delta ? "" : " (the whole file)");
	else if (strcmp(word, "up-to-date") == 0)
		printf("%s: up to date, release %" PRId64 "\n", name, entry->release);
}

void result_print(const struct session *session, const struct update *update)
{
	const struct options *options = session->options;

	if (session->recovering && !update->changed && update->error.code == RILL_OK)
		return;
	if (update->error.code != RILL_OK)
		fprintf(stderr, "rill-agent: %s: %s\n", update->target->name, update->error.text);
	if (options->json)
		print_json(session, update);
	else if (!options->quiet && !(options->daemon && !update->changed))
		print_text(update);
	fflush(stdout);
}

enum progress_style result_progress(const struct options *options)
{
	if (options->json)
		return options->progress ? PROGRESS_JSON : PROGRESS_NONE;
	if (options->quiet)
		return PROGRESS_NONE;
	return isatty(STDERR_FILENO) && !options->daemon ? PROGRESS_BAR : PROGRESS_LOG;
}
