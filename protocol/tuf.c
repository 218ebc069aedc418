/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/tuf.h"

#include "protocol/tuf_document.h"
#include <string.h>

void rill_tuf_init(struct rill_tuf *tuf, int64_t now)
{
	memset(tuf, 0, sizeof *tuf);
	tuf->now = now;
}

void rill_tuf_free(struct rill_tuf *tuf)
{
	for (int i = 0; i < RILL_TUF_ROLES; i++)
		rill_json_free(&tuf->document[i].json);
	memset(tuf, 0, sizeof *tuf);
}

/* Takes over `next`: the old document of the role is dropped. */
static enum rill_code trust(struct rill_tuf *tuf, enum rill_tuf_role role,
			    const struct rill_tuf_document *next)
{
	rill_json_free(&tuf->document[role].json);
	tuf->document[role] = *next;
	return RILL_OK;
}

static enum rill_code check_expiry(const struct rill_tuf *tuf, enum rill_tuf_role role,
				   struct rill_error *error)
{
	char text[RILL_TUF_TIME_SIZE];

	if (tuf->document[role].version == 0)
		return rill_fail(error, RILL_SECURITY, "there is no trusted %s metadata yet",
				 rill_tuf_role_name(role));
	if (tuf->document[role].expires > tuf->now)
		return RILL_OK;
	rill_tuf_print_time(tuf->document[role].expires, text);
	return rill_fail(error, RILL_EXPIRED, "%s metadata expired at %s; publish it anew",
			 rill_tuf_role_name(role), text);
}

static enum rill_code rollback(enum rill_tuf_role role, int64_t from, int64_t to,
			       struct rill_error *error)
{
	return rill_fail(error, RILL_SECURITY,
			 "%s metadata: version %lld is older than the trusted %lld (rollback)",
			 rill_tuf_role_name(role), (long long)to, (long long)from);
}

/* Parses and verifies a file against the trusted root. */
static enum rill_code read_document(const struct rill_tuf *tuf, enum rill_tuf_role role,
				    const void *bytes, size_t n, struct rill_tuf_document *document,
				    struct rill_error *error)
{
	enum rill_code code = rill_tuf_document_parse(document, role, bytes, n, error);

	if (code != RILL_OK)
		return code;
	code = rill_tuf_document_verify(document, role, &tuf->document[RILL_TUF_ROOT], error);
	if (code != RILL_OK)
		rill_json_free(&document->json);
	return code;
}

static enum rill_code check_root(const struct rill_tuf_document *old,
				 const struct rill_tuf_document *root, struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	if (old->version > 0) {
		if (root->version != old->version + 1)
			return rill_fail(error, RILL_SECURITY,
					 "root metadata: version %lld follows %lld",
					 (long long)root->version, (long long)old->version);
		code = rill_tuf_document_verify(root, RILL_TUF_ROOT, old, error);
	}
	if (code == RILL_OK)
		code = rill_tuf_document_verify(root, RILL_TUF_ROOT, root, error);
	return code;
}

enum rill_code rill_tuf_root(struct rill_tuf *tuf, const void *bytes, size_t n,
			     struct rill_error *error)
{
	struct rill_tuf_document next;
	enum rill_code code = rill_tuf_document_parse(&next, RILL_TUF_ROOT, bytes, n, error);

	if (code != RILL_OK)
		return code;
	code = check_root(&tuf->document[RILL_TUF_ROOT], &next, error);
	if (code != RILL_OK) {
		rill_json_free(&next.json);
		return code;
	}
	return trust(tuf, RILL_TUF_ROOT, &next);
}

/* The entry NAME.json of the "meta" of a timestamp or snapshot. */
static enum rill_code get_meta(const struct rill_tuf_document *document, enum rill_tuf_role of,
			       struct rill_tuf_meta *meta, struct rill_error *error)
{
	const struct rill_json *json = &document->json;
	char name[32];
	uint32_t entry, hashes, length_token;
	int64_t length;

