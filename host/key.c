/* SPDX-License-Identifier: Apache-2.0 */
#include "host/key.h"

#include "host/key_describe.h"
#include "host/sign_command.h"
#include "protocol/json.h"
#include <mbedtls/error.h>
#include <mbedtls/pem.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/version.h>
#include <string.h>

static const struct {
	const char *name, *keytype, *scheme;
} kinds[] = {
	[KEY_P256] = {"ECDSA P-256", "ecdsa", "ecdsa-sha2-nistp256"},
	[KEY_RSA] = {"RSA-PSS", "rsa", "rsassa-pss-sha256"},
	[KEY_ED25519] = {"Ed25519", "ed25519", "ed25519"},
};

const char *key_kind_name(enum key_kind kind)
{
	return kinds[kind].name;
}

cJSON *key_to_tuf(const struct key *key)
{
	cJSON *object = cJSON_CreateObject(), *value;

	cJSON_AddStringToObject(object, "keytype", kinds[key->kind].keytype);
	cJSON_AddStringToObject(object, "scheme", kinds[key->kind].scheme);
	value = cJSON_AddObjectToObject(object, "keyval");
	cJSON_AddStringToObject(value, "public", key->public_value);
	return object;
}

/* The SHA-256 of the key object's canonical form. */
enum rill_code key_describe(struct key *key, struct rill_error *error)
{
	cJSON *object = key_to_tuf(key);
	char *text = cJSON_PrintUnformatted(object);
	struct rill_json json;
	uint8_t digest[RILL_SHA256_SIZE];
	enum rill_code code;

	cJSON_Delete(object);
	if (!text)
		return rill_fail(error, RILL_MEMORY, "no memory");
	code = rill_json_parse(&json, text, strlen(text), 64, error);
	cJSON_free(text);
	if (code != RILL_OK)
		return code;
	rill_json_canonical_sha256(&json, RILL_JSON_ROOT, digest);
	rill_hex(digest, sizeof digest, key->id);
	rill_json_free(&json);
	return RILL_OK;
}

void key_close(struct key *key)
{
	mbedtls_pk_free(&key->pk);
	mbedtls_ctr_drbg_free(&key->random);
	mbedtls_entropy_free(&key->entropy);
}

#if MBEDTLS_VERSION_MAJOR < 3
static int sign_hash(struct key *key, const uint8_t *sha256, uint8_t *signature, size_t *n)
{
	return mbedtls_pk_sign(&key->pk, MBEDTLS_MD_SHA256, sha256, RILL_SHA256_SIZE, signature, n,
			       mbedtls_ctr_drbg_random, &key->random);
}

static int sign_pss(struct key *key, const uint8_t *sha256, uint8_t *signature, size_t *n)
{
	mbedtls_rsa_context *rsa = mbedtls_pk_rsa(key->pk);

	*n = mbedtls_rsa_get_len(rsa);
	mbedtls_rsa_set_padding(rsa, MBEDTLS_RSA_PKCS_V21, MBEDTLS_MD_SHA256);
	/* The salt is as long as the hash. */
	return mbedtls_rsa_rsassa_pss_sign_ext(rsa, mbedtls_ctr_drbg_random, &key->random,
					       MBEDTLS_MD_SHA256, RILL_SHA256_SIZE, sha256,
					       RILL_SHA256_SIZE, signature);
}
#else
static int sign_hash(struct key *key, const uint8_t *sha256, uint8_t *signature, size_t *n)
{
	return mbedtls_pk_sign(&key->pk, MBEDTLS_MD_SHA256, sha256, RILL_SHA256_SIZE, signature,
			       RILL_SIGNATURE_MAX, n, mbedtls_ctr_drbg_random, &key->random);
}

static int sign_pss(struct key *key, const uint8_t *sha256, uint8_t *signature, size_t *n)
{
	mbedtls_rsa_context *rsa = mbedtls_pk_rsa(key->pk);

	*n = mbedtls_rsa_get_len(rsa);
	mbedtls_rsa_set_padding(rsa, MBEDTLS_RSA_PKCS_V21, MBEDTLS_MD_SHA256);
	return mbedtls_rsa_rsassa_pss_sign_ext(rsa, mbedtls_ctr_drbg_random, &key->random,
					       MBEDTLS_MD_SHA256, RILL_SHA256_SIZE, sha256,
					       RILL_SHA256_SIZE, signature);
}
#endif

static enum rill_code sign(struct key *key, const struct rill_message *message, uint8_t *signature,
			   size_t *n, struct rill_error *error)
{
	char text[128];
	int result;

	if (!key->is_private && !key->command)
		return rill_fail(error, RILL_USAGE,
				 "a public key alone: --sign-command says what signs for it");
	if (!key->is_private)
		return sign_by_command(key->command, key->file, key->id, kinds[key->kind].scheme,
				       message->bytes, message->n, signature, RILL_SIGNATURE_MAX, n,
				       error);
	result = key->kind == KEY_RSA ? sign_pss(key, message->sha256, signature, n)
				      : sign_hash(key, message->sha256, signature, n);
	if (result == 0)
		return RILL_OK;
	mbedtls_strerror(result, text, sizeof text);
	return rill_fail(error, RILL_IO, "signing: %s", text);
}

enum rill_code key_sign(struct key *key, const struct rill_message *message,
			uint8_t signature[static RILL_SIGNATURE_MAX], size_t *n,
			struct rill_error *error)
{
	const struct rill_public_key public = {kinds[key->kind].keytype, kinds[key->kind].scheme,
					       key->public_value};
	uint8_t ignored[RILL_SHA256_SIZE];
	enum rill_code code = sign(key, message, signature, n, error);

	/* A build that cannot verify a scheme must still be able to publish with it. */
	if (code == RILL_OK && rill_signature_is_supported(&public))
		code = rill_signature_verify(&public, message, signature, *n, ignored, error);
	if (code != RILL_OK)
		rill_error_in(error, "%s", key->file);
	return code;
}
