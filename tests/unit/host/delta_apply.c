/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/folder.h"

#include "host/delta_apply.h"
#include "host/delta_encode.h"
#include "protocol/delta_decoder.h"
#include <stdlib.h>
#include <string.h>

enum { N = 3000 };

/* A base, a target and the delta between them. */
struct sample {
	uint8_t base[N], target[N];
	struct buffer delta;
	struct rill_delta_header header;
};

static struct sample *make_sample(void)
{
	struct sample *sample = calloc(1, sizeof *sample);
	uint64_t seed = 17;
	struct rill_error error;

	assert_non_null(sample);
	for (size_t i = 0; i < N; i++) {
		sample->base[i] = (uint8_t)(next_random(&seed) >> 32);
		sample->target[(i + 1000) % N] = (uint8_t)(sample->base[i] + (i % 50 == 0));
	}
	assert_ok(delta_make(sample->base, N, sample->target, N,
			     &(struct delta_options){.quiet = true}, &sample->delta,
			     &sample->header, &error),
		  &error);
	return sample;
}

static void free_sample(struct sample *sample)
{
	buffer_free(&sample->delta);
	free(sample);
}

static enum rill_code apply(struct folder *folder, const void *base, size_t base_length,
			    const void *delta, size_t delta_length, uint64_t budget,
			    struct rill_error *error)
{
	/* Copies of their exact sizes, so that ASan sees a read beyond them. */
	uint8_t *base_copy = malloc(base_length + !base_length);
	uint8_t *delta_copy = malloc(delta_length + !delta_length);
	const struct input b = {.bytes = base_copy, .length = base_length};
	const struct input d = {.bytes = delta_copy, .length = delta_length};
	struct progress progress = progress_start("applying", true);
	struct output output;
	enum rill_code code;

	assert_non_null(base_copy);
	assert_non_null(delta_copy);
	memcpy(base_copy, base, base_length);
	memcpy(delta_copy, delta, delta_length);
	assert_ok(output_open(&output, folder_path(folder, "result"), error), error);
	code = delta_apply(&b, &d, budget, &output, &progress, error);
	output_abandon(&output);
	free(base_copy);
	free(delta_copy);
	return code;
}

static void another_base_is_named_before_anything_is_written(void **state)
{
	struct sample *sample = make_sample();
	struct rill_error error;
	char hex[RILL_SHA256_HEX];

	rill_hex(sample->header.base[0].sha256, RILL_SHA256_SIZE, hex);
	sample->base[77] ^= 1;
	assert_fails(apply(*state, sample->base, N, sample->delta.bytes, sample->delta.length,
			   UINT64_MAX, &error),
		     RILL_WRONG_BASE, &error, hex);
	sample->base[77] ^= 1;
	assert_fails(apply(*state, sample->base, N - 1, sample->delta.bytes, sample->delta.length,
			   UINT64_MAX, &error),
		     RILL_WRONG_BASE, &error, "3000 bytes");
	assert_fails(apply(*state, sample->target, N, sample->delta.bytes, sample->delta.length,
			   UINT64_MAX, &error),
		     RILL_WRONG_BASE, &error, "");
	free_sample(sample);
}

static void a_delta_cut_at_any_byte_is_refused(void **state)
{
	struct sample *sample = make_sample();
	struct rill_error error;

	for (size_t n = 0; n < sample->delta.length; n++)
		assert_fails(
			apply(*state, sample->base, N, sample->delta.bytes, n, UINT64_MAX, &error),
			RILL_CORRUPT, &error, "");
	assert_ok(apply(*state, sample->base, N, sample->delta.bytes, sample->delta.length,
			UINT64_MAX, &error),
		  &error);
	free_sample(sample);
}

static void a_changed_bit_is_noticed_wherever_it_is(void **state)
{
	struct sample *sample = make_sample();
	const size_t object = 1 + 2 + RILL_SHA256_SIZE; /* count or length; N takes two bytes */
	const size_t capacities = RILL_DELTA_PREAMBLE + 2 * object;
	struct rill_error error;

	for (size_t i = 0; i < sample->delta.length; i++) {
		enum rill_code code;

		sample->delta.bytes[i] ^= (uint8_t)(1 << i % 8);
		code = apply(*state, sample->base, N, sample->delta.bytes, sample->delta.length,
			     UINT64_MAX, &error);
		/* The capacities may be more than they were: they bound, and change nothing. Nor do
		 * bits of the last byte that the last decision does not need; what was made was
		 * compared with its hash. */
		if (code != RILL_CORRUPT && code != RILL_WRONG_BASE && code != RILL_UNSUPPORTED &&
		    !(code == RILL_OK && i >= capacities && i < capacities + 2) &&
		    !(code == RILL_OK && i == sample->delta.length - 1))
			fail_msg("byte %zu: %s", i, rill_code_name(code));
		sample->delta.bytes[i] ^= (uint8_t)(1 << i % 8);
	}
	free_sample(sample);
}

static void bytes_behind_the_end_are_refused(void **state)
{
	struct sample *sample = make_sample();
	struct rill_error error;

	assert_ok(buffer_append(&sample->delta, "", 1, &error), &error);
	assert_fails(apply(*state, sample->base, N, sample->delta.bytes, sample->delta.length,
			   UINT64_MAX, &error),
		     RILL_CORRUPT, &error, "after the delta's end");
	free_sample(sample);
}

