/* SPDX-License-Identifier: Apache-2.0
 *
 * Files of the build host: inputs mapped read-only, outputs that appear whole or not
 * at all. Every failure names the file.
 */
#ifndef RILL_HOST_FILE_H
#define RILL_HOST_FILE_H

#include "host/buffer.h"
#include "protocol/error.h"
#include <stdbool.h>

/* The bytes of a file. Start from all zero; release with input_close(). */
struct input {
	const uint8_t *bytes;
	size_t length;
	struct buffer own; /* standard input, which cannot be mapped */
};

/* Opens a regular file, or reads standard input to its end for "-". RILL_IO, RILL_MEMORY. */
enum rill_code input_open(struct input *input, const char *path, struct rill_error *error);
void input_close(struct input *input);

/* A file being written under a temporary name beside its own. "-" is standard output,
 * which gets the bytes when the file is complete. */
struct output {
	const char *path; /* the caller's */
	char *temporary;
	int fd;
};

enum rill_code output_open(struct output *output, const char *path, struct rill_error *error);
enum rill_code output_write(struct output *output, const void *bytes, size_t n,
			    struct rill_error *error);
/* Reads back what was written. */
enum rill_code output_read(const struct output *output, uint64_t offset, void *bytes, size_t n,
			   struct rill_error *error);
/* Makes it durable and gives it its name. `mode` are its permissions (before the umask). */
enum rill_code output_commit(struct output *output, unsigned mode, struct rill_error *error);
/* Removes what was not committed; takes a closed or committed one too. */
void output_abandon(struct output *output);

/* Writes a whole file at once. */
enum rill_code write_file(const char *path, const void *bytes, size_t n, unsigned mode,
			  struct rill_error *error);

/* The same for a file that must not exist yet: RILL_USAGE when it does. */
enum rill_code write_new_file(const char *path, const void *bytes, size_t n, unsigned mode,
			      struct rill_error *error);

/* Makes a folder and those above it. */
enum rill_code make_folders(const char *path, struct rill_error *error);

#endif
