/* SPDX-License-Identifier: Apache-2.0 */
#include "device/config.h"

#include "device/durable.h"
#include "device/policy.h"
#include <stdlib.h>
#include <string.h>

#define CONFIG_MAX (1u << 20)
/* Of what slots are called by boot loaders and shell scripts. */
#define SLOT_NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."

enum key_type { KEY_TEXT, KEY_NUMBER, KEY_TEXTS, KEY_SLOTS, KEY_TARGETS };

/* A key of an object of the file, and where its value goes. */
struct key {
	const char *name;
	enum key_type type;
	size_t offset;
	bool required;
	int64_t least, most; /* numbers */
};

static const struct key config_keys[] = {
	{"url", KEY_TEXT, offsetof(struct config, http.url), true, 0, 0},
	{"ca", KEY_TEXT, offsetof(struct config, http.tls.ca), false, 0, 0},
	{"pins", KEY_TEXTS, offsetof(struct config, pins), false, 0, 0},
	{"client_certificate", KEY_TEXT, offsetof(struct config, http.tls.certificate), false, 0,
	 0},
	{"client_key", KEY_TEXT, offsetof(struct config, http.tls.key), false, 0, 0},
	{"authorization", KEY_TEXT, offsetof(struct config, http.authorization), false, 0, 0},
	{"proxy", KEY_TEXT, offsetof(struct config, http.proxy), false, 0, 0},
	{"no_proxy", KEY_TEXT, offsetof(struct config, http.no_proxy), false, 0, 0},
	{"root", KEY_TEXT, offsetof(struct config, root), false, 0, 0},
	{"state", KEY_TEXT, offsetof(struct config, state), false, 0, 0},
	{"board", KEY_TEXT, offsetof(struct config, board), false, 0, 0},
	{"hardware", KEY_TEXT, offsetof(struct config, hardware), false, 0, 0},
	{"full", KEY_TEXT, offsetof(struct config, full_name), false, 0, 0},
	{"hours", KEY_TEXTS, offsetof(struct config, hours), false, 0, 0},
	{"may_fetch", KEY_TEXTS, offsetof(struct config, may_fetch), false, 0, 0},
	{"reboot", KEY_TEXTS, offsetof(struct config, reboot), false, 0, 0},
	{"poll_interval", KEY_NUMBER, offsetof(struct config, poll_interval), false, 60, 31536000},
	{"poll_jitter", KEY_NUMBER, offsetof(struct config, poll_jitter), false, 0, 31536000},
	{"budget", KEY_NUMBER, offsetof(struct config, budget), false, 1, INT64_C(1) << 40},
	{"memory", KEY_NUMBER, offsetof(struct config, memory), false, 1, INT64_C(1) << 40},
	{"stall_timeout", KEY_NUMBER, offsetof(struct config, http.limits.stall_timeout), false, 1,
	 86400},
	{"min_rate", KEY_NUMBER, offsetof(struct config, http.limits.min_rate), false, 0, 1 << 30},
	{"rate", KEY_NUMBER, offsetof(struct config, http.limits.rate), false, 512, 1 << 30},
	{"retries", KEY_NUMBER, offsetof(struct config, http.retry.retries), false, 0, 1000000},
	{"retry_delay", KEY_NUMBER, offsetof(struct config, http.retry.delay), false, 0, 86400},
	{"retry_delay_max", KEY_NUMBER, offsetof(struct config, http.retry.delay_max), false, 0,
	 86400},
	{"targets", KEY_TARGETS, 0, true, 0, 0},
	{NULL, KEY_TEXT, 0, false, 0, 0},
};

