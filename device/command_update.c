/* SPDX-License-Identifier: Apache-2.0 */
#include "device/clock.h"
#include "device/commands.h"
#include "device/durable.h"
#include "device/policy.h"
#include "device/trust.h"
#include "device/update.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct session {
	const struct options *options;
	struct config config;
	struct journal journal;
	struct http http;
	struct device_clock clock;
	struct trust_source source;
	struct trust trust;
	char folder[PATH_MAX]; /* of the trusted metadata */
	int lock;
};

static enum rill_code lock_state(struct session *session, struct rill_error *error)
{
	const char *folder = session->config.state;
	char path[PATH_MAX];

	if (mkdir(folder, 0755) != 0 && errno != EEXIST)
		return system_failed(folder, "make the folder", error);
	snprintf(path, sizeof path, "%s/lock", folder);
	session->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (session->lock < 0)
		return system_failed(path, "open", error);
	if (flock(session->lock, LOCK_EX | LOCK_NB) != 0)
		return rill_fail(error, RILL_BUSY, "%s: another rill-agent is at work", folder);
	return RILL_OK;
}

static void print_result(const struct session *session, const struct update *update,
			 enum rill_code code, const struct rill_error *error)
{
	const char *name = update->target->name;
	const struct entry *entry = &update->entry;
	const char *result = code != RILL_OK   ? "failed"
			     : update->changed ? "updated"
					       : "up-to-date";

	if (code != RILL_OK)
		fprintf(stderr, "rill-agent: %s: %s\n", name, error->text);
	if (session->options->json) {
		cJSON *report = cJSON_CreateObject();
		char *text;

		cJSON_AddStringToObject(report, "target", name);
		cJSON_AddStringToObject(report, "result", result);
		cJSON_AddNumberToObject(report, "release", (double)entry->release);
		cJSON_AddBoolToObject(report, "time_trusted", session->clock.trusted);
		if (update->changed)
			cJSON_AddNumberToObject(report, "fetched", (double)entry->fetched);
		if (code != RILL_OK) {
			cJSON_AddStringToObject(report, "code", rill_code_name(code));
			cJSON_AddStringToObject(report, "message", error->text);
		}
		text = cJSON_PrintUnformatted(report);
		printf("%s\n", text ? text : "{}");
		cJSON_free(text);
		cJSON_Delete(report);
	} else if (code == RILL_OK && !session->options->quiet && update->changed) {
		printf("%s: updated to release %" PRId64 ", %" PRId64 " bytes fetched%s\n", name,
		       entry->release, entry->fetched, entry->full ? " (the whole file)" : "");
	} else if (code == RILL_OK && !session->options->quiet) {
		printf("%s: up to date, release %" PRId64 "\n", name, entry->release);
	}
}

/* Recovery comes first for every target: it must not wait for a network. */
static enum rill_code recover_all(struct session *session, struct rill_error *error)
{
	enum rill_code first = RILL_OK;

	for (size_t i = 0; i < session->config.target_count; i++) {
		struct update update = {.config = &session->config,
					.target = &session->config.targets[i],
					.journal = &session->journal};
		enum rill_code code = update_recover(&update, error);

		if (code != RILL_OK)
			print_result(session, &update, code, error);
		if (first == RILL_OK)
			first = code;
	}
	return first;
}

static enum progress_style progress_style(const struct options *options)
{
	if (options->json)
		return options->progress ? PROGRESS_JSON : PROGRESS_NONE;
	if (options->quiet)
		return PROGRESS_NONE;
	return isatty(STDERR_FILENO) ? PROGRESS_BAR : PROGRESS_LOG;
}

static enum rill_code update_all(struct session *session, struct rill_error *error)
{
	const char *only = session->options->target;
	enum rill_code first = RILL_OK;
	bool any = false;

	for (size_t i = 0; i < session->config.target_count; i++) {
		struct update update = {.config = &session->config,
					.target = &session->config.targets[i],
					.journal = &session->journal,
					.style = progress_style(session->options)};
		enum rill_code code;

		if (only && strcmp(only, update.target->name) != 0)
			continue;
		any = true;
		journal_get(&session->journal, update.target->name, &update.entry);
		code = update_run(&update, &session->trust, &session->http, error);
		print_result(session, &update, code, error);
		if (first == RILL_OK)
			first = code;
	}
	if (!any)
		return rill_fail(error, RILL_USAGE, "the configuration has no target \"%s\"", only);
	return first;
}

static enum rill_code get_metadata(void *context, int64_t version, const char *role, uint64_t limit,
				   trust_sink sink, void *sink_context, bool *found,
				   struct rill_error *error)
{
	char name[2 * RILL_TUF_NAME_MAX];

	if (version)
		snprintf(name, sizeof name, "metadata/%" PRId64 ".%s.json", version, role);
	else
		snprintf(name, sizeof name, "metadata/%s.json", role);
	return http_get(context, name, limit, sink, sink_context, found, error);
}

static enum rill_code refresh(struct session *session, struct rill_error *error)
{
	enum rill_code code;

	session->source = (struct trust_source){get_metadata, &session->http};
	session->trust.source = &session->source;
	session->trust.folder = session->folder;
	session->trust.first_root = session->config.root;
	code = trust_refresh(&session->trust, error);
	return code == RILL_OK
		       ? clock_keep(session->folder, &session->clock, &session->trust.tuf, error)
		       : code;
}

static enum rill_code refresh_and_update(struct session *session, struct rill_error *error)
{
	enum rill_code code = refresh(session, error);

	if (code != RILL_OK)
		return code;
	code = update_all(session, error);
	if (code != RILL_USAGE)
		error->text[0] = 0; /* print_result() said it */
	return code;
}

/* One poll of the server, and what follows from it. */
static enum rill_code poll_server(struct session *session, struct rill_error *error)
{
	struct config *config = &session->config;
	struct rill_error ignored;
	enum rill_code code = RILL_OK;

	config->http.tls.clock = session->clock;
	if (!session->options->now)
		code = policy_may_fetch(config, &session->clock, error);
	if (code != RILL_OK)
		return code;
	code = http_open(&session->http, &config->http, error);
	if (code == RILL_OK) {
		code = refresh_and_update(session, error);
		policy_write_poll(config, &session->clock, session->http.not_before, &ignored);
	}
	http_close(&session->http);
	return code;
}

static enum rill_code run(struct session *session, struct rill_error *error)
{
	const struct config *config = &session->config;
	enum rill_code code = lock_state(session, error);

	if (code == RILL_OK)
		code = journal_open(&session->journal, config->state, error);
	if (code != RILL_OK)
		return code;
	code = recover_all(session, error);
	if (code == RILL_OK)
		code = poll_server(session, error);
	else
		error->text[0] = 0;
	journal_close(&session->journal);
	return code;
}

enum rill_code command_update(const struct options *options, struct rill_error *error)
{
	struct session session = {.options = options, .lock = -1};
	enum rill_code code = config_read(&session.config, options->config, error);

	if (code == RILL_OK) {
		snprintf(session.folder, sizeof session.folder, "%s/metadata",
			 session.config.state);
		session.clock = clock_read(session.folder);
		session.trust.bare_time = session.clock.bare;
	}
	rill_tuf_init(&session.trust.tuf, session.clock.now);
	if (code == RILL_OK)
		code = run(&session, error);
	rill_tuf_free(&session.trust.tuf);
	config_free(&session.config);
	if (session.lock >= 0)
		close(session.lock);
	return code;
}
