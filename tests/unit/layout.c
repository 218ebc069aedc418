/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "protocol/layout.h"
#include "tests/support/numbers.h"
#include <stdlib.h>
#include <string.h>

#define BASE 100000u

struct bench {
	struct rill_bit_tables tables;
	struct rill_number_model numbers;
	struct rill_coder coder;
	uint8_t code[1 << 14];
	size_t n;
};

static struct bench *bench_new(void)
{
	struct bench *bench = calloc(1, sizeof *bench);

	assert_non_null(bench);
	rill_bit_tables_setup(&bench->tables);
	return bench;
}

static void put(void *context, uint8_t byte)
{
	struct bench *bench = context;

	assert_true(bench->n < sizeof bench->code);
	bench->code[bench->n++] = byte;
}

/* Codes the table either way; an encoder goes on when it is told that an entry is bad. */
static enum rill_code code_all(struct bench *bench, struct rill_layout *layout, uint64_t entries,
			       uint64_t base, struct rill_error *error)
{
	struct rill_layout_cursor cursor = {0};
	enum rill_code code = RILL_OK;

	numbers_setup(&bench->numbers, &bench->tables);
	for (uint64_t i = 0; i < entries; i++) {
		code = rill_layout_code(layout, &cursor, &bench->numbers, &bench->tables,
					&bench->coder, base, error);
		if (code != RILL_OK && !bench->coder.encoding)
			break;
	}
	return code;
}

static void encode(struct bench *bench, struct rill_layout *layout)
{
	struct rill_error error;

	bench->n = 0;
	rill_coder_encode(&bench->coder, put, bench);
	code_all(bench, layout, rill_layout_entries(layout), BASE, &error);
	rill_coder_finish(&bench->coder);
}

static enum rill_code decode(struct bench *bench, struct rill_layout *layout, uint64_t entries,
			     struct rill_error *error)
{
	enum rill_code code = rill_layout_new(layout, entries, error);

	rill_coder_decode(&bench->coder, bench->code, bench->code + bench->n);
	if (code == RILL_OK)
		code = code_all(bench, layout, entries, BASE, error);
	rill_layout_finish(layout);
	return code;
}

/* Two images with two segments a side, and two regions each. */
static void make(struct rill_layout *layout)
{
	struct rill_error error;

	assert_ok(rill_layout_new(layout, 100, &error), &error);
	layout->image_count = 2;
	layout->segment_count = 8;
	layout->region_count = 4;
	for (uint32_t i = 0; i < 2; i++)
		layout->image[i] = (struct rill_image){4 * i, 2, 4 * i + 2, 2, 0, 0};
	for (size_t i = 0; i < 8; i++)
		layout->segment[i] = (struct rill_segment){i * 5000, i * 5000 + 0x400000, 5000,
							   6000 + i};
	for (size_t i = 0; i < 4; i++)
		layout->region[i] = (struct rill_region){.start = i * 9000 + 13,
							 .length = 8000 + i,
							 .image = (uint32_t)i / 2,
							 .class = RILL_REGION_A64};
}

static void assert_comes_back(struct bench *bench, struct rill_layout *layout)
{
	struct rill_layout got;
	struct rill_error error;

	encode(bench, layout);
	assert_ok(decode(bench, &got, rill_layout_entries(layout), &error), &error);
	rill_layout_finish(layout);
	assert_int_equal(got.image_count, layout->image_count);
	assert_int_equal(got.segment_count, layout->segment_count);
	assert_int_equal(got.region_count, layout->region_count);
	assert_memory_equal(got.image, layout->image, got.image_count * sizeof *got.image);
	assert_memory_equal(got.segment, layout->segment, got.segment_count * sizeof *got.segment);
	assert_memory_equal(got.region, layout->region, got.region_count * sizeof *got.region);
	rill_layout_free(&got);
}

static void a_table_comes_back(void **state)
{
	struct bench *bench = bench_new();
	struct rill_layout layout;

	(void)state;
	make(&layout);
	for (unsigned class = 0; class < RILL_REGION_CLASSES; class ++) {
		layout.region[1].class = (enum rill_region_class) class;
		memset(layout.region[1].origin, 0, sizeof layout.region[1].origin);
		for (unsigned i = 0; i < rill_region_origins(layout.region[1].class); i++)
			layout.region[1].origin[i] = (struct rill_origin){i * 77, UINT64_MAX - i};
		assert_comes_back(bench, &layout);
	}
	rill_layout_free(&layout);
	free(bench);
}

/* Segments may overlap, be empty, wrap around, and lie at the end of all addresses: what they
 * say is used for predictions alone. */
static void segments_that_make_no_sense_are_taken(void **state)
{
	static const struct rill_segment odd[] = {
		{0, UINT64_MAX, 1, 1},
		{0, UINT64_MAX - 10, 4000, UINT64_MAX},
		{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX},
		{UINT64_MAX - 5, 5, 100, 50},
		{10, 0x400000, 0, 0},
		{0, 0, UINT64_MAX, UINT64_MAX},
	};
	struct bench *bench = bench_new();

	(void)state;
	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
		for (size_t place = 0; place < 8; place++) {
			struct rill_layout layout;

			make(&layout);
			layout.segment[place] = odd[i];
			assert_comes_back(bench, &layout);
			rill_layout_free(&layout);
		}
	free(bench);
}

