/* SPDX-License-Identifier: Apache-2.0 */
#include "host/unpacked_sources.h"

#include "host/inner_streams.h"
#include "host/key_index.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TRIES_MOST 64u /* of old files of the same length */

struct side {
	const uint8_t *bytes;
	uint64_t n;
	size_t first, end; /* its items */
	struct inner_streams streams; /* `start` counts from `bytes` */
};

struct unpacker {
	struct unpacked_sources *result;
	const struct sources *packed;
	struct side old, new;
	struct key_index contents; /* old files that may have streams, by their length */
	struct key_index names; /* of new files with streams */
	bool *copied; /* by old item: it is one of the new files, too, and stays as it is */
};

/* Adds the members of the objects of one side, and what is no member: whole objects, and
 * the ends of archives. */
static enum rill_code list_items(struct tar_list *items, const uint8_t *bytes,
				 const uint64_t *object, size_t objects, uint64_t base,
				 struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	for (size_t i = 0; i < objects && code == RILL_OK; i++) {
		size_t first = items->n;
		const char name[] = {(char)i, '/', 'n', 'o', ' ', 't', 'a', 'r'};
		struct tar_member rest = {.start = base, .end = base + object[i]};

		code = tar_walk(items, bytes, object[i], base, error);
		if (items->n > first)
			rest.start = items->member[items->n - 1].end;
		rest.data = rest.start;
		rest.size = rest.end - rest.start;
		tar_name(&rest, name, sizeof name);
		if (code == RILL_OK && rest.size > 0)
			code = tar_list_add(items, &rest, error);
		bytes += object[i];
		base += object[i];
	}
	return code;
}

static const struct tar_member *item_at(const struct unpacker *u, size_t i)
{
	return &u->result->items.member[i];
}

static const uint8_t *content(const struct unpacker *u, const struct tar_member *item)
{
	return source_at(u->packed, item->data);
}

static bool may_have_streams(const struct unpacker *u, const struct tar_member *item)
{
	return item->size > 0 && inner_streams_likely(content(u, item), (size_t)item->size);
}

/* Whether there is an old file like it, so that it is copied as it is. */
static bool is_known(struct unpacker *u, const struct tar_member *item)
{
	unsigned tries = 0;

	for (const struct key_entry *e = key_index_find(&u->contents, item->size);
	     e && tries < TRIES_MOST; e = key_index_next(&u->contents, e), tries++)
		if (memcmp(content(u, item_at(u, e->value)), content(u, item),
			   (size_t)item->size) == 0) {
			u->copied[e->value] = true;
			return true;
		}
	return false;
}

static enum rill_code add_streams(struct unpacker *u, struct side *side,
				  const struct tar_member *item, bool again, size_t *added,
				  struct rill_error *error)
{
	const uint8_t *bytes = content(u, item);
	size_t first = side->streams.n;
	enum rill_code code = inner_streams_find(&side->streams, bytes, (size_t)item->size, again,
						 error);

	for (size_t i = first; i < side->streams.n; i++)
		side->streams.stream[i].start += (uint64_t)(bytes - side->bytes);
	*added = side->streams.n - first;
	if (side->streams.n > RILL_PACKED_COUNT_MOST)
		side->streams.n = RILL_PACKED_COUNT_MOST;
	return code;
}

/* The streams of changed new files, and those of old files whose names are alike. */
static enum rill_code find_streams(struct unpacker *u, struct rill_error *error)
{
	enum rill_code code = RILL_OK;
	size_t added;

	u->copied = calloc(u->old.end + 1, sizeof *u->copied);
	if (!u->copied)
		return rill_fail(error, RILL_MEMORY, "no memory to look for streams");
	for (size_t i = u->old.first; i < u->old.end && code == RILL_OK; i++)
		if (may_have_streams(u, item_at(u, i)))
			code = key_index_add(&u->contents, item_at(u, i)->size, (uint32_t)i, error);
	for (size_t i = u->new.first; i < u->new.end &&code == RILL_OK; i++) {
		const struct tar_member *item = item_at(u, i);

		if (!may_have_streams(u, item) || is_known(u, item))
			continue;
		code = add_streams(u, &u->new, item, true, &added, error);
		if (code == RILL_OK && added > 0)
			code = key_index_add(&u->names, item->path, 0, error);
		if (code == RILL_OK && added > 0)
			code = key_index_add(&u->names, item->name, 0, error);
		if (code == RILL_OK && added > 0)
			code = key_index_add(&u->names, item->stem, 0, error);
	}
	for (size_t i = u->old.first; i < u->old.end && code == RILL_OK; i++) {
		const struct tar_member *item = item_at(u, i);

		if (!u->copied[i] && may_have_streams(u, item) &&
		    (key_index_find(&u->names, item->path) ||
		     key_index_find(&u->names, item->name) ||
		     key_index_find(&u->names, item->stem)))
			code = add_streams(u, &u->old, item, false, &added, error);
	}
	return code;
}

/* An unlinked file in the scratch folder, mapped. */
static enum rill_code map_scratch(uint8_t **mapping, uint64_t n, struct rill_error *error)
{
	const char *folder = getenv("TMPDIR");
	int fd;
	void *at;

