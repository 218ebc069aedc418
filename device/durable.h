/* SPDX-License-Identifier: Apache-2.0
 *
 * Small files that survive a power cut, and the errors of system calls. Every failure
 * names the path.
 */
#ifndef RILL_DEVICE_DURABLE_H
#define RILL_DEVICE_DURABLE_H

#include "protocol/error.h"
#include "protocol/hash.h"
#include <stddef.h>
#include <stdint.h>

/* Records errno as RILL_NO_SPACE (no room or quota) or RILL_IO. `doing` is a verb: "write". */
enum rill_code system_failed(const char *path, const char *doing, struct rill_error *error);

/* Writes all bytes, however many calls it takes. */
enum rill_code write_fully(int fd, const char *path, const void *bytes, size_t n,
			   struct rill_error *error);
enum rill_code write_fully_at(int fd, const char *path, uint64_t offset, const void *bytes,
			      size_t n, struct rill_error *error);
/* Reads exactly n bytes at an offset; RILL_IO when the file is shorter. */
enum rill_code read_fully(int fd, const char *path, uint64_t offset, void *bytes, size_t n,
			  struct rill_error *error);

/* The SHA-256 of the first `length` bytes. */
enum rill_code hash_fully(int fd, const char *path, uint64_t length, uint8_t *digest,
			  struct rill_error *error);

/* Compares the first `length` bytes, as storage gives them back, with their SHA-256: RILL_CORRUPT.
 * They were synced before. */
enum rill_code read_back(int fd, const char *path, uint64_t length, const uint8_t *sha256,
			 struct rill_error *error);

/* RILL_NO_SPACE when the file system of `fd` has not so many bytes free. */
enum rill_code need_room(int fd, const char *path, uint64_t bytes, struct rill_error *error);
/* Takes up room for `length` bytes in a file, whose size stays, where the file system can. */
enum rill_code reserve_room(int fd, const char *path, uint64_t length, struct rill_error *error);

/* A name for a file that stands for any text: half of its SHA-256. */
#define DURABLE_NAME (RILL_SHA256_SIZE + 1)
void durable_name(char name[static DURABLE_NAME], const char *text);

/* Replaces FOLDER/NAME: after a power cut it has the old content or the new, whole. */
enum rill_code durable_write(const char *folder, const char *name, const void *bytes, size_t n,
			     struct rill_error *error);
/* The same for what only the owner may read. */
enum rill_code durable_write_secret(const char *folder, const char *name, const void *bytes,
				    size_t n, struct rill_error *error);

/* Reads a file of at most `limit` bytes and puts a NUL behind it; free() the bytes. Without
 * such a file `*bytes` is NULL and the code RILL_OK. */
enum rill_code durable_read(const char *path, size_t limit, char **bytes, size_t *n,
			    struct rill_error *error);

#endif