	snprintf(name, sizeof name, "%s.json", rill_tuf_role_name(of));
	entry = rill_json_get(json, rill_json_get(json, document->body, "meta"), name);
	memset(meta, 0, sizeof *meta);
	meta->length = rill_tuf_length_max(of);
	if (entry == 0 ||
	    !rill_json_integer(json, rill_json_get(json, entry, "version"), &meta->version) ||
	    meta->version < 1)
		return rill_fail(error, RILL_SECURITY, "no valid entry for %s in the metadata",
				 name);
	length_token = rill_json_get(json, entry, "length");
	if (length_token) {
		if (!rill_json_integer(json, length_token, &length) || length < 1 ||
		    length > (int64_t)meta->length)
			return rill_fail(error, RILL_SECURITY, "%s: an impossible length", name);
		meta->length = (uint32_t)length;
		meta->exact = true;
	}
	hashes = rill_json_get(json, entry, "hashes");
	if (hashes && !rill_tuf_get_sha256(json, hashes, meta->sha256))
		return rill_fail(error, RILL_SECURITY, "%s: hashes without a sha256", name);
	meta->has_sha256 = hashes != 0;
	return RILL_OK;
}

enum rill_code rill_tuf_meta(const struct rill_tuf *tuf, enum rill_tuf_role role,
			     struct rill_tuf_meta *meta, struct rill_error *error)
{
	return get_meta(
		&tuf->document[role == RILL_TUF_SNAPSHOT ? RILL_TUF_TIMESTAMP : RILL_TUF_SNAPSHOT],
		role, meta, error);
}

bool rill_tuf_is_current(const struct rill_tuf *tuf, enum rill_tuf_role role)
{
	struct rill_tuf_meta meta;
	struct rill_error ignored;

	return tuf->document[role].version > 0 &&
	       rill_tuf_meta(tuf, role, &meta, &ignored) == RILL_OK &&
	       meta.version == tuf->document[role].version;
}

/* Bytes against what the role above says, before they are parsed. */
static enum rill_code check_bytes(const struct rill_tuf_meta *meta, enum rill_tuf_role role,
				  const void *bytes, size_t n, struct rill_error *error)
{
	uint8_t digest[RILL_SHA256_SIZE];

	if (meta->exact && n != meta->length)
		return rill_fail(error, RILL_SECURITY, "%s metadata has %zu bytes, not %u",
				 rill_tuf_role_name(role), n, meta->length);
	rill_sha256(bytes, n, digest);
	if (meta->has_sha256 && memcmp(digest, meta->sha256, sizeof digest) != 0)
		return rill_fail(error, RILL_SECURITY,
				 "%s metadata has another SHA-256 than was signed",
				 rill_tuf_role_name(role));
	return RILL_OK;
}

static enum rill_code check_timestamp(const struct rill_tuf_document *old,
				      const struct rill_tuf_document *next,
				      struct rill_error *error)
{
	struct rill_tuf_meta was, is;
	enum rill_code code = get_meta(next, RILL_TUF_SNAPSHOT, &is, error);

	if (code != RILL_OK || old->version == 0)
		return code;
	if (next->version < old->version)
		return rollback(RILL_TUF_TIMESTAMP, old->version, next->version, error);
	code = get_meta(old, RILL_TUF_SNAPSHOT, &was, error);
	if (code == RILL_OK && is.version < was.version)
		return rollback(RILL_TUF_SNAPSHOT, was.version, is.version, error);
	return code;
}

enum rill_code rill_tuf_timestamp(struct rill_tuf *tuf, const void *bytes, size_t n,
				  struct rill_error *error)
{
	struct rill_tuf_document *old = &tuf->document[RILL_TUF_TIMESTAMP], next;
	enum rill_code code = check_expiry(tuf, RILL_TUF_ROOT, error);

	if (code == RILL_OK)
		code = read_document(tuf, RILL_TUF_TIMESTAMP, bytes, n, &next, error);
	if (code != RILL_OK)
		return code;
	code = check_timestamp(old, &next, error);
	if (code != RILL_OK || next.version == old->version) {
		rill_json_free(&next.json);
		return code;
	}
	return trust(tuf, RILL_TUF_TIMESTAMP, &next);
}

/* Targets may not get an older version, or vanish, from one snapshot to the next. */
static enum rill_code check_snapshot(const struct rill_tuf_document *old,
				     const struct rill_tuf_document *next, struct rill_error *error)
{
	struct rill_tuf_meta was, is;
	enum rill_code code = get_meta(next, RILL_TUF_TARGETS, &is, error);

	if (code != RILL_OK || old->version == 0)
		return code;
	code = get_meta(old, RILL_TUF_TARGETS, &was, error);
	if (code == RILL_OK && is.version < was.version)
		return rollback(RILL_TUF_TARGETS, was.version, is.version, error);
	return code;
}

