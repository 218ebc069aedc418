/* SPDX-License-Identifier: Apache-2.0
 *
 * One TLS connection by mbedTLS: 1.2 at least, the server's chain verified against a CA
 * bundle, its name against the host. All failures are RILL_NETWORK but for a certificate
 * that is not right, which is RILL_SECURITY.
 */
#ifndef RILL_DEVICE_TLS_H
#define RILL_DEVICE_TLS_H

#include "protocol/error.h"
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tls {
	mbedtls_entropy_context entropy;
	mbedtls_ctr_drbg_context random;
	mbedtls_x509_crt authorities;
	mbedtls_ssl_config config;
	mbedtls_ssl_context session;
	mbedtls_net_context socket;
	bool connected;
};

/* Loads the CA bundle (PEM). RILL_CONFIG when there is no certificate in it. Release with
 * tls_free(), also after a failure. */
enum rill_code tls_init(struct tls *tls, const char *ca_file, int64_t stall_timeout,
			struct rill_error *error);
void tls_free(struct tls *tls);

enum rill_code tls_connect(struct tls *tls, const char *host, const char *port,
			   struct rill_error *error);
void tls_disconnect(struct tls *tls);

enum rill_code tls_write(struct tls *tls, const void *bytes, size_t n, struct rill_error *error);
/* Reads some bytes, at least one. The end of the connection is a failure: every message that
 * is read here says its own length. */
enum rill_code tls_read(struct tls *tls, void *bytes, size_t capacity, size_t *n,
			struct rill_error *error);

#endif
