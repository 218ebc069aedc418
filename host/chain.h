/* SPDX-License-Identifier: Apache-2.0
 *
 * The metadata of a repository as a client that has only the first root would find it, read
 * from its folder; files that are about to be written can stand in for those there. Expiry
 * is passed over.
 */
#ifndef RILL_HOST_CHAIN_H
#define RILL_HOST_CHAIN_H

#include "host/draft.h"
#include "host/file.h"

/* Path of the file of a role; the version counts for all but the timestamp. free() it. */
char *metadata_path(const char *repository, enum rill_tuf_role role, int64_t version);

/* Loads the roots from 1 on, at most `count` of them (0: all). */
enum rill_code chain_load_roots(struct rill_tuf *tuf, const char *repository, int64_t count,
				struct rill_error *error);

/* Files that stand in; those without bytes do not. */
struct chain_files {
	struct buffer file[RILL_TUF_ROLES];
};

/* Loads roots and all below them. `tuf` was freed or is new; what was loaded before a failure
 * stays in it. RILL_IO: a file is missing; the codes of tuf.h. */
enum rill_code chain_load(struct rill_tuf *tuf, const char *repository, int64_t roots,
			  const struct chain_files *files, struct rill_error *error);

#endif
