/* SPDX-License-Identifier: Apache-2.0 */
#include "host/deflate_find.h"

#include <string.h>
#include <zlib.h>

#define PIECE 65536
#define PIGZ_BLOCK (128u << 10)
#define PIGZ_BLOCK_STEP (32u << 10) /* of likely lengths */
#define CANDIDATES 72
/* Plain bytes that failing recipes may use up, beyond twice the stream's own. */
#define PATIENCE (64u << 20)

struct deflate_hint deflate_hint_gzip(uint8_t extra_flags, uint8_t os)
{
	return (struct deflate_hint){.level = extra_flags == 2	 ? 9
					      : extra_flags == 4 ? 1
								 : 0,
				     .maker = os == 3 ? DEFLATE_MAKER_GZIP : DEFLATE_MAKER_ANY};
}

struct deflate_hint deflate_hint_zip(uint16_t flags)
{
	static const int levels[4] = {0, 9, 2, 1};

	/* Info-ZIP writes sizes in front of a file, Java and streams behind it (bit 3). */
	return (struct deflate_hint){.level = levels[flags >> 1 & 3],
				     .maker = flags & 8 ? DEFLATE_MAKER_ANY : DEFLATE_MAKER_ZIP};
}

/* What the blocks of a stream show before any recipe is tried. */
struct shape {
	bool is_stored; /* the first block is */
	uint16_t stored; /* its length */
	/* Plain bytes before the first empty block within the stream, or before the first block
	 * that begins where pigz may begin one; else 0. */
	uint64_t pause;
	bool has_empty; /* it is an empty block */
};

struct inflater {
	z_stream stream;
	const uint8_t *end;
	uint8_t plain[PIECE];
};

static enum rill_code inflate_begin(struct inflater *inflater, const uint8_t *bytes, size_t n,
				    struct rill_error *error)
{
	memset(&inflater->stream, 0, sizeof inflater->stream);
	inflater->stream.next_in = (uint8_t *)(uintptr_t)bytes;
	inflater->end = bytes + n;
	if (inflateInit2(&inflater->stream, -15) != Z_OK)
		return rill_fail(error, RILL_MEMORY, "no memory to inflate");
	return RILL_OK;
}

/* Inflates up to PIECE bytes, with Z_BLOCK at most to the end of a block. Returns zlib's code;
 * `n` is how many there are. */
static int inflate_some(struct inflater *inflater, int flush, size_t *n)
{
	size_t left = (size_t)(inflater->end - inflater->stream.next_in);
	int code;

	inflater->stream.avail_in = left < UINT32_MAX ? (unsigned)left : UINT32_MAX;
	inflater->stream.next_out = inflater->plain;
	inflater->stream.avail_out = PIECE;
	code = inflate(&inflater->stream, flush);
	*n = PIECE - inflater->stream.avail_out;
	return code;
}

static void look_for_pause(struct shape *shape, uint64_t begin, uint64_t end)
{
	bool is_empty = begin == end;

	if (end == 0 || shape->has_empty || (shape->pause && !is_empty))
		return;
	if (shape->pause == 0 && (is_empty || end % PIGZ_BLOCK_STEP == 0))
		shape->pause = end;
	shape->has_empty = is_empty;
}

/* Follows the stream to its end. */
static enum rill_code measure(struct inflater *inflater, const uint8_t *bytes, size_t n,
			      struct deflate_found *found, struct shape *shape,
			      struct rill_error *error)
{
	uint64_t block_start = 0;
	int code = inflate_begin(inflater, bytes, n, error) == RILL_OK ? Z_OK : Z_MEM_ERROR;

	if (code != Z_OK)
		return RILL_MEMORY;
	shape->is_stored = n >= 3 && (bytes[0] & 6) == 0;
	if (shape->is_stored)
		shape->stored = (uint16_t)(bytes[1] | bytes[2] << 8);
	while (code == Z_OK) {
		size_t some;

		code = inflate_some(inflater, Z_BLOCK, &some);
		found->crc32 = (uint32_t)crc32(found->crc32, inflater->plain, (unsigned)some);
		found->plain_length += some;
		/* Bit 7: at the end of a block, or before the first; bit 6: it was the last. */
		if (code != Z_OK || (inflater->stream.data_type & 192) != 128)
			continue;
		look_for_pause(shape, block_start, found->plain_length);
		block_start = found->plain_length;
	}
	found->length = (uint64_t)(inflater->stream.next_in - bytes);
	inflateEnd(&inflater->stream);
	if (code == Z_MEM_ERROR)
		return rill_fail(error, RILL_MEMORY, "no memory to inflate");
	if (code != Z_STREAM_END)
		return rill_fail(error, RILL_CORRUPT, "deflate stream, offset %llu: %s",
				 (unsigned long long)found->length,
				 code == Z_BUF_ERROR ? "it is cut short" : "it is damaged");
	return RILL_OK;
}

/* Where a trial compares what is made with what is there. */
struct trial {
	const uint8_t *at, *end;
	bool differs;
};

static enum rill_code compare(void *context, const uint8_t *bytes, size_t n,
			      struct rill_error *error)
{
	struct trial *trial = context;