static enum rill_code check_version(const struct rill_tuf_document *document,
				    const struct rill_tuf_meta *meta, enum rill_tuf_role role,
				    struct rill_error *error)
{
	if (document->version == meta->version)
		return RILL_OK;
	return rill_fail(error, RILL_SECURITY, "%s metadata: version %lld, but %lld was signed",
			 rill_tuf_role_name(role), (long long)document->version,
			 (long long)meta->version);
}

enum rill_code rill_tuf_snapshot(struct rill_tuf *tuf, const void *bytes, size_t n, bool kept,
				 struct rill_error *error)
{
	struct rill_tuf_document *old = &tuf->document[RILL_TUF_SNAPSHOT], next;
	struct rill_tuf_meta meta;
	enum rill_code code = check_expiry(tuf, RILL_TUF_TIMESTAMP, error);

	if (code == RILL_OK)
		code = rill_tuf_meta(tuf, RILL_TUF_SNAPSHOT, &meta, error);
	if (code == RILL_OK && !kept)
		code = check_bytes(&meta, RILL_TUF_SNAPSHOT, bytes, n, error);
	if (code == RILL_OK)
		code = read_document(tuf, RILL_TUF_SNAPSHOT, bytes, n, &next, error);
	if (code != RILL_OK)
		return code;
	if (!kept)
		code = check_version(&next, &meta, RILL_TUF_SNAPSHOT, error);
	else if (next.version == meta.version)
		code = check_bytes(&meta, RILL_TUF_SNAPSHOT, bytes, n, error);
	if (code == RILL_OK)
		code = check_snapshot(old, &next, error);
	if (code != RILL_OK) {
		rill_json_free(&next.json);
		return code;
	}
	return trust(tuf, RILL_TUF_SNAPSHOT, &next);
}

static enum rill_code check_chain(const struct rill_tuf *tuf, struct rill_tuf_meta *meta,
				  struct rill_error *error)
{
	enum rill_code code = check_expiry(tuf, RILL_TUF_SNAPSHOT, error);

	if (code == RILL_OK && !rill_tuf_is_current(tuf, RILL_TUF_SNAPSHOT))
		code = rill_fail(error, RILL_SECURITY, "the snapshot is not the timestamp's");
	if (code == RILL_OK)
		code = rill_tuf_meta(tuf, RILL_TUF_TARGETS, meta, error);
	return code;
}

enum rill_code rill_tuf_targets(struct rill_tuf *tuf, const void *bytes, size_t n,
				struct rill_error *error)
{
	struct rill_tuf_document next;
	struct rill_tuf_meta meta;
	enum rill_code code = check_chain(tuf, &meta, error);

	if (code == RILL_OK)
		code = check_bytes(&meta, RILL_TUF_TARGETS, bytes, n, error);
	if (code == RILL_OK)
		code = read_document(tuf, RILL_TUF_TARGETS, bytes, n, &next, error);
	if (code != RILL_OK)
		return code;
	code = check_version(&next, &meta, RILL_TUF_TARGETS, error);
	if (code != RILL_OK) {
		rill_json_free(&next.json);
		return code;
	}
	return trust(tuf, RILL_TUF_TARGETS, &next);
}

enum rill_code rill_tuf_target(const struct rill_tuf *tuf, const char *path,
			       struct rill_tuf_target *target, struct rill_error *error)
{
	const struct rill_tuf_document *targets = &tuf->document[RILL_TUF_TARGETS];
	const struct rill_json *json = &targets->json;
	enum rill_code code = check_expiry(tuf, RILL_TUF_TARGETS, error);
	uint32_t entry;

	if (code != RILL_OK)
		return code;
	entry = rill_json_get(json, rill_json_get(json, targets->body, "targets"), path);
	if (entry == 0)
		return rill_fail(error, RILL_SECURITY, "the signed metadata has no target %s",
				 path);
	if (!rill_json_integer(json, rill_json_get(json, entry, "length"), &target->length) ||
	    target->length < 0 ||
	    !rill_tuf_get_sha256(json, rill_json_get(json, entry, "hashes"), target->sha256))
		return rill_fail(error, RILL_SECURITY,
				 "target %s: length or sha256 is missing or malformed", path);
	target->custom = rill_json_get(json, entry, "custom");
	return RILL_OK;
}
