/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/packing.h"

#include <stdlib.h>
#include <string.h>

/* Numbers of the table: two kinds for the model, told apart by context within. */
enum { LENGTHS = 7, REST = 15 };
enum number { GAP, PLAIN, CODED, COUNT, GROWTH, RECIPE };

enum rill_code rill_packing_new(struct rill_packing *p, size_t most, uint64_t base_length,
				uint64_t output_length, struct rill_error *error)
{
	*p = (struct rill_packing){.base_length = base_length,
				   .output_length = output_length,
				   .unpacked_base = base_length,
				   .unpacked_output = output_length};
	p->base = calloc(most + 1, sizeof *p->base);
	p->output = calloc(most + 1, sizeof *p->output);
	if ((!p->base && p->base_count > 0) || (!p->output && p->output_count > 0))
		return rill_fail(error, RILL_MEMORY, "no memory for a table of streams");
	return RILL_OK;
}

void rill_packing_free(struct rill_packing *p)
{
	free(p->base);
	free(p->output);
	*p = (struct rill_packing){0};
}

bool rill_packing_done(const struct rill_packing *p, size_t step)
{
	return step == 1 + p->base_count + p->output_count;
}

struct number_coder {
	struct rill_number_model *numbers;
	const struct rill_bit_tables *tables;
	struct rill_coder *coder;
};

static uint64_t code_number(const struct number_coder *c, unsigned kind, uint32_t context,
			    uint64_t value)
{
	return rill_code_number(c->numbers, c->tables, c->coder, kind, (uint32_t[]){context, 0, 0},
				value);
}

static enum rill_code code_counts(struct rill_packing *p, size_t most, const struct number_coder *c,
				  struct rill_error *error)
{
	int64_t growth = (int64_t)(p->unpacked_output - p->output_length);

	p->base_count = (size_t)code_number(c, COUNT, 0, p->base_count);
	p->output_count = (size_t)code_number(c, COUNT, 1, p->output_count);
	if (p->base_count > most || p->output_count > most)
		return rill_fail(error, RILL_CORRUPT, "table of streams: too many");
	if (p->output_count > 0)
		growth = rill_code_signed(c->numbers, c->tables, c->coder, REST,
					  (uint32_t[]){GROWTH, 0, 0}, growth);
	/* Both are far from 64 bits; what the streams allow is checked with the last one. */
	if (growth < -(int64_t)p->output_length || growth > INT64_MAX / 4)
		return rill_fail(error, RILL_CORRUPT, "table of streams: an impossible growth");
	p->unpacked_output = p->output_length + (uint64_t)growth;
	return RILL_OK;
}

/* The recipe as the number that its bytes are; the last one is the context. */
static bool code_recipe(const struct number_coder *c, const struct rill_packed *last,
			struct rill_packed *packed)
{
	uint8_t bytes[RILL_DEFLATE_RECIPE_MAX] = {0}, before[RILL_DEFLATE_RECIPE_MAX] = {0};
	struct rill_writer writer = rill_writer(bytes, sizeof bytes);
	struct rill_writer last_writer = rill_writer(before, sizeof before);
	struct rill_reader reader = rill_reader(bytes, sizeof bytes);
	struct rill_error ignored;
	uint64_t value = 0;

	if (c->coder->encoding)
		rill_deflate_recipe_put(&packed->recipe, &writer);
	if (last)
		rill_deflate_recipe_put(&last->recipe, &last_writer);
	for (unsigned i = RILL_DEFLATE_RECIPE_MAX; i-- > 0;)
		value = value << 8 | (uint8_t)(bytes[i] ^ before[i]);
	value = code_number(c, RECIPE, 0, value);
	for (unsigned i = 0; i < RILL_DEFLATE_RECIPE_MAX; i++)
		bytes[i] = (uint8_t)(value >> 8 * i ^ before[i]);
	return c->coder->encoding ||
	       rill_deflate_recipe_parse(&packed->recipe, &reader, &ignored) == RILL_OK;
}

/* A stream of one side, behind `last`, which may be NULL. */
static enum rill_code code_stream(struct rill_packed *packed, const struct rill_packed *last,
				  bool of_base, uint64_t largest, const struct number_coder *c,
				  struct rill_error *error)
{
	uint64_t end = last ? last->plain_start + last->plain : 0, plain, coded = packed->coded;
	uint64_t gap = code_number(c, GAP, of_base, packed->plain_start - end);

	plain = code_number(c, PLAIN, of_base, packed->plain);
	packed->trailer = code_number(c, RECIPE, 1 + of_base, packed->trailer);
	if (of_base)
		coded = code_number(c, CODED, rill_bit_length(plain), coded);
	if (gap > INT64_MAX / 4 - end || plain < 1 || plain > largest ||
	    (of_base && (coded < 1 || coded > 2 * (uint64_t)RILL_PACKED_MOST)) ||
	    (!of_base && !code_recipe(c, last, packed)))
		return rill_fail(error, RILL_CORRUPT, "table of streams: an impossible stream");
	packed->plain_start = end + gap;
	packed->plain = (uint32_t)plain;
	if (of_base) {
		packed->start = (last ? last->start + last->coded : 0) + gap;
		packed->coded = (uint32_t)coded;
	}
	return RILL_OK;
}

/* Where the unpacked base ends, when the streams lie within the base; and the same for the
 * output, of which only the unpacked length is known. */
static enum rill_code end_table(struct rill_packing *p, struct rill_error *error)
{
	const struct rill_packed *base = p->base_count ? &p->base[p->base_count - 1] : NULL;
	const struct rill_packed *output = p->output_count ? &p->output[p->output_count - 1] : NULL;

	if ((base && base->start + base->coded > p->base_length) ||
	    (output && output->plain_start + output->plain > p->unpacked_output))
		return rill_fail(error, RILL_CORRUPT, "table of streams: one outside its object");
	if (base)
		p->unpacked_base = p->base_length - base->start - base->coded + base->plain_start +
				   base->plain;
	return RILL_OK;
}

enum rill_code rill_packing_code(struct rill_packing *p, size_t *step, size_t most,
				 uint64_t largest, struct rill_number_model *numbers,
				 const struct rill_bit_tables *tables, struct rill_coder *coder,
				 struct rill_error *error)
{
	const struct number_coder c = {numbers, tables, coder};
	size_t i = *step - 1;
	enum rill_code code = RILL_OK;

	if (*step == 0)
		code = code_counts(p, most, &c, error);
	else if (p->base && i < p->base_count)
		code = code_stream(&p->base[i], i ? &p->base[i - 1] : NULL, true, largest, &c,
				   error);
	else if (p->output)
		code = code_stream(&p->output[i - p->base_count],
				   i > p->base_count ? &p->output[i - p->base_count - 1] : NULL,
				   false, largest, &c, error);
	++*step;
	if (code == RILL_OK && !coder->encoding && rill_packing_done(p, *step))
		code = end_table(p, error);
	return code;
}
