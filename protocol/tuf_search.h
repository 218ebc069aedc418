/* SPDX-License-Identifier: Apache-2.0
 *
 * The search for a target through delegations: specification 1.0, section 5.6.7, pre-order
 * and depth-first, in the order in which a role lists its delegations.
 *
 *	rill_tuf_search_start(&search, tuf, path);
 *	while ((code = rill_tuf_search_next(&search, &target, error)) == RILL_OK && search.role)
 *		get the file of search.role, as search.meta has it: what is kept, then the server's
 *		code = rill_tuf_search_take(&search, bytes, n, error);
 *
 * A role that was loaded for an earlier search is used again only if the delegator of this
 * search would have accepted it, too. Patterns of "paths" match part by part between
 * slashes, with '*' and '?' as glob(7) has them within a part; "path_hash_prefixes" match
 * the SHA-256 of the path. A role is looked into once in a search, and at most
 * RILL_TUF_VISITS_MAX are.
 */
#ifndef RILL_TUF_SEARCH_H
#define RILL_TUF_SEARCH_H

#include "protocol/tuf.h"

#define RILL_TUF_VISITS_MAX 32

/* A role on the way down to the current place. */
struct rill_tuf_frame {
	const struct rill_tuf_document *document;
	uint32_t next; /* the delegation to look at next, 0 at the end */
};

struct rill_tuf_search {
	struct rill_tuf *tuf;
	const char *path; /* the caller's */
	char path_sha256[RILL_SHA256_HEX];
	struct rill_tuf_frame stack[RILL_TUF_VISITS_MAX + 1];
	size_t depth;
	const char *visited[RILL_TUF_VISITS_MAX];
	size_t visited_count;
	bool started;
	/* What is wanted: a role's name, where it is delegated, and what the snapshot says */
	const char *role;
	const struct rill_tuf_document *delegator;
	uint32_t delegation;
	struct rill_tuf_meta meta;
	const struct rill_tuf_document *taken; /* the file of that role, once there is one */
};

void rill_tuf_search_start(struct rill_tuf_search *search, struct rill_tuf *tuf, const char *path);

/* RILL_OK: the target was found, or `search->role` is wanted. RILL_SECURITY: no role that
 * may has it, or one is malformed or not in the snapshot. */
enum rill_code rill_tuf_search_next(struct rill_tuf_search *search, struct rill_tuf_target *target,
				    struct rill_error *error);

/* Verifies a file of the role that is wanted. After a failure another one may be tried. */
enum rill_code rill_tuf_search_take(struct rill_tuf_search *search, const void *bytes, size_t n,
				    struct rill_error *error);

/* True when a path matches a pattern of "paths". */
bool rill_tuf_path_matches(const char *pattern, const char *path);

#endif
