/* SPDX-License-Identifier: Apache-2.0 */
#include "host/engine.h"

#include "host/code_guess.h"
#include "host/copy_select.h"
#include "host/elf_regions.h"
#include "host/reference_view.h"
#include "protocol/delta_body.h"
#include "protocol/delta_decoder.h"
#include <stdlib.h>
#include <string.h>

#define SMALL_DELTA 8192

struct file {
	const uint8_t *bytes;
	size_t n;
};

struct engine {
	struct file old, new;
	struct engine_options options;
	struct elf_regions old_elf, new_elf;
	bool guessed; /* they are no ELF files */
	struct rill_layout layout; /* of the delta: the old file's regions */
	struct rill_layout mirror; /* the new file's, for its view */
	struct symbol_slots old_slots, new_slots;
	struct copy_list copies;
	struct growing code;
};

static void fill_layout(struct rill_layout *layout, const struct elf_regions *old,
			const struct elf_regions *new)
{
	size_t n = old->segment_count;

	layout->image_count = 1;
	layout->image[0] = (struct rill_image){.old_count = (uint32_t)n,
					       .new_segment = (uint32_t)n,
					       .new_count = (uint32_t) new->segment_count};
	memcpy(layout->segment, old->segment, n * sizeof old->segment[0]);
	memcpy(layout->segment + n, new->segment, new->segment_count * sizeof new->segment[0]);
	layout->segment_count = n + new->segment_count;
	memcpy(layout->region, old->region, old->region_count * sizeof old->region[0]);
	layout->region_count = old->region_count;
	rill_layout_finish(layout);
}

/* The origins that a region's class had in the new file: of the region of the same rank. */
static void set_new_origins(struct rill_layout *layout, const struct elf_regions *new)
{
	for (size_t i = 0; i < layout->region_count; i++) {
		struct rill_region *region = &layout->region[i];
		size_t rank = 0;

		for (size_t j = 0; j < i; j++)
			rank += layout->region[j].class == region->class;
		for (unsigned k = 0; k < rill_region_origins(region->class); k++)
			region->origin[k].new = region->origin[k].old;
		for (size_t j = 0; j < new->region_count; j++)
			if (new->region[j].class == region->class &&rank-- == 0)
				for (unsigned k = 0; k < rill_region_origins(region->class); k++)
					region->origin[k].new = new->region[j].origin[k].old;
	}
}

static enum rill_code make_layouts(struct engine *e, struct rill_error *error)
{
	enum rill_code code;

	elf_regions_read(&e->old_elf, e->old.bytes, e->old.n);
	elf_regions_read(&e->new_elf, e->new.bytes, e->new.n);
	if (!e->old_elf.known && !e->new_elf.known) {
		code_guess(&e->old_elf, e->old.bytes, e->old.n);
		code_guess(&e->new_elf, e->new.bytes, e->new.n);
		e->guessed = true;
	}
	code = rill_layout_new(&e->layout, 256, error);
	if (code == RILL_OK)
		code = rill_layout_new(&e->mirror, 256, error);
	if (code != RILL_OK || !e->old_elf.known || !e->new_elf.known ||
	    e->old_elf.code != e->new_elf.code)
		return code;
	fill_layout(&e->layout, &e->old_elf, &e->new_elf);
	fill_layout(&e->mirror, &e->new_elf, &e->old_elf);
	set_new_origins(&e->layout, &e->new_elf);
	symbol_slots_read(&e->old_slots, e->old.bytes, e->old.n);
	symbol_slots_read(&e->new_slots, e->new.bytes, e->new.n);
	return RILL_OK;
}

/* The number of copies that the decoder's memory has room for. */
static size_t most_copies(const struct engine *e)
{
	uint64_t budget = e->options.memory ? e->options.memory : ENGINE_MEMORY;
	uint64_t chunks = e->new.n / RILL_DELTA_CHUNK + 2, fixed, each;
	struct rill_body_size size = {.most_entries = rill_layout_entries(&e->layout),
				      .base_length = e->old.n,
				      .output_length = e->new.n};

	fixed = rill_body_memory(&size) + (128u << 10) + chunks * RILL_SHA256_SIZE;
	size.most_copies = 1;
	each = rill_body_memory(&size);
	size.most_copies = 0;
	each -= rill_body_memory(&size);
	return fixed < budget ? (size_t)((budget - fixed) / each) : 0;
}

