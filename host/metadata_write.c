/* SPDX-License-Identifier: Apache-2.0 */
#include "host/metadata_write.h"

#include "host/buffer.h"
#include "host/file.h"
#include "host/report.h"
#include "protocol/json.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TOKENS_MAX (1u << 18)

cJSON *metadata_new(enum rill_tuf_role role, int64_t version, int64_t days)
{
	cJSON *body = cJSON_CreateObject();
	char expires[RILL_TUF_TIME_SIZE];

	if (days > 4000000) /* beyond the year 9999, which is all that the form has */
		days = 4000000;
	rill_tuf_print_time((int64_t)time(NULL) + days * 86400, expires);
	cJSON_AddStringToObject(body, "_type", rill_tuf_role_name(role));
	cJSON_AddStringToObject(body, "spec_version", "1.0.34");
	report_add_number(body, "version", (uint64_t)version);
	cJSON_AddStringToObject(body, "expires", expires);
	return body;
}

void metadata_add_meta(cJSON *body, enum rill_tuf_role role, const struct metadata_file *file)
{
	cJSON *meta = cJSON_AddObjectToObject(body, "meta"), *entry, *hashes;
	char name[32];

	snprintf(name, sizeof name, "%s.json", rill_tuf_role_name(role));
	entry = cJSON_AddObjectToObject(meta, name);
	report_add_number(entry, "version", (uint64_t)file->version);
	report_add_number(entry, "length", file->length);
	hashes = cJSON_AddObjectToObject(entry, "hashes");
	report_add_digest(hashes, "sha256", file->sha256);
}

/* {"signatures":[...],"signed":BODY}. The signature is over BODY's canonical form, which
 * is not itself JSON (it has raw line ends in strings), so the file has the usual one. */
static enum rill_code sign(const char *body, struct key *key, struct buffer *file,
			   struct rill_error *error)
{
	uint8_t digest[RILL_SHA256_SIZE], signature[RILL_SIGNATURE_MAX];
	char hex[2 * RILL_SIGNATURE_MAX + 1];
	struct rill_json json;
	char *text;
	size_t n;
	enum rill_code code = rill_json_parse(&json, body, strlen(body), TOKENS_MAX, error);

	if (code != RILL_OK)
		return code;
	rill_json_canonical_sha256(&json, RILL_JSON_ROOT, digest);
	rill_json_free(&json);
	code = key_sign(key, digest, signature, &n, error);
	if (code != RILL_OK)
		return code;
	rill_hex(signature, n, hex);
	if (asprintf(&text, "{\"signatures\":[{\"keyid\":\"%s\",\"sig\":\"%s\"}],\"signed\":%s}",
		     key->id, hex, body) < 0)
		return rill_fail(error, RILL_MEMORY, "no memory for metadata");
	code = buffer_append(file, text, strlen(text), error);
	free(text);
	return code;
}

static enum rill_code put_file(const char *folder, enum rill_tuf_role role, int64_t version,
			       const struct buffer *bytes, struct rill_error *error)
{
	char *path;
	int made = role == RILL_TUF_TIMESTAMP
			   ? asprintf(&path, "%s/timestamp.json", folder)
			   : asprintf(&path, "%s/%lld.%s.json", folder, (long long)version,
				      rill_tuf_role_name(role));
	enum rill_code code;

	if (made < 0)
		return rill_fail(error, RILL_MEMORY, "no memory");
	code = bytes->length > rill_tuf_length_max(role)
		       ? rill_fail(error, RILL_UNSUPPORTED,
				   "%s would have %zu bytes; clients take at most %u", path,
				   bytes->length, rill_tuf_length_max(role))
		       : write_file(path, bytes->bytes, bytes->length, 0666, error);
	free(path);
	return code;
}

enum rill_code metadata_write(const char *folder, enum rill_tuf_role role, int64_t version,
			      cJSON *body, struct key *key, struct metadata_file *file,
			      struct rill_error *error)
{
	struct buffer bytes = {0};
	char *text = cJSON_PrintUnformatted(body);
	enum rill_code code = text ? sign(text, key, &bytes, error)
				   : rill_fail(error, RILL_MEMORY, "no memory for metadata");

	cJSON_Delete(body);
	cJSON_free(text);
	if (code == RILL_OK)
		code = put_file(folder, role, version, &bytes, error);
	file->version = version;
	file->length = bytes.length;
	rill_sha256(bytes.bytes, bytes.length, file->sha256);
	buffer_free(&bytes);
	return code;
}
