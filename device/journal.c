/* SPDX-License-Identifier: Apache-2.0 */
#include "device/journal.h"

#include "device/durable.h"
#include "protocol/hash.h"
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FILE_NAME "journal"
#define VERSION 1
#define JOURNAL_MAX (1u << 20)

static const char *const state_names[] = {
	[STATE_IDLE] = "idle",		 [STATE_FETCHING] = "fetching",
	[STATE_FETCHED] = "fetched",	 [STATE_PREPARING] = "preparing",
	[STATE_PREPARED] = "prepared",	 [STATE_SWITCHING] = "switching",
	[STATE_TESTING] = "testing",	 [STATE_ROLLING_BACK] = "rolling-back",
	[STATE_COMMITTED] = "committed", [STATE_ROLLED_BACK] = "rolled-back",
	[STATE_FAILED] = "failed",
};

#define STATE_COUNT (sizeof state_names / sizeof state_names[0])

const char *update_state_name(enum update_state state)
{
	return state_names[state];
}

bool update_state_is_open(enum update_state state)
{
	return state >= STATE_FETCHED && state <= STATE_ROLLING_BACK;
}

static enum rill_code damaged(const struct journal *journal, const char *what,
			      struct rill_error *error)
{
	return rill_fail(error, RILL_CORRUPT, "%s/" FILE_NAME ": %s", journal->folder, what);
}

/* The number of a state's name, or STATE_COUNT. */
static size_t find_state(const cJSON *entry)
{
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(entry, "state");
	size_t i = 0;

	while (i < STATE_COUNT &&
	       !(cJSON_IsString(name) && strcmp(name->valuestring, state_names[i]) == 0))
		i++;
	return i;
}

static bool knows_all_states(const cJSON *targets)
{
	const cJSON *entry;

	cJSON_ArrayForEach(entry, targets)
	{
		if (find_state(entry) == STATE_COUNT)
			return false;
	}
	return true;
}

static enum rill_code parse(struct journal *journal, const char *text, size_t n,
			    struct rill_error *error)
{
	const size_t line = RILL_SHA256_HEX - 1;
	uint8_t digest[RILL_SHA256_SIZE];
	char hex[RILL_SHA256_HEX];
	const cJSON *version;
	cJSON *json;

	if (n <= line || text[line] != '\n')
		return damaged(journal, "it is cut off", error);
	rill_sha256(text + line + 1, n - line - 1, digest);
	rill_hex(digest, sizeof digest, hex);
	if (memcmp(hex, text, line) != 0)
		return damaged(journal, "it is damaged", error);
	json = cJSON_ParseWithLength(text + line + 1, n - line - 1);
	version = cJSON_GetObjectItemCaseSensitive(json, "version");
	journal->targets = cJSON_DetachItemFromObjectCaseSensitive(json, "targets");
	if (!cJSON_IsNumber(version) || version->valueint != VERSION ||
	    !cJSON_IsObject(journal->targets) || !knows_all_states(journal->targets)) {
		cJSON_Delete(json);
		return rill_fail(error, RILL_UNSUPPORTED,
				 "%s/" FILE_NAME ": it is of another version of the agent; look at "
				 "the targets, then remove the file",
				 journal->folder);
	}
	cJSON_Delete(json);
	return RILL_OK;
}

enum rill_code journal_open(struct journal *journal, const char *folder, struct rill_error *error)
{
	char path[PATH_MAX];
	char *text;
	size_t n;
	enum rill_code code;

	*journal = (struct journal){.folder = folder};
	snprintf(path, sizeof path, "%s/" FILE_NAME, folder);
	code = durable_read(path, JOURNAL_MAX, &text, &n, error);
	if (code == RILL_OK && text)
		code = parse(journal, text, n, error);
	else if (code == RILL_OK)
		journal->targets = cJSON_CreateObject();
	free(text);
	if (code != RILL_OK) {
		cJSON_Delete(journal->targets);
		journal->targets = cJSON_CreateObject();
	}
	if (!journal->targets)
		code = rill_fail(error, RILL_MEMORY, "no memory");
	return code;
}

enum rill_code journal_set_aside(const struct journal *journal, struct rill_error *error)
{
	char from[PATH_MAX], to[PATH_MAX];

