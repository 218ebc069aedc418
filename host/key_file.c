/* SPDX-License-Identifier: Apache-2.0 */
#include "host/key.h"

#include "host/file.h"
#include "host/key_describe.h"
#include "host/passphrase.h"
#include "host/pkcs8.h"
#include <mbedtls/ecp.h>
#include <mbedtls/error.h>
#include <mbedtls/pem.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/rsa.h>
#include <mbedtls/version.h>
#include <stdlib.h>
#include <string.h>

#define RSA_BITS 3072

static enum rill_code failed(const char *path, int result, struct rill_error *error)
{
	char text[128];

	mbedtls_strerror(result, text, sizeof text);
	return rill_fail(error, RILL_IO, "%s: %s", path, text);
}

static enum rill_code start(struct key *key, const char *path, struct rill_error *error)
{
	memset(key, 0, sizeof *key);
	key->file = path;
	mbedtls_pk_init(&key->pk);
	mbedtls_entropy_init(&key->entropy);
	mbedtls_ctr_drbg_init(&key->random);
	if (mbedtls_ctr_drbg_seed(&key->random, mbedtls_entropy_func, &key->entropy, NULL, 0) != 0)
		return rill_fail(error, RILL_INTERNAL, "the machine gives no random numbers");
	return RILL_OK;
}

static mbedtls_ecp_group_id get_group(const mbedtls_pk_context *pk)
{
#if MBEDTLS_VERSION_MAJOR < 3
	return mbedtls_pk_ec(*pk)->grp.id;
#else
	return mbedtls_ecp_keypair_get_group_id(mbedtls_pk_ec(*pk));
#endif
}

/* Fills in what follows from the key itself, when it is of a kind that metadata may have. */
static enum rill_code describe(struct key *key, struct rill_error *error)
{
	int result;

	if (mbedtls_pk_can_do(&key->pk, MBEDTLS_PK_ECDSA) &&
	    get_group(&key->pk) == MBEDTLS_ECP_DP_SECP256R1)
		key->kind = KEY_P256;
	else if (mbedtls_pk_get_type(&key->pk) == MBEDTLS_PK_RSA &&
		 mbedtls_pk_get_bitlen(&key->pk) >= 2048 && mbedtls_pk_get_bitlen(&key->pk) <= 4096)
		key->kind = KEY_RSA;
	else
		return rill_fail(error, RILL_UNSUPPORTED,
				 "%s: neither ECDSA on P-256 nor RSA of 2048 to 4096 bits",
				 key->file);
	result = mbedtls_pk_write_pubkey_pem(&key->pk, (unsigned char *)key->public_value,
					     sizeof key->public_value);
	return result == 0 ? key_describe(key, error) : failed(key->file, result, error);
}

