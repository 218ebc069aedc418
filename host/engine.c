/* SPDX-License-Identifier: Apache-2.0 */
#include "host/engine.h"

#include "host/match_queue.h"
#include "protocol/delta_body.h"
#include "protocol/delta_decoder.h"
#include <stdlib.h>
#include <string.h>

#define SMALL_DELTA 8192
#define CHANGE_DEFAULT 18
#define GROUP_MOST (48u << 20)

struct engine {
	const struct sources *packed; /* the objects */
	struct unpacked_sources unpacked;
	const struct sources *sources; /* of `unpacked` */
	struct engine_options options;
	struct plan plan;
	struct growing code;
};

static struct rill_body_size empty_size(const struct engine *e)
{
	const struct rill_packing *packing = &e->unpacked.packing;

	return (struct rill_body_size){.most_streams = packing->base_count > packing->output_count
							       ? packing->base_count
							       : packing->output_count,
				       .largest_stream = e->unpacked.largest_stream,
				       .base_length = e->packed->old_n,
				       .output_length = e->packed->new_n};
}

/* The number of copies that the decoder's memory has room for. */
static size_t most_copies(const void *context, const struct rill_layout *layout)
{
	const struct engine *e = context;
	uint64_t budget = e->options.decoder_memory ? e->options.decoder_memory
						    : ENGINE_DECODER_MEMORY;
	uint64_t chunks = e->packed->new_n / RILL_DELTA_CHUNK + 2, fixed, each;
	struct rill_body_size size = empty_size(e);

	size.most_entries = rill_layout_entries(layout);
	fixed = rill_body_memory(&size) + (128u << 10) + chunks * RILL_CHUNK_HASH_SIZE +
		rill_packing_memory(size.most_streams, size.largest_stream);
	size.most_copies = 1;
	each = rill_body_memory(&size);
	size.most_copies = 0;
	each -= rill_body_memory(&size);
	return fixed < budget ? (size_t)((budget - fixed) / each) : 0;
}

static enum rill_code read_source(void *context, uint64_t offset, uint8_t *bytes, size_t n,
				  struct rill_error *error)
{
	const struct sources *s = context;
	uint64_t left = offset < s->old_n ? s->old_n - offset : s->new_n - (offset - s->old_n);
	size_t some = n < left ? n : (size_t)left;

	if (offset > s->old_n + s->new_n || n > s->old_n + s->new_n - offset)
		return rill_fail(error, RILL_INTERNAL, "a read outside the sources");
	memcpy(bytes, source_at(s, offset), some);
	memcpy(bytes + some, s->new, n - some); /* over the border */
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

static enum rill_code start_body(struct engine *e, struct rill_body **body,
				 struct rill_error *error)
{
	static const struct rill_layout none = {0};
	struct rill_body_size size = empty_size(e);
	struct rill_body_io io = {
		.source = {.context = (void *)(uintptr_t)e->sources, .read = read_source},
		.packing = &e->unpacked.packing,
		.write = drop};
	enum rill_code code;

	/* What the groups will need is not known yet; only the decoder keeps to it. */
	size.most_entries = RILL_LAYOUT_MAX;
	size.most_copies = most_copies(e, &none);
	code = rill_body_new(body, &size, &io, error);
	if (code == RILL_OK) {
		rill_coder_encode(rill_body_coder(*body), growing_put_byte, &e->code);
		rill_body_encode(*body, e->sources->new);
	}
	while (code == RILL_OK && e->packed->new_n > 0 && !rill_body_group_done(*body))
		code = rill_body_step(*body, error);
	return code;
}

static enum rill_code code_group(struct engine *e, struct rill_body *body, struct group *group,
				 struct rill_error *error)
{
	const struct rill_group coded = {.length = group->output.length,
					 .layout = &group->layout,
					 .copy = group->copies.copy,
					 .copies = group->copies.n};
	enum rill_code code;