static const struct key target_keys[] = {
	{"name", KEY_TEXT, offsetof(struct target_config, name), true, 0, 0},
	{"kind", KEY_TEXT, offsetof(struct target_config, kind_name), true, 0, 0},
	{"path", KEY_TEXT, offsetof(struct target_config, path), false, 0, 0},
	{"slots", KEY_SLOTS, offsetof(struct target_config, slots), false, 0, 0},
	{"boot", KEY_TEXTS, offsetof(struct target_config, boot), false, 0, 0},
	{"group", KEY_TEXT, offsetof(struct target_config, group), false, 0, 0},
	{"exact", KEY_TEXT, offsetof(struct target_config, exact_name), false, 0, 0},
	{"within", KEY_TEXT, offsetof(struct target_config, within), false, 0, 0},
	{"may_switch", KEY_TEXTS, offsetof(struct target_config, may_switch), false, 0, 0},
	{"activate", KEY_TEXTS, offsetof(struct target_config, activate), false, 0, 0},
	{"hook_timeout", KEY_NUMBER, offsetof(struct target_config, hook_timeout), false, 1, 86400},
	{"commit", KEY_TEXT, offsetof(struct target_config, commit_name), false, 0, 0},
	{"commit_timeout", KEY_NUMBER, offsetof(struct target_config, commit_timeout), false, 1,
	 31536000},
	{"health", KEY_TEXTS, offsetof(struct target_config, health), false, 0, 0},
	{"health_timeout", KEY_NUMBER, offsetof(struct target_config, health_timeout), false, 1,
	 86400},
	{NULL, KEY_TEXT, 0, false, 0, 0},
};

static enum rill_code bad(const char *key, const char *what, struct rill_error *error)
{
	return rill_fail(error, RILL_CONFIG, "key \"%s\": %s", key, what);
}

static enum rill_code unknown_key(const struct key *keys, const char *name,
				  struct rill_error *error)
{
	char known[480] = "";

	for (; keys->name; keys++) {
		size_t n = strlen(known);

		snprintf(known + n, sizeof known - n, "%s%s", n ? ", " : "", keys->name);
	}
	return rill_fail(error, RILL_CONFIG, "unknown key \"%.64s\"; known are %s", name, known);
}

static enum rill_code set_texts(const char ***texts, const cJSON *value, const char *name,
				struct rill_error *error)
{
	size_t count = 0;
	const cJSON *item;

	if (!cJSON_IsArray(value) || cJSON_GetArraySize(value) == 0)
		return bad(name, "should be a list of texts", error);
	*texts = calloc((size_t)cJSON_GetArraySize(value) + 1, sizeof **texts);
	if (!*texts)
		return rill_fail(error, RILL_MEMORY, "no memory");
	cJSON_ArrayForEach(item, value)
	{
		if (!cJSON_IsString(item))
			return bad(name, "should be a list of texts", error);
		(*texts)[count++] = item->valuestring;
	}
	return RILL_OK;
}

static enum rill_code set_number(const struct key *key, int64_t *number, const cJSON *value,
				 struct rill_error *error)
{
	/* Doubles hold every whole number of these ranges exactly. */
	if (!cJSON_IsNumber(value) || !(value->valuedouble >= (double)key->least) ||
	    value->valuedouble > (double)key->most ||
	    value->valuedouble != (double)(int64_t)value->valuedouble)
		return rill_fail(error, RILL_CONFIG,
				 "key \"%s\": should be a whole number from %lld to %lld",
				 key->name, (long long)key->least, (long long)key->most);
	*number = (int64_t)value->valuedouble;
	return RILL_OK;
}

static enum rill_code set_slots(struct slot_config *slots, const cJSON *value,
				struct rill_error *error)
{
	size_t count = 0;
	const cJSON *item;

	cJSON_ArrayForEach(item, value)
	{
		if (!cJSON_IsObject(value) || !cJSON_IsString(item) || count == 2 ||
		    item->string[strspn(item->string, SLOT_NAME_CHARACTERS)] || !item->string[0] ||
		    strlen(item->string) >= SLOT_NAME_MAX)
			break;
		slots[count++] = (struct slot_config){item->string, item->valuestring};
	}
	if (item || count != 2 || strcmp(slots[0].name, slots[1].name) == 0)
		return bad("slots", "should be an object of two, from name to device", error);
	return RILL_OK;
}

static enum rill_code set_targets(struct config *config, const cJSON *value,
				  struct rill_error *error);

