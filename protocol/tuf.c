/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/tuf.h"

#include "protocol/tuf_document.h"
#include <string.h>

void rill_tuf_init(struct rill_tuf *tuf, int64_t now)
{
	memset(tuf, 0, sizeof *tuf);
	tuf->now = now;
}

static void drop(struct rill_tuf_document *document)
{
	rill_json_free(&document->json);
	memset(document, 0, sizeof *document);
}

static void drop_delegated(struct rill_tuf *tuf)
{
	for (size_t i = 0; i < tuf->delegated_count; i++)
		drop(&tuf->delegated[i].document);
	tuf->delegated_count = 0;
	tuf->delegated_bytes = 0;
}

void rill_tuf_free(struct rill_tuf *tuf)
{
	drop_delegated(tuf);
	for (int i = 0; i < RILL_TUF_ROLES; i++)
		drop(&tuf->document[i]);
	memset(tuf, 0, sizeof *tuf);
}

/* Takes over `next`: the old document of the role is dropped. */
static enum rill_code trust(struct rill_tuf *tuf, enum rill_tuf_role role,
			    const struct rill_tuf_document *next)
{
	drop(&tuf->document[role]);
	tuf->document[role] = *next;
	return RILL_OK;
}

static enum rill_code check_expiry(const struct rill_tuf *tuf, enum rill_tuf_role role,
				   struct rill_error *error)
{
	return rill_tuf_check_expiry(&tuf->document[role], tuf->now, rill_tuf_role_name(role),
				     error);
}

enum rill_code rill_tuf_check_root(const struct rill_tuf *tuf, struct rill_error *error)
{
	return check_expiry(tuf, RILL_TUF_ROOT, error);
}

static enum rill_code rollback(const char *name, int64_t from, int64_t to, struct rill_error *error)
{
	return rill_fail(error, RILL_SECURITY,
			 "%.64s metadata: version %lld is older than the trusted %lld (rollback)",
			 name, (long long)to, (long long)from);
}

/* Parses a file and verifies it against the trusted root. */
static enum rill_code read_document(const struct rill_tuf *tuf, enum rill_tuf_role role,
				    const void *bytes, size_t n, struct rill_tuf_document *document,
				    struct rill_error *error)
{
	const char *name = rill_tuf_role_name(role);
	struct rill_tuf_authority authority = rill_tuf_root_authority(&tuf->document[RILL_TUF_ROOT],
								      role);
	enum rill_code code = rill_tuf_document_parse(document, role, name, bytes, n, error);

	if (code != RILL_OK)
		return code;
	code = rill_tuf_document_verify(document, name, &authority, error);
	if (code != RILL_OK)
		drop(document);
	return code;
}

static enum rill_code check_root(const struct rill_tuf_document *old,
				 const struct rill_tuf_document *root, struct rill_error *error)
{
	struct rill_tuf_authority before = rill_tuf_root_authority(old, RILL_TUF_ROOT);
	struct rill_tuf_authority itself = rill_tuf_root_authority(root, RILL_TUF_ROOT);
	enum rill_code code = RILL_OK;

	if (old->version > 0) {
		if (root->version - 1 != old->version)
			return rill_fail(error, RILL_SECURITY,
					 "root metadata: version %lld follows %lld",
					 (long long)root->version, (long long)old->version);
		code = rill_tuf_document_verify(root, "root", &before, error);
	}
	if (code == RILL_OK)
		code = rill_tuf_document_verify(root, "root", &itself, error);
	return code;
}

/* True when a key that could sign for the role no longer can. */
static bool withdraws_key(const struct rill_tuf_document *old, const struct rill_tuf_document *root,
			  enum rill_tuf_role role)
{
	struct rill_tuf_authority was = rill_tuf_root_authority(old, role);
	struct rill_tuf_authority is = rill_tuf_root_authority(root, role);
	uint32_t before = rill_json_get(was.json, was.rule, "keyids");
	uint32_t after = rill_json_get(is.json, is.rule, "keyids");

