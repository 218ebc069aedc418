/* SPDX-License-Identifier: Apache-2.0
 *
 * Verification of one signature. Key types and schemes are TUF's (specification 1.0,
 * section 4.2):
 *
 *	keytype                   scheme               public key      signature
 *	ecdsa                     ecdsa-sha2-nistp256  PEM             DER
 *	ecdsa-sha2-nistp256       the same, older name
 *	rsa (2048 to 4096 bits)   rsassa-pss-sha256    PEM             any length of salt
 *	ed25519                   ed25519              64 hex digits   RFC 8032
 *
 * The first two by mbedTLS. mbedTLS has no Ed25519; where the build has libsodium
 * (RILL_ED25519), that does it, and is strict about small-order keys and non-canonical
 * signatures.
 */
#ifndef RILL_SIGNATURE_H
#define RILL_SIGNATURE_H

#include "protocol/error.h"
#include "protocol/hash.h"

/* Longest signature that is looked at. */
#define RILL_SIGNATURE_MAX 1024

/* A public key as metadata has it; the texts end with NUL. */
struct rill_public_key {
	const char *keytype, *scheme, *value;
};

/* What was signed: its SHA-256, and the bytes themselves for schemes that want them. */
struct rill_message {
	uint8_t sha256[RILL_SHA256_SIZE];
	const void *bytes;
	size_t n;
};

/* True when this build verifies the scheme of the key. */
bool rill_signature_is_supported(const struct rill_public_key *key);
/* True for a scheme that needs `bytes` and not only their hash. */
bool rill_signature_wants_bytes(const struct rill_public_key *key);

/* RILL_OK when `signature` is good. RILL_UNSUPPORTED: a key type or scheme that this build
 * does not know, or a key that is not of its scheme; RILL_SECURITY: the key is malformed
 * or the signature is wrong. `key_sha256` gets the SHA-256 of the key in its binary form,
 * one for all texts of the same key. */
enum rill_code rill_signature_verify(const struct rill_public_key *key,
				     const struct rill_message *message, const uint8_t *signature,
				     size_t n, uint8_t *key_sha256, struct rill_error *error);

#endif
