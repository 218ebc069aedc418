/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/signature.h"

#include <mbedtls/pk.h>
#include <mbedtls/version.h>
#include <string.h>

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

static enum rill_code verify(mbedtls_pk_context *key, const char *pem, const uint8_t *digest,
			     const uint8_t *signature, size_t n, uint8_t *key_sha256,
			     struct rill_error *error)
{
	unsigned char der[256]; /* P-256 takes 91 bytes; mbedTLS writes to the end */
	int length;

	/* PEM for mbedTLS includes the final NUL. */
	if (mbedtls_pk_parse_public_key(key, (const unsigned char *)pem, strlen(pem) + 1) != 0)
		return rill_fail(error, RILL_SECURITY, "a public key is not valid PEM");
	if (!mbedtls_pk_can_do(key, MBEDTLS_PK_ECDSA) || get_group(key) != MBEDTLS_ECP_DP_SECP256R1)
		return rill_fail(error, RILL_UNSUPPORTED, "a key that is not on the curve P-256");
	if (mbedtls_pk_verify(key, MBEDTLS_MD_SHA256, digest, RILL_SHA256_SIZE, signature, n) != 0)
		return rill_fail(error, RILL_SECURITY, "a signature is wrong");
	length = mbedtls_pk_write_pubkey_der(key, der, sizeof der);
	if (length <= 0)
		return rill_fail(error, RILL_INTERNAL, "a key that cannot be written");
	rill_sha256(der + sizeof der - length, (size_t)length, key_sha256);
	return RILL_OK;
}

enum rill_code rill_signature_verify(const char *keytype, const char *scheme, const char *pem,
				     const uint8_t digest[static RILL_SHA256_SIZE],
				     const uint8_t *signature, size_t n, uint8_t *key_sha256,
				     struct rill_error *error)
{
	mbedtls_pk_context key;
	enum rill_code code;

	if ((strcmp(keytype, "ecdsa") != 0 && strcmp(keytype, "ecdsa-sha2-nistp256") != 0) ||
	    strcmp(scheme, "ecdsa-sha2-nistp256") != 0)
		return rill_fail(error, RILL_UNSUPPORTED, "key type %.32s, scheme %.32s", keytype,
				 scheme);
	mbedtls_pk_init(&key);
	code = verify(&key, pem, digest, signature, n, key_sha256, error);
	mbedtls_pk_free(&key);
	return code;
}
