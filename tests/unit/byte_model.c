/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "protocol/byte_model.h"
#include <stdlib.h>
#include <string.h>

#define BYTES 20000

struct bench {
	struct rill_bit_tables tables;
	struct rill_byte_model model;
	struct rill_buckets line[256];
	struct rill_bucket_table table;
	struct rill_coder coder;
	uint8_t code[2 * BYTES + 64];
	size_t n;
};

static void put(void *context, uint8_t byte)
{
	struct bench *b = context;

	assert_true(b->n < sizeof b->code);
	b->code[b->n++] = byte;
}

static struct bench *start(unsigned bits)
{
	struct bench *b = aligned_alloc(64, (sizeof *b + 63) / 64 * 64);

	assert_non_null(b);
	memset(b, 0, sizeof *b);
	b->table = (struct rill_bucket_table){.line = b->line, .bits = bits};
	return b;
}

/* All that learns begins anew. */
static void restart(struct bench *b)
{
	rill_bit_tables_setup(&b->tables);
	rill_byte_model_setup(&b->model, &b->tables, 255, 11);
	rill_bucket_table_setup(&b->table);
}

static uint8_t code_one(struct bench *b, uint32_t context, uint8_t expected, uint8_t byte)
{
	struct rill_byte_choice choice = {.place = context % RILL_PLACES_MAX,
					  .expect = {expected, (uint8_t)context},
					  .trust = {1, 2, 3}};

	for (unsigned i = 0; i < RILL_HISTORIES_MAX; i++)
		choice.context[i] = rill_hash(context >> i, i);
	return rill_code_byte(&b->model, &b->tables, &b->coder, &b->table, &choice, byte);
}

/* More contexts than a table of so few lines has room for, so that all are replaced. */
static void bytes_come_back(void **state)
{
	(void)state;
	for (unsigned bits = 1; bits <= 8; bits += 7) {
		struct bench *b = start(bits);
		uint64_t random = 1, again = 1;

		restart(b);
		rill_coder_encode(&b->coder, put, b);
		for (unsigned i = 0; i < BYTES; i++) {
			uint64_t r = next_random(&random);

			code_one(b, r >> 40 & 4095, (uint8_t)(r >> 32), (uint8_t)(r >> 32 & 63));
		}
		rill_coder_finish(&b->coder);
		restart(b);
		rill_coder_decode(&b->coder, b->code, b->code + b->n);
		for (unsigned i = 0; i < BYTES; i++) {
			uint64_t r = next_random(&again);

			assert_int_equal(code_one(b, r >> 40 & 4095, (uint8_t)(r >> 32), 0),
					 r >> 32 & 63);
		}
		free(b);
	}
}

static size_t cost(struct bench *b, unsigned contexts)
{
	uint64_t random = 1;

	restart(b);
	b->n = 0;
	rill_coder_encode(&b->coder, put, b);
	for (unsigned i = 0; i < BYTES; i++) {
		uint32_t context = (uint32_t)(next_random(&random) >> 40) % contexts;

		code_one(b, context << 8, 0, (uint8_t)(rill_hash(context, 7) >> 8));
	}
	rill_coder_finish(&b->coder);
	return b->n;
}

/* A context tells its byte once it was seen: of n contexts each has to be learnt, and no more, as
 * long as there is room for them. */
static void what_a_context_showed_is_known(void **state)
{
	struct bench *b = start(8);

	(void)state;
	assert_true(cost(b, 1) < 60);
	assert_true(cost(b, 40) < 60 + 40 * 8);
	assert_true(cost(b, 4000) > 10 * cost(b, 40)); /* there is none */
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_come_back),
		cmocka_unit_test(what_a_context_showed_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
