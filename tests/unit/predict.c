/* SPDX-License-Identifier: Apache-2.0
 *
 * A layout table that is wrong costs bytes, no more: the output comes back whatever it says
 * of the base, and nothing outside the base is read for it (support/craft.h checks that).
 */
#include "tests/unit/support.h"

#include "tests/support/craft.h"
#include <stdlib.h>
#include <string.h>

#define BASE 20000u
#define OUTPUT 15000u

static uint8_t space[BASE + OUTPUT];

/* Sorts of bases that no region table was made for. */
enum sort { NOISE, ZEROS, ONES, BRANCHES, SMALL_NUMBERS, ADDRESSES, SORTS };

static void fill(enum sort sort, uint64_t *random)
{
	for (size_t i = 0; i + 4 <= BASE; i += 4) {
		uint32_t word = (uint32_t)(next_random(random) >> 16);

		switch (sort) {
		case ZEROS: word = 0; break;
		case ONES: word = UINT32_MAX; break;
		case BRANCHES: /* of all distances; every tenth an x86 call */
			word = i % 40 ? 0x94000000u | (word & 0x3ffffff) : 0xe8e8e8e8u;
			break;
		case SMALL_NUMBERS: word &= 0xff; break;
		case ADDRESSES: word = i % 8 ? 0 : 0x1000 + word % BASE; break;
		default: break;
		}
		memcpy(space + i, &word, 4);
	}
}

/* Ten copies of random places, with a byte changed here and there. */
static size_t make_output(struct rill_copy *copy, uint64_t *random)
{
	for (size_t i = 0; i < 10; i++) {
		uint8_t *to = space + BASE + i * 1500;

		copy[i].output = i * 1500 + 3 * (i % 3);
		copy[i].length = 1490;
		copy[i].source = (next_random(random) >> 20) % (BASE - 1490);
		memset(to, (int)i, 1500);
		memcpy(to + 3 * (i % 3), space + copy[i].source, 1490);
		for (unsigned k = 0; k < 40; k++)
			to[next_random(random) % 1490] ^= (uint8_t)(k * 3);
	}
	return 10;
}

static uint64_t any_number(uint64_t *random)
{
	uint64_t r = next_random(random);

	switch (r >> 61) {
	case 0: return 0;
	case 1: return 0 - r % 5000;
	case 2: return BASE - 100 + r % 200;
	case 3: return BASE + r % OUTPUT;
	case 4: return r % BASE;
	case 5: return r >> (r & 31);
	default: return r % 300;
	}
}

static void make_layout(struct rill_layout *layout, enum rill_region_class class, uint64_t *random)
{
	struct rill_error error;
	uint64_t end = 0;

	assert_ok(rill_layout_new(layout, 20, &error), &error);
	layout->image_count = 1;
	layout->image[0] = (struct rill_image){
		.old_count = 2,
		.new_segment = 2,
		.new_count = (uint32_t)(1 + next_random(random) % 2)};
	layout->segment_count = 2 + layout->image[0].new_count;
	layout->segment[0] = layout->segment[2] = (struct rill_segment){0, 0x1000, BASE,
									BASE + 500};
	layout->segment[1] = layout->segment[3] = (struct rill_segment){
		any_number(random), any_number(random), any_number(random), any_number(random)};
	layout->segment[2].address = any_number(random);
	for (layout->region_count = 0; layout->region_count < 3; layout->region_count++) {
		struct rill_region *region = &layout->region[layout->region_count];

		region->start = end + next_random(random) % 20 * (layout->region_count + 1);
		region->length = next_random(random) % (BASE / 2);
		if (region->length > BASE - region->start || layout->region_count == 2)
			region->length = BASE - region->start;
		region->class = class;
		for (unsigned i = 0; i < rill_region_origins(class); i++)
			region->origin[i] = (struct rill_origin){any_number(random),
								 any_number(random)};
		end = region->start + region->length;
	}
}

static struct craft *make_craft(struct rill_layout *layout, const struct rill_copy *copies,
				size_t count)
{
	struct craft *craft = craft_new(space);

	craft_base(craft, BASE);
	craft_output(craft, OUTPUT);
	craft_encode_one(craft, layout, copies, count);
	craft_seal(craft);
	return craft;
}

