/* SPDX-License-Identifier: Apache-2.0
 *
 * Private keys under a passphrase: PKCS#8 (RFC 5958) with PBES2 (RFC 8018) as OpenSSL writes it,
 * which mbedTLS 2.28 cannot read when AES is used. PBKDF2 with HMAC of SHA-1, SHA-256 or
 * SHA-512; AES-CBC of 128, 192 or 256 bits. Written with SHA-256 and AES-256.
 */
#ifndef RILL_HOST_PKCS8_H
#define RILL_HOST_PKCS8_H

#include "host/buffer.h"
#include <stdbool.h>

/* Random bytes as mbedTLS wants them. */
typedef int (*pkcs8_random)(void *context, unsigned char *bytes, size_t n);

/* True for a PEM text that pkcs8_open() may read. */
bool pkcs8_is_sealed(const char *pem);

/* Writes PKCS#8 `der` sealed by the passphrase, as PEM with a NUL behind it (not counted). */
enum rill_code pkcs8_seal(const uint8_t *der, size_t n, const char *passphrase, pkcs8_random random,
			  void *context, struct buffer *pem, struct rill_error *error);

/* Reads such a text. `*opened` is false when the passphrase is another one. RILL_UNSUPPORTED:
 * sealed in another way. The caller wipes and frees `der`. */
enum rill_code pkcs8_open(const char *pem, const char *passphrase, struct buffer *der, bool *opened,
			  struct rill_error *error);

#endif
