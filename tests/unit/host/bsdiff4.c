/* SPDX-License-Identifier: Apache-2.0
 *
 * Hostile patches after CVE-2014-9862 and what followed it: negative and huge lengths,
 * moves that leave the base, blocks that end too early or are no bzip2 at all.
 */
#include "tests/unit/edits.h"
#include "tests/unit/folder.h"

#include "host/bsdiff4.h"
#include <bzlib.h>
#include <stdlib.h>
#include <string.h>

#define HEADER 32

static enum rill_code apply(struct folder *folder, const uint8_t *base, size_t base_length,
			    const uint8_t *patch, size_t n, struct buffer *result,
			    struct rill_error *error)
{
	/* Of their exact sizes, so that ASan sees a read beyond them. */
	uint8_t *base_copy = malloc(base_length + !base_length);
	uint8_t *patch_copy = malloc(n + !n);
	const struct input b = {.bytes = base_copy, .length = base_length};
	const struct input p = {.bytes = patch_copy, .length = n};
	struct output output;
	enum rill_code code;
	uint8_t byte;

	assert_non_null(base_copy);
	assert_non_null(patch_copy);
	if (base_length)
		memcpy(base_copy, base, base_length);
	if (n)
		memcpy(patch_copy, patch, n);
	assert_ok(output_open(&output, folder_path(folder, "result"), error), error);
	code = bsdiff4_apply(&b, &p, &output, error);
	result->length = 0;
	while (code == RILL_OK && output_read(&output, result->length, &byte, 1, error) == RILL_OK)
		assert_ok(buffer_append(result, &byte, 1, error), error);
	output_abandon(&output);
	free(base_copy);
	free(patch_copy);
	return code;
}

static void encode(const struct pair *pair, struct buffer *patch)
{
	struct progress progress = progress_start("matching", true);
	struct copy_list list = {0};
	struct rill_error error;

	*patch = (struct buffer){0};
	assert_ok(suffix_match(pair->base, pair->base_length, pair->target, pair->target_length,
			       &list, &progress, &error),
		  &error);
	assert_ok(
		bsdiff4_encode(pair->base, pair->target, pair->target_length, &list, patch, &error),
		&error);
	copy_list_free(&list);
}

static void check(const struct pair *pair, void *context)
{
	struct buffer patch, again, result = {0};
	struct rill_error error;
	enum rill_code code;

	encode(pair, &patch);
	encode(pair, &again);
	assert_int_equal(patch.length, again.length);
	assert_memory_equal(patch.bytes, again.bytes, patch.length);
	assert_true(bsdiff4_is(&(struct input){.bytes = patch.bytes, .length = patch.length}));
	code = apply(context, pair->base, pair->base_length, patch.bytes, patch.length, &result,
		     &error);
	if (code != RILL_OK)
		fail_msg("%s: %s", pair->name, error.text);
	if (result.length != pair->target_length ||
	    (result.length && memcmp(result.bytes, pair->target, result.length) != 0))
		fail_msg("%s: the result is not the target", pair->name);
	buffer_free(&patch);
	buffer_free(&again);
	buffer_free(&result);
}

static void pairs_at_the_edges_come_back(void **state)
{
	for_edges(check, *state);
}

static void files_with_random_edits_come_back(void **state)
{
	for_random_edits(5000, 100, 3000, check, *state);
	for_random_edits(6000, 15, 40000, check, *state);
}

/* A small patch with all three blocks in use. */
static void make_small(uint8_t base[600], uint8_t target[650], struct buffer *patch)
{
	const struct pair pair = {"small", base, target, 600, 650};
	uint64_t seed = 23;

	for (size_t i = 0; i < 600; i++)
		base[i] = (uint8_t)(next_random(&seed) >> 32);
	for (size_t i = 0; i < 650; i++)
		target[i] = i < 300   ? (uint8_t)(base[i + 250] + (i % 30 == 7))
			    : i < 350 ? (uint8_t)(next_random(&seed) >> 32)
				      : base[i - 350];
	encode(&pair, patch);
}

/* The end of a bzip2 stream holds only sums: without it, all bytes may still be right. */
static void a_patch_cut_at_any_byte_is_refused_or_gives_the_target(void **state)
{
	uint8_t base[600], target[650];
	struct buffer patch, result = {0};
	struct rill_error error;

	make_small(base, target, &patch);
	for (size_t n = 0; n < patch.length; n++) {
		enum rill_code code = apply(*state, base, 600, patch.bytes, n, &result, &error);

		if (code == RILL_OK && n + 16 > patch.length) {
			assert_int_equal(result.length, 650);
			assert_memory_equal(result.bytes, target, 650);
		} else if (code != RILL_CORRUPT) {
			fail_msg("cut to %zu of %zu: %s", n, patch.length, rill_code_name(code));
		}
	}
	buffer_free(&patch);
	buffer_free(&result);
}

