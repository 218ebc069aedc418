/* SPDX-License-Identifier: Apache-2.0
 *
 * From the server into an installation, decoding while the bytes arrive: a delta, or the
 * whole target. Both go on from what an earlier run received.
 */
#ifndef RILL_DEVICE_RECEIVE_H
#define RILL_DEVICE_RECEIVE_H

#include "device/http.h"
#include "device/kind.h"
#include "device/progress.h"
#include "protocol/tuf.h"

/* What both ways need. */
struct receiver {
	struct http *http;
	struct install *install;
	struct progress *progress;
	const char *state; /* folder */
	const char *name; /* of the target */
	const struct rill_tuf_target *target;
};

/* Fetches a delta and applies it to the installation's base. `whole` is the delta as a target:
 * length and SHA-256 of the file. Its header and every chunk are checked against what was
 * signed before they are looked at, kept in STATE/download (partial.h), and decoded. What is
 * damaged, on disk or on the way, is fetched again alone, three times at most; what is kept of
 * another delta is dropped. RILL_CORRUPT: the server's bytes are not the signed ones;
 * RILL_MEMORY: over `budget`; RILL_SECURITY: the delta is not from this base or not to the
 * target; and the codes of the network and the kind. */
enum rill_code receive_delta(const struct receiver *receiver,
			     const struct rill_release_delta *delta,
			     const struct rill_tuf_target *whole, uint64_t budget,
			     struct rill_error *error);

/* Fetches all of the target, beginning the installation. `resume`: what is there of a new version
 * is of this target and goes on; if its hash is wrong in the end, everything is fetched once
 * more. */
enum rill_code receive_full(const struct receiver *receiver, bool resume, struct rill_error *error);

/* The server's name of a target: with consistent snapshots, FOLDERS/SHA256.NAME.
 * RILL_UNSUPPORTED when it does not fit. */
enum rill_code receive_url(char *to, size_t size, const char *name, const uint8_t *sha256,
			   struct rill_error *error);

#endif