	if (!rill_json_is(was.json, before, RILL_JSON_ARRAY))
		return false;
	for (uint32_t i = rill_json_first(was.json, before); i;
	     i = rill_json_next(was.json, before, i)) {
		const char *keyid = rill_json_string(was.json, i);

		if (keyid && !rill_tuf_contains(is.json, after, keyid))
			return true;
	}
	return false;
}

enum rill_code rill_tuf_root(struct rill_tuf *tuf, const void *bytes, size_t n,
			     struct rill_error *error)
{
	const struct rill_tuf_document *old = &tuf->document[RILL_TUF_ROOT];
	struct rill_tuf_document next;
	enum rill_code code = rill_tuf_document_parse(&next, RILL_TUF_ROOT, "root", bytes, n,
						      error);

	if (code != RILL_OK)
		return code;
	code = check_root(old, &next, error);
	if (code != RILL_OK) {
		drop(&next);
		return code;
	}
	if (old->version > 0 && (withdraws_key(old, &next, RILL_TUF_TIMESTAMP) ||
				 withdraws_key(old, &next, RILL_TUF_SNAPSHOT))) {
		tuf->withdrew_keys = true;
		drop(&tuf->document[RILL_TUF_TIMESTAMP]);
		drop(&tuf->document[RILL_TUF_SNAPSHOT]);
	}
	tuf->consistent = rill_json_is(&next.json,
				       rill_json_get(&next.json, next.body, "consistent_snapshot"),
				       RILL_JSON_TRUE);
	return trust(tuf, RILL_TUF_ROOT, &next);
}

/* What a timestamp says of the snapshot, or a snapshot of the targets. */
static enum rill_code get_meta(const struct rill_tuf_document *document, enum rill_tuf_role of,
			       struct rill_tuf_meta *meta, struct rill_error *error)
{
	return rill_tuf_document_meta(document, rill_tuf_role_name(of), rill_tuf_length_max(of),
				      meta, error);
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

static enum rill_code check_timestamp(const struct rill_tuf_document *old,
				      const struct rill_tuf_document *next,
				      struct rill_error *error)
{
	struct rill_tuf_meta was, is;
	enum rill_code code = get_meta(next, RILL_TUF_SNAPSHOT, &is, error);

	if (code != RILL_OK || old->version == 0)
		return code;
	if (next->version < old->version)
		return rollback("timestamp", old->version, next->version, error);
	if (next->version == old->version)
		return RILL_OK; /* it will not be used */
	code = get_meta(old, RILL_TUF_SNAPSHOT, &was, error);
	if (code == RILL_OK && is.version < was.version)
		return rollback("snapshot", was.version, is.version, error);
	return code;
}

enum rill_code rill_tuf_timestamp(struct rill_tuf *tuf, const void *bytes, size_t n, bool kept,
				  struct rill_error *error)
{
	struct rill_tuf_document *old = &tuf->document[RILL_TUF_TIMESTAMP], next;
	enum rill_code code = check_expiry(tuf, RILL_TUF_ROOT, error);