/* PrivateKeyInfo (RFC 5958) around what mbedTLS writes, which is RFC 5915's or RFC 8017's. */
static size_t to_pkcs8(struct key *key, uint8_t *der, size_t room)
{
	static const uint8_t p256[] = {0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a,
				       0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08,
				       0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
	static const uint8_t rsa[] = {0x02, 0x01, 0x00, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86,
				      0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
	const uint8_t *head = key->kind == KEY_RSA ? rsa : p256;
	size_t head_length = key->kind == KEY_RSA ? sizeof rsa : sizeof p256, n;
	int length = mbedtls_pk_write_key_der(&key->pk, der, room);

	if (length <= 0 || (size_t)length > UINT16_MAX - 64)
		return 0;
	n = (size_t)length;
	/* Both containers with lengths of two bytes, from the end of `der`. */
	const uint8_t octets[] = {0x04, 0x82, (uint8_t)(n >> 8), (uint8_t)n};
	size_t inner = head_length + sizeof octets + n;
	const uint8_t sequence[] = {0x30, 0x82, (uint8_t)(inner >> 8), (uint8_t)inner};

	if (sizeof sequence + inner > room)
		return 0;
	memmove(der + sizeof sequence + head_length + sizeof octets, der + room - n, n);
	memcpy(der, sequence, sizeof sequence);
	memcpy(der + sizeof sequence, head, head_length);
	memcpy(der + sizeof sequence + head_length, octets, sizeof octets);
	return sizeof sequence + inner;
}

static enum rill_code to_pem(struct key *key, const char *passphrase, struct buffer *pem,
			     struct rill_error *error)
{
	uint8_t der[KEY_PEM_MAX];
	enum rill_code code;
	size_t n;
	int result;

	if (passphrase) {
		n = to_pkcs8(key, der, sizeof der);
		code = n ? pkcs8_seal(der, n, passphrase, mbedtls_ctr_drbg_random, &key->random,
				      pem, error)
			 : rill_fail(error, RILL_INTERNAL, "a key cannot be written");
		mbedtls_platform_zeroize(der, sizeof der);
		return code;
	}
	code = buffer_reserve(pem, KEY_PEM_MAX, error);
	if (code != RILL_OK)
		return code;
	result = mbedtls_pk_write_key_pem(&key->pk, pem->bytes, KEY_PEM_MAX);
	pem->length = result == 0 ? strlen((char *)pem->bytes) : 0;
	return result == 0 ? RILL_OK : failed(key->file, result, error);
}

static void wipe(struct buffer *buffer)
{
	if (buffer->bytes)
		mbedtls_platform_zeroize(buffer->bytes, buffer->capacity);
	buffer_free(buffer);
}

/* SubjectPublicKeyInfo of Ed25519 (RFC 8410) is these bytes and the key. */
static const uint8_t ed25519_head[12] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
					 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
#define ED25519_SIZE 32

static enum rill_code save_public(const struct key *key, const char *path, struct rill_error *error)
{
	uint8_t der[sizeof ed25519_head + ED25519_SIZE], pem[256];
	size_t n;

	if (key->kind != KEY_ED25519)
		return write_new_file(path, key->public_value, strlen(key->public_value), 0644,
				      error);
	memcpy(der, ed25519_head, sizeof ed25519_head);
	rill_unhex(key->public_value, der + sizeof ed25519_head, ED25519_SIZE);
	if (mbedtls_pem_write_buffer("-----BEGIN PUBLIC KEY-----\n", "-----END PUBLIC KEY-----\n",
				     der, sizeof der, pem, sizeof pem, &n) != 0)
		return rill_fail(error, RILL_INTERNAL, "a key cannot be written");
	return write_new_file(path, pem, n - 1, 0644, error);
}

enum rill_code key_save(struct key *key, const char *path, const char *passphrase,
			struct rill_error *error)
{
	struct buffer pem = {0};
	enum rill_code code;

	if (key->is_private) {
		code = to_pem(key, passphrase, &pem, error);
		if (code == RILL_OK)
			code = write_new_file(path, pem.bytes, pem.length, 0600, error);
		wipe(&pem);
	} else {
		code = save_public(key, path, error);
	}
	if (code == RILL_USAGE)
		rill_error_in(error, "a key is never written over");
	return code;
}

enum rill_code key_new(struct key *key, const char *path, enum key_kind kind,
		       const char *passphrase, struct rill_error *error)
{
	enum rill_code code = start(key, path, error);
	int result;

	if (code != RILL_OK)
		return code;
	result = mbedtls_pk_setup(
		&key->pk,
		mbedtls_pk_info_from_type(kind == KEY_RSA ? MBEDTLS_PK_RSA : MBEDTLS_PK_ECKEY));
	if (result == 0 && kind == KEY_RSA)
		result = mbedtls_rsa_gen_key(mbedtls_pk_rsa(key->pk), mbedtls_ctr_drbg_random,
					     &key->random, RSA_BITS, 65537);
	else if (result == 0)
		result = mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(key->pk),
					     mbedtls_ctr_drbg_random, &key->random);
	if (result != 0)
		return failed(path, result, error);
	key->is_private = true;
	code = describe(key, error);
	return code == RILL_OK ? key_save(key, path, passphrase, error) : code;
}

static int parse_private(struct key *key, const void *bytes, size_t n, const char *passphrase)
{
	const unsigned char *word = (const unsigned char *)passphrase;
	size_t length = passphrase ? strlen(passphrase) : 0;

#if MBEDTLS_VERSION_MAJOR < 3
	return mbedtls_pk_parse_key(&key->pk, bytes, n, word, length);
#else
	return mbedtls_pk_parse_key(&key->pk, bytes, n, word, length, mbedtls_ctr_drbg_random,
				    &key->random);
#endif
}

/* Tries one passphrase; `*opened` is false when it is another. */
static enum rill_code try_passphrase(struct key *key, const char *pem, const char *passphrase,
				     bool *opened, struct rill_error *error)
{
	struct buffer der = {0};
	enum rill_code code = RILL_OK;

	if (!pkcs8_is_sealed(pem)) {
		*opened = parse_private(key, pem, strlen(pem) + 1, passphrase) == 0;
		return RILL_OK;
	}
	code = pkcs8_open(pem, passphrase, &der, opened, error);
	if (code == RILL_OK && *opened)
		*opened = parse_private(key, der.bytes, der.length, NULL) == 0;
	wipe(&der);
	return code;
}

static enum rill_code unlock(struct key *key, const char *pem, const struct key_access *access,
			     struct rill_error *error)
{
	const char *environment = getenv("MKDELTA_PASSPHRASE");
	char passphrase[PASSPHRASE_MAX], prompt[512];
	bool opened = false;
	enum rill_code code = RILL_OK;

	for (size_t i = 0; code == RILL_OK && !opened && i < access->passphrase_files.count; i++) {
		code = passphrase_read(access->passphrase_files.items[i], passphrase, error);
		if (code == RILL_OK)
			code = try_passphrase(key, pem, passphrase, &opened, error);
	}
	if (code == RILL_OK && !opened && environment)
		code = try_passphrase(key, pem, environment, &opened, error);
	snprintf(prompt, sizeof prompt, "Passphrase of %s: ", key->file);
	if (code == RILL_OK && !opened && passphrase_ask(prompt, passphrase))
		code = try_passphrase(key, pem, passphrase, &opened, error);
	mbedtls_platform_zeroize(passphrase, sizeof passphrase);
	if (code == RILL_OK && !opened)
		code = rill_fail(error, RILL_USAGE,
				 "encrypted: --passphrase-file FILE or $MKDELTA_PASSPHRASE has not "
				 "its passphrase");
	if (code != RILL_OK)
		rill_error_in(error, "%s", key->file);
	return code;
}

/* An Ed25519 public key, which mbedTLS does not know. */
static bool parse_ed25519(struct key *key, const char *pem)
{
	mbedtls_pem_context context;
	const uint8_t *der;
	size_t n, used;
	bool is;

	mbedtls_pem_init(&context);
	is = mbedtls_pem_read_buffer(&context, "-----BEGIN PUBLIC KEY-----",
				     "-----END PUBLIC KEY-----", (const unsigned char *)pem, NULL,
				     0, &used) == 0;
#if MBEDTLS_VERSION_MAJOR < 3
	der = context.buf;
	n = context.buflen;
#else
	der = context.MBEDTLS_PRIVATE(buf);
	n = context.MBEDTLS_PRIVATE(buflen);
#endif
	is = is && n == sizeof ed25519_head + ED25519_SIZE &&
	     memcmp(der, ed25519_head, sizeof ed25519_head) == 0;
	if (is)
		rill_hex(der + sizeof ed25519_head, ED25519_SIZE, key->public_value);
	mbedtls_pem_free(&context);
	return is;
}

static enum rill_code parse(struct key *key, const char *pem, size_t n,
			    const struct key_access *access, struct rill_error *error)
{
	enum rill_code code;
	int result;

	if (pkcs8_is_sealed(pem) || strstr(pem, "Proc-Type: 4,ENCRYPTED")) {
		code = unlock(key, pem, access, error);
		key->is_private = true;
		return code == RILL_OK ? describe(key, error) : code;
	}
	/* PEM for mbedTLS includes the final NUL; DER does not. */
	n += strstr(pem, "-----BEGIN") != NULL;
	result = parse_private(key, pem, n, NULL);
	key->is_private = result == 0;
	if (result == 0)
		return describe(key, error);
	if (mbedtls_pk_parse_public_key(&key->pk, (const unsigned char *)pem, n) == 0)
		return describe(key, error);
	if (parse_ed25519(key, pem)) {
		key->kind = KEY_ED25519;
		return key_describe(key, error);
	}
	return failed(key->file, result, error);
}

enum rill_code key_open(struct key *key, const char *path, const struct key_access *access,
			struct rill_error *error)
{
	struct input file = {0};
	char text[KEY_PEM_MAX + 1];
	enum rill_code code = start(key, path, error);

	if (code == RILL_OK)
		code = input_open(&file, path, error);
	if (code == RILL_OK && file.length > KEY_PEM_MAX)
		code = rill_fail(error, RILL_IO, "%s: too long for a key", path);
	if (code == RILL_OK) {
		if (file.length)
			memcpy(text, file.bytes, file.length);
		text[file.length] = 0;
		key->command = access->command;
		code = parse(key, text, file.length, access, error);
		mbedtls_platform_zeroize(text, sizeof text);
	}
	input_close(&file);
	return code;
}
