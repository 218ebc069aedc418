/* SPDX-License-Identifier: Apache-2.0 */
#include "host/pkcs8.h"

#include <mbedtls/aes.h>
#include <mbedtls/asn1.h>
#include <mbedtls/asn1write.h>
#include <mbedtls/md.h>
#include <mbedtls/pem.h>
#include <mbedtls/pkcs5.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/version.h>
#include <string.h>

#define BEGIN "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
#define END "-----END ENCRYPTED PRIVATE KEY-----\n"
#define ITERATIONS 100000
#define ITERATIONS_MAX 10000000
#define SALT_MAX 64
#define DER_MAX 8192

/* Bodies of object identifiers. */
static const char oid_pbes2[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d";
static const char oid_pbkdf2[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c";
static const struct prf {
	char oid[9];
	mbedtls_md_type_t md;
} prfs[] = {
	{"\x2a\x86\x48\x86\xf7\x0d\x02\x07", MBEDTLS_MD_SHA1},
	{"\x2a\x86\x48\x86\xf7\x0d\x02\x09", MBEDTLS_MD_SHA256},
	{"\x2a\x86\x48\x86\xf7\x0d\x02\x0b", MBEDTLS_MD_SHA512},
};
static const struct cipher {
	char oid[10];
	unsigned bytes;
} ciphers[] = {
	{"\x60\x86\x48\x01\x65\x03\x04\x01\x02", 16},
	{"\x60\x86\x48\x01\x65\x03\x04\x01\x16", 24},
	{"\x60\x86\x48\x01\x65\x03\x04\x01\x2a", 32},
};
#define PRF_WRITTEN 1
#define CIPHER_WRITTEN 2

/* How a key is sealed. */
struct seal {
	mbedtls_md_type_t md;
	unsigned key_bytes;
	int iterations;
	uint8_t salt[SALT_MAX], iv[16];
	size_t salt_length;
};

bool pkcs8_is_sealed(const char *pem)
{
	return strstr(pem, "-----BEGIN ENCRYPTED PRIVATE KEY-----") != NULL;
}

static bool derive_key(const struct seal *seal, const char *passphrase, uint8_t *key)
{
	const unsigned char *password = (const unsigned char *)passphrase;
	size_t length = strlen(passphrase);
	unsigned iterations = (unsigned)seal->iterations;
	uint32_t size = seal->key_bytes;
#if MBEDTLS_VERSION_MAJOR < 3
	mbedtls_md_context_t md;
	bool good;

	mbedtls_md_init(&md);
	good = mbedtls_md_setup(&md, mbedtls_md_info_from_type(seal->md), 1) == 0 &&
	       mbedtls_pkcs5_pbkdf2_hmac(&md, password, length, seal->salt, seal->salt_length,
					 iterations, size, key) == 0;
	mbedtls_md_free(&md);
	return good;
#else
	return mbedtls_pkcs5_pbkdf2_hmac_ext(seal->md, password, length, seal->salt,
					     seal->salt_length, iterations, size, key) == 0;
#endif
}

/* AES-CBC over `n` bytes, a multiple of 16, in place. */
static bool crypt(const struct seal *seal, const char *passphrase, int mode, uint8_t *bytes,
		  size_t n)
{
	uint8_t key[32], iv[16];
	mbedtls_aes_context aes;
	bool good;

	memcpy(iv, seal->iv, sizeof iv);
	mbedtls_aes_init(&aes);
	good = derive_key(seal, passphrase, key);
	if (good && mode == MBEDTLS_AES_ENCRYPT)
		good = mbedtls_aes_setkey_enc(&aes, key, 8 * seal->key_bytes) == 0;
	else if (good)
		good = mbedtls_aes_setkey_dec(&aes, key, 8 * seal->key_bytes) == 0;
	good = good && mbedtls_aes_crypt_cbc(&aes, mode, n, iv, bytes, bytes) == 0;
	mbedtls_aes_free(&aes);
	mbedtls_platform_zeroize(key, sizeof key);
	return good;
}

/* Writes before `*at`, as mbedTLS writes ASN.1: from the end. */
static void put(uint8_t **at, const void *bytes, size_t n)
{
	*at -= n;
	memcpy(*at, bytes, n);
}

static void put_header(uint8_t **at, uint8_t *start, uint8_t tag, const uint8_t *end)
{
	mbedtls_asn1_write_len(at, start, (size_t)(end - *at));
	mbedtls_asn1_write_tag(at, start, tag);
}

#define SEQUENCE (MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE)

static void put_item(uint8_t **at, uint8_t *start, uint8_t tag, const void *bytes, size_t n)
{
	const uint8_t *end = *at;

	put(at, bytes, n);
	put_header(at, start, tag, end);
}

/* EncryptedPrivateKeyInfo around what is encrypted already. */
static uint8_t *wrap(const struct seal *seal, const uint8_t *data, size_t n, uint8_t *start,
		     uint8_t *end)
{
	uint8_t *at = end, *algorithm, *scheme, *derivation, *parameters, *prf;

	put_item(&at, start, MBEDTLS_ASN1_OCTET_STRING, data, n);
	algorithm = at;
	scheme = at;
	put_item(&at, start, MBEDTLS_ASN1_OCTET_STRING, seal->iv, sizeof seal->iv);
	put_item(&at, start, MBEDTLS_ASN1_OID, ciphers[CIPHER_WRITTEN].oid, 9);
	put_header(&at, start, SEQUENCE, scheme);
	derivation = at;
	parameters = at;
	prf = at;
	put_item(&at, start, MBEDTLS_ASN1_NULL, "", 0);
	put_item(&at, start, MBEDTLS_ASN1_OID, prfs[PRF_WRITTEN].oid, 8);
	put_header(&at, start, SEQUENCE, prf);
	mbedtls_asn1_write_int(&at, start, seal->iterations);
	put_item(&at, start, MBEDTLS_ASN1_OCTET_STRING, seal->salt, seal->salt_length);
	put_header(&at, start, SEQUENCE, parameters);
	put_item(&at, start, MBEDTLS_ASN1_OID, oid_pbkdf2, 9);
	put_header(&at, start, SEQUENCE, derivation);
	put_header(&at, start, SEQUENCE, algorithm); /* both schemes are PBES2's parameters */
	put_item(&at, start, MBEDTLS_ASN1_OID, oid_pbes2, 9);
	put_header(&at, start, SEQUENCE, algorithm);
	put_header(&at, start, SEQUENCE, end);
	return at;
}

enum rill_code pkcs8_seal(const uint8_t *der, size_t n, const char *passphrase, pkcs8_random random,
			  void *context, struct buffer *pem, struct rill_error *error)
{
	struct seal seal = {.md = MBEDTLS_MD_SHA256,
			    .key_bytes = 32,
			    .iterations = ITERATIONS,
			    .salt_length = 16};
	uint8_t data[DER_MAX], whole[DER_MAX + 512], *start;
	size_t padding = 16 - n % 16, length;
	enum rill_code code;

	if (n + 16 > sizeof data)
		return rill_fail(error, RILL_UNSUPPORTED, "a key of %zu bytes", n);
	if (random(context, seal.salt, seal.salt_length) != 0 ||
	    random(context, seal.iv, sizeof seal.iv) != 0)
		return rill_fail(error, RILL_INTERNAL, "the machine gives no random numbers");
	memcpy(data, der, n);
	memset(data + n, (int)padding, padding);
	if (!crypt(&seal, passphrase, MBEDTLS_AES_ENCRYPT, data, n + padding)) {
		mbedtls_platform_zeroize(data, sizeof data);
		return rill_fail(error, RILL_INTERNAL, "a key cannot be encrypted");
	}
	start = wrap(&seal, data, n + padding, whole, whole + sizeof whole);
	code = buffer_reserve(pem, 2 * sizeof whole, error);
	if (code != RILL_OK)
		return code;
	if (mbedtls_pem_write_buffer(BEGIN, END, start, (size_t)(whole + sizeof whole - start),
				     pem->bytes, 2 * sizeof whole, &length) != 0)
		return rill_fail(error, RILL_INTERNAL, "a key cannot be written");
	pem->length = length - 1;
	return RILL_OK;
}

/* A place in DER that is being read. */
struct reader {
	uint8_t *at;
	const uint8_t *end;
};

static bool enter(struct reader *from, int tag, struct reader *inner)
{
	size_t n;

	if (mbedtls_asn1_get_tag(&from->at, from->end, &n, tag) != 0)
		return false;
	*inner = (struct reader){from->at, from->at + n};
	from->at += n;
	return true;
}

static bool is_oid(struct reader *from, const char *oid, size_t n)
{
	struct reader body;

	return enter(from, MBEDTLS_ASN1_OID, &body) && (size_t)(body.end - body.at) == n &&
	       memcmp(body.at, oid, n) == 0;
}

static bool read_prf(struct reader *from, struct seal *seal)
{
	struct reader prf, oid;
	int ignored;

	seal->md = MBEDTLS_MD_SHA1; /* the default */
	if (from->at < from->end && *from->at == MBEDTLS_ASN1_INTEGER &&
	    mbedtls_asn1_get_int(&from->at, from->end, &ignored) != 0)
		return false;
	if (from->at == from->end)
		return true;
	if (!enter(from, SEQUENCE, &prf) || !enter(&prf, MBEDTLS_ASN1_OID, &oid) ||
	    oid.end - oid.at != 8)
		return false;
	for (size_t i = 0; i < sizeof prfs / sizeof prfs[0]; i++)
		if (memcmp(oid.at, prfs[i].oid, 8) == 0) {
			seal->md = prfs[i].md;
			return true;
		}
	return false;
}

static bool read_derivation(struct reader *from, struct seal *seal)
{
	struct reader derivation, parameters, salt;

	if (!enter(from, SEQUENCE, &derivation) || !is_oid(&derivation, oid_pbkdf2, 9) ||
	    !enter(&derivation, SEQUENCE, &parameters) ||
	    !enter(&parameters, MBEDTLS_ASN1_OCTET_STRING, &salt) ||
	    salt.end - salt.at > SALT_MAX ||
	    mbedtls_asn1_get_int(&parameters.at, parameters.end, &seal->iterations) != 0 ||
	    seal->iterations < 1 || seal->iterations > ITERATIONS_MAX)
		return false;
	seal->salt_length = (size_t)(salt.end - salt.at);
	memcpy(seal->salt, salt.at, seal->salt_length);
	return read_prf(&parameters, seal);
}

static bool read_cipher(struct reader *from, struct seal *seal)
{
	struct reader scheme, oid, iv;

	if (!enter(from, SEQUENCE, &scheme) || !enter(&scheme, MBEDTLS_ASN1_OID, &oid) ||
	    oid.end - oid.at != 9 || !enter(&scheme, MBEDTLS_ASN1_OCTET_STRING, &iv) ||
	    iv.end - iv.at != 16)
		return false;
	memcpy(seal->iv, iv.at, 16);
	for (size_t i = 0; i < sizeof ciphers / sizeof ciphers[0]; i++)
		if (memcmp(oid.at, ciphers[i].oid, 9) == 0)
			seal->key_bytes = ciphers[i].bytes;
	return seal->key_bytes != 0;
}

static bool unwrap(struct reader all, struct seal *seal, struct reader *data)
{
	struct reader info, algorithm, schemes;

	return enter(&all, SEQUENCE, &info) && enter(&info, SEQUENCE, &algorithm) &&
	       is_oid(&algorithm, oid_pbes2, 9) && enter(&algorithm, SEQUENCE, &schemes) &&
	       read_derivation(&schemes, seal) && read_cipher(&schemes, seal) &&
	       enter(&info, MBEDTLS_ASN1_OCTET_STRING, data) && data->end > data->at &&
	       (data->end - data->at) % 16 == 0;
}

/* PKCS#7 padding, RFC 8018 section 6.1.1; 0 when it is wrong. */
static size_t unpadded(const uint8_t *bytes, size_t n)
{
	uint8_t padding = bytes[n - 1];

	if (padding < 1 || padding > 16 || padding >= n)
		return 0;
	for (size_t i = n - padding; i < n; i++)
		if (bytes[i] != padding)
			return 0;
	return n - padding;
}

static enum rill_code open_der(uint8_t *whole, size_t n, const char *passphrase, struct buffer *der,
			       bool *opened, struct rill_error *error)
{
	struct seal seal = {.key_bytes = 0};
	struct reader data;
	enum rill_code code;

	if (!unwrap((struct reader){whole, whole + n}, &seal, &data))
		return rill_fail(error, RILL_UNSUPPORTED,
				 "encrypted in a way that is not known here; openssl pkcs8 -topk8 "
				 "-v2 aes-256-cbc writes one that is");
	code = buffer_append(der, data.at, (size_t)(data.end - data.at), error);
	if (code != RILL_OK)
		return code;
	if (!crypt(&seal, passphrase, MBEDTLS_AES_DECRYPT, der->bytes, der->length))
		return rill_fail(error, RILL_INTERNAL, "a key cannot be decrypted");
	der->length = unpadded(der->bytes, der->length);
	*opened = der->length > 0 && der->bytes[0] == SEQUENCE;
	return RILL_OK;
}

enum rill_code pkcs8_open(const char *pem, const char *passphrase, struct buffer *der, bool *opened,
			  struct rill_error *error)
{
	mbedtls_pem_context context;
	size_t used;
	enum rill_code code;

	*opened = false;
	mbedtls_pem_init(&context);
	if (mbedtls_pem_read_buffer(&context, "-----BEGIN ENCRYPTED PRIVATE KEY-----",
				    "-----END ENCRYPTED PRIVATE KEY-----",
				    (const unsigned char *)pem, NULL, 0, &used) != 0)
		code = rill_fail(error, RILL_IO, "not valid PEM");
	else
#if MBEDTLS_VERSION_MAJOR < 3
		code = open_der(context.buf, context.buflen, passphrase, der, opened, error);
#else
		code = open_der(context.MBEDTLS_PRIVATE(buf), context.MBEDTLS_PRIVATE(buflen),
				passphrase, der, opened, error);
#endif
	mbedtls_pem_free(&context);
	return code;
}
