/* SPDX-License-Identifier: Apache-2.0
 *
 * The decoder alone, on files: decode BASE DELTA OUTPUT. What is zero is not written, so that
 * large outputs may have holes. Ends with the code of the error.
 */
#include "protocol/delta_decoder.h"
#include "tests/support/must.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct files {
	int base, output;
	uint64_t written;
};

static enum rill_code read_object(void *context, size_t object, uint64_t offset, uint8_t *bytes,
				  size_t n, struct rill_error *error)
{
	const struct files *files = context;
	int fd = object ? files->output : files->base;

	if (pread(fd, bytes, n, (off_t)offset) != (ssize_t)n)
		return rill_fail(error, RILL_IO, "a short read");
	return RILL_OK;
}

static enum rill_code write_object(void *context, size_t object, const uint8_t *bytes, size_t n,
				   struct rill_error *error)
{
	struct files *files = context;
	off_t end = (off_t)(files->written + n);
	bool zero = bytes[0] == 0 && memcmp(bytes, bytes + 1, n - 1) == 0;

	must(object == 1);
	if (zero ? ftruncate(files->output, end) != 0
		 : pwrite(files->output, bytes, n, (off_t)files->written) != (ssize_t)n)
		return rill_fail(error, RILL_IO, "a short write");
	files->written += n;
	return RILL_OK;
}

static uint8_t *read_whole(const char *name, size_t *n)
{
	FILE *file = fopen(name, "rb");
	uint8_t *bytes;

	must(file && fseek(file, 0, SEEK_END) == 0);
	*n = (size_t)ftell(file);
	rewind(file);
	bytes = malloc(*n + 1);
	must(bytes && fread(bytes, 1, *n, file) == *n);
	fclose(file);
	return bytes;
}

static enum rill_code decode(struct files *files, const uint8_t *delta, size_t n,
			     struct rill_error *error)
{
	static struct rill_delta_header header;
	const struct rill_decoder_io io = {files, read_object, write_object};
	struct rill_decoder *decoder = NULL;
	uint32_t length = 0;
	enum rill_code code = rill_delta_header_length(delta, n, &length, error);

	if (code == RILL_OK && length > n)
		code = rill_fail(error, RILL_CORRUPT, "the header is cut off");
	if (code == RILL_OK)
		code = rill_delta_header_parse(&header, delta, length, error);
	if (code == RILL_OK)
		code = rill_decoder_new(&decoder, &header, 64u << 20, io, error);
	if (code == RILL_OK)
		code = rill_decoder_feed(decoder, delta + length, n - length, error);
	if (code == RILL_OK)
		code = rill_decoder_finish(decoder, error);
	rill_decoder_free(decoder);
	return code;
}

int main(int argc, char **argv)
{
	struct files files;
	struct rill_error error;
	enum rill_code code;
	uint8_t *delta;
	size_t n;

	must(argc == 4);
	delta = read_whole(argv[2], &n);
	files = (struct files){open(argv[1], O_RDONLY),
			       open(argv[3], O_RDWR | O_CREAT | O_TRUNC, 0666), 0};
	must(files.base >= 0 && files.output >= 0);
	code = decode(&files, delta, n, &error);
	if (code != RILL_OK)
		fprintf(stderr, "%s: %s\n", argv[0], error.text);
	free(delta);
	return (int)code;
}
