/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP proxies: which one is for a host, and the tunnel through it by CONNECT (RFC 9110,
 * section 9.3.6) with basic authentication (RFC 7617).
 */
#ifndef RILL_DEVICE_PROXY_H
#define RILL_DEVICE_PROXY_H

#include "device/url.h"
#include "device/wire.h"

struct proxy {
	char host[256], port[6]; /* no host: connect directly */
	char credentials[512]; /* in base64, or "" */
};

/* `configured` is "http://[USER[:PASSWORD]@]HOST[:PORT]", "none", or NULL: then the
 * environment's https_proxy or HTTPS_PROXY. `except` lists hosts, ".domains" and "*", with commas
 * between them; NULL: the environment's no_proxy or NO_PROXY. RILL_CONFIG. */
enum rill_code proxy_choose(struct proxy *proxy, const char *configured, const char *except,
			    const struct url *to, struct rill_error *error);

/* True when a list like no_proxy has the host. */
bool proxy_is_excepted(const char *except, const char *host);

/* Makes the tunnel over a wire that is connected to the proxy. RILL_NETWORK; `*again` is
 * false when the proxy refuses and will again. */
enum rill_code proxy_tunnel(const struct proxy *proxy, struct wire *wire, const struct url *to,
			    bool *again, struct rill_error *error);

#endif
