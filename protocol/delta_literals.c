/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/delta_body_state.h"

#include <string.h>

#define LEARN_BLOCK 512u
#define LEARN_MOST 32u /* blocks */
#define LEARN_LEAST 16384u /* bytes of code for each of them */
#define LEARN_WORTH 16u /* times so much code; less has too few literals */
#define A64_CALL 0x94000000u /* BL to itself */
#define LOOK_BACK 8u
#define DENSE_BLOCK 4096u /* literals are judged by so many whether to model them */
#define DENSE_STEP 128u
#define DENSE_CLASS 40u /* of the question in the span model */

/* The byte of the sources before the group at an offset, 0 outside them. */
static enum rill_code look_at(struct rill_body *b, struct look *look, uint64_t offset,
			      uint8_t *byte, struct rill_error *error)
{
	uint64_t end = b->base_length + b->group_start;
	enum rill_code code = RILL_OK;

	*byte = 0;
	if (offset >= end)
		return RILL_OK;
	if (offset - look->from >= look->n) {
		look->from = offset < LOOK_BACK ? 0 : offset - LOOK_BACK;
		look->n = end - look->from < RILL_BODY_LOOK ? (size_t)(end - look->from)
							    : RILL_BODY_LOOK;
		code = b->io.source.read(b->io.source.context, look->from, look->bytes, look->n,
					 error);
	}
	if (code == RILL_OK)
		*byte = look->bytes[offset - look->from];
	return code;
}

/* Whether bytes look like compressed or encrypted ones: all values as often, about. The sum
 * of the squares of the counts is n * n / 256 + n for random bytes. */
static bool is_dense(const uint8_t *bytes, size_t n)
{
	uint32_t count[256] = {0};
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		count[bytes[i]]++;
	for (unsigned i = 0; i < 256; i++)
		sum += (uint64_t)count[i] * count[i];
	return sum < n * n / 256 + n + n / 2;
}

/* Literals that no model can predict are coded as they are, and faster. */
static enum rill_code step_dense(struct rill_body *b, struct rill_error *error)
{
	uint8_t bytes[DENSE_STEP] = {0};

	if (b->expected)
		memcpy(bytes, b->expected + b->done, DENSE_STEP);
	for (unsigned i = 0; i < DENSE_STEP; i++)
		bytes[i] = (uint8_t)rill_code_plain(&b->coder, 8, bytes[i]);
	b->dense -= DENSE_STEP;
	return rill_body_emit(b, bytes, DENSE_STEP, error);
}

/* At the begin of a block of literals: how to code it. */
static void judge_block(struct rill_body *b)
{
	bool dense = b->expected && is_dense(b->expected + b->done, DENSE_BLOCK);
	struct rill_unit_place place = {.before = 0};

	dense = rill_code_span(&b->units, &b->tables, &b->coder, &place, 1, DENSE_CLASS, dense);
	b->dense = dense ? DENSE_BLOCK : 0;
	b->modelled = dense ? 0 : DENSE_BLOCK;
}

/* The class of region that the copy before the literal ended in. */
static bool among(const struct rill_body *b, enum rill_region_class class)
{
	return b->window.region && b->window.region->class == class;
}

/* Codes the literal byte `ahead` bytes from here; `left` of them lie before the next copy or
 * the end. */
static enum rill_code code_literal(struct rill_body *b, struct rill_literal_place *place,
				   uint64_t left, unsigned ahead, uint8_t *byte,
				   struct rill_error *error)
{
	const struct rill_copy *last = b->at ? &b->copy[b->at - 1] : NULL;
	uint64_t at = b->done + ahead;
	uint64_t onward = last ? last->source + (at - last->output) : at;
	uint64_t backward = b->copy && b->at < b->copies ? b->copy[b->at].source - (left - ahead)
							 : UINT64_MAX;
	enum rill_code code = look_at(b, &b->onward, onward, &place->onward, error);

	if (code == RILL_OK)
		code = look_at(b, &b->backward, backward, &place->backward, error);
	if (code == RILL_OK)
		*byte = rill_code_literal(&b->literals, &b->tables, &b->coder, &b->buckets, place,
					  *byte);
	return code;
}

