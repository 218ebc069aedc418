/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/tuf_document.h"

#include "protocol/signature.h"
#include <string.h>

/* Signatures that are looked at in one file, and keys that can count for one role. */
#define SIGNATURES_MAX 64
#define TOKENS_MAX (1u << 18)

static const struct {
	const char *name;
	uint32_t length_max;
} roles[] = {
	[RILL_TUF_ROOT] = {"root", 512000},
	[RILL_TUF_TIMESTAMP] = {"timestamp", 16384},
	[RILL_TUF_SNAPSHOT] = {"snapshot", 2000000},
	[RILL_TUF_TARGETS] = {"targets", 5000000},
};

uint32_t rill_tuf_length_max(enum rill_tuf_role role)
{
	return roles[role].length_max;
}

const char *rill_tuf_role_name(enum rill_tuf_role role)
{
	return roles[role].name;
}

bool rill_tuf_get_sha256(const struct rill_json *json, uint32_t hashes, uint8_t *digest)
{
	const char *hex = rill_json_string(json, rill_json_get(json, hashes, "sha256"));

	return hex && rill_unhex(hex, digest, RILL_SHA256_SIZE);
}

static enum rill_code malformed(enum rill_tuf_role role, const char *field,
				struct rill_error *error)
{
	return rill_fail(error, RILL_SECURITY, "%s metadata: \"%s\" is missing or malformed",
			 roles[role].name, field);
}

static enum rill_code read_header(struct rill_tuf_document *document, enum rill_tuf_role role,
				  struct rill_error *error)
{
	const struct rill_json *json = &document->json;
	const char *type, *spec, *expires;

	document->body = rill_json_get(json, RILL_JSON_ROOT, "signed");
	if (!rill_json_is(json, document->body, RILL_JSON_OBJECT))
		return malformed(role, "signed", error);
	type = rill_json_string(json, rill_json_get(json, document->body, "_type"));
	if (!type || strcmp(type, roles[role].name) != 0)
		return malformed(role, "_type", error);
	spec = rill_json_string(json, rill_json_get(json, document->body, "spec_version"));
	if (!spec || strncmp(spec, "1.", 2) != 0)
		return malformed(role, "spec_version", error);
	if (!rill_json_integer(json, rill_json_get(json, document->body, "version"),
			       &document->version) ||
	    document->version < 1)
		return malformed(role, "version", error);
	expires = rill_json_string(json, rill_json_get(json, document->body, "expires"));
	if (!expires || !rill_tuf_parse_time(expires, &document->expires))
		return malformed(role, "expires", error);
	return RILL_OK;
}

enum rill_code rill_tuf_document_parse(struct rill_tuf_document *document, enum rill_tuf_role role,
				       const void *bytes, size_t n, struct rill_error *error)
{
	enum rill_code code;

	memset(document, 0, sizeof *document);
	if (n > roles[role].length_max)
		return rill_fail(error, RILL_SECURITY, "%s metadata of %zu bytes; at most %u",
				 roles[role].name, n, roles[role].length_max);
	code = rill_json_parse(&document->json, bytes, n, TOKENS_MAX, error);
	if (code != RILL_OK) {
		rill_error_in(error, "%s metadata", roles[role].name);
		return code;
	}
	code = read_header(document, role, error);
	if (code != RILL_OK)
		rill_json_free(&document->json);
	return code;
}

/* A key of the root by its keyid, which must be the SHA-256 of its canonical form. */
static uint32_t find_key(const struct rill_tuf_document *root, const char *keyid)
{
	const struct rill_json *json = &root->json;
	uint32_t key = rill_json_get(json, rill_json_get(json, root->body, "keys"), keyid);
	uint8_t digest[RILL_SHA256_SIZE], named[RILL_SHA256_SIZE];

	if (key == 0 || !rill_unhex(keyid, named, sizeof named))
		return 0;
	rill_json_canonical_sha256(json, key, digest);
	return memcmp(digest, named, sizeof digest) == 0 ? key : 0;
}

static bool contains(const struct rill_json *json, uint32_t array, const char *text)
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

