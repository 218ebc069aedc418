/* SPDX-License-Identifier: Apache-2.0 */
#include "host/bsdiff4.h"

#include <bzlib.h>
#include <string.h>

#define HEADER 32
#define BLOCK 32768

bool bsdiff4_is(const struct input *patch)
{
	return patch->length >= 8 && memcmp(patch->bytes, "BSDIFF40", 8) == 0;
}

static int64_t get_number(const uint8_t *from)
{
	uint64_t magnitude = 0;

	for (int i = 0; i < 8; i++)
		magnitude |= (uint64_t)from[i] << 8 * i;
	if (magnitude >> 63)
		return -(int64_t)(magnitude & INT64_MAX);
	return (int64_t)magnitude;
}

/* One of the three blocks, unpacked as it is needed. */
struct stream {
	const char *name;
	bz_stream bz;
	const uint8_t *next; /* input that bzip2 has not been given yet */
	size_t left;
	bool open, ended;
};

static enum rill_code corrupt(const char *what, const char *name, struct rill_error *error)
{
	return rill_fail(error, RILL_CORRUPT, "bsdiff patch, %s block: %s", name, what);
}

static enum rill_code stream_open(struct stream *stream, const char *name, const uint8_t *bytes,
				  size_t n, struct rill_error *error)
{
	memset(stream, 0, sizeof *stream);
	stream->name = name;
	stream->next = bytes;
	stream->left = n;
	if (BZ2_bzDecompressInit(&stream->bz, 0, 0) != BZ_OK)
		return rill_fail(error, RILL_MEMORY, "no memory for bzip2");
	stream->open = true;
	return RILL_OK;
}

static enum rill_code stream_read(struct stream *stream, uint8_t *bytes, size_t n,
				  struct rill_error *error)
{
	stream->bz.next_out = (char *)bytes;
	stream->bz.avail_out = (unsigned int)n;
	while (stream->bz.avail_out > 0) {
		unsigned int before = stream->bz.avail_out;
		int result;

		if (stream->ended)
			return corrupt("it ends too early", stream->name, error);
		if (stream->bz.avail_in == 0) {
			unsigned int some = stream->left < BLOCK ? (unsigned int)stream->left
								 : BLOCK;

			stream->bz.next_in = (char *)(uintptr_t)stream->next;
			stream->bz.avail_in = some;
			stream->next += some;
			stream->left -= some;
		}
		result = BZ2_bzDecompress(&stream->bz);
		if (result != BZ_OK && result != BZ_STREAM_END)
			return corrupt("not a bzip2 stream", stream->name, error);
		stream->ended = result == BZ_STREAM_END;
		if (stream->bz.avail_in == 0 && stream->left == 0 &&
		    stream->bz.avail_out == before && !stream->ended)
			return corrupt("it is cut off", stream->name, error);
	}
	return RILL_OK;
}

/* To the stream's end, where bzip2 compares its sums; nothing may be left. */
static enum rill_code stream_finish(struct stream *stream, struct rill_error *error)
{
	while (!stream->ended) {
		uint8_t byte;
		enum rill_code code = stream_read(stream, &byte, 1, error);

		if (code != RILL_OK && !stream->ended)
			return code;
		if (code == RILL_OK)
			return corrupt("more than the new file takes", stream->name, error);
	}
	return RILL_OK;
}

struct job {
	const struct input *base;
	struct output *output;
	struct stream control, difference, extra;
	int64_t source; /* may lie outside the base while nothing is read there */
	uint64_t left; /* of the new file */
	uint8_t block[BLOCK];
};

static enum rill_code add_differences(struct job *job, uint64_t n, struct rill_error *error)
{
	uint8_t *bytes = job->block;
	enum rill_code code = RILL_OK;