static void refused(struct bench *bench, struct rill_layout *layout, const char *fragment)
{
	struct rill_layout got;
	struct rill_error error;

	encode(bench, layout);
	assert_fails(decode(bench, &got, rill_layout_entries(layout), &error), RILL_CORRUPT, &error,
		     fragment);
	rill_layout_free(&got);
	rill_layout_free(layout);
}

static void impossible_regions_are_refused(void **state)
{
	static const struct {
		uint64_t start, length;
		unsigned class;
	} bad[] = {
		{8012, 10, RILL_REGION_A64}, /* over the one before */
		{0, 5, RILL_REGION_A64}, /* out of order */
		{UINT64_MAX, 5, RILL_REGION_A64},
		{BASE + 1, 0, RILL_REGION_A64},
		{BASE, 1, RILL_REGION_A64},
		{BASE - 1, 2, RILL_REGION_A64},
		{9000, UINT64_MAX, RILL_REGION_A64},
		{9000, UINT64_MAX - 8999, RILL_REGION_A64}, /* ends at 0 */
		{9000, 5, RILL_REGION_CLASSES},
		{9000, 5, 0x80000000u},
		{9000, 5, UINT32_MAX},
	};
	struct bench *bench = bench_new();
	struct rill_layout layout;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		make(&layout);
		layout.region[1].start = bad[i].start;
		layout.region[1].length = bad[i].length;
		layout.region[1].class = (enum rill_region_class)bad[i].class;
		refused(bench, &layout, "region 2 is impossible");
	}
	free(bench);
}

/* An image with so many segments a side. */
static void make_segments(struct rill_layout *layout, uint32_t old, uint32_t new)
{
	make(layout);
	layout->image_count = 1;
	layout->region_count = 0;
	layout->segment_count = old + new;
	layout->image[0] = (struct rill_image){0, old, old, new, 0, 0};
}

static void as_many_segments_as_there_may_be(void **state)
{
	struct bench *bench = bench_new();
	struct rill_layout layout;

	(void)state;
	make_segments(&layout, RILL_SEGMENTS_MAX, RILL_SEGMENTS_MAX);
	assert_comes_back(bench, &layout);
	rill_layout_free(&layout);
	make_segments(&layout, RILL_SEGMENTS_MAX + 1, 1);
	refused(bench, &layout, "too many segments");
	make_segments(&layout, 1, RILL_SEGMENTS_MAX + 1);
	refused(bench, &layout, "too many segments");
	free(bench);
}

static void too_many_entries_are_refused(void **state)
{
	struct rill_layout layout;
	struct rill_error error;

	(void)state;
	assert_fails(rill_layout_new(&layout, RILL_LAYOUT_MAX + 1, &error), RILL_CORRUPT, &error,
		     "too many entries");
	rill_layout_free(&layout);
}

/* Whatever the code is: what is let through keeps the rules, and each way to break them has
 * been met. */
static void random_code(void **state)
{
	static const char *const errors[] = {"without an image", "too many segments", "impossible",
					     "no such entry"};
	struct bench *bench = bench_new();
	unsigned met[4] = {0}, taken = 0;
	uint64_t random = 5;

	(void)state;
	for (unsigned round = 0; round < 4000; round++) {
		uint64_t entries = 1 + round % 60, end = 0;
		struct rill_layout got;
		struct rill_error error;

		bench->n = 40;
		for (size_t i = 0; i < bench->n; i++)
			bench->code[i] = (uint8_t)(next_random(&random) >> 32);
		/* The same bits again and again make many entries of one kind. */
		if (round % 8 == 0)
			memset(bench->code, bench->code[0], bench->n);
		if (decode(bench, &got, entries, &error) == RILL_OK)
			taken++;
		else
			for (unsigned i = 0; i < 4; i++)
				met[i] += strstr(error.text, errors[i]) != NULL;
		for (size_t i = 0; i < got.image_count; i++) {
			const struct rill_image *image = &got.image[i];

			assert_true(image->old_count <= RILL_SEGMENTS_MAX &&
				    image->new_count <= RILL_SEGMENTS_MAX &&
				    image->old_segment + image->old_count <= entries &&
				    image->new_segment + image->new_count <= entries);
		}
		for (size_t i = 0; taken && error.code == RILL_OK && i < got.region_count; i++) {
			assert_true(got.region[i].start >= end && got.region[i].start <= BASE);
			assert_true(got.region[i].length <= BASE - got.region[i].start);
			end = got.region[i].start + got.region[i].length;
		}
		rill_layout_free(&got);
	}
	assert_true(taken > 10 && met[0] && met[2] && met[3]);
	free(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_comes_back),
		cmocka_unit_test(segments_that_make_no_sense_are_taken),
		cmocka_unit_test(impossible_regions_are_refused),
		cmocka_unit_test(as_many_segments_as_there_may_be),
		cmocka_unit_test(too_many_entries_are_refused),
		cmocka_unit_test(random_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
