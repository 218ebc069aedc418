/* SPDX-License-Identifier: Apache-2.0 */
#include "host/key.h"

#include "host/file.h"
#include "protocol/json.h"
#include <mbedtls/ecp.h>
#include <mbedtls/error.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/version.h>
#include <string.h>
#include <unistd.h>

static enum rill_code failed(const char *path, int result, struct rill_error *error)
{
	char text[128];

	mbedtls_strerror(result, text, sizeof text);
	return rill_fail(error, RILL_IO, "%s: %s", path, text);
}

static enum rill_code start(struct key *key, struct rill_error *error)
{
	memset(key, 0, sizeof *key);
	mbedtls_pk_init(&key->pk);
	mbedtls_entropy_init(&key->entropy);
	mbedtls_ctr_drbg_init(&key->random);
	if (mbedtls_ctr_drbg_seed(&key->random, mbedtls_entropy_func, &key->entropy, NULL, 0) != 0)
		return rill_fail(error, RILL_INTERNAL, "the machine gives no random numbers");
	return RILL_OK;
}

cJSON *key_to_tuf(const struct key *key)
{
	cJSON *object = cJSON_CreateObject(), *value;

	cJSON_AddStringToObject(object, "keytype", "ecdsa");
	cJSON_AddStringToObject(object, "scheme", "ecdsa-sha2-nistp256");
	value = cJSON_AddObjectToObject(object, "keyval");
	cJSON_AddStringToObject(value, "public", key->public_pem);
	return object;
}

/* Fills in what follows from the key itself. */
static enum rill_code describe(struct key *key, const char *path, struct rill_error *error)
{
	cJSON *object;
	char *text;
	struct rill_json json;
	uint8_t digest[RILL_SHA256_SIZE];
	enum rill_code code;
	int result = mbedtls_pk_write_pubkey_pem(&key->pk, (unsigned char *)key->public_pem,
						 sizeof key->public_pem);

	if (result != 0)
		return failed(path, result, error);
	object = key_to_tuf(key);
	text = cJSON_PrintUnformatted(object);
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

enum rill_code key_new(struct key *key, const char *path, struct rill_error *error)
{
	unsigned char pem[KEY_PEM_MAX];
	enum rill_code code = start(key, error);
	int result;

	if (code != RILL_OK)
		return code;
	result = mbedtls_pk_setup(&key->pk, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
	if (result == 0)
		result = mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(key->pk),
					     mbedtls_ctr_drbg_random, &key->random);
	if (result == 0)
		result = mbedtls_pk_write_key_pem(&key->pk, pem, sizeof pem);
	if (result != 0)
		return failed(path, result, error);
	code = write_new_file(path, pem, strlen((char *)pem), 0600, error);
	if (code == RILL_USAGE)
		rill_error_in(error, "a key is never written over");
	mbedtls_platform_zeroize(pem, sizeof pem);
	return code == RILL_OK ? describe(key, path, error) : code;
}

static mbedtls_ecp_group_id get_group(const mbedtls_pk_context *pk)
{
#if MBEDTLS_VERSION_MAJOR < 3
	return mbedtls_pk_ec(*pk)->grp.id;
#else
	return mbedtls_ecp_keypair_get_group_id(mbedtls_pk_ec(*pk));
#endif
}

static int parse_file(struct key *key, const char *path)
{
#if MBEDTLS_VERSION_MAJOR < 3
	return mbedtls_pk_parse_keyfile(&key->pk, path, NULL);
#else
	return mbedtls_pk_parse_keyfile(&key->pk, path, NULL, mbedtls_ctr_drbg_random,
					&key->random);
#endif
}

enum rill_code key_open(struct key *key, const char *path, struct rill_error *error)
{
	enum rill_code code = start(key, error);
	int result;

	if (code != RILL_OK)
		return code;
	result = parse_file(key, path);
	if (result != 0)
		return failed(path, result, error);
	if (!mbedtls_pk_can_do(&key->pk, MBEDTLS_PK_ECDSA) ||
	    get_group(&key->pk) != MBEDTLS_ECP_DP_SECP256R1)
		return rill_fail(error, RILL_UNSUPPORTED, "%s: not an ECDSA key on P-256", path);
	return describe(key, path, error);
}

void key_close(struct key *key)
{
	mbedtls_pk_free(&key->pk);
	mbedtls_ctr_drbg_free(&key->random);
	mbedtls_entropy_free(&key->entropy);
}

enum rill_code key_sign(struct key *key, const uint8_t digest[static RILL_SHA256_SIZE],
			uint8_t signature[static RILL_SIGNATURE_MAX], size_t *n,
			struct rill_error *error)
{
#if MBEDTLS_VERSION_MAJOR < 3
	int result = mbedtls_pk_sign(&key->pk, MBEDTLS_MD_SHA256, digest, RILL_SHA256_SIZE,
				     signature, n, mbedtls_ctr_drbg_random, &key->random);
#else
	int result = mbedtls_pk_sign(&key->pk, MBEDTLS_MD_SHA256, digest, RILL_SHA256_SIZE,
				     signature, RILL_SIGNATURE_MAX, n, mbedtls_ctr_drbg_random,
				     &key->random);
#endif

	return result ? failed("signing", result, error) : RILL_OK;
}
