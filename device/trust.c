/* SPDX-License-Identifier: Apache-2.0 */
#include "device/trust.h"

#include "device/clock.h"
#include "device/durable.h"
#include "protocol/tuf_search.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* New roots in one update; python-tuf has the same. */
#define ROTATIONS_MAX 256

/* A file of metadata in memory. */
struct bytes {
	char *at;
	size_t n, capacity;
};

static enum rill_code append(void *context, const uint8_t *from, size_t n, struct rill_error *error)
{
	struct bytes *bytes = context;

	if (n > bytes->capacity - bytes->n)
		return rill_fail(error, RILL_INTERNAL, "more bytes than were allowed");
	memcpy(bytes->at + bytes->n, from, n);
	bytes->n += n;
	return RILL_OK;
}

enum rill_code trust_encode_name(const char *role, char *text, struct rill_error *error)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	size_t n = 0;

	for (const char *s = role; *s; s++) {
		bool is_plain = strchr(plain, *s) && (s > role || *s != '.');

		if (TRUST_NAME_SIZE - n < 4)
			return rill_fail(error, RILL_UNSUPPORTED,
					 "the name of role %.64s... is "
					 "too long for a file",
					 role);
		n += (size_t)snprintf(text + n, TRUST_NAME_SIZE - n, is_plain ? "%c" : "%%%02X",
				      is_plain ? *s : (uint8_t)*s);
	}
	text[n] = 0;
	return RILL_OK;
}

static enum rill_code file_name(const char *role, char name[static NAME_MAX],
				struct rill_error *error)
{
	char encoded[TRUST_NAME_SIZE];
	enum rill_code code = trust_encode_name(role, encoded, error);

	if (code == RILL_OK)
		snprintf(name, NAME_MAX, "%s.json", encoded);
	return code;
}

/* What an earlier update kept of a role; `bytes->at` is NULL without it. free() it. */
static enum rill_code read_kept(const struct trust *trust, const char *role, uint32_t limit,
				struct bytes *bytes, struct rill_error *error)
{
	char path[PATH_MAX], name[NAME_MAX];
	enum rill_code code = file_name(role, name, error);

	*bytes = (struct bytes){0};
	if (code != RILL_OK)
		return code;
	if (snprintf(path, sizeof path, "%s/%s", trust->folder, name) >= (int)sizeof path)
		return rill_fail(error, RILL_CONFIG, "%s: too long", trust->folder);
	return durable_read(path, limit, &bytes->at, &bytes->n, error);
}

static enum rill_code keep(const struct trust *trust, const char *role, const struct bytes *bytes,
			   struct rill_error *error)
{
	char name[NAME_MAX];
	enum rill_code code = file_name(role, name, error);

	return code == RILL_OK ? durable_write(trust->folder, name, bytes->at, bytes->n, error)
			       : code;
}

static enum rill_code fetch(const struct trust *trust, int64_t version, const char *role,
			    uint32_t limit, struct bytes *bytes, bool *found,
			    struct rill_error *error)
{
	*bytes = (struct bytes){.at = malloc(limit), .capacity = limit};
	if (!bytes->at)
		return rill_fail(error, RILL_MEMORY, "no memory for metadata");
	return trust->source->get(trust->source->context, version, role, limit, append, bytes,
				  found, error);
}

static enum rill_code missing(int64_t version, const char *role, struct rill_error *error)
{
	return version ? rill_fail(error, RILL_NETWORK,
				   "the server has no metadata/%lld.%.64s.json", (long long)version,
				   role)
		       : rill_fail(error, RILL_NETWORK, "the server has no metadata/%.64s.json",
				   role);
}

