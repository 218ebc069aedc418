/* SPDX-License-Identifier: Apache-2.0
 *
 * Malicious deltas, class by class: control data, sizes, format. All have right hashes, but
 * where a hash is the matter, so that the decoder gets to what is wrong with them. Each is
 * refused with the code that it deserves, and nothing is read or written that must not be
 * (support/craft.h checks that). Layout tables: layout.c; damaged headers: delta_header.c.
 */
#include "tests/unit/support.h"

#include "tests/support/craft.h"
#include <stdlib.h>
#include <string.h>

#define BASE 3000u
#define OUTPUT 1320u
#define BUDGET (16u << 20)

static uint8_t space[BASE + OUTPUT];

/* Two copies with literals before, between and behind them. */
static const struct rill_copy usual[] = {{100, 1000, 500}, {700, BASE + 50, 600}};

static void make_space(void)
{
	uint64_t random = 3;

	for (size_t i = 0; i < sizeof space; i++)
		space[i] = (uint8_t)(next_random(&random) >> 40);
	memcpy(space + BASE + 100, space + 1000, 500);
	memcpy(space + BASE + 700, space + BASE + 50, 600);
	space[BASE + 200] ^= 1;
}

static struct craft *make(const struct rill_copy *copies, size_t count)
{
	struct craft *craft;

	make_space();
	craft = craft_new(space);
	craft_base(craft, BASE);
	craft_output(craft, OUTPUT);
	craft_encode_one(craft, NULL, copies, count);
	craft_seal(craft);
	return craft;
}

static struct craft *make_usual(void)
{
	struct craft *craft = make(usual, 2);

	assert_true(craft_comes_back(craft, 1));
	return craft;
}

static enum rill_code decode(const struct craft *craft, uint8_t *output, size_t capacity,
			     uint64_t budget, struct rill_error *error)
{
	struct craft_decode decode = {.base = space,
				      .base_length = BASE,
				      .capacity = capacity,
				      .budget = budget,
				      .piece = -100};

	decode.output = output;
	return craft_decode(&decode, craft->delta, craft->n, error);
}

static void refused(const struct craft *craft, enum rill_code code, const char *fragment)
{
	static uint8_t output[1 << 20];
	struct rill_error error;

	assert_fails(decode(craft, output, sizeof output, BUDGET, &error), code, &error, fragment);
}

/* An error, or by chance the right result: never another one. */
static bool harmless(const struct craft *craft)
{
	static uint8_t output[1 << 20];
	struct rill_error error;
	enum rill_code code = decode(craft, output, sizeof output, BUDGET, &error);

	if (code == RILL_OK)
		assert_memory_equal(output, space + BASE, OUTPUT);
	else
		assert_true(code == RILL_CORRUPT || code == RILL_UNSUPPORTED ||
			    code == RILL_MEMORY || code == RILL_NO_SPACE);
	return code != RILL_OK;
}

/* Control data. */

static void bad_copy(struct rill_copy bad, const char *fragment)
{
	const struct rill_copy copies[] = {usual[0], bad};
	struct craft *craft = make(copies, 2);

	refused(craft, RILL_CORRUPT, fragment);
	craft_free(craft);
}

static void lengths_that_are_negative_or_too_long(void **state)
{
	(void)state;
	bad_copy((struct rill_copy){700, 0, UINT64_MAX}, "more than the group");
	bad_copy((struct rill_copy){700, 0, UINT64_C(1) << 63}, "more than the group");
	bad_copy((struct rill_copy){700, 0, OUTPUT - 700 + 1}, "more than the group");
	bad_copy((struct rill_copy){700, 0, UINT32_MAX}, "more than the group");
	/* The literal before the copy. */
	bad_copy((struct rill_copy){OUTPUT + 1, 0, 1}, "more than the group");
	bad_copy((struct rill_copy){UINT64_C(1) << 63, 0, 1}, "more than the group");
	bad_copy((struct rill_copy){UINT64_MAX, 0, 2}, "more than the group");
	/* Their sum comes round to what would fit. */
	bad_copy((struct rill_copy){UINT64_MAX - 10, 0, 700}, "more than the group");
}

static void copies_that_go_back_in_the_output(void **state)
{
	(void)state;
	bad_copy((struct rill_copy){599, 0, 10}, "more than the group"); /* over the last one */
	bad_copy((struct rill_copy){100, 1000, 500}, "more than the group"); /* the same again */
	bad_copy((struct rill_copy){0, 0, 100}, "more than the group"); /* out of order */
}