/* bzip2 has sums over its blocks; the header has none, so a shorter length passes. */
static void a_changed_bit_in_a_block_never_gives_another_file(void **state)
{
	uint8_t base[600], target[650];
	struct buffer patch, result = {0};
	struct rill_error error;

	make_small(base, target, &patch);
	for (size_t bit = 8 * HEADER; bit < 8 * patch.length; bit++) {
		enum rill_code code;

		patch.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		code = apply(*state, base, 600, patch.bytes, patch.length, &result, &error);
		if (code == RILL_OK &&
		    (result.length != 650 || memcmp(result.bytes, target, 650) != 0))
			fail_msg("bit %zu of byte %zu (of %zu) changes the result unnoticed",
				 bit % 8, bit / 8, patch.length);
		if (code != RILL_OK && code != RILL_CORRUPT && code != RILL_WRONG_BASE)
			fail_msg("bit %zu of byte %zu: %s", bit % 8, bit / 8, error.text);
		patch.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	buffer_free(&patch);
	buffer_free(&result);
}

static void put_number(uint8_t *to, int64_t value)
{
	uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	for (int i = 0; i < 8; i++)
		to[i] = (uint8_t)(magnitude >> 8 * i);
	if (value < 0)
		to[7] |= 0x80;
}

static void lengths_of_the_header_are_checked(void **state)
{
	static const int64_t extremes[] = {-1,	      -1000, -INT64_MAX, INT64_C(1) << 62,
					   INT64_MAX, 100000};
	uint8_t base[600], target[650];
	struct buffer patch, result = {0};
	struct rill_error error;

	make_small(base, target, &patch);
	for (size_t field = 8; field < HEADER; field += 8) {
		uint8_t was[8];

		memcpy(was, patch.bytes + field, 8);
		for (size_t i = 0; i < sizeof extremes / sizeof extremes[0]; i++) {
			put_number(patch.bytes + field, extremes[i]);
			assert_fails(apply(*state, base, 600, patch.bytes, patch.length, &result,
					   &error),
				     RILL_CORRUPT, &error, "bsdiff patch");
		}
		/* Minus zero, which no encoder writes, is zero: the blocks are then empty. */
		put_number(patch.bytes + field, 0);
		patch.bytes[field + 7] = 0x80;
		if (apply(*state, base, 600, patch.bytes, patch.length, &result, &error) == RILL_OK)
			assert_int_equal(result.length, 0);
		memcpy(patch.bytes + field, was, 8);
	}
	buffer_free(&patch);
	buffer_free(&result);
}

static void append_block(struct buffer *patch, const void *bytes, size_t n, size_t field)
{
	char packed[4096];
	unsigned int length = sizeof packed;
	struct rill_error error;

	assert_int_equal(BZ2_bzBuffToBuffCompress(packed, &length, (char *)(uintptr_t)bytes,
						  (unsigned int)n, 9, 0, 0),
			 BZ_OK);
	assert_ok(buffer_append(patch, packed, length, &error), &error);
	if (field)
		put_number(patch->bytes + field, length);
}

/* A patch with these triples, and bytes of differences (0) and extra ('x') as many as they
 * take, but at most 100. */
static void make_patch(struct buffer *patch, const int64_t *triples, size_t count, int64_t length)
{
	size_t sums[2] = {0, 0};
	uint8_t header[HEADER] = "BSDIFF40", control[24 * 8], zeros[100] = {0}, extra[100];
	struct rill_error error;

	memset(extra, 'x', sizeof extra);
	put_number(header + 24, length);
	for (size_t i = 0; i < 3 * count; i++)
		put_number(control + 8 * i, triples[i]);
	for (int i = 0; i < 2; i++)
		for (size_t n = 0; n < count; n++)
			sums[i] += (uint64_t)triples[3 * n + (size_t)i];
	patch->length = 0;
	assert_ok(buffer_append(patch, header, HEADER, &error), &error);
	append_block(patch, control, 24 * count, 8);
	append_block(patch, zeros, sums[0] < sizeof zeros ? sums[0] : sizeof zeros, 16);
	append_block(patch, extra, sums[1] < sizeof extra ? sums[1] : sizeof extra, 0);
}

static void triples_are_checked(void **state)
{
	enum { BASE = 50 };
	static const struct {
		int64_t triples[9];
		size_t count;
		int64_t length;
		enum rill_code code;
	} cases[] = {
		{{BASE, 10, 0}, 1, 60, RILL_OK},
		{{10, 0, 40, 10, 0, -50, 50, 0, 0}, 3, 70, RILL_WRONG_BASE},
		{{10, 0, 40, 0, 0, -50, 50, 0, 0}, 3, 60, RILL_OK},
		{{10, 0, 30, 10, 0, -50, 50, 0, 0}, 3, 70, RILL_OK},
		{{-1, 0, 0}, 1, 10, RILL_CORRUPT},
		{{0, -1, 0}, 1, 10, RILL_CORRUPT},
		{{-10, 20, 0}, 1, 10, RILL_CORRUPT},
		{{20, -10, 0}, 1, 10, RILL_CORRUPT},
		{{-INT64_MAX, 0, 0}, 1, 10, RILL_CORRUPT},
		{{0, -INT64_MAX, 0}, 1, 10, RILL_CORRUPT},
		{{11, 0, 0}, 1, 10, RILL_CORRUPT},
		{{0, 11, 0}, 1, 10, RILL_CORRUPT},
		{{6, 5, 0}, 1, 10, RILL_CORRUPT},
		{{INT64_MAX, INT64_MAX, 0}, 1, 10, RILL_CORRUPT},
		{{INT64_MAX, 1, 0}, 1, INT64_MAX, RILL_CORRUPT},
		{{BASE + 1, 0, 0}, 1, BASE + 1, RILL_WRONG_BASE},
		{{0, 5, -1, 5, 0, 0}, 2, 10, RILL_WRONG_BASE},
		{{0, 5, BASE, 5, 0, 0}, 2, 10, RILL_WRONG_BASE},
		{{0, 5, INT64_MAX, 5, 0, 0}, 2, 10, RILL_WRONG_BASE},
		{{0, 5, -INT64_MAX, 5, 0, 0}, 2, 10, RILL_WRONG_BASE},
		/* Where nothing is read, the place in the base does not count. */
		{{0, 5, -1000, 0, 0, 1000, 5, 0, 0}, 3, 10, RILL_OK},
		{{0, 1, INT64_MAX, 0, 1, INT64_MAX, 0, 1, 0}, 3, 3, RILL_CORRUPT},
		{{0, 1, -INT64_MAX, 0, 1, -INT64_MAX, 0, 1, 0}, 3, 3, RILL_CORRUPT},
		/* More than the blocks have. */
		{{BASE, 0, -BASE, BASE, 0, -BASE, BASE, 0, 0}, 3, 150, RILL_CORRUPT},
		{{0, 101, 0}, 1, 101, RILL_CORRUPT},
		{{5, 0, 0}, 1, 10, RILL_CORRUPT},
		{{0, 0, 0, 0, 0, 0, 0, 0, 0}, 3, 10, RILL_CORRUPT},
		{{0, 0, 0}, 0, 1, RILL_CORRUPT},
		{{0, 0, 0}, 0, 0, RILL_OK},
	};
	uint8_t base[BASE];
	struct buffer patch = {0}, result = {0};
	struct rill_error error;

	memset(base, 'b', sizeof base);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		enum rill_code code;

		make_patch(&patch, cases[i].triples, cases[i].count, cases[i].length);
		code = apply(*state, base, BASE, patch.bytes, patch.length, &result, &error);
		if (code != cases[i].code)
			fail_msg("case %zu: %s, not %s", i, rill_code_name(code),
				 rill_code_name(cases[i].code));
		if (code == RILL_OK)
			assert_int_equal(result.length, cases[i].length);
	}
	buffer_free(&patch);
	buffer_free(&result);
}