static enum rill_code trust_bytes(struct rill_tuf *tuf, enum rill_tuf_role role, bool kept,
				  const struct bytes *bytes, struct rill_error *error)
{
	switch (role) {
	case RILL_TUF_ROOT: return rill_tuf_root(tuf, bytes->at, bytes->n, error);
	case RILL_TUF_TIMESTAMP: return rill_tuf_timestamp(tuf, bytes->at, bytes->n, kept, error);
	case RILL_TUF_SNAPSHOT: return rill_tuf_snapshot(tuf, bytes->at, bytes->n, kept, error);
	case RILL_TUF_TARGETS: return rill_tuf_targets(tuf, bytes->at, bytes->n, error);
	case RILL_TUF_ROLES: break;
	}
	return rill_fail(error, RILL_INTERNAL, "no such role");
}

/* Before a root that withdraws keys is kept: a power cut in between loses nothing but the
 * guard against a rollback, which that root gives up anyway. */
static enum rill_code forget_withdrawn(struct trust *trust, struct rill_error *error)
{
	static const char *const names[] = {"timestamp.json", "snapshot.json", CLOCK_FILE};

	if (!trust->tuf.withdrew_keys)
		return RILL_OK;
	for (size_t i = 0; i < 3; i++) {
		char path[PATH_MAX];

		snprintf(path, sizeof path, "%s/%s", trust->folder, names[i]);
		if (unlink(path) != 0 && errno != ENOENT)
			return system_failed(path, "remove", error);
	}
	trust->tuf.withdrew_keys = false;
	if (trust->bare_time)
		trust->tuf.now = trust->bare_time;
	return RILL_OK;
}

/* Fetches the file of a top-level role, and keeps it once it is trusted. */
static enum rill_code fetch_and_trust(struct trust *trust, enum rill_tuf_role role, int64_t version,
				      uint32_t limit, bool *found, struct rill_error *error)
{
	const char *name = rill_tuf_role_name(role);
	int64_t before = trust->tuf.document[role].version;
	struct bytes bytes;
	enum rill_code code = fetch(trust, version, name, limit, &bytes, found, error);

	if (code == RILL_OK && *found) {
		code = trust_bytes(&trust->tuf, role, false, &bytes, error);
		if (code != RILL_OK && version)
			rill_error_in(error, "%lld.%s.json", (long long)version, name);
		else if (code != RILL_OK)
			rill_error_in(error, "%s.json", name);
	}
	if (code == RILL_OK && *found && trust->tuf.document[role].version != before) {
		code = forget_withdrawn(trust, error);
		if (code == RILL_OK)
			code = keep(trust, name, &bytes, error);
	}
	free(bytes.at);
	return code;
}

/* Loads what an earlier update kept; `*there` is false without it. */
static enum rill_code load_kept(struct trust *trust, enum rill_tuf_role role, bool *there,
				struct rill_error *error)
{
	struct bytes bytes;
	enum rill_code code = read_kept(trust, rill_tuf_role_name(role), rill_tuf_length_max(role),
					&bytes, error);

	*there = code == RILL_OK && bytes.at;
	if (*there)
		code = trust_bytes(&trust->tuf, role, true, &bytes, error);
	free(bytes.at);
	return code;
}

static enum rill_code load_first_root(struct trust *trust, struct rill_error *error)
{
	const char *path = trust->first_root;
	struct bytes bytes = {0};
	enum rill_code code;

	if (!path)
		return rill_fail(error, RILL_CONFIG, "%s: there is no trusted root", trust->folder);
	code = durable_read(path, rill_tuf_length_max(RILL_TUF_ROOT), &bytes.at, &bytes.n, error);
	if (code == RILL_OK && !bytes.at)
		code = rill_fail(
			error, RILL_CONFIG,
			"there is no trusted root: copy the repository's 1.root.json here");
	if (code == RILL_OK)
		code = trust_bytes(&trust->tuf, RILL_TUF_ROOT, false, &bytes, error);
	if (code == RILL_OK)
		code = keep(trust, "root", &bytes, error);
	else
		rill_error_in(error, "%s", path);
	free(bytes.at);
	return code;
}

static enum rill_code refresh_root(struct trust *trust, struct rill_error *error)
{
	bool found;
	enum rill_code code = load_kept(trust, RILL_TUF_ROOT, &found, error);