static void sources_outside_of_what_there_is(void **state)
{
	static const char none[] = "from where nothing is";

	(void)state;
	bad_copy((struct rill_copy){700, UINT64_MAX, 1}, none); /* -1 */
	bad_copy((struct rill_copy){700, UINT64_MAX - 5, 10}, none); /* comes round */
	bad_copy((struct rill_copy){700, UINT64_C(1) << 63, 1}, none);
	bad_copy((struct rill_copy){700, BASE - 5, 6}, none); /* over the base's end */
	bad_copy((struct rill_copy){700, BASE + 700, 1}, none); /* itself */
	bad_copy((struct rill_copy){700, BASE + 695, 6}, none);
	bad_copy((struct rill_copy){700, BASE + OUTPUT, 1}, none); /* behind all */
}

static void copies_without_bytes_and_too_many_copies(void **state)
{
	struct craft *craft;

	(void)state;
	bad_copy((struct rill_copy){700, 0, 0}, "impossible length");
	/* As many as there are bytes, all of length 0: it ends at the first. */
	{
		struct rill_copy *copies = calloc(OUTPUT, sizeof *copies);

		assert_non_null(copies);
		craft = make(copies, OUTPUT);
		refused(craft, RILL_CORRUPT, "impossible length");
		craft_free(craft);
		free(copies);
	}
}

static void a_copy_of_4_gib_and_one_of_a_byte_less(void **state)
{
	static const struct {
		uint64_t length;
		const char *fragment; /* NULL: taken */
	} cases[] = {{UINT64_C(1) << 32, "impossible length"}, {UINT32_MAX, NULL}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct rill_copy copy = {0, 0, cases[i].length};
		struct craft *craft = craft_new(space);
		struct rill_error error;
		uint8_t output[1000];

		craft_base(craft, BASE);
		craft_output(craft, OUTPUT);
		craft_encode_one(craft, NULL, &copy, 1); /* the map alone: it is impossible here */
		craft->header.base[0].length = craft->header.output[0].length = UINT64_C(5) << 30;
		craft->header.base_length = craft->header.output_length = UINT64_C(5) << 30;
		craft_seal(craft);
		if (cases[i].fragment)
			refused(craft, RILL_CORRUPT, cases[i].fragment);
		else
			assert_fails(decode(craft, output, sizeof output, BUDGET, &error),
				     RILL_NO_SPACE, &error, "full");
		craft_free(craft);
	}
}

static void more_copies_or_entries_than_stated(void **state)
{
	struct craft *craft = make_usual();

	(void)state;
	for (uint64_t most = 0; most < 2; most++) {
		craft->header.most_copies = most;
		craft_seal(craft);
		refused(craft, RILL_CORRUPT, "impossible size");
	}
	craft->header.most_copies = 1000; /* room that nobody needs */
	craft_seal(craft);
	assert_true(craft_comes_back(craft, 1));
	craft_free(craft);
}

/* What a decoder learnt of one delta is not there for the next. */
static void a_delta_does_not_touch_the_next(void **state)
{
	struct craft *craft = make_usual();

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct craft *other = make((struct rill_copy[]){{5, 7, 1300}}, 1);

		assert_true(craft_comes_back(other, 3));
		assert_true(craft_comes_back(craft, 3));
		craft_free(other);
	}
	craft_free(craft);
}

/* Sizes. */

static void an_output_that_fills_the_disk(void **state)
{
	static const uint64_t sizes[] = {UINT64_C(1) << 32, UINT64_C(1) << 48};
	static uint8_t output[1 << 20];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct craft *craft = make_usual();
		struct rill_error error;

		craft->header.output[0].length = craft->header.output_length = sizes[i];
		craft_seal(craft);
		/* It takes no more memory than others, and ends when the storage does. */
		assert_in_range(rill_decoder_memory(&craft->header), 1, BUDGET);
		assert_fails(decode(craft, output, sizeof output, BUDGET, &error), RILL_NO_SPACE,
			     &error, "full");
		craft_free(craft);
	}
}

static void a_body_for_another_output(void **state)
{
	static const uint64_t lengths[] = {0, 1, OUTPUT - 1, OUTPUT + 1, 100000};

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		struct craft *craft = make_usual();

		craft->header.output[0].length = craft->header.output_length = lengths[i];
		craft_seal(craft);
		refused(craft, RILL_CORRUPT, "");
		craft_free(craft);
	}
}