	(void)error;
	trial->differs = n > (size_t)(trial->end - trial->at) || memcmp(trial->at, bytes, n) != 0;
	if (trial->differs)
		return RILL_CORRUPT;
	trial->at += n;
	return RILL_OK;
}

/* Makes the stream again until a byte differs. Takes the plain bytes it used off `patience`. */
static enum rill_code try_recipe(struct inflater *inflater,
				 const struct rill_deflate_recipe *recipe, const uint8_t *bytes,
				 struct deflate_found *found, uint64_t *patience,
				 struct rill_error *error)
{
	struct trial trial = {.at = bytes, .end = bytes + found->length};
	struct rill_deflate_sink sink = {&trial, compare};
	struct rill_deflate *made;
	enum rill_code code = rill_deflate_new(&made, recipe, sink, error);
	int more = Z_OK;

	if (code == RILL_OK)
		code = inflate_begin(inflater, bytes, (size_t)found->length, error);
	while (code == RILL_OK && more == Z_OK) {
		size_t n;

		more = inflate_some(inflater, Z_NO_FLUSH, &n);
		code = n > *patience ? RILL_POLICY
				     : rill_deflate_feed(made, inflater->plain, n, error);
		*patience -= n > *patience ? *patience : n;
	}
	if (code == RILL_OK)
		code = rill_deflate_finish(made, error);
	if (code == RILL_OK && more == Z_STREAM_END && trial.at == trial.end) {
		found->found = true;
		found->recipe = *recipe;
	}
	inflateEnd(&inflater->stream);
	rill_deflate_free(made);
	return trial.differs || code != RILL_MEMORY ? RILL_OK : code;
}

struct candidates {
	struct rill_deflate_recipe list[CANDIDATES];
	size_t n;
};

static void add(struct candidates *candidates, struct rill_deflate_recipe recipe)
{
	if (candidates->n < CANDIDATES)
		candidates->list[candidates->n++] = recipe;
}

static void add_zlib(struct candidates *candidates, int level, int memory)
{
	add(candidates, (struct rill_deflate_recipe){.kind = RILL_DEFLATE_ZLIB,
						     .level = (uint8_t)level,
						     .memory = (uint8_t)memory,
						     .window = 15});
}

static void add_pigz(struct candidates *candidates, int level, uint64_t block)
{
	struct rill_deflate_recipe recipe = {
		.kind = RILL_DEFLATE_PIGZ, .level = (uint8_t)level, .block = (uint32_t)block};

	if (block < 32768 || block > 1 << 30)
		return;
	add(candidates, recipe);
	recipe.separate = true;
	add(candidates, recipe);
	recipe.separate = false;
	recipe.joined = level <= 3; /* above they are the same */
	if (recipe.joined)
		add(candidates, recipe);
}

/* All makers at one level, the likeliest first. */
static void add_level(struct candidates *candidates, int level, struct deflate_hint hint,
		      const struct shape *shape)
{
	const struct rill_deflate_recipe gzip = {.kind = RILL_DEFLATE_GZIP,
						 .level = (uint8_t)level};
	const struct rill_deflate_recipe zip = {.kind = RILL_DEFLATE_ZIP, .level = (uint8_t)level};

	/* No other puts empty blocks inside; but one that ended on a byte needs none. */
	if (shape->pause)
		add_pigz(candidates, level, shape->pause);
	if (shape->has_empty)
		return;
	if (hint.maker == DEFLATE_MAKER_GZIP)
		add(candidates, gzip);
	if (hint.maker == DEFLATE_MAKER_ZIP)
		add(candidates, zip);
	add_zlib(candidates, level, 8);
	if (hint.maker == DEFLATE_MAKER_ANY) {
		add(candidates, gzip);
		add(candidates, zip);
	}
	add_zlib(candidates, level, 9);
}

static void choose_candidates(struct candidates *candidates, struct deflate_hint hint,
			      const struct shape *shape)
{
	static const int levels[] = {6, 9, 1, 5, 7, 8, 4, 3, 2};
	struct rill_deflate_recipe stored = {.kind = RILL_DEFLATE_STORED,
					     .block = shape->stored ? shape->stored : UINT16_MAX};

	candidates->n = 0;
	if (shape->is_stored) {
		add(candidates, stored);
		stored.separate = true;
		add(candidates, stored);
	}
	if (hint.level)
		add_level(candidates, hint.level, hint, shape);
	for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
		if (levels[i] != hint.level)
			add_level(candidates, levels[i], hint, shape);
}

enum rill_code deflate_find(const uint8_t *bytes, size_t n, struct deflate_hint hint,
			    struct deflate_found *found, struct rill_error *error)
{
	struct inflater inflater;
	struct candidates candidates;
	struct shape shape = {0};
	uint64_t patience;
	enum rill_code code;

	memset(found, 0, sizeof *found);
	code = measure(&inflater, bytes, n, found, &shape, error);
	if (code != RILL_OK)
		return code;
	choose_candidates(&candidates, hint, &shape);
	/* The one that is right needs the stream's length, the failing ones have the rest. */
	patience = 3 * found->plain_length + PATIENCE;
	for (size_t i = 0; i < candidates.n && code == RILL_OK && !found->found; i++)
		code = try_recipe(&inflater, &candidates.list[i], bytes, found, &patience, error);
	return code;
}
