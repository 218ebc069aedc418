/* SPDX-License-Identifier: Apache-2.0
 *
 * SHA-256 (FIPS 180-4) behind the names of mbedTLS, for builds of the decoder on machines that
 * have no mbedTLS here. The tests that use it compare with hashes that mbedTLS made.
 */
#include <mbedtls/sha256.h>
#include <mbedtls/version.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if MBEDTLS_VERSION_MAJOR < 3
#define mbedtls_sha256_starts mbedtls_sha256_starts_ret
#define mbedtls_sha256_update mbedtls_sha256_update_ret
#define mbedtls_sha256_finish mbedtls_sha256_finish_ret
#endif

/* In the context's memory, whatever its members are called. */
struct state {
	uint64_t n;
	uint32_t h[8];
	uint8_t block[64];
};

_Static_assert(sizeof(struct state) <= sizeof(mbedtls_sha256_context), "the state does not fit");

static uint32_t rotate(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

/* Fractions of the cube roots of the first primes, and of their square roots (4.2.2, 5.3.3). */
static const uint32_t k[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};
static const uint32_t first[8] = {
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
	0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static void hash_block(struct state *s)
{
	uint32_t w[64], v[8];

	for (unsigned i = 0; i < 64; i++) {
		const uint8_t *b = s->block + 4 * i;

		if (i < 16) {
			w[i] = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 |
			       b[3];
			continue;
		}
		w[i] = (rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10) + w[i - 7] +
		       (rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3) + w[i - 16];
	}
	memcpy(v, s->h, sizeof v);
	for (unsigned i = 0; i < 64; i++) {
		uint32_t t = v[7] + (rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)) +
			     ((v[4] & v[5]) ^ (~v[4] & v[6])) + k[i] + w[i];
		uint32_t u = (rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)) +
			     ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));

		memmove(v + 1, v, 7 * sizeof v[0]);
		v[4] += t;
		v[0] = t + u;
	}
	for (unsigned i = 0; i < 8; i++)
		s->h[i] += v[i];
}

void mbedtls_sha256_init(mbedtls_sha256_context *context)
{
	memset(context, 0, sizeof *context);
}

void mbedtls_sha256_free(mbedtls_sha256_context *context)
{
	memset(context, 0, sizeof *context);
}

int mbedtls_sha256_starts(mbedtls_sha256_context *context, int is224)
{
	struct state *s = (struct state *)(void *)context;

	(void)is224;
	s->n = 0;
	memcpy(s->h, first, sizeof s->h);
	return 0;
}

int mbedtls_sha256_update(mbedtls_sha256_context *context, const unsigned char *bytes, size_t n)
{
	struct state *s = (struct state *)(void *)context;

	while (n > 0) {
		size_t at = (size_t)(s->n % 64), some = n < 64 - at ? n : 64 - at;

		memcpy(s->block + at, bytes, some);
		s->n += some;
		bytes += some;
		n -= some;
		if (at + some == 64)
			hash_block(s);
	}
	return 0;
}

int mbedtls_sha256_finish(mbedtls_sha256_context *context, unsigned char digest[32])
{
	struct state *s = (struct state *)(void *)context;
	uint64_t bits = s->n * 8;
	uint8_t byte = 0x80;

	do {
		mbedtls_sha256_update(context, &byte, 1);
		byte = 0;
	} while (s->n % 64 != 56);
	for (unsigned i = 0; i < 8; i++) {
		byte = (uint8_t)(bits >> (56 - 8 * i));
		mbedtls_sha256_update(context, &byte, 1);
	}
	for (unsigned i = 0; i < 32; i++)
		digest[i] = (uint8_t)(s->h[i / 4] >> (24 - 8 * (i % 4)));
	return 0;
}
