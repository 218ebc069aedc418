/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/tuf_document.h"

#include <string.h>

static const struct {
	const char *name;
	uint32_t length_max;
} roles[] = {
	[RILL_TUF_ROOT] = {"root", 256000},
	[RILL_TUF_TIMESTAMP] = {"timestamp", 16384},
	[RILL_TUF_SNAPSHOT] = {"snapshot", 512000},
	[RILL_TUF_TARGETS] = {"targets", 2000000},
};

uint32_t rill_tuf_length_max(enum rill_tuf_role role)
{
	return roles[role].length_max;
}

const char *rill_tuf_role_name(enum rill_tuf_role role)
{
	return roles[role].name;
}

static enum rill_code malformed(const char *name, const char *field, struct rill_error *error)
{
	return rill_fail(error, RILL_SECURITY, "%.64s metadata: \"%s\" is missing or malformed",
			 name, field);
}

static enum rill_code read_header(struct rill_tuf_document *document, enum rill_tuf_role role,
				  const char *name, struct rill_error *error)
{
	const struct rill_json *json = &document->json;
	const char *type, *spec, *expires;

	document->body = rill_json_get(json, RILL_JSON_ROOT, "signed");
	if (!rill_json_is(json, document->body, RILL_JSON_OBJECT))
		return malformed(name, "signed", error);
	type = rill_json_string(json, rill_json_get(json, document->body, "_type"));
	if (!type || strcmp(type, roles[role].name) != 0)
		return malformed(name, "_type", error);
	spec = rill_json_string(json, rill_json_get(json, document->body, "spec_version"));
	if (!spec || strncmp(spec, "1.", 2) != 0)
		return malformed(name, "spec_version", error);
	if (!rill_json_integer(json, rill_json_get(json, document->body, "version"),
			       &document->version) ||
	    document->version < 1 || document->version == INT64_MAX) /* there is a next one */
		return malformed(name, "version", error);
	expires = rill_json_string(json, rill_json_get(json, document->body, "expires"));
	if (!expires || !rill_tuf_parse_time(expires, &document->expires))
		return malformed(name, "expires", error);
	return RILL_OK;
}

enum rill_code rill_tuf_document_parse(struct rill_tuf_document *document, enum rill_tuf_role role,
				       const char *name, const void *bytes, size_t n,
				       struct rill_error *error)
{
	size_t values = n / 4 + 64;
	enum rill_code code;

	memset(document, 0, sizeof *document);
	if (n > roles[role].length_max)
		return rill_fail(error, RILL_SECURITY, "%.64s metadata of %zu bytes; at most %u",
				 name, n, roles[role].length_max);
	if (values > RILL_TUF_TOKENS_MAX)
		values = RILL_TUF_TOKENS_MAX;
	code = rill_json_parse(&document->json, bytes, n, (uint32_t)values, error);
	if (code != RILL_OK) {
		rill_error_in(error, "%.64s metadata", name);
		return code;
	}
	code = read_header(document, role, name, error);
	if (code != RILL_OK)
		rill_json_free(&document->json);
	return code;
}

bool rill_tuf_contains(const struct rill_json *json, uint32_t array, const char *text)
{
	if (!rill_json_is(json, array, RILL_JSON_ARRAY))
		return false;
	for (uint32_t i = rill_json_first(json, array); i; i = rill_json_next(json, array, i)) {
		const char *s = rill_json_string(json, i);

		if (s && strcmp(s, text) == 0)
			return true;
	}
	return false;
}

/* One member of "hashes"; true when it is not there, too. */
static bool get_hash(const struct rill_json *json, uint32_t hashes, const char *name,
		     uint8_t *digest, size_t size, bool *has)
{
	uint32_t token = rill_json_get(json, hashes, name);
	const char *hex = rill_json_string(json, token);

	*has = token != 0;
	return token == 0 || (hex && rill_unhex(hex, digest, size));
}

bool rill_tuf_get_hashes(const struct rill_json *json, uint32_t token,
			 struct rill_tuf_hashes *hashes)
{
	memset(hashes, 0, sizeof *hashes);
	return get_hash(json, token, "sha256", hashes->sha256, sizeof hashes->sha256,
			&hashes->has_sha256) &&
	       get_hash(json, token, "sha512", hashes->sha512, sizeof hashes->sha512,
			&hashes->has_sha512) &&
	       (hashes->has_sha256 || hashes->has_sha512);
}