	snprintf(from, sizeof from, "%s/" FILE_NAME, journal->folder);
	snprintf(to, sizeof to, "%s/" FILE_NAME ".damaged", journal->folder);
	return rename(from, to) == 0 ? RILL_OK : system_failed(from, "set aside", error);
}

void journal_close(struct journal *journal)
{
	cJSON_Delete(journal->targets);
	journal->targets = NULL;
}

static void get_text(const cJSON *object, const char *name, char *to, size_t size)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);

	snprintf(to, size, "%s", cJSON_IsString(value) ? value->valuestring : "");
}

static int64_t get_number(const cJSON *object, const char *name)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsNumber(value) ? (int64_t)value->valuedouble : 0;
}

void journal_get(const struct journal *journal, const char *target, struct entry *entry)
{
	const cJSON *object = cJSON_GetObjectItemCaseSensitive(journal->targets, target);

	memset(entry, 0, sizeof *entry);
	if (object)
		entry->state = (enum update_state)find_state(object);
	entry->release = get_number(object, "release");
	entry->committed = get_number(object, "committed");
	entry->time = get_number(object, "time");
	entry->fetched = get_number(object, "fetched");
	entry->spent = get_number(object, "spent");
	entry->total = get_number(object, "total");
	entry->failures = get_number(object, "failures");
	entry->since = get_number(object, "since");
	entry->tested = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, "tested"));
	get_text(object, "boot", entry->boot, sizeof entry->boot);
	entry->full = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, "full"));
	entry->code = (int)get_number(object, "code");
	get_text(object, "from", entry->from, sizeof entry->from);
	get_text(object, "to", entry->to, sizeof entry->to);
	get_text(object, "message", entry->message, sizeof entry->message);
}

enum rill_code journal_store(const struct journal *journal, struct rill_error *error)
{
	cJSON *json = cJSON_CreateObject();
	uint8_t digest[RILL_SHA256_SIZE];
	char hex[RILL_SHA256_HEX];
	char *body, *text = NULL;
	enum rill_code code;

	cJSON_AddNumberToObject(json, "version", VERSION);
	cJSON_AddItemReferenceToObject(json, "targets", journal->targets);
	body = cJSON_Print(json);
	cJSON_Delete(json);
	if (body) {
		rill_sha256(body, strlen(body), digest);
		rill_hex(digest, sizeof digest, hex);
		if (asprintf(&text, "%s\n%s", hex, body) < 0)
			text = NULL;
	}
	code = text ? durable_write(journal->folder, FILE_NAME, text, strlen(text), error)
		    : rill_fail(error, RILL_MEMORY, "no memory");
	cJSON_free(body);
	free(text);
	return code;
}

void journal_set(struct journal *journal, const char *target, const struct entry *entry)
{
	cJSON *object = cJSON_CreateObject();

	cJSON_AddStringToObject(object, "state", state_names[entry->state]);
	cJSON_AddNumberToObject(object, "release", (double)entry->release);
	cJSON_AddNumberToObject(object, "committed", (double)entry->committed);
	cJSON_AddNumberToObject(object, "time", (double)entry->time);
	cJSON_AddNumberToObject(object, "fetched", (double)entry->fetched);
	cJSON_AddNumberToObject(object, "spent", (double)entry->spent);
	cJSON_AddNumberToObject(object, "total", (double)entry->total);
	cJSON_AddBoolToObject(object, "full", entry->full);
	cJSON_AddStringToObject(object, "from", entry->from);
	cJSON_AddStringToObject(object, "to", entry->to);
	if (entry->failures)
		cJSON_AddNumberToObject(object, "failures", (double)entry->failures);
	if (entry->boot[0]) {
		cJSON_AddStringToObject(object, "boot", entry->boot);
		cJSON_AddNumberToObject(object, "since", (double)entry->since);
		cJSON_AddBoolToObject(object, "tested", entry->tested);
	}
	if (entry->code) {
		cJSON_AddNumberToObject(object, "code", entry->code);
		cJSON_AddStringToObject(object, "message", entry->message);
	}
	cJSON_DeleteItemFromObjectCaseSensitive(journal->targets, target);
	cJSON_AddItemToObject(journal->targets, target, object);
}

enum rill_code journal_put(struct journal *journal, const char *target, struct entry *entry,
			   struct rill_error *error)
{
	entry->time = (int64_t)time(NULL);
	journal_set(journal, target, entry);
	return journal_store(journal, error);
}
