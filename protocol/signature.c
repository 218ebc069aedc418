/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/signature.h"

#include <mbedtls/pk.h>
#include <mbedtls/rsa.h>
#include <mbedtls/version.h>
#include <string.h>
#ifdef RILL_ED25519
#include <sodium/crypto_sign_ed25519.h>
#endif

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 4096

#if MBEDTLS_VERSION_MAJOR < 3 /* 2.28 has a public structure instead of this function */
static mbedtls_ecp_group_id get_group(const mbedtls_pk_context *key)
{
	return mbedtls_pk_ec(*key)->grp.id;
}
#else
static mbedtls_ecp_group_id get_group(const mbedtls_pk_context *key)
{
	return mbedtls_ecp_keypair_get_group_id(mbedtls_pk_ec(*key));
}
#endif

static enum rill_code wrong(struct rill_error *error)
{
	return rill_fail(error, RILL_SECURITY, "a signature is wrong");
}

static enum rill_code verify_ecdsa(mbedtls_pk_context *pk, const struct rill_message *message,
				   const uint8_t *signature, size_t n, struct rill_error *error)
{
	if (!mbedtls_pk_can_do(pk, MBEDTLS_PK_ECDSA) || get_group(pk) != MBEDTLS_ECP_DP_SECP256R1)
		return rill_fail(error, RILL_UNSUPPORTED, "a key that is not on the curve P-256");
	return mbedtls_pk_verify(pk, MBEDTLS_MD_SHA256, message->sha256, RILL_SHA256_SIZE,
				 signature, n) == 0
		       ? RILL_OK
		       : wrong(error);
}

static enum rill_code verify_rsa(mbedtls_pk_context *pk, const struct rill_message *message,
				 const uint8_t *signature, size_t n, struct rill_error *error)
{
	const mbedtls_pk_rsassa_pss_options options = {MBEDTLS_MD_SHA256, MBEDTLS_RSA_SALT_LEN_ANY};
	size_t bits = mbedtls_pk_get_bitlen(pk);

	if (mbedtls_pk_get_type(pk) != MBEDTLS_PK_RSA || bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
		return rill_fail(error, RILL_UNSUPPORTED, "a key that is not RSA of %d to %d bits",
				 RSA_BITS_MIN, RSA_BITS_MAX);
	return mbedtls_pk_verify_ext(MBEDTLS_PK_RSASSA_PSS, &options, pk, MBEDTLS_MD_SHA256,
				     message->sha256, RILL_SHA256_SIZE, signature, n) == 0
		       ? RILL_OK
		       : wrong(error);
}

typedef enum rill_code (*verify_pk)(mbedtls_pk_context *pk, const struct rill_message *message,
				    const uint8_t *signature, size_t n, struct rill_error *error);

/* A key as PEM, and what verifies with it. */
static enum rill_code verify_pem(verify_pk verify, mbedtls_pk_context *pk, const char *pem,
				 const struct rill_message *message, const uint8_t *signature,
				 size_t n, uint8_t *key_sha256, struct rill_error *error)
{
	unsigned char der[640]; /* RSA of 4096 bits takes 550 bytes; mbedTLS writes to the end */
	enum rill_code code;
	int length;

	/* PEM for mbedTLS includes the final NUL. */
	if (mbedtls_pk_parse_public_key(pk, (const unsigned char *)pem, strlen(pem) + 1) != 0)
		return rill_fail(error, RILL_SECURITY, "a public key is not valid PEM");
	code = verify(pk, message, signature, n, error);
	if (code != RILL_OK)
		return code;
	length = mbedtls_pk_write_pubkey_der(pk, der, sizeof der);
	if (length <= 0)
		return rill_fail(error, RILL_INTERNAL, "a key that cannot be written");
	rill_sha256(der + sizeof der - length, (size_t)length, key_sha256);
	return RILL_OK;
}

#ifdef RILL_ED25519
static enum rill_code verify_ed25519(const char *hex, const struct rill_message *message,
				     const uint8_t *signature, size_t n, uint8_t *key_sha256,
				     struct rill_error *error)
{
	uint8_t key[crypto_sign_ed25519_PUBLICKEYBYTES];

	if (!rill_unhex(hex, key, sizeof key))
		return rill_fail(error, RILL_SECURITY, "a public key is not 64 hex digits");
	if (!message->bytes)
		return rill_fail(error, RILL_INTERNAL, "Ed25519 wants the message");
	if (n != crypto_sign_ed25519_BYTES ||
	    crypto_sign_ed25519_verify_detached(signature, message->bytes, message->n, key) != 0)
		return wrong(error);
	rill_sha256(key, sizeof key, key_sha256);
	return RILL_OK;
}
#endif

enum method { NO_METHOD, ECDSA, RSA, ED25519 };

static enum method find_method(const struct rill_public_key *key)
{
	static const struct {
		const char *keytype, *scheme;
		enum method method;
	} known[] = {
		{"ecdsa", "ecdsa-sha2-nistp256", ECDSA},
		{"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", ECDSA},
#ifdef MBEDTLS_PKCS1_V21
		{"rsa", "rsassa-pss-sha256", RSA},
#endif
#ifdef RILL_ED25519
		{"ed25519", "ed25519", ED25519},
#endif
	};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcmp(key->keytype, known[i].keytype) == 0 &&
		    strcmp(key->scheme, known[i].scheme) == 0)
			return known[i].method;
	return NO_METHOD;
}

bool rill_signature_is_supported(const struct rill_public_key *key)
{
	return find_method(key) != NO_METHOD;
}

bool rill_signature_wants_bytes(const struct rill_public_key *key)
{
	return find_method(key) == ED25519;
}

enum rill_code rill_signature_verify(const struct rill_public_key *key,
				     const struct rill_message *message, const uint8_t *signature,
				     size_t n, uint8_t *key_sha256, struct rill_error *error)
{
	enum method method = find_method(key);
	mbedtls_pk_context pk;
	enum rill_code code;

	if (method == NO_METHOD)
		return rill_fail(error, RILL_UNSUPPORTED, "key type %.32s, scheme %.32s",
				 key->keytype, key->scheme);
#ifdef RILL_ED25519
	if (method == ED25519)
		return verify_ed25519(key->value, message, signature, n, key_sha256, error);
#endif
	mbedtls_pk_init(&pk);
	code = verify_pem(method == RSA ? verify_rsa : verify_ecdsa, &pk, key->value, message,
			  signature, n, key_sha256, error);
	mbedtls_pk_free(&pk);
	return code;
}
