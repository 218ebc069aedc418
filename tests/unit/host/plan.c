/* SPDX-License-Identifier: Apache-2.0
 *
 * Archives and several objects: what the planner divides must come together again, whatever
 * the number of threads and the memory.
 */
#include "tests/unit/support.h"

#include "host/engine.h"
#include "host/tar_walk.h"
#include "protocol/delta_decoder.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 512u
#define FILES 40
#define ROOM ((size_t)4 << 20)

struct archive {
	uint8_t *bytes;
	size_t n;
};

/* A ustar header. */
static void put_header(struct archive *archive, const char *path, size_t size, char type,
		       unsigned time)
{
	static const char magic[8] = {'u', 's', 't', 'a', 'r', 0, '0', '0'};
	char *header = (char *)archive->bytes + archive->n;
	unsigned sum = 0;

	assert_true(ROOM - archive->n > BLOCK);
	memset(header, 0, BLOCK);
	snprintf(header, 100, "%s", path);
	snprintf(header + 100, 8, "%07o", 0644u);
	snprintf(header + 124, 12, "%011zo", size);
	snprintf(header + 136, 12, "%011o", time);
	memset(header + 148, ' ', 8);
	header[156] = type;
	memcpy(header + 257, magic, sizeof magic);
	for (unsigned i = 0; i < BLOCK; i++)
		sum += (uint8_t)header[i];
	snprintf(header + 148, 8, "%06o", sum);
	archive->n += BLOCK;
}

static void put_content(struct archive *archive, const uint8_t *bytes, size_t n)
{
	size_t padded = (n + BLOCK - 1) / BLOCK * BLOCK;

	assert_true(ROOM - archive->n > padded);
	memcpy(archive->bytes + archive->n, bytes, n);
	memset(archive->bytes + archive->n + n, 0, padded - n);
	archive->n += padded;
}

/* Files 0 .. FILES: each grows from its number; `edit` changes some, renames some, leaves
 * some out and puts new ones in. */
static struct archive make_archive(unsigned seed, bool edit)
{
	struct archive archive = {.bytes = malloc(ROOM)};
	uint8_t *content = malloc(ROOM);
	uint64_t random = seed * 1000 + edit;

	assert_non_null(archive.bytes);
	assert_non_null(content);
	for (unsigned i = 0; i < FILES; i++) {
		uint64_t own = seed * 100 + i, r = edit ? next_random(&random) : 0;
		size_t size = next_random(&own) % 60000;
		char path[64];

		for (size_t k = 0; k < size; k += 8) {
			uint64_t word = next_random(&own) >> (next_random(&own) % 3 * 20);

			memcpy(content + k, &word, 8);
		}
		if (r % 16 == 1)
			continue;
		if (r % 4 == 2)
			for (unsigned k = 0; k < 9; k++)
				content[next_random(&random) % (size + 1)] ^= 1;
		if (r % 8 == 3)
			size += r % 100;
		snprintf(path, sizeof path, r % 8 == 5 ? "moved/%u" : "./lib/file%u-1.0", i);
		put_header(&archive, path, size, '0', 1000 + (r % 2 ? 77 : 0));
		put_content(&archive, content, size);
		if (r % 16 == 4) {
			put_header(&archive, "link", 0, '2', 5);
			put_header(&archive, "again", size, '0', 6);
			put_content(&archive, content, size);
		}
	}
	memset(archive.bytes + archive.n, 0, 2 * BLOCK);
	archive.n += 2 * BLOCK + seed % 3; /* not always whole blocks */
	free(content);
	return archive;
}

struct store {
	const struct sources *sources;
	uint8_t *out;
	uint64_t filled;
};

static uint64_t start_of(const struct sources *s, size_t object)
{
	uint64_t start = 0;

	for (size_t i = 0; i < object; i++)
		start += i < s->old_objects ? s->old_object[i] : s->new_object[i - s->old_objects];
	return start;
}

static enum rill_code read_store(void *context, size_t object, uint64_t offset, uint8_t *bytes,
				 size_t n, struct rill_error *error)
{
	const struct store *store = context;
	const struct sources *s = store->sources;
	uint64_t start = start_of(s, object) + offset;

	(void)error;
	assert_true(start + n <= start_of(s, object + 1));
	if (object < s->old_objects) {
		memcpy(bytes, s->old + start, n);
		return RILL_OK;
	}
	assert_true(start - s->old_n + n <= store->filled);
	memcpy(bytes, store->out + (start - s->old_n), n);
	return RILL_OK;
}

static enum rill_code write_store(void *context, size_t object, const uint8_t *bytes, size_t n,
				  struct rill_error *error)
{
	struct store *store = context;

	(void)error;
	assert_true(object >= store->sources->old_objects &&
		    store->filled + n <= store->sources->new_n);
	memcpy(store->out + store->filled, bytes, n);
	store->filled += n;
	return RILL_OK;
}

static void check_decodes(const struct sources *s, const struct growing *delta)
{
	struct rill_delta_header *header = malloc(sizeof *header);
	struct store store = {.sources = s, .out = malloc((size_t)s->new_n + 1)};
	struct rill_decoder *decoder;
	struct rill_error error;
	uint32_t length;

	assert_ok(rill_delta_header_length(delta->bytes, delta->n, &length, &error), &error);
	assert_ok(rill_delta_header_parse(header, delta->bytes, length, &error), &error);
	assert_int_equal(header->base_count, s->old_objects);
	assert_int_equal(header->output_count, s->new_objects);
	assert_ok(rill_decoder_new(&decoder, header, 16u << 20,
				   (struct rill_decoder_io){&store, read_store, write_store},
				   &error),
		  &error);
	assert_ok(rill_decoder_feed(decoder, delta->bytes + length, delta->n - length, &error),
		  &error);
	assert_ok(rill_decoder_finish(decoder, &error), &error);
	assert_memory_equal(store.out, s->new, s->new_n);
	rill_decoder_free(decoder);
	free(store.out);
	free(header);
}

