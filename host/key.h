/* SPDX-License-Identifier: Apache-2.0
 *
 * Signing keys: ECDSA on P-256, a PEM file each, by mbedTLS.
 */
#ifndef RILL_HOST_KEY_H
#define RILL_HOST_KEY_H

#include "protocol/error.h"
#include "protocol/hash.h"
#include "protocol/signature.h"
#include <cjson/cJSON.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/pk.h>

#define KEY_PEM_MAX 1024

struct key {
	mbedtls_pk_context pk;
	mbedtls_entropy_context entropy;
	mbedtls_ctr_drbg_context random;
	char public_pem[KEY_PEM_MAX];
	char id[RILL_SHA256_HEX]; /* TUF's keyid */
};

/* Makes a key and its file, readable by its owner alone. RILL_USAGE when the file exists:
 * a key is never written over. */
enum rill_code key_new(struct key *key, const char *path, struct rill_error *error);
/* Reads a private key. Release both kinds with key_close(), also after a failure. */
enum rill_code key_open(struct key *key, const char *path, struct rill_error *error);
void key_close(struct key *key);

/* The key object of TUF metadata (specification 1.0, section 4.2), or NULL without memory. */
cJSON *key_to_tuf(const struct key *key);

/* Signs a SHA-256; the signature is DER. */
enum rill_code key_sign(struct key *key, const uint8_t digest[static RILL_SHA256_SIZE],
			uint8_t signature[static RILL_SIGNATURE_MAX], size_t *n,
			struct rill_error *error);

#endif
