/* SPDX-License-Identifier: Apache-2.0 */
#include "host/draft.h"

#include "host/report.h"
#include "protocol/json.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

static cJSON *get(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

static void set_time(cJSON *body, const char *name, int64_t days)
{
	char text[RILL_TUF_TIME_SIZE];

	if (days > 4000000) /* beyond the year 9999, which is all that the form has */
		days = 4000000;
	rill_tuf_print_time((int64_t)time(NULL) + days * 86400, text);
	cJSON_DeleteItemFromObjectCaseSensitive(body, name);
	cJSON_AddStringToObject(body, name, text);
}

void draft_renew(cJSON *body, int64_t version, int64_t days)
{
	cJSON_DeleteItemFromObjectCaseSensitive(body, "version");
	report_add_number(body, "version", (uint64_t)version);
	set_time(body, "expires", days);
}

cJSON *draft_body(enum rill_tuf_role role, int64_t version, int64_t days)
{
	cJSON *body = cJSON_CreateObject();

	cJSON_AddStringToObject(body, "_type", rill_tuf_role_name(role));
	cJSON_AddStringToObject(body, "spec_version", "1.0.34");
	draft_renew(body, version, days);
	if (role == RILL_TUF_TIMESTAMP)
		set_time(body, "issued", 0);
	return body;
}

int64_t draft_version(const struct draft *draft)
{
	const cJSON *version = get(draft->body, "version");

	return cJSON_IsRaw(version)	 ? strtoll(version->valuestring, NULL, 10)
	       : cJSON_IsNumber(version) ? (int64_t)version->valuedouble
					 : 0;
}

void draft_set_meta(cJSON *body, enum rill_tuf_role role, const struct metadata_file *file)
{
	cJSON *meta = get(body, "meta"), *entry, *hashes;
	char name[32];

	if (!meta)
		meta = cJSON_AddObjectToObject(body, "meta");
	snprintf(name, sizeof name, "%s.json", rill_tuf_role_name(role));
	cJSON_DeleteItemFromObjectCaseSensitive(meta, name);
	entry = cJSON_AddObjectToObject(meta, name);
	report_add_number(entry, "version", (uint64_t)file->version);
	report_add_number(entry, "length", file->length);
	hashes = cJSON_AddObjectToObject(entry, "hashes");
	report_add_digest(hashes, "sha256", file->sha256);
}

void draft_start(struct draft *draft, cJSON *body)
{
	draft_drop(draft);
	draft->body = body;
	draft->signatures = cJSON_CreateArray();
}

void draft_drop(struct draft *draft)
{
	cJSON_Delete(draft->body);
	cJSON_Delete(draft->signatures);
	*draft = (struct draft){0};
}

enum rill_code draft_parse(struct draft *draft, enum rill_tuf_role role, const void *bytes,
			   size_t n, struct rill_error *error)
{
	cJSON *document = cJSON_ParseWithLength(bytes, n);
	const char *type = cJSON_GetStringValue(get(get(document, "signed"), "_type"));

	draft_drop(draft);
	if (type && strcmp(type, rill_tuf_role_name(role)) == 0 &&
	    cJSON_IsArray(get(document, "signatures"))) {
		draft->body = cJSON_DetachItemFromObjectCaseSensitive(document, "signed");
		draft->signatures = cJSON_DetachItemFromObjectCaseSensitive(document, "signatures");
	}
	cJSON_Delete(document);
	return draft->body ? RILL_OK
			   : rill_fail(error, RILL_SECURITY, "not a file of %s metadata",
				       rill_tuf_role_name(role));
}

const cJSON *root_keyids(const cJSON *root, enum rill_tuf_role role)
{
	return get(get(get(root, "roles"), rill_tuf_role_name(role)), "keyids");
}

int root_threshold(const cJSON *root, enum rill_tuf_role role)
{
	const cJSON *threshold = get(get(get(root, "roles"), rill_tuf_role_name(role)),
				     "threshold");

	return cJSON_IsNumber(threshold) ? threshold->valueint : 0;
}

bool root_names(const cJSON *root, enum rill_tuf_role role, const char *keyid)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, root_keyids(root, role))
	{
		if (cJSON_IsString(item) && strcmp(item->valuestring, keyid) == 0)
			return true;
	}
	return false;
}

