/* SPDX-License-Identifier: Apache-2.0
 *
 * zlib's own streams, and pigz's: blocks that are compressed one by one, ended on a byte by
 * empty blocks, and primed with the last bytes of the block before.
 *
 * zlib decides the same however its input is cut, but for one thing: when it is asked to go on
 * with little input shortly before the end of its window, it may move the window a byte
 * early. So it is never left with less than a match there.
 */
#include "protocol/deflate_engine.h"

#include <string.h>
#include <zlib.h>

#define DICTIONARY 32768u
#define NEAR_END 300u /* more than a match, and what it needs behind it */
/* Flushing must go out in one call, or zlib repeats its marks: a block of memLevel 8. */
#define FLUSH_MAX (68u << 10)

struct zlib {
	z_stream stream;
	uint32_t in_block; /* PIGZ */
	uint32_t at; /* bytes given to zlib since the window began at 0, modulo its size */
	uint32_t waiting; /* held back until the window's end is passed */
	uint8_t wait[NEAR_END];
	size_t used, out_size;
	/* zlib's memory, then its output. */
	_Alignas(16) uint8_t room[];
};

#define ROOM (RILL_DEFLATE_STATE - sizeof(struct zlib))

static void *allocate(void *context, unsigned count, unsigned size)
{
	struct zlib *z = context;
	uint64_t n = ((uint64_t)count * size + 15) & ~UINT64_C(15);
	void *bytes = z->room + z->used;

	if (n > ROOM - z->used)
		return Z_NULL;
	z->used += (size_t)n;
	return bytes;
}

static void release(void *context, void *bytes)
{
	(void)context, (void)bytes; /* all of it goes with the struct rill_deflate */
}

/* Libraries that stand in for zlib and decide otherwise have a name behind their version. */
static bool is_zlib_itself(const char *version)
{
	return version[strspn(version, "0123456789.")] == 0;
}

static enum rill_code begin(struct rill_deflate *made, struct rill_error *error)
{
	const struct rill_deflate_recipe *recipe = &made->recipe;
	struct zlib *z = (void *)made->state;
	bool pigz = recipe->kind == RILL_DEFLATE_PIGZ;
	int code;

	if (!is_zlib_itself(zlibVersion()))
		return rill_fail(error, RILL_UNSUPPORTED,
				 "libz is %s: deflate streams of zlib need zlib itself",
				 zlibVersion());
	z->stream.zalloc = allocate;
	z->stream.zfree = release;
	z->stream.opaque = z;
	if (pigz)
		made->recipe.window = 15, made->recipe.memory = 8;
	code = deflateInit2(&z->stream, recipe->level, Z_DEFLATED, -recipe->window, recipe->memory,
			    recipe->strategy);
	z->out_size = ROOM - z->used;
	if (code != Z_OK)
		return rill_fail(error, code == Z_MEM_ERROR ? RILL_MEMORY : RILL_UNSUPPORTED,
				 "zlib %s does not make deflate streams of level %u, window %u, "
				 "memory %u, strategy %u",
				 zlibVersion(), recipe->level, recipe->window, recipe->memory,
				 recipe->strategy);
	if (z->out_size < (pigz ? FLUSH_MAX : 1024))
		return rill_fail(error, RILL_MEMORY, "zlib %s needs more memory than is foreseen",
				 zlibVersion());
	return RILL_OK;
}

/* Lets zlib work until it wants nothing more. */
static enum rill_code work(struct rill_deflate *made, int flush)
{
	struct rill_deflate_output *output = &made->output;
	struct zlib *z = (void *)made->state;
	uint8_t *out = z->room + z->used;

	if (output->code != RILL_OK)
		return output->code;
	do {
		z->stream.next_out = out;
		z->stream.avail_out = (unsigned)z->out_size;
		if (deflate(&z->stream, flush) == Z_STREAM_ERROR)
			return output->code = rill_fail(output->error, RILL_INTERNAL,
							"zlib lost its state");
		if (z->out_size > z->stream.avail_out)
			output->code = output->sink.write(output->sink.context, out,
							  z->out_size - z->stream.avail_out,
							  output->error);
	} while (z->stream.avail_out == 0 && output->code == RILL_OK);
	return output->code;
}

