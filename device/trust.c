/* SPDX-License-Identifier: Apache-2.0 */
#include "device/trust.h"

#include "device/durable.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* New roots in one update; python-tuf has the same. */
#define ROTATIONS_MAX 256

struct refresh {
	struct rill_tuf *tuf;
	struct http *http;
	const struct config *config;
	char folder[PATH_MAX - 32];
};

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

static enum rill_code fetch(struct refresh *refresh, const char *name, uint32_t limit,
			    struct bytes *bytes, bool *found, struct rill_error *error)
{
	char path[64];

	snprintf(path, sizeof path, "metadata/%s", name);
	*bytes = (struct bytes){.at = malloc(limit), .capacity = limit};
	if (!bytes->at)
		return rill_fail(error, RILL_MEMORY, "no memory for metadata");
	return http_get(refresh->http, path, limit, append, bytes, found, error);
}

static enum rill_code trust_bytes(struct rill_tuf *tuf, enum rill_tuf_role role, bool kept,
				  const struct bytes *bytes, struct rill_error *error)
{
	switch (role) {
	case RILL_TUF_ROOT: return rill_tuf_root(tuf, bytes->at, bytes->n, error);
	case RILL_TUF_TIMESTAMP: return rill_tuf_timestamp(tuf, bytes->at, bytes->n, error);
	case RILL_TUF_SNAPSHOT: return rill_tuf_snapshot(tuf, bytes->at, bytes->n, kept, error);
	case RILL_TUF_TARGETS: return rill_tuf_targets(tuf, bytes->at, bytes->n, error);
	case RILL_TUF_ROLES: break;
	}
	return rill_fail(error, RILL_INTERNAL, "no such role");
}

/* Fetches the file of a role, and keeps it once it is trusted. */
static enum rill_code fetch_and_trust(struct refresh *refresh, enum rill_tuf_role role,
				      const char *name, uint32_t limit, bool *found,
				      struct rill_error *error)
{
	int64_t before = refresh->tuf->document[role].version;
	char kept[32];
	struct bytes bytes;
	enum rill_code code = fetch(refresh, name, limit, &bytes, found, error);

	if (code == RILL_OK && *found) {
		code = trust_bytes(refresh->tuf, role, false, &bytes, error);
		if (code != RILL_OK)
			rill_error_in(error, "%s", name);
	}
	if (code == RILL_OK && *found && refresh->tuf->document[role].version != before) {
		snprintf(kept, sizeof kept, "%s.json", rill_tuf_role_name(role));
		code = durable_write(refresh->folder, kept, bytes.at, bytes.n, error);
	}
	free(bytes.at);
	return code;
}

/* What an earlier update kept; `*there` is false without it. */
static enum rill_code load_kept(struct refresh *refresh, enum rill_tuf_role role, bool *there,
				struct rill_error *error)
{
	char path[PATH_MAX];
	struct bytes bytes = {0};
	enum rill_code code;

	snprintf(path, sizeof path, "%s/%s.json", refresh->folder, rill_tuf_role_name(role));
	code = durable_read(path, rill_tuf_length_max(role), &bytes.at, &bytes.n, error);
	*there = code == RILL_OK && bytes.at;
	if (*there)
		code = trust_bytes(refresh->tuf, role, true, &bytes, error);
	free(bytes.at);
	return code;
}

static enum rill_code load_first_root(struct refresh *refresh, struct rill_error *error)
{
	const char *path = refresh->config->root;
	struct bytes bytes = {0};
	enum rill_code code = durable_read(path, rill_tuf_length_max(RILL_TUF_ROOT), &bytes.at,
					   &bytes.n, error);

	if (code == RILL_OK && !bytes.at)
		code = rill_fail(
			error, RILL_CONFIG,
			"there is no trusted root: copy the repository's 1.root.json here");
	if (code == RILL_OK)
		code = trust_bytes(refresh->tuf, RILL_TUF_ROOT, false, &bytes, error);
	if (code == RILL_OK)
		code = durable_write(refresh->folder, "root.json", bytes.at, bytes.n, error);
	else
		rill_error_in(error, "%s", path);
	free(bytes.at);
	return code;
}

static enum rill_code refresh_root(struct refresh *refresh, struct rill_error *error)
{
	bool found;
	enum rill_code code = load_kept(refresh, RILL_TUF_ROOT, &found, error);

	if (code != RILL_OK)
		rill_error_in(error, "%s/root.json", refresh->folder);
	else if (!found)
		code = load_first_root(refresh, error);
	found = true;
	for (int i = 0; code == RILL_OK && found && i < ROTATIONS_MAX; i++) {
		char name[32];

		snprintf(name, sizeof name, "%lld.root.json",
			 (long long)refresh->tuf->document[RILL_TUF_ROOT].version + 1);
		code = fetch_and_trust(refresh, RILL_TUF_ROOT, name,
				       rill_tuf_length_max(RILL_TUF_ROOT), &found, error);
	}
	return code;
}

static enum rill_code missing(const char *name, struct rill_error *error)
{
	return rill_fail(error, RILL_NETWORK, "the server has no metadata/%s", name);
}

static enum rill_code refresh_timestamp(struct refresh *refresh, struct rill_error *error)
{
	struct rill_error ignored; /* keys may have changed since: then the server's counts alone */
	bool found;
	enum rill_code code;

	load_kept(refresh, RILL_TUF_TIMESTAMP, &found, &ignored);
	code = fetch_and_trust(refresh, RILL_TUF_TIMESTAMP, "timestamp.json",
			       rill_tuf_length_max(RILL_TUF_TIMESTAMP), &found, error);
	return code == RILL_OK && !found ? missing("timestamp.json", error) : code;
}

/* Snapshot or targets: from the server only when the kept file is not the current one. */
static enum rill_code refresh_versioned(struct refresh *refresh, enum rill_tuf_role role,
					struct rill_error *error)
{
	struct rill_error ignored;
	struct rill_tuf_meta meta;
	char name[48];
	bool found;
	enum rill_code code;

	load_kept(refresh, role, &found, &ignored);
	if (rill_tuf_is_current(refresh->tuf, role))
		return RILL_OK;
	code = rill_tuf_meta(refresh->tuf, role, &meta, error);
	if (code != RILL_OK)
		return code;
	snprintf(name, sizeof name, "%lld.%s.json", (long long)meta.version,
		 rill_tuf_role_name(role));
	code = fetch_and_trust(refresh, role, name, meta.length, &found, error);
	return code == RILL_OK && !found ? missing(name, error) : code;
}

enum rill_code trust_refresh(struct rill_tuf *tuf, struct http *http, const struct config *config,
			     struct rill_error *error)
{
	struct refresh refresh = {.tuf = tuf, .http = http, .config = config};
	enum rill_code code;

	if (snprintf(refresh.folder, sizeof refresh.folder, "%s/metadata", config->state) >=
	    (int)sizeof refresh.folder)
		return rill_fail(error, RILL_CONFIG, "key \"state\": too long");
	mkdir(refresh.folder, 0755); /* a failure shows at the first file */
	code = refresh_root(&refresh, error);
	if (code == RILL_OK)
		code = refresh_timestamp(&refresh, error);
	if (code == RILL_OK)
		code = refresh_versioned(&refresh, RILL_TUF_SNAPSHOT, error);
	if (code == RILL_OK)
		code = refresh_versioned(&refresh, RILL_TUF_TARGETS, error);
	return code;
}