static enum rill_code set_key(const struct key *key, void *to, const cJSON *value,
			      struct rill_error *error)
{
	void *field = (char *)to + key->offset;

	switch (key->type) {
	case KEY_TEXT:
		if (!cJSON_IsString(value) || !*value->valuestring)
			return bad(key->name, "should be a text", error);
		*(const char **)field = value->valuestring;
		return RILL_OK;
	case KEY_NUMBER: return set_number(key, field, value, error);
	case KEY_TEXTS: return set_texts(field, value, key->name, error);
	case KEY_SLOTS: return set_slots(field, value, error);
	case KEY_TARGETS: return set_targets(to, value, error);
	}
	return RILL_OK;
}

static enum rill_code read_object(const struct key *keys, void *to, const cJSON *object,
				  struct rill_error *error)
{
	const cJSON *member;

	if (!cJSON_IsObject(object))
		return rill_fail(error, RILL_CONFIG, "an object {...} should stand here");
	cJSON_ArrayForEach(member, object)
	{
		const struct key *key = keys;
		enum rill_code code;

		while (key->name && strcmp(key->name, member->string) != 0)
			key++;
		if (!key->name)
			return unknown_key(keys, member->string, error);
		if (cJSON_GetObjectItemCaseSensitive(object, key->name) != member)
			return bad(key->name, "stands twice", error);
		code = set_key(key, to, member, error);
		if (code != RILL_OK)
			return code;
	}
	for (; keys->name; keys++)
		if (keys->required && !cJSON_GetObjectItemCaseSensitive(object, keys->name))
			return bad(keys->name, "is missing", error);
	return RILL_OK;
}

/* What each kind wants, and what it cannot use. */
static enum rill_code check_kind(struct target_config *target, struct rill_error *error)
{
	bool is_slot = target->kind == RILL_KIND_SLOT;

	if (is_slot != (target->slots[0].name != NULL))
		return bad("slots", is_slot ? "is missing" : "is for kind \"slot\"", error);
	if (is_slot != (target->boot != NULL))
		return bad("boot", is_slot ? "is missing" : "is for kind \"slot\"", error);
	for (size_t i = 0; is_slot && target->boot[i]; i++)
		if (i == BOOT_WORDS_MAX)
			return bad("boot", "should be at most 16 words", error);
	if (is_slot == (target->path != NULL))
		return bad("path", is_slot ? "is not for kind \"slot\"" : "is missing", error);
	if (is_slot)
		target->path = target->name;
	else if (target->path[0] != '/')
		return bad("path", "should begin with /", error);
	return RILL_OK;
}

static enum rill_code read_target(struct target_config *target, const cJSON *value,
				  struct rill_error *error)
{
	enum rill_code code;

	target->health_timeout = 30;
	target->hook_timeout = 300;
	target->commit_name = "automatic";
	target->commit_timeout = 600;
	code = read_object(target_keys, target, value, error);
	if (code != RILL_OK)
		return code;
	if (!rill_kind_parse(target->kind_name, &target->kind))
		return bad("kind", "should be \"file\", \"image\" or \"slot\"", error);
	if (target->within && target->kind != RILL_KIND_FILE)
		return bad("within", "is for kind \"file\"", error);
	target->exact = target->exact_name && strcmp(target->exact_name, "manifest") == 0;
	if (target->exact_name && !target->exact && strcmp(target->exact_name, "config") != 0)
		return bad("exact", "should be \"config\" or \"manifest\"", error);
	if (target->exact_name && target->kind != RILL_KIND_IMAGE)
		return bad("exact", "is for kind \"image\"", error);
	code = check_kind(target, error);
	if (code != RILL_OK)
		return code;
	if (target->within && target->within[0] != '/')
		return bad("within", "should begin with /", error);
	target->manual = strcmp(target->commit_name, "manual") == 0;
	if (!target->manual && strcmp(target->commit_name, "automatic") != 0)
		return bad("commit", "should be \"automatic\" or \"manual\"", error);
	return RILL_OK;
}

static enum rill_code set_targets(struct config *config, const cJSON *value,
				  struct rill_error *error)
{
	const cJSON *item;