static void blocks_that_are_no_bzip2_are_refused(void **state)
{
	static const char *const names[] = {"control", "difference", "extra"};
	static const int64_t triple[] = {20, 20, 0};
	uint8_t base[50] = {0};
	struct buffer patch = {0}, result = {0};
	struct rill_error error;

	for (int block = 0; block < 3; block++) {
		size_t at = HEADER;

		make_patch(&patch, triple, 1, 40);
		for (int i = 0; i < block; i++)
			at += patch.bytes[8 + 8 * i];
		memset(patch.bytes + at, 0xa5, 12);
		assert_fails(apply(*state, base, 50, patch.bytes, patch.length, &result, &error),
			     RILL_CORRUPT, &error, names[block]);
	}
	buffer_free(&patch);
	buffer_free(&result);
}

static void a_shorter_base_is_the_wrong_one(void **state)
{
	uint8_t base[600], target[650];
	struct buffer patch, result = {0};
	struct rill_error error;

	make_small(base, target, &patch);
	assert_fails(apply(*state, base, 500, patch.bytes, patch.length, &result, &error),
		     RILL_WRONG_BASE, &error, "is it this file's?");
	assert_fails(apply(*state, NULL, 0, patch.bytes, patch.length, &result, &error),
		     RILL_WRONG_BASE, &error, "");
	buffer_free(&patch);
	buffer_free(&result);
}

static void only_its_magic_makes_a_patch(void **state)
{
	(void)state;
	assert_false(bsdiff4_is(&(struct input){.length = 0}));
	assert_false(bsdiff4_is(&(struct input){.bytes = (const uint8_t *)"BSDIFF4", .length = 7}));
	assert_false(
		bsdiff4_is(&(struct input){.bytes = (const uint8_t *)"BSDIFF41", .length = 8}));
	assert_true(bsdiff4_is(&(struct input){.bytes = (const uint8_t *)"BSDIFF40", .length = 8}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(pairs_at_the_edges_come_back),
		in_folder(files_with_random_edits_come_back),
		in_folder(a_patch_cut_at_any_byte_is_refused_or_gives_the_target),
		in_folder(a_changed_bit_in_a_block_never_gives_another_file),
		in_folder(lengths_of_the_header_are_checked),
		in_folder(triples_are_checked),
		in_folder(blocks_that_are_no_bzip2_are_refused),
		in_folder(a_shorter_base_is_the_wrong_one),
		cmocka_unit_test(only_its_magic_makes_a_patch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