	if (code != RILL_OK)
		rill_error_in(error, "%s/root.json", trust->folder);
	else if (!found)
		code = load_first_root(trust, error);
	found = true;
	for (int i = 0; code == RILL_OK && found && i < ROTATIONS_MAX; i++)
		code = fetch_and_trust(trust, RILL_TUF_ROOT,
				       trust->tuf.document[RILL_TUF_ROOT].version + 1,
				       rill_tuf_length_max(RILL_TUF_ROOT), &found, error);
	return code == RILL_OK ? rill_tuf_check_root(&trust->tuf, error) : code;
}

static enum rill_code refresh_timestamp(struct trust *trust, struct rill_error *error)
{
	struct rill_error ignored; /* keys may have changed since: then the server's counts alone */
	bool found;
	enum rill_code code;

	load_kept(trust, RILL_TUF_TIMESTAMP, &found, &ignored);
	code = fetch_and_trust(trust, RILL_TUF_TIMESTAMP, 0,
			       rill_tuf_length_max(RILL_TUF_TIMESTAMP), &found, error);
	return code == RILL_OK && !found ? missing(0, "timestamp", error) : code;
}

/* Snapshot or targets: from the server only when the kept file is not the current one. */
static enum rill_code refresh_versioned(struct trust *trust, enum rill_tuf_role role,
					struct rill_error *error)
{
	struct rill_error ignored;
	struct rill_tuf_meta meta;
	int64_t version;
	bool found;
	enum rill_code code;

	load_kept(trust, role, &found, &ignored);
	if (rill_tuf_is_current(&trust->tuf, role))
		return RILL_OK;
	code = rill_tuf_meta(&trust->tuf, role, &meta, error);
	if (code != RILL_OK)
		return code;
	version = trust->tuf.consistent ? meta.version : 0;
	code = fetch_and_trust(trust, role, version, meta.length, &found, error);
	return code == RILL_OK && !found ? missing(version, rill_tuf_role_name(role), error) : code;
}

enum rill_code trust_refresh(struct trust *trust, struct rill_error *error)
{
	enum rill_code code;

	mkdir(trust->folder, 0755); /* a failure shows at the first file */
	code = refresh_root(trust, error);
	if (code == RILL_OK)
		code = refresh_timestamp(trust, error);
	if (code == RILL_OK)
		code = refresh_versioned(trust, RILL_TUF_SNAPSHOT, error);
	if (code == RILL_OK)
		code = refresh_versioned(trust, RILL_TUF_TARGETS, error);
	return code;
}

/* The file of a delegated role: what is kept, if it will do, or the source's. */
static enum rill_code load_delegated(struct trust *trust, struct rill_tuf_search *search,
				     struct rill_error *error)
{
	const char *role = search->role;
	int64_t version = trust->tuf.consistent ? search->meta.version : 0;
	struct bytes bytes;
	bool found;
	enum rill_code code = read_kept(trust, role, search->meta.length, &bytes, error);

	if (code == RILL_OK && bytes.at)
		code = rill_tuf_search_take(search, bytes.at, bytes.n, error);
	found = code == RILL_OK && bytes.at;
	free(bytes.at);
	if (found)
		return RILL_OK;
	code = fetch(trust, version, role, search->meta.length, &bytes, &found, error);
	if (code == RILL_OK && !found)
		code = missing(version, role, error);
	if (code == RILL_OK)
		code = rill_tuf_search_take(search, bytes.at, bytes.n, error);
	if (code == RILL_OK)
		code = keep(trust, role, &bytes, error);
	free(bytes.at);
	return code;
}

enum rill_code trust_target(struct trust *trust, const char *path, struct rill_tuf_target *target,
			    struct rill_error *error)
{
	struct rill_tuf_search search;
	enum rill_code code;

	rill_tuf_search_start(&search, &trust->tuf, path);
	code = rill_tuf_search_next(&search, target, error);
	while (code == RILL_OK && search.role) {
		code = load_delegated(trust, &search, error);
		if (code == RILL_OK)
			code = rill_tuf_search_next(&search, target, error);
	}
	return code;
}
