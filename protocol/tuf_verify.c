/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/signature.h"
#include "protocol/tuf_document.h"

#include <stdlib.h>
#include <string.h>

/* Signatures that are looked at in one file, and keys that can count for one role. */
#define SIGNATURES_MAX 64

struct rill_tuf_authority rill_tuf_root_authority(const struct rill_tuf_document *root,
						  enum rill_tuf_role role)
{
	const struct rill_json *json = &root->json;

	return (struct rill_tuf_authority){
		.json = json,
		.keys = rill_json_get(json, root->body, "keys"),
		.rule = rill_json_get(json, rill_json_get(json, root->body, "roles"),
				      rill_tuf_role_name(role)),
	};
}

/* A key by its keyid, which must be the SHA-256 of its canonical form. */
static uint32_t find_key(const struct rill_tuf_authority *authority, const char *keyid)
{
	uint32_t key = rill_json_get(authority->json, authority->keys, keyid);
	uint8_t digest[RILL_SHA256_SIZE], named[RILL_SHA256_SIZE];

	if (key == 0 || !rill_unhex(keyid, named, sizeof named))
		return 0;
	rill_json_canonical_sha256(authority->json, key, digest);
	return memcmp(digest, named, sizeof digest) == 0 ? key : 0;
}

static bool read_key(const struct rill_json *json, uint32_t token, struct rill_public_key *key)
{
	key->keytype = rill_json_string(json, rill_json_get(json, token, "keytype"));
	key->scheme = rill_json_string(json, rill_json_get(json, token, "scheme"));
	key->value = rill_json_string(
		json, rill_json_get(json, rill_json_get(json, token, "keyval"), "public"));
	return key->keytype && key->scheme && key->value;
}

/* What was counted so far: no keyid may sign twice, no public key counts twice. */
struct tally {
	const struct rill_tuf_document *document;
	const struct rill_tuf_authority *authority;
	struct rill_message message;
	char *bytes; /* what message.bytes has, once a scheme wanted it */
	const char *keyid[SIGNATURES_MAX];
	uint8_t key[SIGNATURES_MAX][RILL_SHA256_SIZE];
	size_t seen, good;
};

static void add_bytes(void *context, const void *bytes, size_t n)
{
	struct tally *tally = context;

	memcpy(tally->bytes + tally->message.n, bytes, n);
	tally->message.n += n;
}

static void count_bytes(void *context, const void *bytes, size_t n)
{
	(void)bytes;
	*(size_t *)context += n;
}

/* The canonical form in one piece. */
static bool give_bytes(struct tally *tally)
{
	const struct rill_tuf_document *document = tally->document;
	size_t n = 0;

	if (tally->bytes)
		return true;
	rill_json_canonical(&document->json, document->body, count_bytes, &n);
	tally->bytes = malloc(n);
	if (!tally->bytes)
		return false;
	rill_json_canonical(&document->json, document->body, add_bytes, tally);
	tally->message.bytes = tally->bytes;
	return true;
}

/* A bad signature does no harm when others reach the threshold. */
static bool is_good(struct tally *tally, uint32_t token, const char *hex, uint8_t *key_sha256)
{
	uint8_t signature[RILL_SIGNATURE_MAX];
	size_t n = strlen(hex) / 2;
	struct rill_public_key key;
	struct rill_error ignored;

	return read_key(tally->authority->json, token, &key) && n <= sizeof signature &&
	       rill_unhex(hex, signature, n) &&
	       (!rill_signature_wants_bytes(&key) || give_bytes(tally)) &&
	       rill_signature_verify(&key, &tally->message, signature, n, key_sha256, &ignored) ==
		       RILL_OK;
}

static enum rill_code note_signature(struct tally *tally, const char *keyid,
				     struct rill_error *error)
{
	for (size_t i = 0; i < tally->seen; i++)
		if (strcmp(keyid, tally->keyid[i]) == 0)
			return rill_fail(error, RILL_SECURITY, "two signatures of one key");
	if (tally->seen == SIGNATURES_MAX)
		return rill_fail(error, RILL_SECURITY, "over %d signatures", SIGNATURES_MAX);
	tally->keyid[tally->seen++] = keyid;
	return RILL_OK;
}

static void count_signature(struct tally *tally, const char *keyid, const char *hex)
{
	const struct rill_tuf_authority *authority = tally->authority;
	uint32_t keyids = rill_json_get(authority->json, authority->rule, "keyids"), key = 0;
	uint8_t *mine = tally->key[tally->good];

	if (rill_tuf_contains(authority->json, keyids, keyid))
		key = find_key(authority, keyid);
	if (key == 0 || !is_good(tally, key, hex, mine))
		return;
	for (size_t i = 0; i < tally->good; i++)
		if (memcmp(mine, tally->key[i], RILL_SHA256_SIZE) == 0)
			return;
	tally->good++;
}

/* Looks at every signature, but verifies no more than are needed. */
static enum rill_code count_signatures(struct tally *tally, int64_t threshold,
				       struct rill_error *error)
{
	const struct rill_json *json = &tally->document->json;
	uint32_t signatures = rill_json_get(json, RILL_JSON_ROOT, "signatures");

	if (!rill_json_is(json, signatures, RILL_JSON_ARRAY))
		return rill_fail(error, RILL_SECURITY, "\"signatures\" is missing or malformed");
	for (uint32_t i = rill_json_first(json, signatures); i;
	     i = rill_json_next(json, signatures, i)) {
		const char *keyid = rill_json_string(json, rill_json_get(json, i, "keyid"));
		const char *hex = rill_json_string(json, rill_json_get(json, i, "sig"));
		enum rill_code code;

		if (!keyid || !hex)
			return rill_fail(error, RILL_SECURITY, "a malformed signature");
		code = note_signature(tally, keyid, error);
		if (code != RILL_OK)
			return code;
		if ((int64_t)tally->good < threshold)
			count_signature(tally, keyid, hex);
	}
	if ((int64_t)tally->good < threshold)
		return rill_fail(error, RILL_SECURITY,
				 "%zu good signatures of the %lld that are needed", tally->good,
				 (long long)threshold);
	return RILL_OK;
}

enum rill_code rill_tuf_document_verify(const struct rill_tuf_document *document, const char *name,
					const struct rill_tuf_authority *authority,
					struct rill_error *error)
{
	struct tally tally = {.document = document, .authority = authority};
	int64_t threshold;
	enum rill_code code;

	if (!rill_json_integer(authority->json,
			       rill_json_get(authority->json, authority->rule, "threshold"),
			       &threshold) ||
	    threshold < 1)
		return rill_fail(error, RILL_SECURITY,
				 "nothing valid says who signs %.64s metadata", name);
	rill_json_canonical_sha256(&document->json, document->body, tally.message.sha256);
	code = count_signatures(&tally, threshold, error);
	free(tally.bytes);
	if (code != RILL_OK)
		rill_error_in(error, "%.64s metadata", name);
	return code;
}
