/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/craft.h"

#include "tests/support/must.h"
#include <string.h>

struct craft *craft_new(const uint8_t *space)
{
	struct craft *craft = calloc(1, sizeof *craft);

	must(craft);
	craft->space = space;
	return craft;
}

void craft_free(struct craft *craft)
{
	free(craft->code.bytes);
	free(craft->delta);
	free(craft);
}

void craft_base(struct craft *craft, uint64_t length)
{
	must(craft->header.base_count < RILL_DELTA_OBJECTS_MAX);
	craft->header.base[craft->header.base_count++].length = length;
	craft->header.base_length += length;
}

void craft_output(struct craft *craft, uint64_t length)
{
	must(craft->header.output_count < RILL_DELTA_OBJECTS_MAX);
	craft->header.output[craft->header.output_count++].length = length;
	craft->header.output_length += length;
}

static void put_byte(void *context, uint8_t byte)
{
	struct craft_code *code = context;

	if (code->n == code->capacity) {
		code->capacity = code->capacity * 2 + 256;
		code->bytes = realloc(code->bytes, code->capacity);
		must(code->bytes);
	}
	code->bytes[code->n++] = byte;
}

static enum rill_code read_space(void *context, uint64_t offset, uint8_t *bytes, size_t n,
				 struct rill_error *error)
{
	const struct craft *craft = context;
	uint64_t length = craft->header.base_length + craft->header.output_length;

	(void)error;
	if (craft->base_alone)
		length = craft->header.base_length;
	must(offset <= length && n <= length - offset);
	memcpy(bytes, craft->space + offset, n);
	return RILL_OK;
}

static enum rill_code drop(void *context, const uint8_t *bytes, size_t n, struct rill_error *error)
{
	(void)context, (void)bytes, (void)n, (void)error;
	return RILL_OK;
}

static bool is_set(const uint8_t *digest)
{
	for (unsigned i = 0; i < RILL_SHA256_SIZE; i++)
		if (digest[i])
			return true;
	return false;
}

/* The outputs alone: nobody asks a decoder for the bases' hashes. */
static void hash_outputs(struct craft *craft)
{
	const uint8_t *at = craft->space + craft->header.base_length;

	for (size_t i = 0; i < craft->header.output_count; i++) {
		struct rill_object *output = &craft->header.output[i];

		if (!is_set(output->sha256))
			rill_sha256(at, (size_t)output->length, output->sha256);
		at += output->length;
	}
}

/* The data of copies from where nothing is cannot be coded. */
static bool is_possible(const struct craft *craft, const struct rill_group *group, uint64_t done)
{
	uint64_t base = craft->header.base_length, end = done + group->length;

	for (size_t i = 0; i < group->copies; i++) {
		const struct rill_copy *copy = &group->copy[i];
		uint64_t limit = copy->source < base ? base : base + copy->output;

		if (copy->output < done || copy->output > end || copy->length == 0 ||
		    copy->length > end - copy->output || copy->source > limit ||
		    copy->length > limit - copy->source)
			return false;
		done = copy->output + copy->length;
	}
	return true;
}

/* Codes a group, or when its copies are impossible what comes before its data. */
static bool encode_group(const struct craft *craft, struct rill_body *body, struct rill_group group,
			 uint64_t done)
{
	uint64_t head = 1 + rill_layout_entries(group.layout) + group.copies;
	bool possible = is_possible(craft, &group, done);
	struct rill_error error;

	rill_body_encode_group(body, &group);
	for (uint64_t step = 0; possible || step < head; step++) {
		enum rill_code code = rill_body_step(body, &error);

		must(code == RILL_OK || step < head);
		if (step >= head && rill_body_group_done(body))
			break;
	}
	return possible;
}

static void set_capacities(struct craft *craft, const struct rill_group *groups, size_t count)
{
	struct rill_delta_header *header = &craft->header;

	header->most_entries = header->most_copies = 0;
	craft->base_alone = count == 1;
	for (size_t i = 0; i < count; i++) {
		uint64_t entries = groups[i].layout ? rill_layout_entries(groups[i].layout) : 0;

		if (entries > header->most_entries)
			header->most_entries = entries;
		if (groups[i].copies > header->most_copies)
			header->most_copies = groups[i].copies;
		for (size_t k = 0; k < groups[i].copies; k++)
			craft->base_alone &= groups[i].copy[k].source < header->base_length;
	}
}

