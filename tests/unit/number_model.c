/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "protocol/number_model.h"
#include <stdlib.h>

#define NUMBERS 20000
#define CODE_MAX (NUMBERS * 10)

struct bench {
	struct rill_bit_tables tables;
	struct rill_number_model numbers;
	struct rill_bucket_table table;
	struct rill_buckets line[256];
	struct rill_coder coder;
	size_t n;
	uint8_t code[CODE_MAX];
};

static void put(void *context, uint8_t byte)
{
	struct bench *bench = context;

	assert_true(bench->n < CODE_MAX);
	bench->code[bench->n++] = byte;
}

static void restart(struct bench *bench)
{
	bench->table = (struct rill_bucket_table){.line = bench->line, .bits = 8};
	rill_bucket_table_setup(&bench->table);
	rill_bit_tables_setup(&bench->tables);
	rill_number_model_setup(&bench->numbers, &bench->tables, &bench->table);
}

/* Every length from 0 to 64 bits, the least, the largest and others of each. */
static uint64_t number(uint32_t i)
{
	unsigned bits = i % 65;
	uint64_t top = bits ? UINT64_C(1) << (bits - 1) : 0, below = top ? top - 1 : 0;

	if (i / 65 % 4 == 0)
		return top;
	if (i / 65 % 4 == 1)
		return top | below;
	return top | (below & i * UINT64_C(0x9e3779b97f4a7c15));
}

static uint64_t code_one(struct bench *bench, uint32_t i, uint64_t value)
{
	const uint32_t context[3] = {i % 7, i % 65, 0};

	if (i % 3 == 1)
		return (uint64_t)rill_code_signed(&bench->numbers, &bench->tables, &bench->coder,
						  i % 16, context, (int64_t)value);
	return rill_code_number(&bench->numbers, &bench->tables, &bench->coder, i % 16, context,
				value);
}

static void numbers_of_every_length_come_back(void **state)
{
	struct bench *bench = calloc(1, sizeof *bench);

	(void)state;
	assert_non_null(bench);
	restart(bench);
	rill_coder_encode(&bench->coder, put, bench);
	for (uint32_t i = 0; i < NUMBERS; i++)
		assert_true(code_one(bench, i, number(i)) == number(i));
	rill_coder_finish(&bench->coder);
	restart(bench);
	rill_coder_decode(&bench->coder, bench->code, bench->code + bench->n);
	for (uint32_t i = 0; i < NUMBERS; i++)
		assert_true(code_one(bench, i, 0) == number(i));
	free(bench);
}

static void any_code_gives_numbers(void **state)
{
	struct bench *bench = calloc(1, sizeof *bench);
	uint64_t random = 1;

	(void)state;
	assert_non_null(bench);
	restart(bench);
	for (size_t i = 0; i < CODE_MAX; i++) {
		random = random * UINT64_C(6364136223846793005) + 1;
		bench->code[i] = (uint8_t)(random >> 56);
	}
	rill_coder_decode(&bench->coder, bench->code, bench->code + CODE_MAX);
	for (uint32_t i = 0; i < NUMBERS; i++)
		code_one(bench, i, 0);
	free(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_of_every_length_come_back),
		cmocka_unit_test(any_code_gives_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
