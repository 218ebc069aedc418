/* SPDX-License-Identifier: Apache-2.0
 *
 * From the server into an installation, decoding while the bytes arrive: a delta, or the
 * whole target.
 */
#ifndef RILL_DEVICE_RECEIVE_H
#define RILL_DEVICE_RECEIVE_H

#include "device/http.h"
#include "device/kind.h"
#include "protocol/tuf.h"

/* Fetches the delta `path` and applies it to the installation's base. `whole` is the delta
 * as a target: length and SHA-256 of the file. Its header and every chunk are checked
 * against what was signed before they are looked at. RILL_CORRUPT: the server's bytes are
 * not the signed ones; RILL_MEMORY: over `budget`; RILL_SECURITY: the delta is not from
 * this base or not to `target`; and the codes of the network and the kind. */
enum rill_code receive_delta(struct http *http, struct install *install,
			     const struct rill_release_delta *delta,
			     const struct rill_tuf_target *whole,
			     const struct rill_tuf_target *target, uint64_t budget,
			     struct rill_error *error);

/* Fetches all of the target `name`. */
enum rill_code receive_full(struct http *http, struct install *install, const char *name,
			    const struct rill_tuf_target *target, struct rill_error *error);

#endif
