/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "protocol/logistic.h"
#include "protocol/range_coder.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DECISIONS 20000

struct sink {
	uint8_t bytes[8 * DECISIONS];
	size_t n;
};

static void put(void *context, uint8_t byte)
{
	struct sink *sink = context;

	assert_true(sink->n < sizeof sink->bytes);
	sink->bytes[sink->n++] = byte;
}

/* Probabilities from one edge to the other, bits mostly as they say, sometimes not. */
static void decide(uint64_t *random, uint32_t *p, unsigned *bit)
{
	uint64_t r = next_random(random);

	*p = r & 1 ? 1 + (uint32_t)(r >> 8) % 65535 : r & 2 ? 65535 : 1;
	*bit = (uint32_t)(r >> 32) % 65536 < *p;
	if (r >> 60 == 0)
		*bit ^= 1;
}

static void decisions_come_back(void **state)
{
	struct sink *sink = calloc(1, sizeof *sink);
	struct rill_coder coder;
	uint64_t random = 1;

	(void)state;
	assert_non_null(sink);
	rill_coder_encode(&coder, put, sink);
	for (unsigned i = 0; i < DECISIONS; i++) {
		uint32_t p;
		unsigned bit;

		decide(&random, &p, &bit);
		rill_code_bit(&coder, p, bit);
		rill_code_plain(&coder, i % 16 + 1, i & ((1u << (i % 16 + 1)) - 1));
	}
	rill_coder_finish(&coder);
	random = 1;
	rill_coder_decode(&coder, sink->bytes, sink->bytes + sink->n);
	for (unsigned i = 0; i < DECISIONS; i++) {
		uint32_t p;
		unsigned bit;

		decide(&random, &p, &bit);
		assert_int_equal(rill_code_bit(&coder, p, 0), bit);
		assert_int_equal(rill_code_plain(&coder, i % 16 + 1, 0),
				 i & ((1u << (i % 16 + 1)) - 1));
	}
	assert_ptr_equal(coder.at, sink->bytes + sink->n);
	free(sink);
}

static void code_without_surprise_is_empty(void **state)
{
	struct sink *sink = calloc(1, sizeof *sink);
	struct rill_coder coder;

	(void)state;
	assert_non_null(sink);
	rill_coder_encode(&coder, put, sink);
	for (unsigned i = 0; i < 100; i++)
		rill_code_bit(&coder, 65535, 1);
	rill_coder_finish(&coder);
	assert_true(sink->n <= 1);
	free(sink);
}

static void squash_is_the_logistic_function(void **state)
{
	struct rill_logistic *tables = malloc(sizeof *tables);

	(void)state;
	assert_non_null(tables);
	rill_logistic_setup(tables);
	assert_int_equal(rill_squash(tables, 0), 32768);
	assert_int_equal(rill_squash(tables, 256), 47910); /* 65536 / (1 + 1/e) */
	for (int x = -RILL_STRETCH_MAX; x < RILL_STRETCH_MAX; x++) {
		assert_true(rill_squash(tables, x) >= 1);
		assert_true(rill_squash(tables, x) <= rill_squash(tables, x + 1));
	}
	for (int x = 0; x < RILL_STRETCH_MAX; x++) {
		double p = 65536 / (1 + exp(-x / 256.0));

		assert_true(fabs(rill_squash(tables, x) - p) < 2);
		assert_true(rill_squash(tables, -x) == 65536 - rill_squash(tables, x));
	}
	free(tables);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decisions_come_back),
		cmocka_unit_test(code_without_surprise_is_empty),
		cmocka_unit_test(squash_is_the_logistic_function),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