	rill_body_encode_group(body, &coded);
	do
		code = rill_body_step(body, error);
	while (code == RILL_OK && !rill_body_group_done(body));
	progress_add(e->options.progress, group->output.length);
	return code;
}

static enum rill_code end_body(struct engine *e, struct rill_body *body, enum rill_code code,
			       struct rill_error *error)
{
	if (code == RILL_OK)
		rill_coder_finish(rill_body_coder(body));
	if (code == RILL_OK && e->code.failed)
		code = rill_fail(error, RILL_MEMORY, "no memory for the delta");
	rill_body_free(body);
	return code;
}

/* Matches and codes all groups. */
static enum rill_code code_groups(struct engine *e, struct rill_error *error)
{
	const struct group_options options = {
		.passes = e->options.passes,
		.memory = e->options.memory,
		.change = e->options.change ? e->options.change : CHANGE_DEFAULT,
		.most_copies = most_copies,
		.context = e,
		.progress = e->options.progress,
	};
	struct match_queue *queue;
	struct rill_body *body = NULL;
	enum rill_code code = match_queue_start(&queue, &e->plan, e->sources, &options,
						e->options.jobs, error);

	if (code == RILL_OK)
		code = start_body(e, &body, error);
	for (size_t i = 0; i < e->plan.n && code == RILL_OK; i++) {
		code = match_queue_wait(queue, i, error);
		if (code == RILL_OK)
			code = code_group(e, body, &e->plan.group[i], error);
	}
	match_queue_end(queue);
	return end_body(e, body, code, error);
}

/* When hardly anything changed, or the layout is a guess, it may cost more than it saves: codes
 * the only group also without it. */
static enum rill_code try_without_layout(struct engine *e, struct rill_error *error)
{
	struct group *group = e->plan.group;
	struct rill_layout layout;
	struct growing with = e->code;
	struct rill_body *body;
	enum rill_code code;

	if (e->plan.n != 1 || group->layout.image_count == 0 ||
	    (e->code.n > SMALL_DELTA && !group->guessed))
		return RILL_OK;
	layout = group->layout;
	group->layout = (struct rill_layout){0};
	e->code = (struct growing){0};
	code = start_body(e, &body, error);
	if (code == RILL_OK)
		code = code_group(e, body, group, error);
	code = end_body(e, body, code, error);
	if (code == RILL_OK && e->code.n < with.n) {
		growing_free(&with);
		rill_layout_free(&layout);
	} else {
		growing_free(&e->code);
		e->code = with;
		group->layout = layout;
	}
	return code;
}

/* `sha256` are their hashes, if they are known. */
static void fill_objects(struct rill_object *object, const uint8_t *bytes, const uint64_t *length,
			 const uint8_t *sha256, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		object[i].length = length[i];
		if (sha256)
			memcpy(object[i].sha256, sha256 + i * RILL_SHA256_SIZE, RILL_SHA256_SIZE);
		else
			rill_sha256(bytes, (size_t)length[i], object[i].sha256);
		bytes += length[i];
	}
}

static void fill_capacities(struct rill_delta_header *header, const struct plan *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct group *group = &plan->group[i];
		uint64_t entries = rill_layout_entries(&group->layout);

		if (header->most_entries < entries)
			header->most_entries = entries;
		if (header->most_copies < group->copies.n)
			header->most_copies = group->copies.n;
	}
}

/* Puts header and body together. */
static enum rill_code assemble(struct engine *e, struct growing *out, uint64_t *memory,
			       struct rill_error *error)
{
	const struct sources *s = e->packed;
	const struct rill_body_size size = empty_size(e);
	struct rill_delta_header *header = calloc(1, sizeof *header);
	size_t room = 1024 + (s->old_objects + s->new_objects) * (RILL_SHA256_SIZE + 10), n = 0;
	struct growing hashes = {0};
	uint8_t *bytes = NULL;
	bool within = e->code.n > 0 && e->code.n <= RILL_DELTA_WITHIN;

