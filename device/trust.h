/* SPDX-License-Identifier: Apache-2.0
 *
 * The client workflow of The Update Framework (specification 1.0, section 5) with files
 * and network around protocol/tuf.h: what was verified is kept in STATE/metadata, in the
 * bytes that came.
 */
#ifndef RILL_DEVICE_TRUST_H
#define RILL_DEVICE_TRUST_H

#include "device/config.h"
#include "device/http.h"
#include "protocol/tuf.h"

/* Brings the trusted metadata up to date. The device's first root comes from the file
 * config->root. Codes: those of protocol/tuf.h, of the network, and of files. `tuf` was
 * set up by rill_tuf_init(). */
enum rill_code trust_refresh(struct rill_tuf *tuf, struct http *http, const struct config *config,
			     struct rill_error *error);

#endif
