/* SPDX-License-Identifier: Apache-2.0
 *
 * engine_bench OLD NEW [passes [change]]: encodes a delta, decodes it, compares, and prints
 * one line: sizes, parts, seconds.
 */
#include "host/engine.h"
#include "protocol/delta_decoder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct file {
	uint8_t *bytes;
	size_t n;
};

struct memory {
	struct file old;
	uint8_t *out;
	size_t filled;
};

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static struct file load(const char *path)
{
	FILE *stream = fopen(path, "rb");
	struct file file = {0};
	long n;

	if (!stream || fseek(stream, 0, SEEK_END) != 0 || (n = ftell(stream)) < 0) {
		perror(path);
		exit(2);
	}
	rewind(stream);
	file.n = (size_t)n;
	file.bytes = malloc(file.n + 1);
	if (!file.bytes || fread(file.bytes, 1, file.n, stream) != file.n) {
		perror(path);
		exit(2);
	}
	fclose(stream);
	return file;
}

static enum rill_code read_object(void *context, size_t object, uint64_t offset, uint8_t *bytes,
				  size_t n, struct rill_error *error)
{
	const struct memory *memory = context;
	const uint8_t *from = object ? memory->out : memory->old.bytes;
	size_t length = object ? memory->filled : memory->old.n;

	if (offset > length || n > length - offset)
		return rill_fail(error, RILL_INTERNAL, "a read outside object %zu", object);
	memcpy(bytes, from + offset, n);
	return RILL_OK;
}

static enum rill_code write_object(void *context, size_t object, const uint8_t *bytes, size_t n,
				   struct rill_error *error)
{
	struct memory *memory = context;

	(void)object;
	(void)error;
	memcpy(memory->out + memory->filled, bytes, n);
	memory->filled += n;
	return RILL_OK;
}

static enum rill_code apply(const struct growing *delta, struct memory *memory, size_t new_n,
			    struct rill_error *error)
{
	static struct rill_delta_header header;
	struct rill_decoder_io io = {.context = memory, .read = read_object, .write = write_object};
	struct rill_decoder *decoder = NULL;
	uint32_t length = 0;
	enum rill_code code = rill_delta_header_length(delta->bytes, delta->n, &length, error);

	if (code == RILL_OK)
		code = rill_delta_header_parse(&header, delta->bytes, length, error);
	memory->out = malloc(new_n + 1);
	if (code == RILL_OK)
		code = rill_decoder_new(&decoder, &header, UINT64_MAX, io, error);
	for (size_t at = length; code == RILL_OK && at < delta->n; at += 10000)
		code = rill_decoder_feed(decoder, delta->bytes + at,
					 delta->n - at < 10000 ? delta->n - at : 10000, error);
	if (code == RILL_OK)
		code = rill_decoder_finish(decoder, error);
	rill_decoder_free(decoder);
	return code;
}

int main(int count, char **argument)
{
	struct engine_options options = ENGINE_DEFAULTS;
	struct engine_report report;
	struct growing delta = {0};
	struct memory memory = {0};
	struct rill_error error = {0};
	struct file new;
	double start, create, patch;

	if (count < 3)
		return 1;
	memory.old = load(argument[1]);
	new = load(argument[2]);
	if (count > 3)
		options.passes = (unsigned)atoi(argument[3]);
	if (count > 4)
		options.change = (unsigned)atoi(argument[4]);
	start = seconds();
	if (encode_delta(memory.old.bytes, memory.old.n, new.bytes, new.n, &options, &delta,
			 &report, &error) != RILL_OK) {
		fprintf(stderr, "%s: %s\n", argument[2], error.text);
		return 1;
	}
	create = seconds() - start;
	start = seconds();
	if (apply(&delta, &memory, new.n, &error) != RILL_OK) {
		fprintf(stderr, "%s: %s\n", argument[2], error.text);
		return 1;
	}
	patch = seconds() - start;
	if (memory.filled != new.n || memcmp(memory.out, new.bytes, new.n) != 0) {
		fprintf(stderr, "%s: the result differs\n", argument[2]);
		return 1;
	}
	printf("%9zu %8zu  copies %6llu literal %7llu | layout %4llu copies %6llu data %7llu | "
	       "create %.2f apply %.3f s %.0f MB/s memory %.1f MiB\n",
	       new.n, delta.n, (unsigned long long)report.copies,
	       (unsigned long long)report.literal_bytes, (unsigned long long)report.layout_bytes,
	       (unsigned long long)report.copies_bytes, (unsigned long long)report.data_bytes,
	       create, patch, (double)new.n / patch / 1e6, (double)report.memory / 1048576);
	growing_free(&delta);
	free(memory.old.bytes);
	free(memory.out);
	free(new.bytes);
	return 0;
}
