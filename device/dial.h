/* SPDX-License-Identifier: Apache-2.0
 *
 * TCP connections: all addresses of a host raced, IPv6 and IPv4 in turn, a quarter of a
 * second apart (RFC 8305, "Happy Eyeballs").
 */
#ifndef RILL_DEVICE_DIAL_H
#define RILL_DEVICE_DIAL_H

#include "protocol/error.h"
#include <stdint.h>

/* Connects within `timeout` seconds; `*fd` does not block. The resolver's configuration is read
 * anew, since a device's network may have come up meanwhile. RILL_NETWORK says why not. */
enum rill_code dial(const char *host, const char *port, int64_t timeout, int *fd,
		    struct rill_error *error);

/* Milliseconds of a clock that nobody sets. */
int64_t monotonic_ms(void);

#endif