	while (code == RILL_OK && n > 0) {
		size_t some = n < BLOCK ? (size_t)n : BLOCK;

		code = stream_read(&job->difference, bytes, some, error);
		if (code != RILL_OK)
			break;
		if (job->source < 0 || (uint64_t)job->source > job->base->length ||
		    some > job->base->length - (uint64_t)job->source)
			return rill_fail(
				error, RILL_WRONG_BASE,
				"the patch copies from beyond the base: is it this file's?");
		for (size_t i = 0; i < some; i++)
			bytes[i] = (uint8_t)(bytes[i] + job->base->bytes[(size_t)job->source + i]);
		code = output_write(job->output, bytes, some, error);
		job->source += (int64_t)some;
		n -= some;
	}
	return code;
}

static enum rill_code take_extra(struct job *job, uint64_t n, struct rill_error *error)
{
	uint8_t *bytes = job->block;
	enum rill_code code = RILL_OK;

	while (code == RILL_OK && n > 0) {
		size_t some = n < BLOCK ? (size_t)n : BLOCK;

		code = stream_read(&job->extra, bytes, some, error);
		if (code == RILL_OK)
			code = output_write(job->output, bytes, some, error);
		n -= some;
	}
	return code;
}

static enum rill_code run_triples(struct job *job, struct rill_error *error)
{
	while (job->left > 0) {
		const uint8_t *triple = job->block;
		int64_t add, extra, move;
		enum rill_code code = stream_read(&job->control, job->block, 24, error);

		if (code != RILL_OK)
			return code;
		add = get_number(triple);
		extra = get_number(triple + 8);
		move = get_number(triple + 16);
		if (add < 0 || extra < 0 || (uint64_t)add > job->left ||
		    (uint64_t)extra > job->left - (uint64_t)add)
			return corrupt("an impossible length", "control", error);
		code = add_differences(job, (uint64_t)add, error);
		if (code == RILL_OK)
			code = take_extra(job, (uint64_t)extra, error);
		if (code != RILL_OK)
			return code;
		job->left -= (uint64_t)add + (uint64_t)extra;
		if (__builtin_add_overflow(job->source, move, &job->source))
			return corrupt("an impossible move", "control", error);
	}
	return RILL_OK;
}

static enum rill_code open_streams(struct job *job, const struct input *patch,
				   struct rill_error *error)
{
	uint64_t room = patch->length - HEADER;
	int64_t control = get_number(patch->bytes + 8), difference = get_number(patch->bytes + 16);
	int64_t length = get_number(patch->bytes + 24);
	const uint8_t *at = patch->bytes + HEADER;
	enum rill_code code;

	if (control < 0 || difference < 0 || length < 0 || (uint64_t)control > room ||
	    (uint64_t)difference > room - (uint64_t)control)
		return corrupt("impossible lengths", "header", error);
	job->left = (uint64_t)length;
	code = stream_open(&job->control, "control", at, (size_t)control, error);
	at += control;
	if (code == RILL_OK)
		code = stream_open(&job->difference, "difference", at, (size_t)difference, error);
	at += difference;
	if (code == RILL_OK)
		code = stream_open(&job->extra, "extra", at,
				   (size_t)(room - (uint64_t)control - (uint64_t)difference),
				   error);
	return code;
}

enum rill_code bsdiff4_apply(const struct input *base, const struct input *patch,
			     struct output *output, struct rill_error *error)
{
	struct job job = {.base = base, .output = output};
	struct stream *streams[] = {&job.control, &job.difference, &job.extra};
	enum rill_code code;

	if (patch->length < HEADER)
		return corrupt("it is cut off", "header", error);
	code = open_streams(&job, patch, error);
	if (code == RILL_OK)
		code = run_triples(&job, error);
	for (int i = 0; code == RILL_OK && i < 3; i++)
		code = stream_finish(streams[i], error);
	for (int i = 0; i < 3; i++)
		if (streams[i]->open)
			BZ2_bzDecompressEnd(&streams[i]->bz);
	return code;
}