static void any_layout_gives_the_output(void **state)
{
	uint64_t random = 21;

	(void)state;
	for (unsigned sort = 0; sort < SORTS; sort++)
		for (unsigned class = 0; class < RILL_REGION_CLASSES; class ++) {
			struct rill_copy copies[10];
			struct rill_layout layout;
			struct craft *craft;
			size_t count;

			fill((enum sort)sort, &random);
			count = make_output(copies, &random);
			make_layout(&layout, (enum rill_region_class) class, &random);
			craft = make_craft(&layout, copies, count);
			assert_true(craft->base_alone);
			assert_true(craft_comes_back(craft, -500));
			rill_layout_free(&layout);
			craft_free(craft);
		}
}

/* What a field has no room for is left as it was, in encoder and decoder alike. */
static void targets_that_no_field_can_hold(void **state)
{
	static const uint64_t addresses[] = {0x1000, UINT64_C(1) << 27, UINT64_C(1) << 32,
					     UINT64_C(1) << 63, UINT64_MAX - 7};
	static const enum rill_region_class classes[] = {RILL_REGION_A64, RILL_REGION_X64,
							 RILL_REGION_FRAMES, RILL_REGION_TABLE,
							 RILL_REGION_OFFSETS};
	uint64_t random = 8;

	(void)state;
	for (size_t i = 0; i < 25; i++) {
		/* Two segments that were neighbours are far apart now. */
		struct rill_copy copies[10];
		struct rill_layout layout;
		struct craft *craft;
		size_t count;

		fill(BRANCHES, &random);
		count = make_output(copies, &random);
		make_layout(&layout, classes[i % 5], &random);
		layout.image[0].new_count = 2;
		layout.segment_count = 4;
		layout.segment[0] = (struct rill_segment){0, 0x1000, BASE / 2, BASE / 2};
		layout.segment[1] = (struct rill_segment){BASE / 2, 0x1000 + BASE / 2, BASE / 2,
							  BASE / 2};
		layout.segment[2] = (struct rill_segment){0, 0x1000, OUTPUT / 2, OUTPUT / 2};
		layout.segment[3] = (struct rill_segment){OUTPUT / 2, addresses[i / 5], OUTPUT / 2,
							  OUTPUT / 2};
		craft = make_craft(&layout, copies, count);
		assert_true(craft_comes_back(craft, 777));
		rill_layout_free(&layout);
		craft_free(craft);
	}
}

/* The delta of a base that is another one: a hash that is wrong at the end, or a right one
 * when nothing of what differs was used; whatever the reader makes of its bytes. */
static void another_base_than_the_encoder_saw(void **state)
{
	uint64_t random = 4;
	unsigned errors = 0;

	(void)state;
	for (unsigned class = 0; class < RILL_REGION_CLASSES; class ++)
		for (unsigned sort = 0; sort < SORTS; sort++) {
			static uint8_t output[OUTPUT];
			struct craft_decode decode = {.base = space,
						      .base_length = BASE,
						      .output = output,
						      .capacity = OUTPUT,
						      .budget = UINT64_MAX,
						      .piece = 4000,
						      .base_alone = true};
			struct rill_copy copies[10];
			struct rill_layout layout;
			struct rill_error error;
			struct craft *craft;

			fill(ADDRESSES, &random);
			make_output(copies, &random);
			make_layout(&layout, (enum rill_region_class) class, &random);
			craft = make_craft(&layout, copies, 10);
			fill((enum sort)sort, &random);
			assert_int_equal(craft_decode(&decode, craft->delta, craft->n, &error),
					 RILL_CORRUPT);
			errors++;
			rill_layout_free(&layout);
			craft_free(craft);
		}
	assert_int_equal(errors, RILL_REGION_CLASSES * SORTS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_layout_gives_the_output),
		cmocka_unit_test(targets_that_no_field_can_hold),
		cmocka_unit_test(another_base_than_the_encoder_saw),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