/* Codes four bytes from the highest to the lowest, as if all of them stood so. */
static enum rill_code code_word(struct rill_body *b, struct rill_literal_place *place,
				uint64_t left, uint32_t *word, struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	for (place->phase = 0; place->phase < 4 && code == RILL_OK; place->phase++) {
		unsigned shift = 24 - 8 * place->phase;
		uint8_t byte = (uint8_t)(*word >> shift);

		code = code_literal(b, place, left, shift / 8, &byte, error);
		place->before = place->before << 8 | byte;
	}
	*word = (uint32_t)place->before;
	return code;
}

static enum rill_code emit_word(struct rill_body *b, uint32_t word, struct rill_error *error)
{
	uint8_t bytes[4];

	rill_store32(bytes, word);
	return rill_body_emit(b, bytes, 4, error);
}

/* An arm64 instruction: the opcode first, then what it is about; with its absolute target, so that
 * two calls of a function are alike. */
static enum rill_code step_word(struct rill_body *b, uint64_t left, struct rill_error *error)
{
	uint64_t before = rill_body_before(b);
	uint32_t older = __builtin_bswap32((uint32_t)(before >> 32));
	uint32_t last = __builtin_bswap32((uint32_t)before);
	struct rill_literal_place place = {
		.before = (uint64_t)rill_a64_absolute(older, b->done - 8) << 32 |
			  rill_a64_absolute(last, b->done - 4),
		.a64 = true,
	};
	uint32_t word = 0;
	enum rill_code code;

	if (b->expected)
		word = rill_a64_absolute(rill_load32(b->expected + b->done), b->done);
	code = code_word(b, &place, left, &word, error);
	return code == RILL_OK ? emit_word(b, rill_a64_relative(word, b->done), error) : code;
}

/* Likewise a reference in x86-64 code, with `tail` bytes of the instruction behind it. */
static enum rill_code step_reference(struct rill_body *b, uint64_t left, unsigned tail,
				     struct rill_error *error)
{
	uint32_t end = (uint32_t)b->done + 4 + tail, target = 0;
	struct rill_literal_place place = {.before = rill_body_before(b),
					   .page = (uint32_t)(b->done >> 12),
					   .x64 = true,
					   .reference = true};
	enum rill_code code;

	if (b->expected)
		target = rill_load32(b->expected + b->done) + end;
	code = code_word(b, &place, left, &target, error);
	return code == RILL_OK ? emit_word(b, target - end, error) : code;
}

/* Where nothing is an executable, as in text, places modulo 4 only tell apart what is alike. */
static uint32_t phase_of(const struct rill_body *b)
{
	return b->layout->region_count > 0 ? (uint32_t)b->done : 0;
}

static enum rill_code step_byte(struct rill_body *b, uint64_t left, struct rill_error *error)
{
	const struct rill_copy *last = b->at ? &b->copy[b->at - 1] : NULL;
	struct rill_literal_place place = {
		.before = rill_body_before(b),
		.phase = phase_of(b),
		.x64 = among(b, RILL_REGION_X64),
		.first = last ? b->done == last->output + last->length : b->done == 0,
	};
	uint8_t byte = b->expected ? b->expected[b->done] : 0;
	enum rill_code code;
	unsigned tail;

	if (place.first)
		b->literals.instruction_n = 0;
	if (place.x64 && left >= 4 && rill_literal_reference(&b->literals, &tail))
		return step_reference(b, left, tail, error);
	code = code_literal(b, &place, left, 0, &byte, error);
	return code == RILL_OK ? rill_body_emit(b, &byte, 1, error) : code;
}

/* Shows the model a word of code of the base. */
static void learn_word(struct rill_body *b, struct rill_coder *coder,
		       struct rill_literal_place *place, uint32_t word)
{
	for (place->phase = 0; place->phase < 4; place->phase++) {
		uint8_t byte = (uint8_t)(word >> (24 - 8 * place->phase));

		rill_code_literal(&b->literals, &b->tables, coder, &b->buckets, place, byte);
		place->before = place->before << 8 | byte;
	}
}

