/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "protocol/reference.h"
#include <string.h>

static void lengths_of_x64_instructions(void **state)
{
	/* Bytes as GNU as makes them; the field is where a distance from the end stands. */
	static const struct {
		const char *bytes;
		unsigned length, field;
	} cases[] = {
		{"\x90", 1, 0},
		{"\xc3", 1, 0},
		{"\x55", 1, 0},
		{"\x48\x89\xe5", 3, 0}, /* mov %rsp,%rbp */
		{"\xe8\x01\x02\x03\x04", 5, 1}, /* call */
		{"\xe9\x01\x02\x03\x04", 5, 1}, /* jmp */
		{"\x0f\x84\x01\x02\x03\x04", 6, 2}, /* je */
		{"\x74\x10", 2, 0}, /* je, short */
		{"\x48\x8d\x05\x01\x02\x03\x04", 7, 3}, /* lea x(%rip),%rax */
		{"\x48\x8b\x44\x24\x08", 5, 0}, /* mov 8(%rsp),%rax */
		{"\x48\x8b\x84\x24\x08\x01\x00\x00", 8, 0},
		{"\x83\x3d\x01\x02\x03\x04\x05", 7, 2}, /* cmpl $5,x(%rip) */
		{"\x66\xc7\x05\x01\x02\x03\x04\x05\x06", 9, 3}, /* movw $0x605,x(%rip) */
		{"\x48\xb8\x01\x02\x03\x04\x05\x06\x07\x08", 10, 0}, /* movabs */
		{"\xf3\x0f\x1e\xfa", 4, 0}, /* endbr64 */
		{"\xf6\x05\x01\x02\x03\x04\x01", 7, 2}, /* testb $1,x(%rip) */
		{"\xf7\xd8", 2, 0}, /* neg %eax */
		{"\xc5\xfd\x6f\x05\x01\x02\x03\x04", 8, 4}, /* vmovdqa x(%rip),%ymm0 */
		{"\xc4\xe3\x7d\x39\xc1\x01", 6, 0}, /* vextracti128 $1,%ymm0,%xmm1 */
		{"\x62\xf1\xfe\x48\x6f\x06", 6, 0}, /* vmovdqu64 (%rsi),%zmm0 */
		{"\x0f\x1f\x84\x00\x00\x00\x00\x00", 8, 0}, /* nopl */
		{"\x0f\x38\xf0\x06", 4, 0}, /* movbe (%rsi),%eax */
		{"\x66\x0f\x3a\x0f\xc1\x08", 6, 0}, /* palignr $8,%xmm1,%xmm0 */
		{"\x06", 1, 0}, /* no instruction */
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t bytes[32] = {0};
		unsigned field;

		memcpy(bytes, cases[i].bytes, cases[i].length);
		assert_int_equal(rill_x64_length(bytes, sizeof bytes, &field), cases[i].length);
		assert_int_equal(field, cases[i].field);
	}
}