/* Leaves out the shortest copies until no more than `most` are left. */
static void drop_short(struct copy_list *list, size_t most)
{
	for (uint64_t least = 16; list->n > most; least += least / 2) {
		size_t kept = 0;

		for (size_t i = 0; i < list->n; i++)
			if (list->copy[i].length >= least)
				list->copy[kept++] = list->copy[i];
		list->n = kept;
	}
}

/* Selects copies; when there are too many for the decoder, again at a higher price. */
static enum rill_code select_copies(struct engine *e, const uint8_t *old, const uint8_t *new,
				    struct match_list *matches, struct rill_error *error)
{
	const unsigned change = e->options.change ? e->options.change : 18;
	struct copy_prices prices = {.change = change * 16,
				     .change_bit = 22,
				     .literal = 17 * 16,
				     .differs = 7 * 16,
				     .differing_byte = 68,
				     .same = 1};
	size_t most = most_copies(e);
	enum rill_code code = RILL_OK;

	for (unsigned tries = 0; tries < 4; tries++) {
		copy_list_free(&e->copies);
		code = copy_select(old, e->old.n, new, e->new.n, matches, &prices, &e->copies,
				   error);
		if (code != RILL_OK || e->copies.n <= most)
			return code;
		prices.change *= 2;
	}
	drop_short(&e->copies, most);
	return code;
}

static enum rill_code match(struct engine *e, const uint8_t *old, const uint8_t *new,
			    struct rill_error *error)
{
	struct match_list matches;
	enum rill_code code = copy_search(old, e->old.n, new, e->new.n, 6, &matches, error);

	if (code == RILL_OK)
		code = select_copies(e, old, new, &matches, error);
	match_list_free(&matches);
	return code;
}

/* Matches on views of both files with the references written out by the copies so far. */
static enum rill_code match_again(struct engine *e, struct rill_error *error)
{
	struct rill_address_map *map = calloc(1, sizeof *map);
	struct rill_stretch *stretch = calloc(e->copies.n + 1, sizeof *stretch);
	uint8_t *old = malloc(e->old.n + 1), *new = malloc(e->new.n + 1);
	enum rill_code code = RILL_OK;

	if (map && stretch && old && new) {
		struct rill_predictor predictor = {
			.layout = &e->layout, .map = map, .image = &e->layout.image[0]};

		rill_address_map_build(map, e->copies.copy, e->copies.n, stretch);
		reference_view(&e->layout, &predictor, &e->old_slots, e->old.bytes, e->old.n, old);
		reference_view(&e->mirror, NULL, &e->new_slots, e->new.bytes, e->new.n, new);
		code = match(e, old, new, error);
	} else {
		code = rill_fail(error, RILL_MEMORY, "no memory to match again");
	}
	free(map);
	free(stretch);
	free(old);
	free(new);
	return code;
}

static enum rill_code read_source(void *context, uint64_t offset, uint8_t *bytes, size_t n,
				  struct rill_error *error)
{
	const struct engine *e = context;

	if (offset > e->old.n || n > e->old.n - offset)
		return rill_fail(error, RILL_INTERNAL, "a read outside the base");
	memcpy(bytes, e->old.bytes + offset, n);
	return RILL_OK;
}

static enum rill_code drop(void *context, const uint8_t *bytes, size_t n, struct rill_error *error)
{
	(void)context;
	(void)bytes;
	(void)n;
	(void)error;
	return RILL_OK;
}

/* Codes the body into e->code. */
static enum rill_code code_body(struct engine *e, const struct rill_body_size *size,
				struct rill_error *error)
{
	struct rill_body_io io = {
		.source = {.context = e, .read = read_source}, .context = e, .write = drop};
	const struct rill_group group = {.length = e->new.n,
					 .layout = &e->layout,
					 .copy = e->copies.copy,
					 .copies = e->copies.n};
	struct rill_body *body;
	enum rill_code code = rill_body_new(&body, size, &io, error);

	if (code == RILL_OK) {
		rill_coder_encode(rill_body_coder(body), growing_put_byte, &e->code);
		rill_body_encode(body, e->new.bytes);
		rill_body_encode_group(body, &group);
	}
	while (code == RILL_OK && !rill_body_done(body))
		code = rill_body_step(body, error);
	if (code == RILL_OK)
		rill_coder_finish(rill_body_coder(body));
	if (code == RILL_OK && e->code.failed)
		code = rill_fail(error, RILL_MEMORY, "no memory for the delta");
	rill_body_free(body);
	return code;
}

/* Puts header and body together. */
static enum rill_code assemble(struct engine *e, const struct rill_body_size *size,
			       struct growing *out, struct rill_error *error)
{
	struct rill_delta_header *header = calloc(1, sizeof *header);
	struct growing hashes = {0};
	uint8_t *bytes = NULL;
	size_t n = 0;