void craft_encode(struct craft *craft, const struct rill_group *groups, size_t count)
{
	struct rill_delta_header *header = &craft->header;
	struct rill_packing packing;
	const struct rill_body_io io = {.source = {craft, read_space},
					.packing = &packing,
					.context = craft,
					.write = drop};
	struct rill_body_size size;
	struct rill_layout none;
	struct rill_error error;
	struct rill_body *body;
	uint64_t done = 0;

	hash_outputs(craft);
	set_capacities(craft, groups, count);
	size = (struct rill_body_size){.most_entries = header->most_entries,
				       .most_copies = header->most_copies,
				       .base_length = header->base_length,
				       .output_length = header->output_length};
	must(rill_packing_new(&packing, 0, size.base_length, size.output_length, &error) ==
	     RILL_OK);
	must(rill_body_new(&body, &size, &io, &error) == RILL_OK);
	must(rill_layout_new(&none, 0, &error) == RILL_OK);
	craft->code.n = 0;
	rill_coder_encode(rill_body_coder(body), put_byte, &craft->code);
	rill_body_encode(body, craft->space + header->base_length);
	while (header->output_length > 0 && !rill_body_group_done(body))
		must(rill_body_step(body, &error) == RILL_OK);
	for (size_t i = 0; i < count && done < header->output_length; i++) {
		struct rill_group group = groups[i];

		if (!group.layout)
			group.layout = &none;
		if (!encode_group(craft, body, group, done))
			break;
		done += group.length;
	}
	rill_coder_finish(rill_body_coder(body));
	rill_layout_free(&none);
	rill_body_free(body);
	rill_packing_free(&packing);
}

void craft_encode_one(struct craft *craft, struct rill_layout *layout,
		      const struct rill_copy *copies, size_t count)
{
	craft_encode(craft,
		     &(struct rill_group){craft->header.output_length, layout, copies, count}, 1);
}

void craft_seal_as_it_is(struct craft *craft)
{
	struct rill_delta_header *header = &craft->header;
	size_t n = craft->code.n, chunks, room;
	uint8_t *hashes;

	chunks = (size_t)((header->body_length + RILL_DELTA_CHUNK - 1) / RILL_DELTA_CHUNK);
	header->chunk_count = chunks;
	hashes = calloc(chunks + 1, RILL_CHUNK_HASH_SIZE);
	must(hashes);
	for (size_t i = 0; i < chunks && i * RILL_DELTA_CHUNK < n; i++) {
		uint64_t left = header->body_length - i * RILL_DELTA_CHUNK;
		uint8_t digest[RILL_SHA256_SIZE];

		left = left < n - i * RILL_DELTA_CHUNK ? left : n - i * RILL_DELTA_CHUNK;
		rill_sha256(craft->code.bytes + i * RILL_DELTA_CHUNK,
			    left < RILL_DELTA_CHUNK ? (size_t)left : RILL_DELTA_CHUNK, digest);
		memcpy(hashes + i * RILL_CHUNK_HASH_SIZE, digest, RILL_CHUNK_HASH_SIZE);
	}
	header->chunk_sha256 = hashes;
	room = 1024 + (header->base_count + header->output_count) * 64 +
	       chunks * RILL_CHUNK_HASH_SIZE;
	free(craft->delta);
	craft->delta = malloc(room + n);
	must(craft->delta && rill_delta_header_write(header, craft->delta, room));
	if (n)
		memcpy(craft->delta + header->length, craft->code.bytes, n);
	craft->n = header->length + n;
	free(hashes);
	header->chunk_sha256 = NULL;
}

void craft_seal(struct craft *craft)
{
	craft->header.body_length = craft->code.n;
	craft_seal_as_it_is(craft);
}

struct storage {
	struct craft_decode *decode;
	const struct rill_delta_header *header;
};

/* Where an object begins among all of its side. */
static uint64_t begin_of(const struct rill_object *objects, size_t index)
{
	uint64_t begin = 0;

	for (size_t i = 0; i < index; i++)
		begin += objects[i].length;
	return begin;
}