enum rill_code rill_tuf_document_meta(const struct rill_tuf_document *document, const char *name,
				      uint32_t most, struct rill_tuf_meta *meta,
				      struct rill_error *error)
{
	const struct rill_json *json = &document->json;
	uint32_t all = rill_json_get(json, document->body, "meta"), entry, hashes, length_token;
	char file[RILL_TUF_NAME_MAX + 6];
	int64_t length;

	memset(meta, 0, sizeof *meta);
	meta->length = most;
	if (snprintf(file, sizeof file, "%s.json", name) >= (int)sizeof file)
		return rill_fail(error, RILL_UNSUPPORTED,
				 "%.64s...: a role's name of over %d bytes", name,
				 RILL_TUF_NAME_MAX);
	entry = rill_json_get(json, all, file);
	if (entry == 0 ||
	    !rill_json_integer(json, rill_json_get(json, entry, "version"), &meta->version) ||
	    meta->version < 1)
		return rill_fail(error, RILL_SECURITY, "no valid entry for %.64s in the metadata",
				 file);
	length_token = rill_json_get(json, entry, "length");
	if (length_token) {
		if (!rill_json_integer(json, length_token, &length) || length < 1 ||
		    length > (int64_t)most)
			return rill_fail(error, RILL_SECURITY, "%.64s: an impossible length", file);
		meta->length = (uint32_t)length;
		meta->exact = true;
	}
	hashes = rill_json_get(json, entry, "hashes");
	if (hashes && !rill_tuf_get_hashes(json, hashes, &meta->hashes))
		return rill_fail(error, RILL_SECURITY,
				 "%.64s: hashes that are malformed or of no known kind", file);
	meta->has_hashes = hashes != 0;
	return RILL_OK;
}

enum rill_code rill_tuf_check_bytes(const struct rill_tuf_meta *meta, const char *name,
				    const void *bytes, size_t n, struct rill_error *error)
{
	uint8_t digest[RILL_SHA512_SIZE];
	bool same = true;

	if (meta->exact ? n != meta->length : n > meta->length)
		return rill_fail(error, RILL_SECURITY, "%.64s metadata has %zu bytes, not %u", name,
				 n, meta->length);
	if (meta->has_hashes && meta->hashes.has_sha256) {
		rill_sha256(bytes, n, digest);
		same = memcmp(digest, meta->hashes.sha256, RILL_SHA256_SIZE) == 0;
	}
	if (same && meta->has_hashes && meta->hashes.has_sha512) {
		rill_sha512(bytes, n, digest);
		same = memcmp(digest, meta->hashes.sha512, RILL_SHA512_SIZE) == 0;
	}
	if (!same)
		return rill_fail(error, RILL_SECURITY,
				 "%.64s metadata has another hash than was signed", name);
	return RILL_OK;
}

enum rill_code rill_tuf_check_version(const struct rill_tuf_document *document,
				      const struct rill_tuf_meta *meta, const char *name,
				      struct rill_error *error)
{
	if (document->version == meta->version)
		return RILL_OK;
	return rill_fail(error, RILL_SECURITY, "%.64s metadata: version %lld, but %lld was signed",
			 name, (long long)document->version, (long long)meta->version);
}

enum rill_code rill_tuf_check_expiry(const struct rill_tuf_document *document, int64_t now,
				     const char *name, struct rill_error *error)
{
	char text[RILL_TUF_TIME_SIZE];

	if (document->version == 0)
		return rill_fail(error, RILL_SECURITY, "there is no trusted %.64s metadata yet",
				 name);
	if (document->expires > now)
		return RILL_OK;
	rill_tuf_print_time(document->expires, text);
	return rill_fail(error, RILL_EXPIRED, "%.64s metadata expired at %s; publish it anew", name,
			 text);
}

enum rill_code rill_tuf_document_target(const struct rill_tuf_document *document, const char *path,
					struct rill_tuf_target *target, bool *found,
					struct rill_error *error)
{
	const struct rill_json *json = &document->json;
	uint32_t entry = rill_json_get(json, rill_json_get(json, document->body, "targets"), path);

	*found = entry != 0;
	if (entry == 0)
		return RILL_OK;
	if (!rill_json_integer(json, rill_json_get(json, entry, "length"), &target->length) ||
	    target->length < 0 ||
	    !rill_tuf_get_hashes(json, rill_json_get(json, entry, "hashes"), &target->hashes))
		return rill_fail(error, RILL_SECURITY,
				 "target %.200s: length or sha256 is missing or malformed", path);
	memcpy(target->sha256, target->hashes.sha256, sizeof target->sha256);
	target->json = json;
	target->custom = rill_json_get(json, entry, "custom");
	return RILL_OK;
}
