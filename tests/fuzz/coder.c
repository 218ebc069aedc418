/* SPDX-License-Identifier: Apache-2.0
 *
 * Decisions and numbers as the input says: coded, they come back, and all the code is read.
 * Then the input is taken for the code of the same decisions: whatever comes is in range, and
 * nothing behind the end is read.
 */
#include "protocol/number_model.h"
#include "protocol/range_coder.h"
#include "tests/fuzz/take.h"
#include "tests/support/must.h"
#include "tests/support/numbers.h"

#include <string.h>

static struct rill_bit_tables tables;
static struct rill_number_model numbers;

struct sink {
	uint8_t bytes[1 << 16];
	size_t n;
};

static void put(void *context, uint8_t byte)
{
	struct sink *sink = context;

	must(sink->n < sizeof sink->bytes);
	sink->bytes[sink->n++] = byte;
}

/* One decision, of which `from` says everything; `check`: it must come back. */
static void code_one(struct rill_coder *coder, struct take *from, bool check)
{
	unsigned what = (unsigned)take(from, 1), kind = what >> 4, bits = 1 + (what >> 4);
	const uint32_t context[3] = {kind, what, 0};
	uint64_t value, got;

	switch (what & 7) {
	case 0:
	case 1:
	case 2:
		value = take(from, 2);
		got = rill_code_bit(coder, 1 + (uint32_t)value % 65535, (unsigned)value >> 15);
		value >>= 15;
		must(got <= 1);
		break;
	case 3:
		value = take(from, 2) & ((1u << bits) - 1);
		got = rill_code_plain(coder, bits, (uint32_t)value);
		must(got >> bits == 0);
		break;
	case 4:
	case 5:
		value = take_any(from);
		got = rill_code_number(&numbers, &tables, coder, kind, context, value);
		break;
	case 6:
		value = take_any(from);
		got = (uint64_t)rill_code_signed(&numbers, &tables, coder, kind, context,
						 (int64_t)value);
		break;
	default:
		value = take(from, 1) & 15;
		got = rill_code_symbol(&numbers, &tables, coder, kind, context, (unsigned)value);
		must(got < 16);
		break;
	}
	must(!check || got == value);
}

static void code_all(struct rill_coder *coder, struct take from, bool check)
{
	numbers_setup(&numbers, &tables);
	while (from.n > 0)
		code_one(coder, &from, check);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct sink sink;
	static bool ready;
	struct take input = {bytes, n < 2048 ? n : 2048};
	struct rill_coder coder;
	uint8_t *exact;

	if (!ready)
		rill_bit_tables_setup(&tables);
	ready = true;
	sink.n = 0;
	rill_coder_encode(&coder, put, &sink);
	code_all(&coder, input, true);
	rill_coder_finish(&coder);
	must(sink.n == 0 || sink.bytes[sink.n - 1] != 0);
	exact = malloc(sink.n + 1); /* of the code's size, so that ASan sees what is read */
	must(exact);
	memcpy(exact, sink.bytes, sink.n);
	exact = realloc(exact, sink.n + !sink.n);
	rill_coder_decode(&coder, exact, exact + sink.n);
	code_all(&coder, input, true);
	must(coder.at == exact + sink.n);
	free(exact);
	rill_coder_decode(&coder, input.at, input.at + input.n);
	code_all(&coder, input, false);
	must(coder.at <= input.at + input.n);
	return 0;
}
