/* SPDX-License-Identifier: Apache-2.0 */
#include "device/boot.h"
#include "device/clock.h"
#include "device/commands.h"
#include "device/journal.h"
#include "device/kind.h"
#include "device/partial.h"
#include "device/policy.h"
#include "device/progress.h"
#include "device/session.h"
#include "protocol/tuf.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>

/* One target: what the journal remembers, and the SHA-256 of what is there now. */
struct report {
	const struct target_config *target;
	struct entry entry;
	char installed[RILL_SHA256_HEX];
	const char *state;
	uint64_t kept; /* bytes of a delta that is not whole yet */
	bool fetches; /* somebody does, who says how far it is */
	struct progress_figures progress;
	struct rill_error problem;
};

/* A poll writes nothing of itself: that one is under way is seen by the lock. */
static const char *state_of(const struct entry *entry, bool busy)
{
	bool rests = entry->state == STATE_IDLE || entry->state >= STATE_COMMITTED;

	return busy && rests ? "checking" : update_state_name(entry->state);
}

static void read_target(const struct config *config, const struct journal *journal,
			const struct target_config *target, bool busy, struct report *report)
{
	struct install *install;

	*report = (struct report){.target = target};
	report->kept = partial_size(config->state, target->name);
	journal_get(journal, target->name, &report->entry);
	report->state = state_of(&report->entry, busy);
	report->fetches = busy && report->entry.state == STATE_FETCHING &&
			  progress_read(config->state, target->name, boot_seconds(),
					&report->progress);
	if (kind_look(&install, target, &report->problem) != RILL_OK)
		return;
	if (install->has_base)
		rill_hex(install->base_sha256, RILL_SHA256_SIZE, report->installed);
	install->kind->close(install);
}

static void add_figures(cJSON *object, const struct progress_figures *figures)
{
	cJSON_AddNumberToObject(object, "at", (double)figures->at);
	if (figures->rate >= 0)
		cJSON_AddNumberToObject(object, "rate", (double)figures->rate);
	if (figures->left >= 0)
		cJSON_AddNumberToObject(object, "left", (double)figures->left);
}

static cJSON *to_json(const struct report *report)
{
	const struct entry *entry = &report->entry;
	cJSON *object = cJSON_CreateObject();

	cJSON_AddStringToObject(object, "target", report->target->name);
	cJSON_AddStringToObject(object, "kind", report->target->kind_name);
	cJSON_AddStringToObject(object, "path", report->target->path);
	cJSON_AddStringToObject(object, "state", report->state);
	cJSON_AddNumberToObject(object, "release", (double)entry->release);
	cJSON_AddNumberToObject(object, "time", (double)entry->time);
	cJSON_AddNumberToObject(object, "fetched", (double)entry->fetched);
	cJSON_AddNumberToObject(object, "spent", (double)entry->spent);
	cJSON_AddBoolToObject(object, "full", entry->full);
	cJSON_AddNumberToObject(object, "kept", (double)report->kept);
	cJSON_AddNumberToObject(object, "total", (double)entry->total);
	if (report->fetches)
		add_figures(object, &report->progress);
	cJSON_AddNumberToObject(object, "failures", (double)entry->failures);
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
	return object;
}

static void print_text(const struct report *report)
{
	const struct entry *entry = &report->entry;
	char when[RILL_TUF_TIME_SIZE], progress[160];

	printf("%s (%s %s)\n", report->target->name, report->target->kind_name,
	       report->target->path);
	printf("  installed  %s\n", report->installed[0] ? report->installed : "nothing");
	printf("  state      %s", report->state);
	if (entry->time) {
		rill_tuf_print_time(entry->time, when);
		printf(", release %" PRId64 ", %s, %" PRId64 " bytes fetched", entry->release, when,
		       entry->fetched);
	}
	printf("\n");
	if (report->fetches) {
		progress_describe(&report->progress, progress, sizeof progress);
		printf("  progress   %s\n", progress);
	}
	if (report->kept)
		printf("  kept       %" PRIu64 " bytes of a delta\n", report->kept);
	if (entry->code)
		printf("  because    %s\n", entry->message);
	if (report->problem.code)
		printf("  problem    %s\n", report->problem.text);
}

static void add_limit(cJSON *object, const char *name, int64_t value)
{
	if (value > 0)
		cJSON_AddNumberToObject(object, name, (double)value);
	else
		cJSON_AddNullToObject(object, name);
}