	for (size_t at = 0; at < e->code.n && !within; at += RILL_DELTA_CHUNK) {
		size_t left = e->code.n - at;
		uint8_t digest[RILL_SHA256_SIZE];

		rill_sha256(e->code.bytes + at, left < RILL_DELTA_CHUNK ? left : RILL_DELTA_CHUNK,
			    digest);
		growing_put(&hashes, digest, RILL_CHUNK_HASH_SIZE);
	}
	if (header)
		bytes = malloc(room + hashes.n + RILL_DELTA_WITHIN);
	if (bytes) {
		header->flags = e->options.flags;
		header->base_count = s->old_objects;
		header->output_count = s->new_objects;
		fill_objects(header->base, s->old, s->old_object, s->old_sha256, s->old_objects);
		fill_objects(header->output, s->new, s->new_object, s->new_sha256, s->new_objects);
		fill_capacities(header, &e->plan);
		header->most_streams = size.most_streams;
		header->largest_stream = size.largest_stream;
		header->body_length = within ? 0 : e->code.n;
		header->within_length = within ? e->code.n : 0;
		header->within = e->code.bytes;
		header->chunk_count = hashes.n / RILL_CHUNK_HASH_SIZE;
		header->chunk_sha256 = hashes.bytes;
		n = rill_delta_header_write(header, bytes, room + hashes.n + RILL_DELTA_WITHIN);
		*memory = rill_decoder_memory(header);
	}
	growing_put(out, bytes, n);
	if (!within)
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

static enum rill_code encode(struct engine *e, struct growing *out, struct engine_report *report,
			     struct rill_error *error)
{
	uint64_t each = e->options.memory / MATCH_MEMORY;
	const struct plan_limits limits = {.group = each < GROUP_MOST ? each : GROUP_MOST,
					   .whole = each};
	enum rill_code code = unpack_sources(&e->unpacked, e->packed, error);

	e->sources = &e->unpacked.sources;
	if (code == RILL_OK)
		code = plan_make(&e->plan, &e->unpacked, &limits, error);

	if (code == RILL_OK) {
		/* Each byte to be matched counts once a pass, each byte of output once coded. */
		uint64_t total = e->sources->new_n;

		for (size_t i = 0; i < e->plan.n; i++)
			total += group_work(&e->plan.group[i]) * (e->options.passes + 1);
		progress_total(e->options.progress, total);
		code = code_groups(e, error);
	}
	if (code == RILL_OK)
		code = try_without_layout(e, error);
	if (code == RILL_OK)
		code = assemble(e, out, &report->memory, error);
	report->groups = e->plan.n;
	report->literal_bytes = e->sources->new_n;
	for (size_t i = 0; i < e->plan.n; i++) {
		const struct copy_list *copies = &e->plan.group[i].copies;

		report->copies += copies->n;
		for (size_t k = 0; k < copies->n; k++)
			report->literal_bytes -= copies->copy[k].length;
	}
	return code;
}

enum rill_code encode_delta(const struct sources *sources, const struct engine_options *options,
			    struct growing *out, struct engine_report *report,
			    struct rill_error *error)
{
	struct engine e = {.packed = sources, .options = *options};
	struct engine_report ignored;
	enum rill_code code;

	if (sources->old_objects > RILL_DELTA_OBJECTS_MAX ||
	    sources->new_objects > RILL_DELTA_OBJECTS_MAX)
		return rill_fail(error, RILL_UNSUPPORTED, "more than %d objects on a side",
				 RILL_DELTA_OBJECTS_MAX);
	if (e.options.jobs == 0)
		e.options.jobs = 1;
	if (e.options.memory == 0)
		e.options.memory = ENGINE_MEMORY;
	if (!report)
		report = &ignored;
	*report = (struct engine_report){0};
	code = encode(&e, out, report, error);
	growing_free(&e.code);
	plan_free(&e.plan);
	unpacked_sources_free(&e.unpacked);
	return code;
}