	if (!cJSON_IsArray(value) || cJSON_GetArraySize(value) == 0)
		return bad("targets", "should be a list of at least one object", error);
	config->targets = calloc((size_t)cJSON_GetArraySize(value), sizeof *config->targets);
	if (!config->targets)
		return rill_fail(error, RILL_MEMORY, "no memory");
	cJSON_ArrayForEach(item, value)
	{
		struct target_config *target = &config->targets[config->target_count++];
		enum rill_code code = read_target(target, item, error);

		if (code != RILL_OK) {
			rill_error_in(error, "targets[%zu]", config->target_count - 1);
			return code;
		}
		for (size_t i = 0; i + 1 < config->target_count; i++)
			if (strcmp(config->targets[i].name, target->name) == 0)
				return bad("targets", "two have the same name", error);
	}
	return RILL_OK;
}

/* What one key says of another. */
static enum rill_code check_config(struct config *config, struct rill_error *error)
{
	if (!config->http.tls.certificate != !config->http.tls.key)
		return bad(config->http.tls.key ? "client_key" : "client_certificate",
			   "is of use only with the other of the two", error);
	for (const char **hours = config->hours; hours && *hours; hours++) {
		int from, to;

		if (!policy_parse_hours(*hours, &from, &to))
			return bad("hours", "should be a list of \"HH:MM-HH:MM\"", error);
	}
	if (strcmp(config->full_name, "always") == 0)
		config->full = FULL_ALWAYS;
	else if (strcmp(config->full_name, "within-budget") == 0)
		config->full = FULL_WITHIN_BUDGET;
	else if (strcmp(config->full_name, "never") != 0)
		return bad("full", "should be \"never\", \"within-budget\" or \"always\"", error);
	if (config->full == FULL_WITHIN_BUDGET && !config->budget)
		return bad("full", "\"within-budget\" needs a \"budget\"", error);
	return RILL_OK;
}

static enum rill_code read_config(struct config *config, const char *text, size_t n,
				  struct rill_error *error)
{
	const char *end = NULL;
	enum rill_code code;

	config->json = cJSON_ParseWithLengthOpts(text, n + 1, &end, true);
	if (!config->json)
		return rill_fail(error, RILL_CONFIG, "not JSON at offset %td",
				 end ? end - text : (ptrdiff_t)0);
	code = read_object(config_keys, config, config->json, error);
	if (code != RILL_OK)
		return code;
	config->http.tls.pins = config->pins;
	for (size_t i = 0; i < config->target_count; i++)
		config->targets[i].state = config->state;
	return check_config(config, error);
}

enum rill_code config_read(struct config *config, const char *path, struct rill_error *error)
{
	char *text;
	size_t n;
	enum rill_code code;

	*config = (struct config){
		.http = {.tls = {.ca = "/etc/ssl/certs/ca-certificates.crt"},
			 .limits = {.stall_timeout = 60, .min_rate = 100},
			 .retry = {.retries = 5, .delay = 1, .delay_max = 300}},
		.poll_interval = 86400,
		.poll_jitter = 14400,
		.root = "/etc/rill/root.json",
		.state = "/var/lib/rill",
		.board = "",
		.hardware = "",
		.full_name = "never",
		.memory = 16 << 20,
	};
	code = durable_read(path, CONFIG_MAX, &text, &n, error);
	if (code != RILL_OK)
		return code;
	if (!text)
		return rill_fail(error, RILL_CONFIG, "%s: there is no such file", path);
	code = read_config(config, text, n, error);
	if (code != RILL_OK)
		rill_error_in(error, "%s", path);
	free(text);
	return code;
}

void config_free(struct config *config)
{
	for (size_t i = 0; i < config->target_count; i++) {
		free(config->targets[i].may_switch);
		free(config->targets[i].activate);
		free(config->targets[i].health);
		free(config->targets[i].boot);
	}
	free(config->targets);
	free(config->pins);
	free(config->hours);
	free(config->may_fetch);
	free(config->reboot);
	cJSON_Delete(config->json);
	*config = (struct config){0};
}
