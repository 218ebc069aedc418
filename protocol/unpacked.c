/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/unpacked.h"

#include "protocol/bytes.h"
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define TRAILER 8u
#define SLOTS 32u
#define PIECE 4096u
#define RING_OTHERS (1u << 20)
#define FREE_WORK (UINT64_C(64) << 20)
#define INFLATE_MEMORY (64u << 10) /* its state and its window */

struct slot {
	const struct rill_packed *packed; /* NULL: free */
	size_t at; /* in the ring */
};

struct rill_unpacked {
	struct rill_packing *packing;
	struct rill_packed_io io;

	/* Streams that were inflated, in a ring; the oldest give way. */
	uint8_t *ring;
	size_t ring_size, ring_at, slot_at;
	struct slot slot[SLOTS];
	uint64_t work;

	z_stream inflater;
	bool inflating;
	size_t arena_used;
	_Alignas(16) uint8_t arena[INFLATE_MEMORY];

	/* The output: how far it is, and the stream at work. */
	uint64_t unpacked_written, written;
	size_t output_done; /* streams that are complete */
	struct rill_deflate *deflate;
	uint32_t crc32;
};

/* Rounded up so that it does not depend on the machine. */
#define UNPACKED_MEMORY (80u << 10)
_Static_assert(sizeof(struct rill_unpacked) <= UNPACKED_MEMORY, "UNPACKED_MEMORY is too small");

/* The largest stream, and as much again for others, up to RING_OTHERS. */
static uint64_t ring_size(uint64_t largest)
{
	return largest + (largest < RING_OTHERS ? largest : RING_OTHERS);
}

uint64_t rill_packing_memory(uint64_t most, uint64_t largest)
{
	if (most == 0)
		return UNPACKED_MEMORY + 2 * sizeof(struct rill_packed);
	return UNPACKED_MEMORY + 2 * (most + 1) * sizeof(struct rill_packed) + ring_size(largest) +
	       RILL_DEFLATE_MEMORY;
}

static void *arena_take(void *context, unsigned items, unsigned size)
{
	struct rill_unpacked *u = context;
	size_t n = ((size_t)items * size + 15) & ~(size_t)15;
	void *at = u->arena + u->arena_used;

	if (n > sizeof u->arena - u->arena_used)
		return NULL;
	u->arena_used += n;
	return at;
}

static void arena_give(void *context, void *at)
{
	(void)context;
	(void)at;
}

enum rill_code rill_unpacked_new(struct rill_unpacked **result, struct rill_packing *packing,
				 uint64_t largest, struct rill_packed_io io,
				 struct rill_error *error)
{
	struct rill_unpacked *u = calloc(1, sizeof *u);

	*result = u;
	if (!u)
		return rill_fail(error, RILL_MEMORY, "no memory to unpack");
	u->packing = packing;
	u->io = io;
	if (largest == 0)
		return RILL_OK;
	u->ring_size = (size_t)ring_size(largest);
	u->ring = malloc(u->ring_size);
	u->inflater = (z_stream){.zalloc = arena_take, .zfree = arena_give, .opaque = u};
	if (!u->ring || inflateInit2(&u->inflater, -MAX_WBITS) != Z_OK)
		return rill_fail(error, RILL_MEMORY, "no memory to unpack streams");
	u->inflating = true;
	return RILL_OK;
}

void rill_unpacked_free(struct rill_unpacked *u)
{
	if (!u)
		return;
	if (u->inflating)
		inflateEnd(&u->inflater);
	rill_deflate_free(u->deflate);
	free(u->ring);
	free(u);
}

/* A place in the ring; whatever lies there is forgotten. */
static struct slot *make_room(struct rill_unpacked *u, const struct rill_packed *packed)
{
	struct slot *slot = &u->slot[u->slot_at++ % SLOTS];

	if (u->ring_size - u->ring_at < packed->plain)
		u->ring_at = 0;
	for (unsigned i = 0; i < SLOTS; i++) {
		struct slot *other = &u->slot[i];

		if (other->packed && other->at < u->ring_at + packed->plain &&
		    u->ring_at < other->at + other->packed->plain)
			other->packed = NULL;
	}
	slot->packed = NULL; /* until it is there */
	slot->at = u->ring_at;
	u->ring_at += packed->plain;
	return slot;
}

static enum rill_code wrong_stream(struct rill_error *error)
{
	return rill_fail(error, RILL_CORRUPT,
			 "a compressed stream is not as the delta says: the base is another one, "
			 "or the delta is damaged");
}

static enum rill_code inflate_to(struct rill_unpacked *u, const struct rill_packed *packed,
				 bool of_output, uint8_t *plain, struct rill_error *error)
{
	uint8_t bytes[PIECE];
	uint64_t at = packed->start, end = at + packed->coded - (packed->trailer ? TRAILER : 0);
	int result = Z_OK;

	inflateReset(&u->inflater);
	u->inflater.next_out = plain;
	u->inflater.avail_out = packed->plain;
	while (result == Z_OK && at < end) {
		size_t some = end - at < PIECE ? (size_t)(end - at) : PIECE;
		enum rill_code code = u->io.read(u->io.context, of_output, at, bytes, some, error);

		if (code != RILL_OK)
			return code;
		u->inflater.next_in = bytes;
		u->inflater.avail_in = (unsigned)some;
		result = inflate(&u->inflater, Z_NO_FLUSH);
		at += some;
		if (result == Z_OK && u->inflater.avail_in > 0)
			return wrong_stream(error);
	}
	if (result != Z_STREAM_END || at != end || u->inflater.avail_in > 0 ||
	    u->inflater.avail_out > 0)
		return wrong_stream(error);
	return RILL_OK;
}

