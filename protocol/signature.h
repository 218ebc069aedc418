/* SPDX-License-Identifier: Apache-2.0
 *
 * Verification of one signature, by mbedTLS. Key types and schemes are TUF's (specification
 * 1.0, section 4.2): here "ecdsa" (and its older name "ecdsa-sha2-nistp256") with the scheme
 * "ecdsa-sha2-nistp256", the public key as PEM, the signature as DER.
 */
#ifndef RILL_SIGNATURE_H
#define RILL_SIGNATURE_H

#include "protocol/error.h"
#include "protocol/hash.h"

/* Longest signature that is looked at. */
#define RILL_SIGNATURE_MAX 1024

/* RILL_OK when `signature` over the message with SHA-256 `digest` is good. `pem` ends with NUL.
 * RILL_UNSUPPORTED: a key type or scheme that this build does not know, or a key that is
 * not of its scheme; RILL_SECURITY: the key is malformed or the signature is wrong.
 * `key_sha256` gets the SHA-256 of the key as DER, one for all texts of the same key. */
enum rill_code rill_signature_verify(const char *keytype, const char *scheme, const char *pem,
				     const uint8_t digest[static RILL_SHA256_SIZE],
				     const uint8_t *signature, size_t n, uint8_t *key_sha256,
				     struct rill_error *error);

#endif