static cJSON *texts_to_json(const char *const *texts)
{
	int count = 0;

	while (texts && texts[count])
		count++;
	return texts ? cJSON_CreateStringArray(texts, count) : cJSON_CreateNull();
}

static cJSON *policy_to_json(const struct config *config)
{
	const struct http_settings *http = &config->http;
	cJSON *object = cJSON_CreateObject();

	cJSON_AddStringToObject(object, "full", config->full_name);
	add_limit(object, "budget", config->budget);
	add_limit(object, "rate", http->limits.rate);
	cJSON_AddNumberToObject(object, "min_rate", (double)http->limits.min_rate);
	cJSON_AddNumberToObject(object, "stall_timeout", (double)http->limits.stall_timeout);
	cJSON_AddNumberToObject(object, "retries", (double)http->retry.retries);
	cJSON_AddNumberToObject(object, "retry_delay", (double)http->retry.delay);
	cJSON_AddNumberToObject(object, "retry_delay_max", (double)http->retry.delay_max);
	cJSON_AddNumberToObject(object, "poll_interval", (double)config->poll_interval);
	cJSON_AddNumberToObject(object, "poll_jitter", (double)config->poll_jitter);
	cJSON_AddItemToObject(object, "hours", texts_to_json((const char *const *)config->hours));
	cJSON_AddItemToObject(object, "may_fetch",
			      texts_to_json((const char *const *)config->may_fetch));
	return object;
}

static void print_json(const struct config *config, const struct journal *journal,
		       const struct device_clock *clock, const struct poll *poll, bool busy)
{
	cJSON *all = cJSON_CreateObject(), *object;
	char *text;

	object = cJSON_AddArrayToObject(all, "targets");
	for (size_t i = 0; i < config->target_count; i++) {
		struct report report;

		read_target(config, journal, &config->targets[i], busy, &report);
		cJSON_AddItemToArray(object, to_json(&report));
	}
	cJSON_AddItemToObject(all, "policy", policy_to_json(config));
	object = cJSON_AddObjectToObject(all, "poll");
	add_limit(object, "last", poll->last);
	add_limit(object, "next", poll->next);
	add_limit(object, "not_before", poll->not_before);
	object = cJSON_AddObjectToObject(all, "time");
	cJSON_AddNumberToObject(object, "now", (double)clock->now);
	cJSON_AddBoolToObject(object, "trusted", clock->trusted);
	cJSON_AddBoolToObject(object, "behind", clock->behind);
	cJSON_AddBoolToObject(all, "busy", busy);
	cJSON_AddBoolToObject(all, "daemon", session_is_locked(config->state, "daemon"));
	text = cJSON_Print(all);
	printf("%s\n", text ? text : "{}");
	cJSON_free(text);
	cJSON_Delete(all);
}

static void print_time(const char *label, int64_t time)
{
	char when[RILL_TUF_TIME_SIZE];

	if (time <= 0)
		return;
	rill_tuf_print_time(time, when);
	printf("%-14s %s\n", label, when);
}

static void print_all(const struct config *config, const struct journal *journal,
		      const struct device_clock *clock, const struct poll *poll, bool busy)
{
	for (size_t i = 0; i < config->target_count; i++) {
		struct report report;

		read_target(config, journal, &config->targets[i], busy, &report);
		print_text(&report);
	}
	print_time("last poll", poll->last);
	print_time("next poll", poll->next);
	if (poll->not_before > clock->now)
		print_time("not before", poll->not_before);
	if (!clock->trusted)
		print_time(clock->behind ? "clock behind" : "unsynchronized", clock->now);
}

enum rill_code command_status(const struct options *options, struct rill_error *error)
{
	struct config config;
	struct journal journal = {.targets = NULL};
	enum rill_code code = config_read(&config, options->config, error);

	if (code == RILL_OK)
		code = journal_open(&journal, config.state, error);
	if (code == RILL_CORRUPT) { /* the next update sets it aside */
		fprintf(stderr, "rill-agent: %s\n", error->text);
		code = RILL_OK;
	}
	if (code == RILL_OK) {
		char folder[PATH_MAX];
		struct device_clock clock;
		struct poll poll = policy_read_poll(config.state);
		bool busy = session_is_locked(config.state, "lock");

		snprintf(folder, sizeof folder, "%s/metadata", config.state);
		clock = clock_read(folder);
		if (options->json)
			print_json(&config, &journal, &clock, &poll, busy);
		else
			print_all(&config, &journal, &clock, &poll, busy);
	}
	journal_close(&journal);
	config_free(&config);
	return code;
}
