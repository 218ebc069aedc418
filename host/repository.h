/* SPDX-License-Identifier: Apache-2.0
 *
 * A signed repository of static files, as The Update Framework 1.0 lays it out with
 * consistent snapshots:
 *
 *	metadata/N.root.json, N.targets.json, N.snapshot.json, timestamp.json
 *	targets/FOLDERS/SHA256.NAME
 *	staged/ROLE.json                  drafts that wait for signatures; no client asks for them
 *
 * All but timestamp.json never change once written. It is written last, by a rename: up
 * to that instant the release before is served, whole.
 *
 * A change is a draft of one or more roles. repository_commit() makes the drafts of those
 * below, signs with the keys at hand, and publishes all if a client would accept it; or
 * repository_stage() keeps the drafts, for others to sign.
 */
#ifndef RILL_HOST_REPOSITORY_H
#define RILL_HOST_REPOSITORY_H

#include "host/chain.h"

struct repository {
	const char *path;
	int lock; /* an open, locked folder; one publisher at a time */
	struct rill_tuf tuf; /* what clients see now */
	cJSON *root; /* body of the newest root */
	/* A root was published, and what it asks to be signed anew was not: the next commit does.
	 */
	bool interrupted;
	bool staged; /* the drafts come from staged/ */
	struct draft draft[RILL_TUF_ROLES];
};

/* Who signs for each role of a new repository: keys (public ones will do), threshold. */
struct role_keys {
	struct keyring keyring[RILL_TUF_ROLES];
	int64_t threshold[RILL_TUF_ROLES];
};

/* Makes a repository without targets, signed by the keys of `roles`, which expires in `days`.
 * RILL_USAGE when there is one already, or a threshold that its keys cannot reach. */
enum rill_code repository_init(const char *path, const struct role_keys *roles, int64_t days,
			       struct rill_error *error);

/* Opens and verifies the metadata (expiry aside), and loads drafts that are staged. Removes what
 * a publisher that was killed left half written. RILL_BUSY when another one works; the
 * codes of tuf.h. Release with repository_close(), also after a failure. */
enum rill_code repository_open(struct repository *repository, const char *path,
			       struct rill_error *error);
/* The same where only the roots need to be there, and staged/: to sign elsewhere. */
enum rill_code repository_open_staged(struct repository *repository, const char *path,
				      struct rill_error *error);
void repository_close(struct repository *repository);
/* Only locks: for a repository that is being made. */
enum rill_code repository_lock(struct repository *repository, const char *path,
			       struct rill_error *error);

/* RILL_BUSY when something is staged, which a change now would get in the way of. */
enum rill_code repository_not_staged(const struct repository *repository, struct rill_error *error);

/* The body of what is published of a role, or NULL without memory; cJSON_Delete() it. */
cJSON *repository_body(const struct repository *repository, enum rill_tuf_role role,
		       int64_t version);

/* The draft of a role, made from what is published if there is none yet, with the next version.
 * RILL_MEMORY. */
enum rill_code repository_edit(struct repository *repository, enum rill_tuf_role role, int64_t days,
			       struct rill_error *error);
/* The "targets" object: of the draft, or else of what is published (do not change that). */
cJSON *repository_targets(struct repository *repository);

/* Path of a target's file; free() it. */
char *repository_target_path(const struct repository *repository, const char *name,
			     const char *sha256_hex);

/* Stores a target's bytes under their name and hash. */
enum rill_code repository_store(const struct repository *repository, const char *name,
				const void *bytes, size_t n, const uint8_t *sha256,
				struct rill_error *error);

/* Signs the drafts with the keys that may. */
enum rill_code repository_sign(struct repository *repository, const struct keyring *keyring,
			       struct rill_error *error);

/* Keeps the drafts in staged/. */
enum rill_code repository_stage(struct repository *repository, struct rill_error *error);
/* Removes staged/ and the drafts. */
enum rill_code repository_discard(struct repository *repository, struct rill_error *error);

/* Publishes the drafts, with a snapshot and timestamp that expire in `days`. RILL_SECURITY: a
 * signature is missing; then what was made so far is staged, if `stage`. */
enum rill_code repository_commit(struct repository *repository, const struct keyring *keyring,
				 int64_t days, bool stage, struct rill_error *error);

/* Signs anew, to expire in `days`: the timestamp, and whichever of snapshot and targets the keys
 * suffice for. */
enum rill_code repository_refresh(struct repository *repository, const struct keyring *keyring,
				  int64_t days, struct rill_error *error);

#endif
