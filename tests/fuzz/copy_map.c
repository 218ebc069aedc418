/* SPDX-License-Identifier: Apache-2.0
 *
 * Two lengths, then the code of a copy map. What the decoder lets through keeps the rules of
 * copy_map.h, and coded again it comes back.
 */
#include "protocol/address_map.h"
#include "tests/fuzz/take.h"
#include "tests/support/must.h"
#include "tests/support/numbers.h"

#include <string.h>

#define COPIES 256

static struct rill_bit_tables tables;
static struct rill_number_model numbers;
static struct rill_address_map map;

struct sink {
	uint8_t bytes[COPIES * 64];
	size_t n;
};

static void put(void *context, uint8_t byte)
{
	struct sink *sink = context;

	must(sink->n < sizeof sink->bytes);
	sink->bytes[sink->n++] = byte;
}

static void keeps_the_rules(const struct rill_copy *copy, uint64_t done, uint64_t base,
			    uint64_t output)
{
	uint64_t limit = copy->source < base ? base : base + copy->output;

	must(copy->length >= 1 && copy->length <= UINT32_MAX);
	must(copy->output >= done && copy->output <= output &&
	     copy->length <= output - copy->output);
	must(copy->source <= limit && copy->length <= limit - copy->source);
}

static size_t decode(const uint8_t *code, size_t n, uint64_t base, uint64_t output,
		     struct rill_copy *copy)
{
	struct rill_copy_cursor cursor = {0};
	struct rill_coder coder;
	struct rill_error error;
	uint64_t done = 0;
	size_t count = 0;

	numbers_setup(&numbers, &tables);
	rill_coder_decode(&coder, code, code + n);
	for (; count < COPIES; count++) {
		copy[count] = (struct rill_copy){0};
		if (rill_copy_code(&cursor, &numbers, &tables, &coder, base, output, &copy[count],
				   &error) != RILL_OK) {
			must(error.code == RILL_CORRUPT);
			break;
		}
		keeps_the_rules(&copy[count], done, base, output);
		done = copy[count].output + copy[count].length;
	}
	return count;
}

static void comes_back(const struct rill_copy *copies, size_t count, uint64_t base, uint64_t output)
{
	static struct rill_copy again[COPIES];
	static struct sink sink;
	struct rill_copy_cursor cursor = {0};
	struct rill_coder coder;
	struct rill_error error;

	sink.n = 0;
	numbers_setup(&numbers, &tables);
	rill_coder_encode(&coder, put, &sink);
	for (size_t i = 0; i < count; i++) {
		struct rill_copy copy = copies[i];

		must(rill_copy_code(&cursor, &numbers, &tables, &coder, base, output, &copy,
				    &error) == RILL_OK);
	}
	rill_coder_finish(&coder);
	must(decode(sink.bytes, sink.n, base, output, again) >= count);
	must(memcmp(copies, again, count * sizeof *copies) == 0);
}

/* What the map answers for a byte that a copy covers is what some copy says. */
static void answers(const struct rill_copy *copy, size_t count, uint64_t base, uint64_t output)
{
	static struct rill_stretch stretch[COPIES + 1];

	rill_address_map_build(&map, copy, count, stretch);
	for (size_t i = 0; i < count; i++) {
		const uint64_t at[] = {copy[i].source, copy[i].source - 1,
				       copy[i].source + copy[i].length / 2,
				       copy[i].source + copy[i].length};

		for (size_t j = 0; j < sizeof at / sizeof at[0]; j++) {
			uint64_t to;
			bool exact, found = false;

			if (!rill_address_map_find(&map, at[j], &to, &exact) || !exact)
				continue;
			for (size_t k = 0; k < count; k++)
				found |= at[j] - copy[k].source < copy[k].length &&
					 to - copy[k].output == at[j] - copy[k].source;
			must(found && to < output && at[j] < base + output);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct rill_copy copy[COPIES];
	static bool ready;
	struct take input = {bytes, n};
	uint64_t base = take_any(&input) >> 9, output = take_any(&input) >> 9;
	size_t count;

	if (!ready)
		rill_bit_tables_setup(&tables);
	ready = true;
	count = decode(input.at, input.n, base, output, copy);
	comes_back(copy, count, base, output);
	answers(copy, count, base, output);
	return 0;
}