/* Where what was at an offset of the base is now, or would be. */
static uint64_t new_offset(const struct rill_body *b, uint64_t offset)
{
	uint64_t output = offset;
	bool exact;

	return rill_address_map_find(&b->map, offset, &output, &exact) ? output : offset;
}

static void learn_a64(struct rill_body *b, struct rill_coder *coder, const uint8_t *bytes,
		      uint64_t at)
{
	struct rill_literal_place place = {.learning = true, .a64 = true};

	for (unsigned i = 0; i < LEARN_BLOCK; i += 4) {
		uint32_t word = rill_a64_absolute(rill_load32(bytes + i), at + i);

		if (word >> 26 == A64_CALL >> 26)
			word = rill_a64_absolute(A64_CALL, new_offset(b, (word & 0x3ffffffu) << 2));
		learn_word(b, coder, &place, word);
	}
}

static void learn_x64(struct rill_body *b, struct rill_coder *coder, const uint8_t *bytes,
		      uint64_t at)
{
	struct rill_literal_place place = {.learning = true, .x64 = true};

	b->literals.instruction_n = 0;
	for (unsigned i = 0, tail; i < LEARN_BLOCK;) {
		if (i + 4 <= LEARN_BLOCK && rill_literal_reference(&b->literals, &tail)) {
			struct rill_literal_place field = place;
			uint64_t target = (uint32_t)(rill_load32(bytes + i) + at + i + 4 + tail);

			field.reference = true;
			field.page = (uint32_t)((at + i) >> 12);
			learn_word(b, coder, &field, (uint32_t)new_offset(b, target));
			for (unsigned end = i + 4; i < end; i++)
				place.before = place.before << 8 | bytes[i];
		} else {
			rill_code_literal(&b->literals, &b->tables, coder, &b->buckets, &place,
					  bytes[i]);
			place.before = place.before << 8 | bytes[i++];
		}
	}
}

static bool is_code(const struct rill_region *region)
{
	return region->class == RILL_REGION_A64 || region->class == RILL_REGION_X64;
}

/* Blocks at even distances, at most LEARN_MOST of them: its time has a bound. */
enum rill_code rill_body_learn(struct rill_body *b, struct rill_error *error)
{
	const struct rill_region *region = b->layout->region;
	const struct rill_region *end = region ? region + b->layout->region_count : NULL;
	uint64_t total = 0, each;
	struct rill_coder coder;

	for (const struct rill_region *r = region; r < end; r++)
		total += is_code(r) ? r->length : 0;
	if (total < LEARN_LEAST * LEARN_WORTH)
		return RILL_OK;
	each = total / LEARN_MOST < LEARN_LEAST ? LEARN_LEAST : (total / LEARN_MOST | 3) + 1;
	rill_coder_learn(&coder);
	for (; region < end; region++) {
		uint64_t at = region->start + (-region->start & 3),
			 stop = region->start + region->length;

		for (; is_code(region) && at + each < stop && stop <= b->base_length; at += each) {
			uint8_t bytes[LEARN_BLOCK];
			enum rill_code code = b->io.source.read(b->io.source.context, at, bytes,
								LEARN_BLOCK, error);

			if (code != RILL_OK)
				return code;
			if (region->class == RILL_REGION_A64)
				learn_a64(b, &coder, bytes, at);
			else
				learn_x64(b, &coder, bytes, at);
		}
	}
	return RILL_OK;
}

enum rill_code rill_body_literal(struct rill_body *b, uint64_t left, struct rill_error *error)
{
	uint64_t before = b->done;
	enum rill_code code;
	size_t n;

	if (b->dense == 0 && b->modelled == 0 && left >= DENSE_BLOCK)
		judge_block(b);
	if (b->dense > 0)
		return step_dense(b, error);
	if (left >= 4 && b->done % 4 == 0 && among(b, RILL_REGION_A64))
		code = step_word(b, left, error);
	else
		code = step_byte(b, left, error);
	n = (size_t)(b->done - before);
	b->modelled -= b->modelled > n ? n : b->modelled;
	return code;
}
