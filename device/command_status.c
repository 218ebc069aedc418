/* SPDX-License-Identifier: Apache-2.0 */
#include "device/clock.h"
#include "device/commands.h"
#include "device/journal.h"
#include "device/kind.h"
#include "protocol/tuf.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>

/* One target: what the journal remembers, and the SHA-256 of what is there now. */
struct report {
	const struct target_config *target;
	struct entry entry;
	char installed[RILL_SHA256_HEX];
	struct rill_error problem;
};

static void read_target(const struct journal *journal, const struct target_config *target,
			struct report *report)
{
	const struct kind *kind = kind_of(target->kind);
	struct install *install;

	*report = (struct report){.target = target};
	journal_get(journal, target->name, &report->entry);
	if (kind->open(&install, target->path, &report->problem) != RILL_OK)
		return;
	if (install->has_base)
		rill_hex(install->base_sha256, RILL_SHA256_SIZE, report->installed);
	kind->close(install);
}

static cJSON *to_json(const struct report *report, const struct device_clock *clock)
{
	const struct entry *entry = &report->entry;
	cJSON *object = cJSON_CreateObject();

	cJSON_AddStringToObject(object, "target", report->target->name);
	cJSON_AddStringToObject(object, "kind", report->target->kind_name);
	cJSON_AddStringToObject(object, "path", report->target->path);
	cJSON_AddStringToObject(object, "state", update_state_name(entry->state));
	cJSON_AddNumberToObject(object, "release", (double)entry->release);
	cJSON_AddNumberToObject(object, "time", (double)entry->time);
	cJSON_AddNumberToObject(object, "fetched", (double)entry->fetched);
	if (report->installed[0])
		cJSON_AddStringToObject(object, "installed", report->installed);
	else
		cJSON_AddNullToObject(object, "installed");
	if (entry->code) {
		cJSON_AddStringToObject(object, "code",
					rill_code_name((enum rill_code)entry->code));
		cJSON_AddStringToObject(object, "message", entry->message);
	}
	if (report->problem.code)
		cJSON_AddStringToObject(object, "problem", report->problem.text);
	cJSON_AddBoolToObject(object, "time_trusted", clock->trusted);
	return object;
}

static void print_text(const struct report *report)
{
	const struct entry *entry = &report->entry;
	char when[RILL_TUF_TIME_SIZE];

	printf("%s (%s %s)\n", report->target->name, report->target->kind_name,
	       report->target->path);
	printf("  installed  %s\n", report->installed[0] ? report->installed : "nothing");
	printf("  state      %s", update_state_name(entry->state));
	if (entry->time) {
		rill_tuf_print_time(entry->time, when);
		printf(", release %" PRId64 ", %s, %" PRId64 " bytes fetched", entry->release, when,
		       entry->fetched);
	}
	printf("\n");
	if (entry->code)
		printf("  because    %s\n", entry->message);
	if (report->problem.code)
		printf("  problem    %s\n", report->problem.text);
}

static enum rill_code print_all(const struct config *config, const struct journal *journal,
				const struct options *options)
{
	cJSON *all = options->json ? cJSON_CreateArray() : NULL;
	char folder[PATH_MAX], floor[RILL_TUF_TIME_SIZE];
	struct device_clock clock;

	snprintf(folder, sizeof folder, "%s/metadata", config->state);
	clock = clock_read(folder);
	rill_tuf_print_time(clock.now, floor);

	for (size_t i = 0; i < config->target_count; i++) {
		struct report report;

		read_target(journal, &config->targets[i], &report);
		if (options->json)
			cJSON_AddItemToArray(all, to_json(&report, &clock));
		else
			print_text(&report);
	}
	if (!options->json && !clock.trusted)
		printf("The clock is not synchronized: expiry is judged as of %s.\n", floor);
	if (options->json) {
		char *text = cJSON_Print(all);

		printf("%s\n", text ? text : "[]");
		cJSON_free(text);
		cJSON_Delete(all);
	}
	return RILL_OK;
}

enum rill_code command_status(const struct options *options, struct rill_error *error)
{
	struct config config;
	struct journal journal = {.targets = NULL};
	enum rill_code code = config_read(&config, options->config, error);

	if (code == RILL_OK)
		code = journal_open(&journal, config.state, error);
	if (code == RILL_OK)
		code = print_all(&config, &journal, options);
	journal_close(&journal);
	config_free(&config);
	return code;
}