static void x64_references_are_seen_before_they_come(void **state)
{
	static const struct {
		const char *bytes;
		unsigned length, tail;
		bool is;
	} cases[] = {
		{"\xe8", 1, 0, true}, /* call */
		{"\xe9", 1, 0, false}, /* jmp: most are near, as distances */
		{"\x0f\x84", 2, 0, false}, /* je */
		{"\x48\x8d\x05", 3, 0, true}, /* lea x(%rip),%rax */
		{"\x48\x8d", 2, 0, false},
		{"\x48\x8d\x05\x01", 4, 0, false}, /* within it */
		{"\x83\x3d", 2, 1, true}, /* cmpl $5,x(%rip) */
		{"\x66\xc7\x05", 3, 2, true}, /* movw $0x605,x(%rip) */
		{"\xf6\x05", 2, 1, true}, /* testb $1,x(%rip) */
		{"\xc5\xfd\x6f\x05", 4, 0, true}, /* vmovdqa x(%rip),%ymm0 */
		{"\x48\x8b\x84", 3, 0, false}, /* mov x(%rsp),%rax */
		{"", 0, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		unsigned tail;

		assert_int_equal(
			rill_x64_reference((const uint8_t *)cases[i].bytes, cases[i].length, &tail),
			cases[i].is);
		if (cases[i].is)
			assert_int_equal(tail, cases[i].tail);
	}
}

static void x64_lengths_stay_within_bounds(void **state)
{
	uint64_t random = 3;

	(void)state;
	for (unsigned i = 0; i < 200000; i++) {
		uint64_t r[2] = {next_random(&random), next_random(&random)};
		uint8_t bytes[16];
		size_t n = 1 + (size_t)(r[0] >> 60);
		unsigned field, length;

		memcpy(bytes, r, sizeof bytes);
		length = rill_x64_length(bytes, n, &field);
		assert_true(length >= 1 && length <= n && length < RILL_UNIT_MAX);
		assert_true(field == 0 || field + 4 <= length);
	}
}

static void a64_fields_come_back(void **state)
{
	static const struct {
		enum rill_kind kind;
		uint32_t word;
		uint64_t target, expected; /* of what is stored */
	} cases[] = {
		{RILL_KIND_A64_BRANCH, 0x94000000, 0x400100, 0x400100},
		{RILL_KIND_A64_BRANCH, 0x14000000, 0x3ff000, 0x3ff000},
		{RILL_KIND_A64_CONDITION, 0x54000001, 0x400020, 0x400020},
		{RILL_KIND_A64_CONDITION, 0xb4000003, 0x3ffff0, 0x3ffff0},
		{RILL_KIND_A64_TEST, 0x36000005, 0x400040, 0x400040},
		{RILL_KIND_A64_LITERAL, 0x58000000, 0x400080, 0x400080},
		{RILL_KIND_A64_NEAR, 0x10000000, 0x400003, 0x400003},
		{RILL_KIND_A64_PAGE, 0x90000000, 0x789abc, 0x789000},
		{RILL_KIND_A64_LOW_ADD, 0x91000000, 0x789abc, 0xabc},
		{RILL_KIND_A64_LOW_MEMORY, 0xf9400000, 0x789ab8, 0xab8},
		{RILL_KIND_A64_LOW_MEMORY, 0x3dc00000, 0x789ab0, 0xab0}, /* 16 bytes */
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint32_t word = rill_a64_put(cases[i].kind, cases[i].word, 0x400000,
					     cases[i].target);
		uint64_t target;

		assert_true(rill_a64_get(cases[i].kind, word, 0x400000, &target));
		assert_true(target == cases[i].expected);
	}
	/* Out of reach or out of step it stays as it was. */
	assert_int_equal(rill_a64_put(RILL_KIND_A64_TEST, 0x36000005, 0x400000, 0x500000),
			 0x36000005);
	assert_int_equal(rill_a64_put(RILL_KIND_A64_BRANCH, 0x94000000, 0x400000, 0x400002),
			 0x94000000);
	assert_int_equal(rill_a64_put(RILL_KIND_A64_LOW_MEMORY, 0xf9400000, 0, 0x789ab9),
			 0xf9400000);
}

static void a64_absolute_targets_do_not_depend_on_the_place(void **state)
{
	uint64_t random = 4;

	(void)state;
	/* BL to 0x500000 and ADRP of its page, from two places. */
	assert_int_equal(rill_a64_absolute(0x94040000, 0x400000),
			 rill_a64_absolute(0x9403ffff, 0x400004));
	assert_int_equal(rill_a64_absolute(0x90000800, 0x400ffc),
			 rill_a64_absolute(0xf00007e0, 0x401000));
	assert_int_equal(rill_a64_absolute(0x14040000, 0x400000), 0x14040000); /* B */
	/* Any word comes back, wherever it is. */
	for (unsigned i = 0; i < 200000; i++) {
		uint64_t place = next_random(&random);
		uint32_t word = (uint32_t)(next_random(&random) >> 32);

		if (i % 3 == 1)
			word = (word & 0x3ffffffu) | 0x94000000u;
		if (i % 3 == 2)
			word = (word & 0x60ffffffu) | 0x90000000u;
		assert_int_equal(rill_a64_relative(rill_a64_absolute(word, place), place), word);
	}
}

#define BASE 65536u
#define AROUND 256u

/* As delta_body.c has it: outside the sources there is nothing. */
static enum rill_code read_base(void *context, uint64_t offset, uint8_t *bytes, size_t n,
				struct rill_error *error)
{
	const uint8_t *base = context;

	if (offset > BASE || n > BASE - offset)
		return rill_fail(error, RILL_CORRUPT, "outside the base");
	memcpy(bytes, base + offset, n);
	return RILL_OK;
}

/* Random bytes, small numbers so that offsets and lengths are believed now and then. */
static void fill(uint8_t *base, uint64_t *random)
{
	for (size_t i = 0; i < BASE; i += 8) {
		uint64_t r = next_random(random);

		if (r & 1)
			r &= UINT64_C(0x0000ffff0000ffff);
		memcpy(base + i, &r, 8);
	}
}

/* Numbers that are an offset in the base, or wrap around to one. */
static uint64_t next_number(uint64_t *random)
{
	uint64_t r = next_random(random);

	return r >> 62 == 0 ? r % BASE : r >> 62 == 1 ? 0 - r % 300 : r >> 62 == 2 ? r % 300 : r;
}

/* A window on a random piece of the region, at its very start now and then. */
static void place_window(struct rill_window *w, uint64_t *random)
{
	uint64_t end = w->region->start + w->region->length;

	w->start = w->region->start;
	if (next_random(random) & 3)
		w->start += next_random(random) % (w->region->length - 1);
	w->end = w->start + 1 + next_random(random) % (RILL_PIECE + RILL_UNIT_MAX);
	if (w->end > end)
		w->end = end;
	w->from = w->start - w->region->start < RILL_LOOK_BEHIND ? w->region->start
								 : w->start - RILL_LOOK_BEHIND;
	w->to = w->end + RILL_LOOK_AHEAD < end ? w->end + RILL_LOOK_AHEAD : end;
	w->addressed = next_random(random) % 5 > 0;
	w->address = w->from + 0x1000;
}

/* Reads the units with `around` in memory before and behind the window. */
static size_t read_amid(struct rill_window *w, const uint8_t *base, uint8_t around,
			struct rill_unit *unit)
{
	static uint8_t memory[AROUND + RILL_WINDOW + AROUND];

	memset(memory, around, sizeof memory);
	memcpy(memory + AROUND, base + w->from, (size_t)(w->to - w->from));
	w->bytes = memory + AROUND;
	return rill_read_units(w, unit);
}

static bool is_same(const struct rill_unit *a, const struct rill_unit *b)
{
	return a->target == b->target && a->at == b->at && a->length == b->length &&
	       a->kind == b->kind && a->tail == b->tail;
}

/* Of any bytes, any class and any origins, units cover the piece without gaps and stay
 * within it; what stands in memory around the window does not matter. */
static void units_cover_their_piece(void **state)
{
	static uint8_t base[BASE];
	static struct rill_unit unit[RILL_UNITS_MAX], again[RILL_UNITS_MAX];
	struct rill_source source = {.context = base, .read = read_base};
	struct rill_image image = {.low = 0x1000, .high = 0x20000};
	uint64_t random = 11;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		struct rill_region region = {.start = next_random(&random) % 64,
					     .class = round % RILL_REGION_CLASSES};
		struct rill_window w = {.region = &region, .image = &image, .source = &source};
		uint64_t place;
		size_t count;

		if (round % 64 == 0)
			fill(base, &random);
		if (round % 16 < 4)
			region.start = 0;
		region.length = BASE - region.start - next_random(&random) % 64;
		for (unsigned i = 0; i < RILL_ORIGINS_MAX; i++)
			region.origin[i].old = next_number(&random);
		place_window(&w, &random);
		count = read_amid(&w, base, 0, unit);
		assert_true(count > 0 && count <= RILL_UNITS_MAX);
		place = w.start;
		for (size_t i = 0; i < count; i++) {
			assert_true(unit[i].at == place - w.start);
			assert_true(unit[i].length > 0 && unit[i].length <= RILL_UNIT_MAX);
			assert_true(unit[i].kind < RILL_KINDS && unit[i].at < RILL_PIECE);
			place += unit[i].length;
		}
		assert_true(place <= w.end && (place == w.end || place >= w.start + RILL_PIECE));
		for (unsigned around = 0x10; around < 0x60; around += 0x0f) {
			assert_int_equal(read_amid(&w, base, (uint8_t)around, again), count);
			for (size_t i = 0; i < count; i++)
				assert_true(is_same(&unit[i], &again[i]));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths_of_x64_instructions),
		cmocka_unit_test(x64_references_are_seen_before_they_come),
		cmocka_unit_test(x64_lengths_stay_within_bounds),
		cmocka_unit_test(a64_fields_come_back),
		cmocka_unit_test(a64_absolute_targets_do_not_depend_on_the_place),
		cmocka_unit_test(units_cover_their_piece),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