int root_count(const cJSON *root, enum rill_tuf_role role, const struct keyring *keyring)
{
	int count = 0;

	for (size_t i = 0; i < keyring->count; i++)
		count += root_names(root, role, keyring->keys[i].id);
	return count;
}

static bool has_signed(const struct draft *draft, const char *keyid)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, draft->signatures)
	{
		const char *id = cJSON_GetStringValue(get(item, "keyid"));

		if (id && strcmp(id, keyid) == 0)
			return true;
	}
	return false;
}

static void append(void *context, const void *bytes, size_t n)
{
	struct buffer *buffer = context; /* has room */

	memcpy(buffer->bytes + buffer->length, bytes, n);
	buffer->length += n;
}

/* The canonical form of the body, which is never longer than its text. */
static enum rill_code canonical(const cJSON *body, struct buffer *bytes, struct rill_error *error)
{
	char *text = cJSON_PrintUnformatted(body);
	struct rill_json json;
	enum rill_code code;

	if (!text)
		return rill_fail(error, RILL_MEMORY, "no memory for metadata");
	code = rill_json_parse(&json, text, strlen(text), RILL_TUF_TOKENS_MAX, error);
	if (code == RILL_OK) {
		code = buffer_reserve(bytes, strlen(text), error);
		if (code == RILL_OK)
			rill_json_canonical(&json, RILL_JSON_ROOT, append, bytes);
		rill_json_free(&json);
	}
	cJSON_free(text);
	return code;
}

static enum rill_code add_signature(struct draft *draft, struct key *key,
				    const struct rill_message *message, struct rill_error *error)
{
	uint8_t signature[RILL_SIGNATURE_MAX];
	char hex[2 * RILL_SIGNATURE_MAX + 1];
	cJSON *entry;
	size_t n;
	enum rill_code code = key_sign(key, message, signature, &n, error);

	if (code != RILL_OK)
		return code;
	rill_hex(signature, n, hex);
	entry = cJSON_CreateObject();
	cJSON_AddStringToObject(entry, "keyid", key->id);
	cJSON_AddStringToObject(entry, "sig", hex);
	cJSON_AddItemToArray(draft->signatures, entry);
	return RILL_OK;
}

enum rill_code draft_sign(struct draft *draft, enum rill_tuf_role role,
			  const struct keyring *keyring, const cJSON *root, const cJSON *next_root,
			  struct rill_error *error)
{
	struct buffer bytes = {0};
	struct rill_message message;
	enum rill_code code = canonical(draft->body, &bytes, error);

	message.bytes = bytes.bytes;
	message.n = bytes.length;
	rill_sha256(bytes.bytes, bytes.length, message.sha256);
	for (size_t i = 0; code == RILL_OK && i < keyring->count; i++) {
		struct key *key = &keyring->keys[i];

		if ((root_names(root, role, key->id) || root_names(next_root, role, key->id)) &&
		    !has_signed(draft, key->id))
			code = add_signature(draft, key, &message, error);
	}
	buffer_free(&bytes);
	return code;
}

enum rill_code draft_print(const struct draft *draft, enum rill_tuf_role role, struct buffer *file,
			   struct rill_error *error)
{
	char *signatures = cJSON_PrintUnformatted(draft->signatures);
	char *body = cJSON_PrintUnformatted(draft->body), *text = NULL;
	enum rill_code code = RILL_OK;
	size_t n;

	/* Signatures are over the canonical form, which is not itself JSON (it has raw line
	 * ends in strings), so the file has the usual one. */
	if (!signatures || !body ||
	    asprintf(&text, "{\"signatures\":%s,\"signed\":%s}", signatures, body) < 0) {
		text = NULL;
		code = rill_fail(error, RILL_MEMORY, "no memory for metadata");
	}
	n = text ? strlen(text) : 0;
	if (code == RILL_OK && n > rill_tuf_length_max(role))
		code = rill_fail(error, RILL_UNSUPPORTED,
				 "%s metadata would have %zu bytes; clients take at most %u",
				 rill_tuf_role_name(role), n, rill_tuf_length_max(role));
	file->length = 0;
	if (code == RILL_OK)
		code = buffer_append(file, text, n, error);
	free(text);
	cJSON_free(signatures);
	cJSON_free(body);
	return code;
}
