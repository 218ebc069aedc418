/* SPDX-License-Identifier: Apache-2.0
 *
 * Walks the members of a tar in memory: POSIX ustar and pax (IEEE Std 1003.1), GNU's long names,
 * base-256 numbers and sparse files, and the older forms. Nothing is copied but names, nothing
 * allocated. Members are bounds and names only: what they say is never trusted further.
 */
#ifndef RILL_HOST_TAR_H
#define RILL_HOST_TAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TAR_BLOCK 512
/* Longest name that is kept (PATH_MAX of Linux); a longer one is "". */
#define TAR_NAME_MAX 4096

struct tar_walker {
	const uint8_t *bytes;
	size_t length, at; /* `at`: behind what was walked so far */
	const char *why; /* what is wrong there, after TAR_DAMAGED */
	char name[TAR_NAME_MAX + 1], link[TAR_NAME_MAX + 1];
};

struct tar_entry {
	size_t header; /* offset of its first block, extended headers included */
	size_t data, size; /* of its content, as it is stored; padding follows */
	char type; /* the typeflag of POSIX; '0' for a file also where an old tar says NUL */
	const char *name, *link; /* in the walker, until its next call */
};

enum tar_result {
	TAR_MEMBER,
	TAR_END, /* a block of zeros, or the end of the bytes where a header could be */
	TAR_DAMAGED, /* no header, or one that points behind the end */
};

void tar_start(struct tar_walker *walker, const void *bytes, size_t length);
enum tar_result tar_next(struct tar_walker *walker, struct tar_entry *member);

#endif