static enum rill_code read_object(void *context, size_t object, uint64_t offset, uint8_t *bytes,
				  size_t n, struct rill_error *error)
{
	const struct storage *s = context;
	const struct craft_decode *d = s->decode;
	const struct rill_delta_header *h = s->header;
	bool is_base = object < h->base_count;
	size_t index = is_base ? object : object - h->base_count;
	const struct rill_object *objects = is_base ? h->base : h->output;
	uint64_t begin, available;

	(void)error;
	must(is_base || (index < h->output_count && !d->base_alone));
	begin = begin_of(objects, index);
	must(n > 0 && n <= 32768 && offset <= objects[index].length &&
	     n <= objects[index].length - offset);
	must(is_base || begin + offset + n <= d->written);
	available = is_base ? d->base_length : d->written;
	for (size_t i = 0; i < n; i++) {
		uint64_t at = begin + offset + i;

		bytes[i] = at >= available ? 0 : is_base ? d->base[at] : d->output[at];
	}
	return RILL_OK;
}

static enum rill_code write_object(void *context, size_t object, const uint8_t *bytes, size_t n,
				   struct rill_error *error)
{
	const struct storage *s = context;
	struct craft_decode *d = s->decode;
	size_t index = object - s->header->base_count;
	uint64_t begin;

	must(object >= s->header->base_count && index < s->header->output_count);
	begin = begin_of(s->header->output, index);
	must(n > 0 && n <= 32768 && d->written >= begin &&
	     d->written + n <= begin + s->header->output[index].length);
	if (n > d->capacity - d->written)
		return rill_fail(error, RILL_NO_SPACE, "the disk is full");
	memcpy(d->output + d->written, bytes, n);
	d->written += n;
	return RILL_OK;
}

/* xorshift64 */
static size_t next_piece(long piece, uint64_t *random)
{
	if (piece > 0)
		return (size_t)piece;
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return 1 + (size_t)(*random % (uint64_t)-piece);
}

enum rill_code craft_decode(struct craft_decode *decode, const uint8_t *delta, size_t n,
			    struct rill_error *error)
{
	struct rill_delta_header *header = calloc(1, sizeof *header);
	struct storage storage = {decode, header};
	const struct rill_decoder_io io = {&storage, read_object, write_object};
	struct rill_decoder *decoder = NULL;
	uint64_t random = UINT64_C(0x9e3779b97f4a7c15);
	uint32_t length = 0;
	enum rill_code code;

	must(header && decode->piece != 0);
	decode->written = 0;
	code = rill_delta_header_length(delta, n, &length, error);
	if (code == RILL_OK && length > n)
		code = rill_fail(error, RILL_CORRUPT, "the header is cut off");
	if (code == RILL_OK)
		code = rill_delta_header_parse(header, delta, length, error);
	if (code == RILL_OK)
		code = rill_decoder_new(&decoder, header, decode->budget, io, error);
	for (size_t at = length, some; code == RILL_OK && at < n; at += some) {
		some = next_piece(decode->piece, &random);
		some = some < n - at ? some : n - at;
		code = rill_decoder_feed(decoder, delta + at, some, error);
	}
	if (code == RILL_OK)
		code = rill_decoder_finish(decoder, error);
	must(code != RILL_OK || (rill_decoder_written(decoder) == header->output_length &&
				 decode->written == header->output_length));
	rill_decoder_free(decoder);
	free(header);
	return code;
}

bool craft_comes_back(const struct craft *craft, long piece)
{
	uint64_t base = craft->header.base_length, n = craft->header.output_length;
	struct craft_decode decode = {.base = craft->space,
				      .base_length = base,
				      .output = malloc((size_t)n + 1),
				      .capacity = n,
				      .budget = UINT64_MAX,
				      .piece = piece,
				      .base_alone = craft->base_alone};
	struct rill_error error;
	bool same;

	must(decode.output);
	same = craft_decode(&decode, craft->delta, craft->n, &error) == RILL_OK &&
	       memcmp(decode.output, craft->space + base, (size_t)n) == 0;
	free(decode.output);
	return same;
}
