/* SPDX-License-Identifier: Apache-2.0
 *
 * A signed repository of static files, as The Update Framework 1.0 lays it out with
 * consistent snapshots:
 *
 *	metadata/N.root.json, N.targets.json, N.snapshot.json, timestamp.json
 *	targets/FOLDERS/SHA256.NAME
 *
 * All but timestamp.json never change once written. It is written last, by a rename: up
 * to that instant the release before is served, whole.
 */
#ifndef RILL_HOST_REPOSITORY_H
#define RILL_HOST_REPOSITORY_H

#include "host/key.h"
#include "protocol/tuf.h"

struct repository {
	const char *path;
	int lock; /* an open, locked file; one publisher at a time */
	struct rill_tuf tuf;
	cJSON *targets; /* the "targets" object of targets.json, to be changed and committed */
};

/* Makes a repository without targets, whose roles all have the one key. `days` until the
 * root expires. RILL_USAGE when there is one already. */
enum rill_code repository_init(const char *path, struct key *key, int64_t days,
			       struct rill_error *error);

/* Opens and verifies the metadata (expiry aside). RILL_BUSY when another publisher works;
 * the codes of tuf.h. Release with repository_close(), also after a failure. */
enum rill_code repository_open(struct repository *repository, const char *path,
			       struct rill_error *error);
void repository_close(struct repository *repository);

/* Path of a target's file; free() it. */
char *repository_target_path(const struct repository *repository, const char *name,
			     const char *sha256_hex);

/* Stores a target's bytes under their name and hash. */
enum rill_code repository_store(const struct repository *repository, const char *name,
				const void *bytes, size_t n, const uint8_t *sha256,
				struct rill_error *error);

/* Writes `repository->targets` as the next version of targets, snapshot and timestamp, which
 * expire in `days`. */
enum rill_code repository_commit(struct repository *repository, struct key *key, int64_t days,
				 struct rill_error *error);

#endif
