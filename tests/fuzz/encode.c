/* SPDX-License-Identifier: Apache-2.0
 *
 * An old and a new file, as the encoder of mkdelta takes them, with whatever stands in their
 * ELF headers: the delta gives the new file.
 */
#include "host/engine.h"
#include "tests/fuzz/take.h"
#include "tests/support/craft.h"
#include "tests/support/must.h"

#include <string.h>

/* The new file is the old one with some bytes changed and some put in between. */
static size_t edit(struct take *from, const uint8_t *old, size_t n, uint8_t *new)
{
	size_t done = 0, at = 0;

	for (unsigned edits = (unsigned)take(from, 1) % 16; edits > 0; edits--) {
		size_t keep = (size_t)take_most(from, n - at), drop, put;

		memcpy(new + done, old + at, keep);
		done += keep;
		at += keep;
		drop = (size_t)take_most(from, n - at < 64 ? n - at : 64);
		put = (size_t)take_most(from, 64);
		for (size_t i = 0; i < put; i++)
			new[done++] = (uint8_t)take(from, 1);
		at += drop;
	}
	memcpy(new + done, old + at, n - at);
	return done + n - at;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct take input = {bytes, n};
	size_t edits = (size_t)take_most(&input, n < 255 ? n : 255), new_n;
	struct engine_options options = ENGINE_DEFAULTS;
	struct growing delta = {0};
	struct craft_decode decode = {
		.capacity = n + 16 * 64, .budget = ENGINE_DECODER_MEMORY, .piece = 777};
	struct rill_error error;
	struct sources sources;
	const uint8_t *old;
	uint8_t *new = malloc(n + 16 * 64 + 1);

	decode.output = malloc(n + 16 * 64 + 1);
	must(new &&decode.output);
	edits = edits < input.n ? edits : input.n;
	old = input.at + edits;
	n = input.n - edits;
	input.n = edits;
	new_n = edit(&input, old, n, new);
	options.passes = 1 + (new_n & 1);
	decode.base = old;
	decode.base_length = n;
	sources = (struct sources){.old = old,
				   .new = new,
				   .old_n = n,
				   .new_n = new_n,
				   .old_object = &(uint64_t){n},
				   .new_object = &(uint64_t){new_n},
				   .old_objects = 1,
				   .new_objects = 1};
	must(encode_delta(&sources, &options, &delta, NULL, &error) == RILL_OK);
	must(craft_decode(&decode, delta.bytes, delta.n, &error) == RILL_OK);
	must(decode.written == new_n && memcmp(decode.output, new, new_n) == 0);
	growing_free(&delta);
	free(decode.output);
	free(new);
	return 0;
}