	if (header) {
		header->base_count = header->output_count = 1;
		header->base[0].length = e->old.n;
		header->output[0].length = e->new.n;
		rill_sha256(e->old.bytes, e->old.n, header->base[0].sha256);
		rill_sha256(e->new.bytes, e->new.n, header->output[0].sha256);
		header->most_entries = size->most_entries;
		header->most_copies = size->most_copies;
		header->body_length = e->code.n;
		for (size_t at = 0; at < e->code.n; at += RILL_DELTA_CHUNK) {
			uint8_t digest[RILL_SHA256_SIZE];
			size_t some = e->code.n - at < RILL_DELTA_CHUNK ? e->code.n - at
									: RILL_DELTA_CHUNK;

			rill_sha256(e->code.bytes + at, some, digest);
			growing_put(&hashes, digest, sizeof digest);
			header->chunk_count++;
		}
		header->chunk_sha256 = hashes.bytes;
		bytes = malloc(1024 + hashes.n);
		if (bytes)
			n = rill_delta_header_write(header, bytes, 1024 + hashes.n);
	}
	growing_put(out, bytes, n);
	growing_put(out, e->code.bytes, e->code.n);
	if (n == 0 || hashes.failed || out->failed)
		rill_fail(error, RILL_MEMORY, "no memory for the delta");
	else
		error->code = RILL_OK;
	free(header);
	free(bytes);
	growing_free(&hashes);
	return error->code;
}

/* Codes it all; when hardly anything changed, or the layout is a guess, also without it: it
 * may cost more than it saves. */
static enum rill_code code_best(struct engine *e, struct rill_body_size *size,
				struct rill_error *error)
{
	struct rill_body_size without = *size;
	struct growing with;
	enum rill_code code = code_body(e, size, error);

	if (code != RILL_OK || size->most_entries == 0 || (e->code.n > SMALL_DELTA && !e->guessed))
		return code;
	with = e->code;
	e->code = (struct growing){0};
	rill_layout_clear(&e->layout);
	without.most_entries = 0;
	code = code_body(e, &without, error);
	if (code == RILL_OK && e->code.n < with.n) {
		*size = without;
		growing_free(&with);
	} else {
		growing_free(&e->code);
		e->code = with;
	}
	return code;
}

/* Of the passes of matching, and the coding behind them. */
static void show_progress(const struct engine *e, unsigned done)
{
	if (e->options.progress)
		progress_show(e->options.progress, done, e->options.passes + 2);
}

static enum rill_code encode(struct engine *e, struct growing *out, struct engine_report *report,
			     struct rill_error *error)
{
	struct rill_body_size size = {.base_length = e->old.n, .output_length = e->new.n};
	enum rill_code code = make_layouts(e, error);

	if (code == RILL_OK)
		code = match(e, e->old.bytes, e->new.bytes, error);
	for (unsigned i = 0; i < e->options.passes && e->layout.image_count && code == RILL_OK;
	     i++) {
		show_progress(e, i + 1);
		code = match_again(e, error);
	}
	if (code != RILL_OK)
		return code;
	show_progress(e, e->options.passes + 1);
	size.most_entries = rill_layout_entries(&e->layout);
	size.most_copies = e->copies.n;
	*report = (struct engine_report){.copies = e->copies.n, .literal_bytes = e->new.n};
	for (size_t i = 0; i < e->copies.n; i++)
		report->literal_bytes -= e->copies.copy[i].length;
	code = code_best(e, &size, error);
	report->memory = rill_body_memory(&size);
	return code == RILL_OK ? assemble(e, &size, out, error) : code;
}

enum rill_code encode_delta(const uint8_t *old, size_t old_n, const uint8_t *new, size_t new_n,
			    const struct engine_options *options, struct growing *out,
			    struct engine_report *report, struct rill_error *error)
{
	struct engine_report ignored;
	struct engine *e = calloc(1, sizeof *e);
	enum rill_code code;

	if (!e)
		return rill_fail(error, RILL_MEMORY, "no memory for the encoder");
	e->old = (struct file){old, old_n};
	e->new = (struct file){new, new_n};
	e->options = *options;
	code = encode(e, out, report ? report : &ignored, error);
	growing_free(&e->code);
	copy_list_free(&e->copies);
	symbol_slots_free(&e->old_slots);
	symbol_slots_free(&e->new_slots);
	rill_layout_free(&e->layout);
	rill_layout_free(&e->mirror);
	free(e);
	return code;
}