	if (code == RILL_OK)
		code = read_document(tuf, RILL_TUF_TIMESTAMP, bytes, n, &next, error);
	if (code != RILL_OK)
		return code;
	code = check_timestamp(old, &next, error);
	if (code == RILL_OK && next.version != old->version && !kept)
		code = rill_tuf_check_expiry(&next, tuf->now, "timestamp", error);
	if (code != RILL_OK || next.version == old->version) {
		drop(&next);
		return code;
	}
	return trust(tuf, RILL_TUF_TIMESTAMP, &next);
}

/* Targets roles may not get an older version, or vanish, from one snapshot to the next.
 * Both lists are walked in the order of their names. */
static enum rill_code check_roles(const struct rill_tuf_document *old,
				  const struct rill_tuf_document *next, struct rill_error *error)
{
	const struct rill_json *a = &old->json, *b = &next->json;
	uint32_t was = rill_json_least(a, rill_json_get(a, old->body, "meta"));
	uint32_t is = rill_json_least(b, rill_json_get(b, next->body, "meta"));

	for (; was; was = rill_json_greater(a, was)) {
		const char *name = rill_json_string(a, was);
		int64_t before, after;
		int order = -1;

		while (is && (order = strcmp(rill_json_string(b, is), name)) < 0)
			is = rill_json_greater(b, is);
		if (!is || order != 0)
			return rill_fail(error, RILL_SECURITY,
					 "snapshot metadata: %.64s has vanished from it (rollback)",
					 name);
		if (!rill_json_integer(a, rill_json_get(a, was + 1, "version"), &before))
			continue; /* it never was of use */
		if (!rill_json_integer(b, rill_json_get(b, is + 1, "version"), &after) ||
		    after < before)
			return rill_fail(error, RILL_SECURITY,
					 "snapshot metadata: %.64s is older than version %lld, "
					 "which was trusted (rollback)",
					 name, (long long)before);
	}
	return RILL_OK;
}

static enum rill_code check_snapshot(const struct rill_tuf *tuf, const struct rill_tuf_meta *meta,
				     const struct rill_tuf_document *next, const void *bytes,
				     size_t n, bool kept, struct rill_error *error)
{
	struct rill_tuf_meta targets;
	const struct rill_tuf_document *old = &tuf->document[RILL_TUF_SNAPSHOT];
	enum rill_code code = RILL_OK;

	if (!kept)
		code = rill_tuf_check_version(next, meta, "snapshot", error);
	else if (next->version == meta->version)
		code = rill_tuf_check_bytes(meta, "snapshot", bytes, n, error);
	if (code == RILL_OK)
		code = get_meta(next, RILL_TUF_TARGETS, &targets, error);
	if (code == RILL_OK && old->version > 0)
		code = check_roles(old, next, error);
	if (code == RILL_OK && !kept)
		code = rill_tuf_check_expiry(next, tuf->now, "snapshot", error);
	return code;
}

enum rill_code rill_tuf_snapshot(struct rill_tuf *tuf, const void *bytes, size_t n, bool kept,
				 struct rill_error *error)
{
	struct rill_tuf_document next;
	struct rill_tuf_meta meta;
	enum rill_code code = check_expiry(tuf, RILL_TUF_TIMESTAMP, error);

	if (code == RILL_OK)
		code = rill_tuf_meta(tuf, RILL_TUF_SNAPSHOT, &meta, error);
	if (code == RILL_OK && !kept)
		code = rill_tuf_check_bytes(&meta, "snapshot", bytes, n, error);
	if (code == RILL_OK)
		code = read_document(tuf, RILL_TUF_SNAPSHOT, bytes, n, &next, error);
	if (code != RILL_OK)
		return code;
	code = check_snapshot(tuf, &meta, &next, bytes, n, kept, error);
	if (code != RILL_OK) {
		drop(&next);
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
		code = rill_tuf_check_bytes(&meta, "targets", bytes, n, error);
	if (code == RILL_OK)
		code = read_document(tuf, RILL_TUF_TARGETS, bytes, n, &next, error);
	if (code != RILL_OK)
		return code;
	code = rill_tuf_check_version(&next, &meta, "targets", error);
	if (code == RILL_OK)
		code = rill_tuf_check_expiry(&next, tuf->now, "targets", error);
	if (code != RILL_OK) {
		drop(&next);
		return code;
	}
	drop_delegated(tuf);
	return trust(tuf, RILL_TUF_TARGETS, &next);
}

enum rill_code rill_tuf_target(const struct rill_tuf *tuf, const char *path,
			       struct rill_tuf_target *target, struct rill_error *error)
{
	bool found = false;
	enum rill_code code = check_expiry(tuf, RILL_TUF_TARGETS, error);

	if (code == RILL_OK)
		code = rill_tuf_document_target(&tuf->document[RILL_TUF_TARGETS], path, target,
						&found, error);
	if (code == RILL_OK && !found)
		code = rill_fail(error, RILL_SECURITY, "the signed metadata has no target %.200s",
				 path);
	return code;
}