static void more_memory_than_the_budget(void **state)
{
	struct craft *craft = make_usual();
	struct rill_delta_header *header = &craft->header;
	struct rill_error error;
	uint8_t output[OUTPUT];
	uint64_t needed = rill_decoder_memory(header);

	(void)state;
	assert_ok(decode(craft, output, OUTPUT, needed, &error), &error);
	assert_fails(decode(craft, output, OUTPUT, needed - 1, &error), RILL_MEMORY, &error,
		     "budget");
	/* A table of copies that no budget has room for; and of a layout. */
	header->most_copies = UINT64_C(1) << 40;
	header->output[0].length = header->output_length = UINT64_C(1) << 48;
	craft_seal(craft);
	refused(craft, RILL_MEMORY, "budget");
	if (sizeof(size_t) == 4)
		assert_fails(decode(craft, output, OUTPUT, UINT64_MAX, &error), RILL_MEMORY, &error,
			     "");
	header->most_copies = 2;
	header->most_entries = RILL_LAYOUT_MAX + 1;
	craft_seal(craft);
	refused(craft, RILL_CORRUPT, "layout");
	/* A body of 8 GiB has a longer header. */
	header->most_entries = 0;
	header->body_length = UINT64_C(8) << 30;
	craft_seal_as_it_is(craft);
	refused(craft, RILL_CORRUPT, "");
	craft_free(craft);
}

static void copies_where_there_is_nothing(void **state)
{
	const struct rill_copy copy = {0, 0, 1};
	struct craft *craft = craft_new(space);

	(void)state;
	craft_base(craft, 0); /* no base to copy from */
	craft_output(craft, OUTPUT);
	craft_encode_one(craft, NULL, &copy, 1);
	craft_seal(craft);
	refused(craft, RILL_CORRUPT, "from where nothing is");
	craft_free(craft);
	craft = craft_new(space);
	craft_base(craft, BASE); /* no output to copy to */
	craft_output(craft, 1);
	craft_encode_one(craft, NULL, &copy, 1);
	craft->header.output[0].length = craft->header.output_length = 0;
	craft_seal(craft);
	refused(craft, RILL_CORRUPT, "");
	craft_free(craft);
}

/* Format. */

static void a_delta_cut_off_anywhere(void **state)
{
	struct craft *craft = make_usual();
	size_t n = craft->n;
	uint8_t *whole = craft->delta, output[OUTPUT];

	(void)state;
	for (size_t i = 0; i < n; i += i < 130 ? 1 : 3) {
		struct rill_error error;

		craft->delta = malloc(i + !i); /* so that ASan sees a read behind it */
		assert_non_null(craft->delta);
		memcpy(craft->delta, whole, i);
		craft->n = i;
		assert_int_equal(decode(craft, output, OUTPUT, BUDGET, &error), RILL_CORRUPT);
		free(craft->delta);
	}
	craft->delta = whole;
	craft_free(craft);
}

static void bytes_behind_the_end(void **state)
{
	struct craft *craft = make_usual();

	(void)state;
	craft->delta = realloc(craft->delta, craft->n + 1);
	assert_non_null(craft->delta);
	craft->delta[craft->n++] = 0;
	refused(craft, RILL_CORRUPT, "after the delta's end");
	craft_free(craft);
}

/* Of the header every bit counts, but for the base's hash, which is the caller's business;
 * of the body no changed bit is looked at. */
