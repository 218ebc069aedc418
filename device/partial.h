/* SPDX-License-Identifier: Apache-2.0
 *
 * What was received so far of a target's delta: one file in STATE/download for each target, the
 * first bytes of the delta as they were served. It survives power cuts up to the last
 * partial_write(). What is in it is only good once its hash was compared: nothing else says
 * which delta it was of.
 */
#ifndef RILL_DEVICE_PARTIAL_H
#define RILL_DEVICE_PARTIAL_H

#include "protocol/error.h"
#include "protocol/hash.h"
#include <limits.h>
#include <stdint.h>

struct partial {
	int fd;
	uint64_t size; /* bytes in it */
	char path[PATH_MAX];
};

/* Opens the file of `target`, which is made if need be, with room for `length` bytes. A longer
 * one is of something else, and emptied. RILL_NO_SPACE, RILL_IO. */
enum rill_code partial_open(struct partial *partial, const char *state, const char *target,
			    uint64_t length, struct rill_error *error);
void partial_close(struct partial *partial);

enum rill_code partial_read(const struct partial *partial, uint64_t offset, void *bytes, size_t n,
			    struct rill_error *error);
/* Writes and makes it durable. `offset` is at most `size`. */
enum rill_code partial_write(struct partial *partial, uint64_t offset, const void *bytes, size_t n,
			     struct rill_error *error);
enum rill_code partial_empty(struct partial *partial, struct rill_error *error);

/* Bytes that are kept for `target`; 0 without any. */
uint64_t partial_size(const char *state, const char *target);
/* Forgets what is kept for `target`. */
void partial_remove(const char *state, const char *target);

#endif