	n++; /* there is no mapping of nothing */
	if (!folder || !*folder)
		folder = "/var/tmp";
	fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return rill_fail(error, RILL_IO, "%s: no scratch file: %s", folder,
				 strerror(errno));
	errno = posix_fallocate(fd, 0, (off_t)n);
	if (errno != 0) {
		close(fd);
		return rill_fail(error, errno == ENOSPC ? RILL_NO_SPACE : RILL_IO,
				 "%s: no scratch file of %llu bytes: %s", folder,
				 (unsigned long long)n, strerror(errno));
	}
	at = mmap(NULL, (size_t)n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (at == MAP_FAILED)
		return rill_fail(error, RILL_MEMORY, "no room to map a scratch file");
	*mapping = at;
	return RILL_OK;
}

/* Writes the unpacked side and puts plain offsets into its streams. */
static enum rill_code write_side(struct side *side, uint8_t *to, struct rill_error *error)
{
	uint64_t from = 0, at = 0;

	for (size_t i = 0; i < side->streams.n; i++) {
		struct rill_packed *stream = &side->streams.stream[i];

		memcpy(to + at, side->bytes + from, (size_t)(stream->start - from));
		at += stream->start - from;
		stream->plain_start = at;
		if (!inner_stream_inflate(stream, side->bytes, to + at))
			return rill_fail(error, RILL_INTERNAL, "a stream that inflates no more");
		at += stream->plain;
		from = stream->start + stream->coded;
	}
	if (side->n > from)
		memcpy(to + at, side->bytes + from, (size_t)(side->n - from));
	return RILL_OK;
}

/* Where an offset of the side, which is not within a stream, is in the unpacked side. */
static uint64_t moved(const struct side *side, uint64_t offset)
{
	size_t low = 0, high = side->streams.n;
	const struct rill_packed *last;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (side->streams.stream[middle].start < offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return offset;
	last = &side->streams.stream[low - 1];
	return offset - last->start - last->coded + last->plain_start + last->plain;
}

static void move_items(struct unpacker *u, const struct side *side, uint64_t from, uint64_t to)
{
	for (size_t i = side->first; i < side->end; i++) {
		struct tar_member *item = &u->result->items.member[i];
		uint64_t data_end = moved(side, item->data - from + item->size) + to;

		item->start = moved(side, item->start - from) + to;
		item->data = moved(side, item->data - from) + to;
		item->size = data_end - item->data;
		item->end = moved(side, item->end - from) + to;
	}
}

static uint64_t unpacked_length(struct unpacker *u, const struct side *side)
{
	uint64_t n = side->n;

	for (size_t i = 0; i < side->streams.n; i++) {
		const struct rill_packed *stream = &side->streams.stream[i];

		n += stream->plain;
		n -= stream->coded;
		if (u->result->largest_stream < stream->plain)
			u->result->largest_stream = stream->plain;
	}
	return n;
}

static enum rill_code unpack(struct unpacker *u, struct rill_error *error)
{
	struct unpacked_sources *r = u->result;
	struct rill_packing *packing = &r->packing;
	enum rill_code code;

	packing->unpacked_base = unpacked_length(u, &u->old);
	packing->unpacked_output = unpacked_length(u, &u->new);
	code = map_scratch(&r->own[0], packing->unpacked_base, error);
	if (code == RILL_OK)
		code = map_scratch(&r->own[1], packing->unpacked_output, error);
	if (code == RILL_OK)
		code = write_side(&u->old, r->own[0], error);
	if (code == RILL_OK)
		code = write_side(&u->new, r->own[1], error);
	if (code != RILL_OK)
		return code;
	move_items(u, &u->old, 0, 0);
	move_items(u, &u->new, r->sources.old_n, packing->unpacked_base);
	free(packing->base);
	free(packing->output);
	packing->base = u->old.streams.stream;
	packing->output = u->new.streams.stream;
	packing->base_count = u->old.streams.n;
	packing->output_count = u->new.streams.n;
	u->old.streams = u->new.streams = (struct inner_streams){0};
	r->sources.old = r->own[0];
	r->sources.new = r->own[1];
	r->sources.old_n = packing->unpacked_base;
	r->sources.new_n = packing->unpacked_output;
	return RILL_OK;
}

enum rill_code unpack_sources(struct unpacked_sources *result, const struct sources *packed,
			      struct rill_error *error)
{
	struct unpacker u = {.result = result,
			     .packed = packed,
			     .old = {.bytes = packed->old, .n = packed->old_n},
			     .new = {.bytes = packed->new, .n = packed->new_n}};
	enum rill_code code;

	*result = (struct unpacked_sources){.sources = *packed};
	code = rill_packing_new(&result->packing, 0, packed->old_n, packed->new_n, error);
	if (code == RILL_OK)
		code = list_items(&result->items, packed->old, packed->old_object,
				  packed->old_objects, 0, error);
	u.old.end = u.new.first = result->old_items = result->items.n;
	if (code == RILL_OK)
		code = list_items(&result->items, packed->new, packed->new_object,
				  packed->new_objects, packed->old_n, error);
	u.new.end = result->items.n;
	if (code == RILL_OK)
		code = find_streams(&u, error);
	if (code == RILL_OK && u.new.streams.n > 0)
		code = unpack(&u, error);
	inner_streams_free(&u.old.streams);
	inner_streams_free(&u.new.streams);
	key_index_free(&u.contents);
	key_index_free(&u.names);
	free(u.copied);
	return code;
}

void unpacked_sources_free(struct unpacked_sources *unpacked)
{
	if (unpacked->own[0])
		munmap(unpacked->own[0], (size_t)unpacked->packing.unpacked_base + 1);
	if (unpacked->own[1])
		munmap(unpacked->own[1], (size_t)unpacked->packing.unpacked_output + 1);
	tar_list_free(&unpacked->items);
	rill_packing_free(&unpacked->packing);
}