static enum rill_code give(struct rill_deflate *made, const uint8_t *bytes, size_t n)
{
	struct zlib *z = (void *)made->state;
	uint32_t window = 1u << made->recipe.window;

	z->at = (uint32_t)((z->at + n) % window);
	for (size_t some; n > 0 && made->output.code == RILL_OK; bytes += some, n -= some) {
		some = n < UINT32_MAX ? n : UINT32_MAX;
		z->stream.next_in = (uint8_t *)(uintptr_t)bytes;
		z->stream.avail_in = (unsigned)some;
		work(made, Z_NO_FLUSH);
	}
	return made->output.code;
}

static enum rill_code give_waiting(struct rill_deflate *made)
{
	struct zlib *z = (void *)made->state;
	uint32_t n = z->waiting;

	z->waiting = 0;
	return give(made, z->wait, n);
}

/* Gives zlib all bytes but those that would leave it near its window's end. */
static enum rill_code give_safely(struct rill_deflate *made, const uint8_t *bytes, size_t n)
{
	struct zlib *z = (void *)made->state;
	uint32_t window = 1u << made->recipe.window, safe = window - NEAR_END;

	while (n > 0 && made->output.code == RILL_OK) {
		size_t some = n, end = (z->at + n) % window;

		if (z->waiting > 0 || z->at == safe) {
			if (some > NEAR_END - z->waiting)
				some = NEAR_END - z->waiting;
			memcpy(z->wait + z->waiting, bytes, some);
			z->waiting += (uint32_t)some;
			if (z->waiting == NEAR_END)
				give_waiting(made);
		} else {
			if (end > safe)
				some = n > end - safe ? n - (end - safe) : n;
			give(made, bytes, some);
		}
		bytes += some;
		n -= some;
	}
	return made->output.code;
}

/* Ends a block of pigz's that is not the last, and begins the next. */
static enum rill_code end_block(struct rill_deflate *made)
{
	struct zlib *z = (void *)made->state;
	unsigned pending, n = DICTIONARY;
	uint8_t *dictionary = z->room + z->used;
	int bits;

	give_waiting(made);
	work(made, Z_BLOCK);
	deflatePending(&z->stream, &pending, &bits);
	if (made->recipe.separate || bits % 2 == 1) {
		work(made, Z_SYNC_FLUSH);
	} else if (bits) {
		/* Empty blocks of fixed codes have 10 bits. */
		for (; bits; deflatePending(&z->stream, &pending, &bits))
			deflatePrime(&z->stream, 10, 2);
		work(made, Z_BLOCK);
	}
	if (made->recipe.separate)
		work(made, Z_FULL_FLUSH);
	z->in_block = 0;
	if (made->recipe.joined)
		return made->output.code;
	z->at = 0;
	if (deflateGetDictionary(&z->stream, dictionary, &n) != Z_OK ||
	    deflateReset(&z->stream) != Z_OK ||
	    (!made->recipe.separate && deflateSetDictionary(&z->stream, dictionary, n) != Z_OK))
		return made->output.code = rill_fail(made->output.error, RILL_INTERNAL,
						     "zlib lost its state");
	return made->output.code;
}

static enum rill_code feed(struct rill_deflate *made, const uint8_t *bytes, size_t n)
{
	struct zlib *z = (void *)made->state;
	uint32_t block = made->recipe.block;
	enum rill_code code = RILL_OK;

	if (made->recipe.kind == RILL_DEFLATE_ZLIB)
		return give_safely(made, bytes, n);
	/* A block that is full waits until it is known whether it is the last. */
	while (n > 0 && code == RILL_OK) {
		size_t some;

		if (z->in_block == block && (code = end_block(made)) != RILL_OK)
			break;
		some = n < block - z->in_block ? n : block - z->in_block;
		code = give_safely(made, bytes, some);
		z->in_block += (uint32_t)some;
		bytes += some;
		n -= some;
	}
	return code;
}

static enum rill_code finish(struct rill_deflate *made)
{
	enum rill_code code = give_waiting(made);

	return code == RILL_OK ? work(made, Z_FINISH) : code;
}

const struct rill_deflate_engine rill_deflate_zlib = {
	.begin = begin, .feed = feed, .finish = finish};
