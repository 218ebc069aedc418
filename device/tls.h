/* SPDX-License-Identifier: Apache-2.0
 *
 * One TLS connection by mbedTLS: 1.2 at least, the server's chain verified against a CA
 * bundle, its name or address against the host, and, if there are pins, the chain's public
 * keys against them. A failure that a certificate causes is RILL_SECURITY; others are
 * RILL_NETWORK.
 *
 * mbedTLS 2.28 does not compare IP addresses in certificates: this does (RFC 9525, section
 * 6.5), and no name in a certificate is taken for an address.
 *
 * When the clock is not trusted (clock.h), "not yet valid" is forgiven and nothing else:
 * expiry is judged by the clock's floor as well.
 */
#ifndef RILL_DEVICE_TLS_H
#define RILL_DEVICE_TLS_H

#include "device/clock.h"
#include "device/wire.h"
#include "protocol/error.h"
#include "protocol/hash.h"
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>

struct tls_settings {
	const char *ca; /* PEM files */
	const char *certificate, *key; /* of this client; or NULL */
	/* "sha256//BASE64" or "sha256:HEX" of SubjectPublicKeyInfo, NULL at the end; or NULL. One
	 * of them must be in the server's verified chain. */
	const char *const *pins;
	const char *folder; /* where sessions are kept (tls_session.h); or NULL */
	struct device_clock clock;
};

struct tls {
	const struct tls_settings *settings;
	struct wire *wire;
	mbedtls_entropy_context entropy;
	mbedtls_ctr_drbg_context random;
	mbedtls_x509_crt authorities, certificate;
	mbedtls_pk_context key;
	mbedtls_ssl_config config;
	mbedtls_ssl_context session;
	bool connected;
	uint8_t (*pins)[RILL_SHA256_SIZE];
	size_t pin_count;

	/* The last session, to resume with less on the wire: tls_session.h. Servers by a digest;
	 * all 0: none. */
	mbedtls_ssl_session last;
	uint8_t server[RILL_SHA256_SIZE], last_server[RILL_SHA256_SIZE],
		first_server[RILL_SHA256_SIZE];
	uint8_t *kept;
	size_t kept_length;

	/* While a chain is verified */
	const char *host;
	unsigned char address[16];
	size_t address_length; /* 0: the host is a name */
	bool verified, pinned; /* there was a chain; one of its keys is pinned */
	int64_t valid_until; /* the first of its certificates to expire, seconds since 1970 */
	char refusal[320]; /* what verification found, beyond mbedTLS's flags */
};

/* Loads keys and certificates. RILL_CONFIG when they cannot be used. `settings` and `wire`
 * must outlive it. Release with tls_free(), also after a failure. */
enum rill_code tls_init(struct tls *tls, const struct tls_settings *settings, struct wire *wire,
			struct rill_error *error);
void tls_free(struct tls *tls);

/* Shakes hands over the wire, which is connected to the host. `host` is a name or an address. On
 * failure the wire is closed. */
enum rill_code tls_start(struct tls *tls, const char *host, const char *port,
			 struct rill_error *error);
void tls_disconnect(struct tls *tls);

enum rill_code tls_write(struct tls *tls, const void *bytes, size_t n, struct rill_error *error);
/* Reads some bytes; 0 when the server said that it has no more (close_notify). A connection
 * that just ends is RILL_NETWORK, since anybody can do that. */
enum rill_code tls_read(struct tls *tls, void *bytes, size_t capacity, size_t *n,
			struct rill_error *error);

/* True when a certificate's subject alternative names have this address, of 4 or 16 bytes. */
bool tls_has_address(const mbedtls_x509_crt *certificate, const unsigned char *address, size_t n);

#endif
