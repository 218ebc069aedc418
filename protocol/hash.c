/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/hash.h"

#include <mbedtls/sha512.h>
#include <mbedtls/version.h>
#include <stdlib.h>
#include <string.h>

#if MBEDTLS_VERSION_MAJOR < 3 /* 2.28 still has the older names beside these */
#define mbedtls_sha256_starts mbedtls_sha256_starts_ret
#define mbedtls_sha256_update mbedtls_sha256_update_ret
#define mbedtls_sha256_finish mbedtls_sha256_finish_ret
#define mbedtls_sha512 mbedtls_sha512_ret
#endif

#define UPDATE_MOST ((size_t)1 << 30)

static void must(int result)
{
	if (result != 0)
		abort(); /* only hardware implementations can fail, and no result may be made up */
}

#ifdef RILL_NETTLE
void rill_sha256_start(struct rill_sha256 *hash)
{
	sha256_init(&hash->context);
}

void rill_sha256_update(struct rill_sha256 *hash, const void *bytes, size_t n)
{
	sha256_update(&hash->context, n, bytes);
}

void rill_sha256_finish(struct rill_sha256 *hash, uint8_t digest[static RILL_SHA256_SIZE])
{
	sha256_digest(&hash->context, RILL_SHA256_SIZE, digest);
}
#else
void rill_sha256_start(struct rill_sha256 *hash)
{
	mbedtls_sha256_init(&hash->context);
	must(mbedtls_sha256_starts(&hash->context, 0));
}

void rill_sha256_update(struct rill_sha256 *hash, const void *bytes, size_t n)
{
	/* mbedTLS 2.28 counts no more than 32 bits of a call's length. */
	for (const uint8_t *at = bytes; n > 0;) {
		size_t some = n < UPDATE_MOST ? n : UPDATE_MOST;

		must(mbedtls_sha256_update(&hash->context, at, some));
		at += some;
		n -= some;
	}
}

void rill_sha256_finish(struct rill_sha256 *hash, uint8_t digest[static RILL_SHA256_SIZE])
{
	must(mbedtls_sha256_finish(&hash->context, digest));
	mbedtls_sha256_free(&hash->context);
}
#endif

void rill_sha256(const void *bytes, size_t n, uint8_t digest[static RILL_SHA256_SIZE])
{
	struct rill_sha256 hash;

	rill_sha256_start(&hash);
	rill_sha256_update(&hash, bytes, n);
	rill_sha256_finish(&hash, digest);
}

void rill_sha512(const void *bytes, size_t n, uint8_t digest[static RILL_SHA512_SIZE])
{
	must(mbedtls_sha512(bytes, n, digest, 0));
}

void rill_hex(const uint8_t *bytes, size_t n, char *text)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		*text++ = digits[bytes[i] >> 4];
		*text++ = digits[bytes[i] & 15];
	}
	*text = 0;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool rill_unhex(const char *text, uint8_t *bytes, size_t n)
{
	if (strlen(text) != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}
