/* SPDX-License-Identifier: Apache-2.0
 *
 * What a release says beside its target's length and hash: the "custom" field of the
 * target in targets.json,
 *
 *	{"rill": {"kind": "file", "release": 7, "boards": ["generic-arm64"],
 *	    "hardware": ["acme-gateway-2"], "downgrade_from": 9, "deltas": [
 *	    {"from": ["sha256:..."], "path": "deltas/...", "length": 4711,
 *	     "header": {"length": 211, "sha256": "..."},
 *	     "memory": 262144, "scratch": 1016744}]}}
 *
 * The first of "from" is the base of the delta. `release` is a counter: a device never goes to
 * a lower one, unless it is at "downgrade_from" or below. Without "boards" the release is for
 * every board, without "hardware" for all hardware; with both, both must match. `path` is a
 * target of its own, so its length and SHA-256 are signed too. `memory` is what the decoder
 * needs, `scratch` the free bytes that the file system of the result needs while the update
 * runs. release.schema.json says the same for other tools.
 */
#ifndef RILL_RELEASE_H
#define RILL_RELEASE_H

#include "protocol/error.h"
#include "protocol/hash.h"
#include "protocol/json.h"

/* Release numbers: what JSON readers with doubles hold and print without loss. */
#define RILL_RELEASE_MAX INT64_C(999999999999999)

enum rill_kind { RILL_KIND_FILE, RILL_KIND_IMAGE, RILL_KIND_SLOT };

/* By its name: "file", "image", "slot". False: another one. */
bool rill_kind_parse(const char *name, enum rill_kind *kind);

struct rill_release {
	enum rill_kind kind;
	int64_t number;
	int64_t downgrade_from; /* 0: no device may go down to it */
	uint32_t boards, hardware, deltas; /* tokens of arrays, or 0 */
};

struct rill_release_delta {
	uint8_t from[RILL_SHA256_SIZE];
	const char *path;
	int64_t length, header_length, memory, scratch;
	uint8_t header_sha256[RILL_SHA256_SIZE];
};

/* Reads the custom data of a target. RILL_SECURITY names the field that is malformed;
 * RILL_UNSUPPORTED: a kind that this build does not know. */
enum rill_code rill_release_parse(const struct rill_json *json, uint32_t custom,
				  struct rill_release *release, struct rill_error *error);

/* True when the release is for the board. */
bool rill_release_is_for(const struct rill_json *json, const struct rill_release *release,
			 const char *board);
/* True when it is for hardware of this id. */
bool rill_release_fits(const struct rill_json *json, const struct rill_release *release,
		       const char *hardware);

/* Reads an element of `release->deltas`. RILL_SECURITY names the field that is malformed;
 * `delta->path` points into `json`. */
enum rill_code rill_release_read_delta(const struct rill_json *json, uint32_t entry,
				       struct rill_release_delta *delta, struct rill_error *error);

/* Looks for the delta from a base with this SHA-256. `*found` tells whether there is one;
 * RILL_SECURITY: an entry is malformed. `delta->path` points into `json`. */
enum rill_code rill_release_find_delta(const struct rill_json *json,
				       const struct rill_release *release,
				       const uint8_t base[static RILL_SHA256_SIZE],
				       struct rill_release_delta *delta, bool *found,
				       struct rill_error *error);

#endif