static bool is_good(const struct rill_tuf_document *root, uint32_t key, const uint8_t *digest,
		    const char *hex, uint8_t *key_sha256)
{
	const struct rill_json *json = &root->json;
	const char *keytype = rill_json_string(json, rill_json_get(json, key, "keytype"));
	const char *scheme = rill_json_string(json, rill_json_get(json, key, "scheme"));
	const char *pem = rill_json_string(
		json, rill_json_get(json, rill_json_get(json, key, "keyval"), "public"));
	uint8_t signature[RILL_SIGNATURE_MAX];
	size_t n = strlen(hex) / 2;
	struct rill_error ignored; /* a bad one does no harm when others reach the threshold */

	return keytype && scheme && pem && n <= sizeof signature && rill_unhex(hex, signature, n) &&
	       rill_signature_verify(keytype, scheme, pem, digest, signature, n, key_sha256,
				     &ignored) == RILL_OK;
}

/* What was counted so far: no keyid may sign twice, no public key counts twice. */
struct tally {
	const char *keyid[SIGNATURES_MAX];
	uint8_t key[SIGNATURES_MAX][RILL_SHA256_SIZE];
	size_t seen, good;
};

static enum rill_code count_signature(const struct rill_tuf_document *document, uint32_t entry,
				      const struct rill_tuf_document *root, uint32_t keyids,
				      const uint8_t *digest, struct tally *tally,
				      struct rill_error *error)
{
	const char *keyid = rill_json_string(&document->json,
					     rill_json_get(&document->json, entry, "keyid"));
	const char *hex = rill_json_string(&document->json,
					   rill_json_get(&document->json, entry, "sig"));
	uint8_t *mine = tally->key[tally->good];
	uint32_t key;

	if (!keyid || !hex)
		return rill_fail(error, RILL_SECURITY, "a malformed signature");
	for (size_t i = 0; i < tally->seen; i++)
		if (strcmp(keyid, tally->keyid[i]) == 0)
			return rill_fail(error, RILL_SECURITY, "two signatures of one key");
	if (tally->seen == SIGNATURES_MAX)
		return rill_fail(error, RILL_SECURITY, "over %d signatures", SIGNATURES_MAX);
	tally->keyid[tally->seen++] = keyid;
	key = contains(&root->json, keyids, keyid) ? find_key(root, keyid) : 0;
	if (key == 0 || !is_good(root, key, digest, hex, mine))
		return RILL_OK;
	for (size_t i = 0; i < tally->good; i++)
		if (memcmp(mine, tally->key[i], RILL_SHA256_SIZE) == 0)
			return RILL_OK;
	tally->good++;
	return RILL_OK;
}

enum rill_code rill_tuf_document_verify(const struct rill_tuf_document *document,
					enum rill_tuf_role role,
					const struct rill_tuf_document *root,
					struct rill_error *error)
{
	const struct rill_json *json = &document->json;
	uint32_t rule = rill_json_get(&root->json, rill_json_get(&root->json, root->body, "roles"),
				      roles[role].name);
	uint32_t keyids = rill_json_get(&root->json, rule, "keyids");
	uint32_t signatures = rill_json_get(json, RILL_JSON_ROOT, "signatures");
	struct tally tally = {.seen = 0};
	uint8_t digest[RILL_SHA256_SIZE];
	int64_t threshold;

	if (rule == 0 ||
	    !rill_json_integer(&root->json, rill_json_get(&root->json, rule, "threshold"),
			       &threshold) ||
	    threshold < 1)
		return malformed(RILL_TUF_ROOT, "roles", error);
	if (!rill_json_is(json, signatures, RILL_JSON_ARRAY))
		return malformed(role, "signatures", error);
	rill_json_canonical_sha256(json, document->body, digest);
	for (uint32_t i = rill_json_first(json, signatures); i;
	     i = rill_json_next(json, signatures, i)) {
		enum rill_code code = count_signature(document, i, root, keyids, digest, &tally,
						      error);

		if (code != RILL_OK) {
			rill_error_in(error, "%s metadata", roles[role].name);
			return code;
		}
	}
	if ((int64_t)tally.good < threshold)
		return rill_fail(error, RILL_SECURITY,
				 "%s metadata: %zu good signatures of the %lld that are needed",
				 roles[role].name, tally.good, (long long)threshold);
	return RILL_OK;
}