/* The plain bytes of a stream. */
static enum rill_code get_stream(struct rill_unpacked *u, const struct rill_packed *packed,
				 bool of_output, const uint8_t **plain, struct rill_error *error)
{
	struct slot *slot = NULL;
	enum rill_code code;

	for (unsigned i = 0; i < SLOTS && !slot; i++)
		if (u->slot[i].packed == packed)
			slot = &u->slot[i];
	if (!slot) {
		u->work += packed->plain;
		if (u->work > FREE_WORK + u->packing->unpacked_output * RILL_PACKED_WORK)
			return rill_fail(error, RILL_CORRUPT,
					 "the delta unpacks streams over and over");
		if (packed->coded <= (packed->trailer ? TRAILER : 0))
			return wrong_stream(error);
		slot = make_room(u, packed);
		code = inflate_to(u, packed, of_output, u->ring + slot->at, error);
		if (code != RILL_OK)
			return code;
		slot->packed = packed;
	}
	*plain = u->ring + slot->at;
	return RILL_OK;
}

/* Reads from one side, as far as one stream or what is between two goes. */
static enum rill_code read_some(struct rill_unpacked *u, bool of_output, uint64_t at,
				uint8_t *bytes, size_t *n, struct rill_error *error)
{
	const struct rill_packed *list = of_output ? u->packing->output : u->packing->base;
	size_t count = of_output ? u->packing->output_count : u->packing->base_count;
	size_t low = 0, high = count; /* the first stream that begins behind `at` */
	const struct rill_packed *last;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list[middle].plain_start <= at)
			low = middle + 1;
		else
			high = middle;
	}
	if (low<count && * n> list[low].plain_start - at)
		*n = (size_t)(list[low].plain_start - at);
	last = low ? &list[low - 1] : NULL;
	if (last && at - last->plain_start < last->plain) {
		uint64_t inside = at - last->plain_start;
		const uint8_t *plain = NULL;
		enum rill_code code;

		if (of_output && low > u->output_done)
			return rill_fail(error, RILL_CORRUPT,
					 "a copy from a stream that is not complete");
		if (*n > last->plain - inside)
			*n = (size_t)(last->plain - inside);
		code = get_stream(u, last, of_output, &plain, error);
		if (code == RILL_OK)
			memcpy(bytes, plain + inside, *n);
		return code;
	}
	if (last)
		at = at - last->plain_start - last->plain + last->start + last->coded;
	return u->io.read(u->io.context, of_output, at, bytes, *n, error);
}

enum rill_code rill_unpacked_read(struct rill_unpacked *u, uint64_t offset, uint8_t *bytes,
				  size_t n, struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	while (n > 0 && code == RILL_OK) {
		bool of_output = offset >= u->packing->unpacked_base;
		uint64_t at = of_output ? offset - u->packing->unpacked_base : offset;
		size_t some = n;

		if (!of_output && some > u->packing->unpacked_base - at)
			some = (size_t)(u->packing->unpacked_base - at);
		code = read_some(u, of_output, at, bytes, &some, error);
		bytes += some;
		offset += some;
		n -= some;
	}
	return code;
}

static enum rill_code write_packed(void *context, const uint8_t *bytes, size_t n,
				   struct rill_error *error)
{
	struct rill_unpacked *u = context;

	u->written += n;
	return u->io.write(u->io.context, bytes, n, error);
}

/* Ends the stream at work, with its trailer. */
static enum rill_code end_stream(struct rill_unpacked *u, struct rill_packed *packed,
				 struct rill_error *error)
{
	uint8_t trailer[TRAILER];
	struct rill_writer writer = rill_writer(trailer, sizeof trailer);
	enum rill_code code = rill_deflate_finish(u->deflate, error);

	rill_deflate_free(u->deflate);
	u->deflate = NULL;
	rill_put_u32(&writer, u->crc32);
	rill_put_u32(&writer, packed->plain);
	if (code == RILL_OK && packed->trailer)
		code = write_packed(u, trailer, sizeof trailer, error);
	packed->coded = (uint32_t)(u->written - packed->start);
	u->output_done++;
	return code;
}

/* Writes as far as one stream or what is between two goes. */
static enum rill_code write_some(struct rill_unpacked *u, const uint8_t *bytes, size_t *n,
				 struct rill_error *error)
{
	struct rill_packed *next = u->output_done < u->packing->output_count
					   ? &u->packing->output[u->output_done]
					   : NULL;
	uint64_t at = u->unpacked_written;
	struct rill_deflate_sink sink = {.context = u, .write = write_packed};
	enum rill_code code = RILL_OK;

	if (!next || at < next->plain_start) {
		if (next && *n > next->plain_start - at)
			*n = (size_t)(next->plain_start - at);
		return write_packed(u, bytes, *n, error);
	}
	if (*n > next->plain - (at - next->plain_start))
		*n = (size_t)(next->plain - (at - next->plain_start));
	if (!u->deflate) {
		next->start = u->written;
		u->crc32 = (uint32_t)crc32(0, NULL, 0);
		code = rill_deflate_new(&u->deflate, &next->recipe, sink, error);
	}
	if (code == RILL_OK)
		code = rill_deflate_feed(u->deflate, bytes, *n, error);
	u->crc32 = (uint32_t)crc32(u->crc32, bytes, (unsigned)*n);
	if (code == RILL_OK && at + *n == next->plain_start + next->plain)
		code = end_stream(u, next, error);
	return code;
}

enum rill_code rill_unpacked_write(struct rill_unpacked *u, const uint8_t *bytes, size_t n,
				   struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	while (n > 0 && code == RILL_OK) {
		size_t some = n;

		code = write_some(u, bytes, &some, error);
		u->unpacked_written += some;
		bytes += some;
		n -= some;
	}
	return code;
}