static void a_bit_flipped_anywhere(void **state)
{
	struct craft *craft = make_usual();
	unsigned taken = 0;

	(void)state;
	for (size_t i = 0; i < craft->n * 8; i += i / 8 < craft->header.length ? 1 : 7) {
		craft->delta[i / 8] ^= (uint8_t)(1u << i % 8);
		if (!harmless(craft))
			taken++;
		else if (i / 8 >= craft->header.length)
			refused(craft, RILL_CORRUPT, "chunk 0");
		craft->delta[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	/* The base's hash; of its length two bits may count nothing either: what is behind the
	 * sources only moves the ends of what is looked at. */
	assert_in_range(taken, RILL_SHA256_SIZE * 8, RILL_SHA256_SIZE * 8 + 16);
	craft_free(craft);
}

static void a_bit_of_code_flipped_with_right_hashes(void **state)
{
	struct craft *craft = make_usual();
	unsigned errors = 0, all = 0;

	(void)state;
	for (size_t i = 0; i < craft->code.n * 8; i += i < 400 ? 1 : 7, all++) {
		craft->code.bytes[i / 8] ^= (uint8_t)(1u << i % 8);
		craft_seal(craft);
		errors += harmless(craft);
		craft->code.bytes[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	assert_true(all > 100 && errors > all * 9 / 10);
	craft_free(craft);
}

static void versions_and_flags_to_come(void **state)
{
	struct craft *craft = make_usual();

	(void)state;
	craft->delta[4]++;
	refused(craft, RILL_UNSUPPORTED, "version");
	craft->delta[4]--;
	for (unsigned bit = 2; bit < 8; bit++) {
		craft->delta[5] = (uint8_t)(1u << bit);
		refused(craft, RILL_UNSUPPORTED, "flags");
	}
	craft_free(craft);
}

/* Numbers of the header in longer forms than need be, too long, or without an end. */
static void numbers_in_other_forms(void **state)
{
	static const struct {
		size_t n;
		uint8_t bytes[12];
	} forms[] = {
		{2, {0x80, 0}},
		{3, {0xff, 0x80, 0}},
		{11, {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1}},
		{10, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}},
		{12, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		struct craft *craft = make_usual();
		size_t rest = craft->n - RILL_DELTA_PREAMBLE;

		craft->delta = realloc(craft->delta, craft->n + forms[i].n);
		assert_non_null(craft->delta);
		memmove(craft->delta + RILL_DELTA_PREAMBLE + forms[i].n,
			craft->delta + RILL_DELTA_PREAMBLE, rest);
		memcpy(craft->delta + RILL_DELTA_PREAMBLE, forms[i].bytes, forms[i].n);
		craft->n += forms[i].n;
		craft->delta[6] = (uint8_t)(craft->delta[6] + forms[i].n);
		refused(craft, RILL_CORRUPT, "offset");
		craft_free(craft);
	}
}

/* Of a delta with two chunks, with their hashes. */
static void chunks_in_another_order(void **state)
{
	enum { N = 3 * RILL_DELTA_CHUNK / 2 };
	uint8_t *noise = calloc(1, N), *got = malloc(N);
	struct craft *craft = craft_new(noise);
	struct craft_decode decode = {
		.output = got, .capacity = N, .budget = BUDGET, .piece = 5000};
	struct rill_error error;
	uint64_t random = 6;

	(void)state;
	assert_non_null(noise);
	assert_non_null(got);
	for (size_t i = 0; i < N; i++)
		noise[i] = (uint8_t)(next_random(&random) >> 40);
	craft_base(craft, 0);
	craft_output(craft, N);
	craft_encode_one(craft, NULL, NULL, 0);
	craft_seal(craft);
	assert_true(craft->header.chunk_count == 2 && craft_comes_back(craft, 999));
	/* The second one twice; then the first one twice. */
	for (size_t i = 0; i < 2; i++) {
		size_t n = craft->code.n - RILL_DELTA_CHUNK;

		if (i == 0)
			memcpy(craft->code.bytes, craft->code.bytes + RILL_DELTA_CHUNK, n);
		else
			memcpy(craft->code.bytes + RILL_DELTA_CHUNK, craft->code.bytes, n);
		craft_seal(craft);
		assert_fails(craft_decode(&decode, craft->delta, craft->n, &error), RILL_CORRUPT,
			     &error, "");
	}
	craft_free(craft);
	free(noise);
	free(got);
}

static void the_body_of_another_delta(void **state)
{
	static const struct rill_copy copies[] = {{0, 10, 700}, {900, 20, 400}};
	struct craft *craft = make_usual(), *other = make(copies, 2);
	struct craft_code own = craft->code;

	(void)state;
	other->header.output[0].sha256[0] ^= 1; /* it makes the same here */
	craft->code = other->code;
	other->code = own;
	craft_seal(craft);
	other->header.base[0].length = other->header.base_length = 10;
	craft_seal(other);
	assert_true(craft_comes_back(craft, 50));
	refused(other, RILL_CORRUPT, "from where nothing is");
	craft_free(craft);
	craft_free(other);
}

/* Groups of `first` bytes and the rest, of an output of zeros that is said to have `stated`. */
static void two_groups(uint64_t first, uint64_t stated, const char *fragment)
{
	enum { N = 3 * RILL_GROUP_LEAST };
	static uint8_t zeros[N], got[2 * N];
	const struct rill_group groups[] = {{.length = first}, {.length = N - first}};
	struct craft *craft = craft_new(zeros);
	struct craft_decode decode = {
		.output = got, .capacity = sizeof got, .budget = BUDGET, .piece = 999};
	struct rill_error error;
	enum rill_code code;

	craft_base(craft, 0);
	craft_output(craft, N);
	craft_encode(craft, groups, 2);
	craft->header.output[0].length = craft->header.output_length = stated;
	craft_seal(craft);
	code = craft_decode(&decode, craft->delta, craft->n, &error);
	if (fragment)
		assert_fails(code, RILL_CORRUPT, &error, fragment);
	else
		assert_ok(code, &error);
	craft_free(craft);
}

static void groups_of_impossible_sizes(void **state)
{
	const uint64_t least = RILL_GROUP_LEAST;

	(void)state;
	two_groups(least, 3 * least, NULL);
	two_groups(2 * least + 10, 3 * least, NULL);
	/* The first one is shorter than it may be; or what is to come is more than the whole. */
	two_groups(least, 3 * least - 1, "impossible size");
	two_groups(least, 2 * least + 1, "impossible size");
	two_groups(least, 2 * least, "impossible size");
	two_groups(least, 2 * least - 1, "impossible size");
	two_groups(least, 1, "impossible size");
}

/* Copies of the first group over its end, and back before the second one. */
static void copies_out_of_their_group(void **state)
{
	enum { N = 3 * RILL_GROUP_LEAST };
	static uint8_t zeros[N + 1000], got[N];
	static const struct rill_copy over = {RILL_GROUP_LEAST - 10, 0, 11};
	static const struct rill_copy back = {RILL_GROUP_LEAST - 1, 0, 5};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		const struct rill_group groups[] = {
			{RILL_GROUP_LEAST, NULL, &over, i == 0},
			{N - RILL_GROUP_LEAST, NULL, &back, 1},
		};
		struct craft *craft = craft_new(zeros);
		struct craft_decode decode = {
			.output = got, .capacity = N, .budget = BUDGET, .piece = 5000};
		struct rill_error error;

		craft_base(craft, 1000);
		craft_output(craft, N);
		craft_encode(craft, groups, 2);
		craft_seal(craft);
		assert_fails(craft_decode(&decode, craft->delta, craft->n, &error), RILL_CORRUPT,
			     &error, "more than the group");
		craft_free(craft);
	}
}

/* The code with some bytes more, or one less. A decoder reads four bytes ahead, and the
 * encoder leaves out those that do not matter: up to so many more may change nothing. */
static void code_longer_or_shorter_than_it_should_be(void **state)
{
	(void)state;
	for (unsigned byte = 0; byte < 3; byte++) {
		struct craft *craft = make_usual();
		struct craft_code *code = &craft->code;

		code->bytes = realloc(code->bytes, code->n + 8);
		assert_non_null(code->bytes);
		memset(code->bytes + code->n, byte == 2 ? 0xff : (int)byte, 8);
		code->n++;
		craft_seal(craft);
		harmless(craft);
		code->n += 7;
		craft_seal(craft);
		refused(craft, RILL_CORRUPT, "goes on after its end");
		code->n -= 9;
		craft_seal(craft);
		assert_true(harmless(craft));
		/* The header states a byte more, or one less, than there are. */
		code->n++;
		craft_seal(craft);
		craft->header.body_length++;
		craft_seal_as_it_is(craft);
		refused(craft, RILL_CORRUPT, "ends after");
		craft->header.body_length -= 2;
		craft_seal_as_it_is(craft);
		refused(craft, RILL_CORRUPT, "");
		craft_free(craft);
	}
}

static void hashes_of_chunks_exchanged(void **state)
{
	struct craft *craft = make_usual();

	(void)state;
	/* The base's hash is right, that of the only chunk is not. */
	craft->delta[craft->header.length - 1] ^= 1;
	refused(craft, RILL_CORRUPT, "chunk 0");
	craft_free(craft);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths_that_are_negative_or_too_long),
		cmocka_unit_test(copies_that_go_back_in_the_output),
		cmocka_unit_test(sources_outside_of_what_there_is),
		cmocka_unit_test(copies_without_bytes_and_too_many_copies),
		cmocka_unit_test(a_copy_of_4_gib_and_one_of_a_byte_less),
		cmocka_unit_test(more_copies_or_entries_than_stated),
		cmocka_unit_test(a_delta_does_not_touch_the_next),
		cmocka_unit_test(an_output_that_fills_the_disk),
		cmocka_unit_test(a_body_for_another_output),
		cmocka_unit_test(more_memory_than_the_budget),
		cmocka_unit_test(copies_where_there_is_nothing),
		cmocka_unit_test(a_delta_cut_off_anywhere),
		cmocka_unit_test(bytes_behind_the_end),
		cmocka_unit_test(a_bit_flipped_anywhere),
		cmocka_unit_test(a_bit_of_code_flipped_with_right_hashes),
		cmocka_unit_test(versions_and_flags_to_come),
		cmocka_unit_test(numbers_in_other_forms),
		cmocka_unit_test(chunks_in_another_order),
		cmocka_unit_test(the_body_of_another_delta),
		cmocka_unit_test(groups_of_impossible_sizes),
		cmocka_unit_test(copies_out_of_their_group),
		cmocka_unit_test(code_longer_or_shorter_than_it_should_be),
		cmocka_unit_test(hashes_of_chunks_exchanged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