static struct growing encode(const struct sources *s, unsigned jobs, uint64_t memory,
			     struct engine_report *report)
{
	struct engine_options options = ENGINE_DEFAULTS;
	struct growing delta = {0};
	struct rill_error error;

	options.jobs = jobs;
	options.memory = memory;
	assert_ok(encode_delta(s, &options, &delta, report, &error), &error);
	return delta;
}

static void check(const struct sources *s, size_t most)
{
	struct engine_report report;
	struct growing one = encode(s, 1, 1 << 20, &report), three = encode(s, 3, 1 << 20, NULL);
	struct growing tight = encode(s, 1, 1, NULL);

	assert_true(report.groups > 1);
	assert_int_equal(one.n, three.n);
	assert_memory_equal(one.bytes, three.bytes, one.n);
	check_decodes(s, &one);
	check_decodes(s, &tight);
	if (one.n > most)
		fail_msg("%zu bytes, not %zu", one.n, most);
	growing_free(&one);
	growing_free(&three);
	growing_free(&tight);
}

static void edited_archives_come_back(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 6; seed++) {
		struct archive old = make_archive(seed, false), new = make_archive(seed, true);
		const uint64_t old_n = old.n, new_n = new.n;
		const struct sources s = {.old = old.bytes,
					  .new = new.bytes,
					  .old_n = old_n,
					  .new_n = new_n,
					  .old_object = &old_n,
					  .new_object = &new_n,
					  .old_objects = 1,
					  .new_objects = 1};

		check(&s, old.n / 100);
		free(old.bytes);
		free(new.bytes);
	}
}

/* Archives among other things, an empty object, and an archive that is in the old ones
 * elsewhere. */
static void several_objects_come_back(void **state)
{
	struct archive a = make_archive(11, false), b = make_archive(12, false);
	struct archive c = make_archive(11, true);
	uint8_t *old = malloc(2 * ROOM), *new = malloc(2 * ROOM);
	uint64_t old_object[3] = {a.n, 1000, b.n}, new_object[5] = {b.n, 0, 1000, c.n, 3};
	struct sources s = {.old = old,
			    .new = new,
			    .old_object = old_object,
			    .new_object = new_object,
			    .old_objects = 3,
			    .new_objects = 5};

	(void)state;
	assert_non_null(old);
	assert_non_null(new);
	memcpy(old, a.bytes, a.n);
	memset(old + a.n, 'x', 1000);
	memcpy(old + a.n + 1000, b.bytes, b.n);
	memcpy(new, b.bytes, b.n);
	memset(new + b.n, 'x', 1000);
	memcpy(new + b.n + 1000, c.bytes, c.n);
	memset(new + b.n + 1000 + c.n, 'e', 3);
	s.old_n = a.n + b.n + 1000;
	s.new_n = b.n + c.n + 1003;
	check(&s, (size_t)s.new_n / 100);
	free(a.bytes);
	free(b.bytes);
	free(c.bytes);
	free(old);
	free(new);
}

static void members_are_found(void **state)
{
	struct archive archive = {.bytes = calloc(1, ROOM)};
	struct tar_list list = {0};
	struct tar_member named;
	struct rill_error error;

	(void)state;
	put_header(&archive, "pax", 30, 'x', 0);
	put_content(&archive, (const uint8_t *)"30 path=a/very/long/name-2.so\n", 30);
	put_header(&archive, "short", 700, '0', 0);
	archive.n += 1024;
	put_header(&archive, "link", 9, '1', 0); /* its size is that of the file that it names */
	archive.n += BLOCK; /* rubbish */
	put_header(&archive, "last", 5000, '0', 0);
	archive.n += BLOCK; /* cut off */
	assert_ok(tar_walk(&list, archive.bytes, archive.n, 100, &error), &error);
	assert_int_equal(list.n, 3);
	assert_int_equal(list.member[0].start, 100);
	assert_int_equal(list.member[0].data, 100 + 3 * BLOCK);
	assert_int_equal(list.member[0].size, 700);
	assert_int_equal(list.member[0].end, 100 + 5 * BLOCK);
	tar_name(&named, "./a/very/long/name-2.so", 23);
	assert_true(named.path == list.member[0].path && named.name == list.member[0].name);
	tar_name(&named, "b/name-33.so", 12);
	assert_true(named.path != list.member[0].path && named.stem == list.member[0].stem);
	assert_int_equal(list.member[1].size, 0);
	assert_int_equal(list.member[2].size, BLOCK);
	assert_int_equal(list.member[2].start, 100 + 6 * BLOCK);
	assert_int_equal(list.member[2].end, 100 + archive.n);
	tar_list_free(&list);
	assert_ok(tar_walk(&list, (const uint8_t *)"no archive", 10, 0, &error), &error);
	assert_int_equal(list.n, 0);
	free(archive.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_found),
		cmocka_unit_test(edited_archives_come_back),
		cmocka_unit_test(several_objects_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
