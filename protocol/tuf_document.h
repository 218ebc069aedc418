/* SPDX-License-Identifier: Apache-2.0
 *
 * One TUF metadata file by itself: its form (specification 1.0, section 4), what it says of
 * other files, and the signatures that a role above asks of it. Used by tuf.c and
 * tuf_search.c only.
 */
#ifndef RILL_TUF_DOCUMENT_H
#define RILL_TUF_DOCUMENT_H

#include "protocol/tuf.h"

/* Parses the file of a role; nothing in it is trusted after that. `name` is the role's, for
 * messages. */
enum rill_code rill_tuf_document_parse(struct rill_tuf_document *document, enum rill_tuf_role role,
				       const char *name, const void *bytes, size_t n,
				       struct rill_error *error);

/* Who may sign: keys by keyid, and an object with "keyids" and "threshold". */
struct rill_tuf_authority {
	const struct rill_json *json;
	uint32_t keys, rule;
};

/* The authority for a top-level role; one without a rule never verifies. */
struct rill_tuf_authority rill_tuf_root_authority(const struct rill_tuf_document *root,
						  enum rill_tuf_role role);

/* RILL_OK when at least the threshold of the authority's keys signed the document. */
enum rill_code rill_tuf_document_verify(const struct rill_tuf_document *document, const char *name,
					const struct rill_tuf_authority *authority,
					struct rill_error *error);

/* The entry NAME.json of the "meta" of a timestamp or snapshot; `most` is the length that
 * counts when it says none. */
enum rill_code rill_tuf_document_meta(const struct rill_tuf_document *document, const char *name,
				      uint32_t most, struct rill_tuf_meta *meta,
				      struct rill_error *error);

/* Bytes against what the role above says of them, before they are parsed. */
enum rill_code rill_tuf_check_bytes(const struct rill_tuf_meta *meta, const char *name,
				    const void *bytes, size_t n, struct rill_error *error);

enum rill_code rill_tuf_check_version(const struct rill_tuf_document *document,
				      const struct rill_tuf_meta *meta, const char *name,
				      struct rill_error *error);

enum rill_code rill_tuf_check_expiry(const struct rill_tuf_document *document, int64_t now,
				     const char *name, struct rill_error *error);

/* Reads a "hashes" object; false without a known one, or with a malformed one. */
bool rill_tuf_get_hashes(const struct rill_json *json, uint32_t token,
			 struct rill_tuf_hashes *hashes);

/* Entry of a target in one document; `*found` is false when it has none. */
enum rill_code rill_tuf_document_target(const struct rill_tuf_document *document, const char *path,
					struct rill_tuf_target *target, bool *found,
					struct rill_error *error);

/* True when an array of strings has this one. */
bool rill_tuf_contains(const struct rill_json *json, uint32_t array, const char *text);

#endif
