/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "protocol/copy_map.h"
#include <stdlib.h>
#include <string.h>

#define BASE UINT64_C(1000)
#define OUTPUT UINT64_C(500)

/* What coding needs, and the code. */
struct bench {
	struct rill_bit_tables tables;
	struct rill_number_model numbers;
	struct rill_bucket_table table;
	struct rill_buckets line[256];
	struct rill_coder coder;
	struct rill_copy_cursor cursor;
	uint8_t code[1 << 16];
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

static void restart(struct bench *bench)
{
	bench->table = (struct rill_bucket_table){.line = bench->line, .bits = 8};
	rill_bucket_table_setup(&bench->table);
	rill_number_model_setup(&bench->numbers, &bench->tables, &bench->table);
	memset(&bench->cursor, 0, sizeof bench->cursor);
}

static enum rill_code code_one(struct bench *bench, struct rill_copy *copy, uint64_t base,
			       uint64_t output, struct rill_error *error)
{
	return rill_copy_code(&bench->cursor, &bench->numbers, &bench->tables, &bench->coder, base,
			      output, copy, error);
}

static void encode(struct bench *bench, const struct rill_copy *copies, size_t count)
{
	struct rill_error error;

	bench->n = 0;
	restart(bench);
	rill_coder_encode(&bench->coder, put, bench);
	for (size_t i = 0; i < count; i++) {
		struct rill_copy copy = copies[i];

		assert_ok(code_one(bench, &copy, 0, 0, &error), &error);
	}
	rill_coder_finish(&bench->coder);
}

/* Decodes `count` copies into `copies`, or until one is refused. */
static enum rill_code decode(struct bench *bench, struct rill_copy *copies, size_t count,
			     uint64_t base, uint64_t output, struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	restart(bench);
	rill_coder_decode(&bench->coder, bench->code, bench->code + bench->n);
	for (size_t i = 0; i < count && code == RILL_OK; i++) {
		copies[i] = (struct rill_copy){0};
		code = code_one(bench, &copies[i], base, output, error);
	}
	return code;
}

static void copies_come_back(void **state)
{
	enum { COUNT = 200 };
	struct bench *bench = bench_new();
	uint64_t seed = 1;

	(void)state;
	for (unsigned round = 0; round < 50; round++) {
		struct rill_copy in[COUNT], out[COUNT];
		uint64_t base = 1 + (next_random(&seed) >> (20 + round % 40)), at = 0;
		struct rill_error error;

		for (size_t i = 0; i < COUNT; i++) {
			uint64_t most = base < UINT32_MAX ? base : UINT32_MAX;

			in[i].output = at + (next_random(&seed) & 7) * (next_random(&seed) >> 50);
			in[i].length = 1 + next_random(&seed) % most;
			in[i].source = next_random(&seed) % (base - in[i].length + 1);
			at = in[i].output + in[i].length;
		}
		encode(bench, in, COUNT);
		assert_ok(decode(bench, out, COUNT, base, at, &error), &error);
		assert_memory_equal(in, out, sizeof in);
	}
	free(bench);
}

/* The second of two copies breaks a rule; the first is well. */
static void refused(struct bench *bench, struct rill_copy bad, const char *fragment)
{
	const struct rill_copy copies[] = {{.output = 0, .source = 10, .length = 20}, bad};
	struct rill_copy out[2];
	struct rill_error error;

	encode(bench, copies, 2);
	assert_fails(decode(bench, out, 2, BASE, OUTPUT, &error), RILL_CORRUPT, &error, fragment);
	assert_memory_equal(&copies[0], &out[0], sizeof out[0]);
}

static void every_broken_rule_is_refused(void **state)
{
	struct bench *bench = bench_new();

	(void)state;
	refused(bench, (struct rill_copy){30, BASE - 9, 10}, "from where nothing is");
	refused(bench, (struct rill_copy){30, BASE - 1, 2}, "from where nothing is");
	refused(bench, (struct rill_copy){30, BASE + 25, 6}, "from where nothing is");
	refused(bench, (struct rill_copy){30, BASE + 31, 1}, "from where nothing is");
	refused(bench, (struct rill_copy){30, UINT64_MAX, 1}, "from where nothing is");
	refused(bench, (struct rill_copy){30, UINT64_MAX - 5, 100}, "from where nothing is");
	refused(bench, (struct rill_copy){30, 0, 0}, "impossible length");
	refused(bench, (struct rill_copy){30, 0, OUTPUT - 29}, "more than the group");
	refused(bench, (struct rill_copy){OUTPUT + 1, 0, 1}, "more than the group");
	refused(bench, (struct rill_copy){UINT64_MAX, 0, 2}, "more than the group");
	free(bench);
}

static void copies_at_the_limits_are_taken(void **state)
{
	static const struct rill_copy copies[] = {
		{0, BASE - 20, 20}, /* to the base's end */
		{20, BASE, 20}, /* all of the output so far */
		{41, BASE + 40, 1}, /* the literal byte just before it */
		{OUTPUT - 5, 0, 5}, /* to the output's end */
	};
	struct bench *bench = bench_new();
	struct rill_copy out[4];
	struct rill_error error;

	(void)state;
	encode(bench, copies, 4);
	assert_ok(decode(bench, out, 4, BASE, OUTPUT, &error), &error);
	assert_memory_equal(copies, out, sizeof out);
	free(bench);
}

/* Whatever the code is: what is let through keeps the rules. */
static void random_code_gives_copies_that_keep_the_rules(void **state)
{
	struct bench *bench = bench_new();
	uint64_t seed = 9;
	size_t taken = 0;

	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		struct rill_copy out[50] = {{0}};
		struct rill_error error;
		uint64_t at = 0;

		bench->n = 64;
		for (size_t i = 0; i < bench->n; i++)
			bench->code[i] = (uint8_t)(next_random(&seed) >> 32);
		if (decode(bench, out, 50, BASE, OUTPUT, &error) != RILL_OK)
			assert_int_equal(error.code, RILL_CORRUPT);
		for (size_t i = 0; i + 1 < 50 && out[i + 1].length > 0; i++) {
			uint64_t end = out[i].source + out[i].length;

			assert_true(out[i].output >= at && out[i].length > 0);
			assert_true(out[i].source < BASE ? end <= BASE
							 : end <= BASE + out[i].output);
			at = out[i].output + out[i].length;
			assert_true(at <= OUTPUT);
			taken++;
		}
	}
	assert_true(taken > 100);
	free(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_come_back),
		cmocka_unit_test(every_broken_rule_is_refused),
		cmocka_unit_test(copies_at_the_limits_are_taken),
		cmocka_unit_test(random_code_gives_copies_that_keep_the_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
