/* SPDX-License-Identifier: Apache-2.0
 *
 * Signing keys: ECDSA on P-256 or RSA (PSS), a PEM file each, by mbedTLS. A file that has
 * only a public key, Ed25519 too, stands for a private one elsewhere, which a command of
 * the user's signs with (sign_command.h).
 */
#ifndef RILL_HOST_KEY_H
#define RILL_HOST_KEY_H

#include "host/options.h"
#include "protocol/error.h"
#include "protocol/hash.h"
#include "protocol/signature.h"
#include <cjson/cJSON.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/pk.h>

/* Longest PEM of a key; of a public one, or the text that stands for it in metadata. */
#define KEY_PEM_MAX 8192
#define KEY_PUBLIC_MAX 1024

enum key_kind { KEY_P256, KEY_RSA, KEY_ED25519 };

struct key {
	enum key_kind kind;
	bool is_private;
	const char *file, *command; /* the caller's */
	mbedtls_pk_context pk;
	mbedtls_entropy_context entropy;
	mbedtls_ctr_drbg_context random;
	char public_value[KEY_PUBLIC_MAX];
	char id[RILL_SHA256_HEX]; /* TUF's keyid */
};

/* What opening a key may need. */
struct key_access {
	struct text_list passphrase_files; /* the first line of each is tried */
	const char *command; /* that signs for public keys; or NULL */
};

/* "p256", "rsa", "ed25519"; "ECDSA P-256", ... */
const char *key_kind_name(enum key_kind kind);

/* Makes a key and its file, readable by its owner alone; RSA has 3072 bits. With a passphrase
 * the file is encrypted. RILL_USAGE when the file exists: a key is never written over. */
enum rill_code key_new(struct key *key, const char *path, enum key_kind kind,
		       const char *passphrase, struct rill_error *error);
/* Reads a private or public key. An encrypted one asks for its passphrase: the files of
 * `access`, then $MKDELTA_PASSPHRASE, then the terminal. Release all three kinds with
 * key_close(), also after a failure. */
enum rill_code key_open(struct key *key, const char *path, const struct key_access *access,
			struct rill_error *error);
/* Writes the key to a file of its own: PEM, encrypted with a passphrase (a public key is not). */
enum rill_code key_save(struct key *key, const char *path, const char *passphrase,
			struct rill_error *error);
void key_close(struct key *key);

/* The key object of TUF metadata (specification 1.0, section 4.2), or NULL without memory. */
cJSON *key_to_tuf(const struct key *key);

/* Signs; the signature is verified before it is handed out. RILL_USAGE: it is a public key and
 * there is no command. */
enum rill_code key_sign(struct key *key, const struct rill_message *message,
			uint8_t signature[static RILL_SIGNATURE_MAX], size_t *n,
			struct rill_error *error);

#endif
