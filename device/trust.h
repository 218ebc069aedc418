/* SPDX-License-Identifier: Apache-2.0
 *
 * The client workflow of The Update Framework (specification 1.0, section 5) with files
 * around protocol/tuf.h: what was verified is kept in one folder, in the bytes that came,
 * as root.json, timestamp.json, and so on; a delegated role's name is percent-encoded. Where
 * the files come from is the caller's.
 */
#ifndef RILL_DEVICE_TRUST_H
#define RILL_DEVICE_TRUST_H

#include "protocol/tuf.h"

typedef enum rill_code (*trust_sink)(void *context, const uint8_t *bytes, size_t n,
				     struct rill_error *error);

/* Gets a file of metadata: "VERSION.ROLE.json", or "ROLE.json" for version 0. `role` is not
 * encoded in any way. `*found` is false when there is none; RILL_SECURITY: it has over
 * `limit` bytes, none of which is passed on. */
struct trust_source {
	enum rill_code (*get)(void *context, int64_t version, const char *role, uint64_t limit,
			      trust_sink sink, void *sink_context, bool *found,
			      struct rill_error *error);
	void *context;
};

struct trust {
	struct rill_tuf tuf;
	const struct trust_source *source;
	const char *folder; /* is made if need be, but not what is above it */
	const char *first_root; /* file that the device came with; NULL: FOLDER/root.json alone */
	/* The time without what timestamps said of it (clock.h), which counts from when a root
	 * withdraws their keys; 0: tuf.now stays. */
	int64_t bare_time;
};

/* Brings the top-level metadata up to date. `tuf` was set up by rill_tuf_init(). Codes: those
 * of protocol/tuf.h, of the source, and of files; RILL_NETWORK: the source lacks a file that
 * it should have. */
enum rill_code trust_refresh(struct trust *trust, struct rill_error *error);

/* Looks a target up, loading the roles it is delegated to; after trust_refresh(). RILL_SECURITY:
 * there is none. */
enum rill_code trust_target(struct trust *trust, const char *path, struct rill_tuf_target *target,
			    struct rill_error *error);

/* Percent-encodes all of a role's name but letters, digits, '-', '_' and '.' (a leading one
 * too). `text` has room for TRUST_NAME_SIZE bytes. RILL_UNSUPPORTED when it does not fit. */
#define TRUST_NAME_SIZE 240
enum rill_code trust_encode_name(const char *role, char *text, struct rill_error *error);

#endif