static void many_bytes_behind_the_end_are_refused_too(void **state)
{
	struct sample *sample = make_sample();
	struct rill_error error;

	assert_ok(buffer_reserve(&sample->delta, 3 * RILL_DELTA_CHUNK, &error), &error);
	memset(sample->delta.bytes + sample->delta.length, 0, 3 * RILL_DELTA_CHUNK);
	sample->delta.length += 3 * RILL_DELTA_CHUNK;
	assert_fails(apply(*state, sample->base, N, sample->delta.bytes, sample->delta.length,
			   UINT64_MAX, &error),
		     RILL_CORRUPT, &error, "after the delta's end");
	free_sample(sample);
}

/* The SHA-256 of the base is right, but the length beside it is not. */
static void a_base_that_is_said_to_be_longer_is_refused(void **state)
{
	struct sample *sample = make_sample();
	uint64_t body = sample->header.body_length;
	uint8_t *bytes = malloc(body + 4096);
	struct rill_error error;
	size_t n;

	assert_non_null(bytes);
	sample->header.base[0].length = UINT64_C(1) << 30;
	n = rill_delta_header_write(&sample->header, bytes, 4096);
	memcpy(bytes + n, sample->delta.bytes + sample->delta.length - body, body);
	assert_fails(apply(*state, sample->base, N, bytes, n + body, UINT64_MAX, &error),
		     RILL_WRONG_BASE, &error, "");
	free(bytes);
	free_sample(sample);
}

static void the_budget_is_kept(void **state)
{
	struct sample *sample = make_sample();
	struct rill_error error;

	assert_ok(apply(*state, sample->base, N, sample->delta.bytes, sample->delta.length,
			rill_decoder_memory(&sample->header), &error),
		  &error);
	assert_fails(apply(*state, sample->base, N, sample->delta.bytes, sample->delta.length,
			   rill_decoder_memory(&sample->header) - 1, &error),
		     RILL_MEMORY, &error, "budget");
	free_sample(sample);
}

static void a_file_that_is_no_delta_is_called_so(void **state)
{
	struct rill_error error;

	assert_fails(apply(*state, "x", 1, "BSDIFF40 or anything", 20, UINT64_MAX, &error),
		     RILL_CORRUPT, &error, "not a Rill delta");
	assert_fails(apply(*state, "x", 1, "\x89RIL\1\0\12\0\0\0", 10, UINT64_MAX, &error),
		     RILL_UNSUPPORTED, &error, "version 1");
}

/* Signed metadata is one way in; a file by hand is another. */
static void a_delta_of_two_bases_is_not_for_files(void **state)
{
	struct sample *sample = make_sample();
	uint8_t bytes[2048];
	struct rill_error error;
	size_t n;

	sample->header.base_count = 2;
	sample->header.base[1] = sample->header.base[0];
	n = rill_delta_header_write(&sample->header, bytes, sizeof bytes);
	assert_true(n > 0);
	assert_fails(apply(*state, sample->base, N, bytes, n, UINT64_MAX, &error), RILL_UNSUPPORTED,
		     &error, "2 bases");
	free_sample(sample);
}

/* Hashed beside the decoder, which has no use for the byte that differs. */
static void another_large_base_is_named_even_when_the_result_is_right(void **state)
{
	enum { LARGE = 1 << 20 };
	uint8_t *base = malloc(LARGE);
	struct rill_delta_header *header = malloc(sizeof *header);
	struct buffer delta;
	struct rill_error error;
	uint64_t seed = 3;

	assert_non_null(base);
	assert_non_null(header);
	for (size_t i = 0; i < LARGE; i++)
		base[i] = (uint8_t)(next_random(&seed) >> 32);
	assert_ok(delta_make(base, LARGE, base, LARGE / 2, &(struct delta_options){.quiet = true},
			     &delta, header, &error),
		  &error);
	assert_ok(apply(*state, base, LARGE, delta.bytes, delta.length, UINT64_MAX, &error),
		  &error);
	base[LARGE - 1] ^= 1;
	assert_fails(apply(*state, base, LARGE, delta.bytes, delta.length, UINT64_MAX, &error),
		     RILL_WRONG_BASE, &error, "not the base of this delta");
	base[0] ^= 1; /* now the result is wrong, too */
	assert_fails(apply(*state, base, LARGE, delta.bytes, delta.length, UINT64_MAX, &error),
		     RILL_WRONG_BASE, &error, "not the base of this delta");
	assert_fails(apply(*state, base, LARGE - 1, delta.bytes, delta.length, UINT64_MAX, &error),
		     RILL_WRONG_BASE, &error, "not the base of this delta");
	buffer_free(&delta);
	free(header);
	free(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(another_base_is_named_before_anything_is_written),
		in_folder(another_large_base_is_named_even_when_the_result_is_right),
		in_folder(a_delta_cut_at_any_byte_is_refused),
		in_folder(a_changed_bit_is_noticed_wherever_it_is),
		in_folder(bytes_behind_the_end_are_refused),
		in_folder(many_bytes_behind_the_end_are_refused_too),
		in_folder(a_base_that_is_said_to_be_longer_is_refused),
		in_folder(the_budget_is_kept),
		in_folder(a_file_that_is_no_delta_is_called_so),
		in_folder(a_delta_of_two_bases_is_not_for_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
