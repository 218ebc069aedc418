/* SPDX-License-Identifier: Apache-2.0
 *
 * SHA-256 and SHA-512 (FIPS 180-4), and hexadecimal text as TUF and OCI write it. By mbedTLS;
 * SHA-256 by Nettle where the build has it: every byte of a base and of an output passes through
 * it, and Nettle uses the instructions that x86-64 and arm64 have for that.
 */
#ifndef RILL_HASH_H
#define RILL_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef RILL_NETTLE
#include <nettle/sha2.h>
#else
#include <mbedtls/sha256.h>
#endif

#define RILL_SHA256_SIZE 32
#define RILL_SHA512_SIZE 64
/* Room for a digest in hexadecimal, with its final NUL. */
#define RILL_SHA256_HEX (2 * RILL_SHA256_SIZE + 1)

/* Caller-allocated; holds no pointers, so it may be copied to fork a running hash. */
struct rill_sha256 {
#ifdef RILL_NETTLE
	struct sha256_ctx context;
#else
	mbedtls_sha256_context context;
#endif
};

/* These cannot fail: a hash that its library cannot compute ends the program. */
void rill_sha256_start(struct rill_sha256 *hash);
void rill_sha256_update(struct rill_sha256 *hash, const void *bytes, size_t n);
void rill_sha256_finish(struct rill_sha256 *hash, uint8_t digest[static RILL_SHA256_SIZE]);
void rill_sha256(const void *bytes, size_t n, uint8_t digest[static RILL_SHA256_SIZE]);

/* SHA-512, which TUF metadata of others may have. */
void rill_sha512(const void *bytes, size_t n, uint8_t digest[static RILL_SHA512_SIZE]);

/* Writes 2 * n lower-case digits and a NUL to `text`. */
void rill_hex(const uint8_t *bytes, size_t n, char *text);
/* Reads exactly 2 * n lower-case digits from a C string of that length. */
bool rill_unhex(const char *text, uint8_t *bytes, size_t n);

#endif
