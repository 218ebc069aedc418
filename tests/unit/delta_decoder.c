/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "host/delta_encode.h"
#include "protocol/delta_decoder.h"
#include <stdlib.h>
#include <string.h>

#define N 200000 /* random, so that the body has over two chunks */

/* A delta, its files, and what the decoder is let do with them. */
struct sample {
	uint8_t base[N], target[N], got[N];
	struct buffer delta;
	struct rill_delta_header header;
	size_t written;
	size_t read_limit, write_limit; /* bytes until the caller's storage fails */
};

static enum rill_code read_object(void *context, size_t object, uint64_t offset, uint8_t *bytes,
				  size_t n, struct rill_error *error)
{
	struct sample *sample = context;
	size_t length = object == 0 ? N : sample->written;

	assert_true(object <= 1 && n <= 32768 && offset <= length && n <= length - offset);
	if (sample->read_limit < n)
		return rill_fail(error, RILL_IO, "the disk is gone");
	sample->read_limit -= n;
	memcpy(bytes, (object == 0 ? sample->base : sample->got) + offset, n);
	return RILL_OK;
}

static enum rill_code write_object(void *context, size_t object, const uint8_t *bytes, size_t n,
				   struct rill_error *error)
{
	struct sample *sample = context;

	assert_true(object == 1 && n > 0 && n <= 32768 && n <= N - sample->written);
	if (sample->write_limit < n)
		return rill_fail(error, RILL_NO_SPACE, "the disk is full");
	sample->write_limit -= n;
	memcpy(sample->got + sample->written, bytes, n);
	sample->written += n;
	return RILL_OK;
}

/* The first quarter is the base's; what follows has nothing in common with it. */
static struct sample *make_sample(void)
{
	struct sample *sample = calloc(1, sizeof *sample);
	uint64_t seed = 23;
	struct rill_error error;

	assert_non_null(sample);
	for (size_t i = 0; i < N; i++) {
		sample->base[i] = (uint8_t)(next_random(&seed) >> 32);
		sample->target[i] = (uint8_t)(next_random(&seed) >> 32);
	}
	memcpy(sample->target, sample->base + 1000, N / 4);
	assert_ok(delta_make(sample->base, N, sample->target, N,
			     &(struct delta_options){.quiet = true}, &sample->delta,
			     &sample->header, &error),
		  &error);
	assert_true(sample->header.chunk_count > 2);
	return sample;
}

static void free_sample(struct sample *sample)
{
	buffer_free(&sample->delta);
	free(sample);
}

static enum rill_code decode_with(struct sample *sample, uint64_t budget, size_t piece,
				  struct rill_error *error)
{
	const struct rill_decoder_io io = {sample, read_object, write_object};
	struct rill_decoder *decoder;
	enum rill_code code = rill_decoder_new(&decoder, &sample->header, budget, io, error);

	sample->written = 0;
	for (size_t at = sample->header.length; code == RILL_OK && at < sample->delta.length;) {
		size_t left = sample->delta.length - at, some = piece < left ? piece : left;

		code = rill_decoder_feed(decoder, sample->delta.bytes + at, some, error);
		at += some;
	}
	if (code == RILL_OK)
		code = rill_decoder_finish(decoder, error);
	rill_decoder_free(decoder);
	return code;
}

static enum rill_code decode(struct sample *sample, struct rill_error *error)
{
	sample->read_limit = sample->write_limit = SIZE_MAX;
	return decode_with(sample, UINT64_MAX, 5000, error);
}

static void pieces_of_any_size_give_the_target(void **state)
{
	static const size_t pieces[] = {1, 7, 1000, RILL_DELTA_CHUNK, SIZE_MAX};
	struct sample *sample = make_sample();
	struct rill_error error;

	(void)state;
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		sample->read_limit = sample->write_limit = SIZE_MAX;
		memset(sample->got, 0, N);
		assert_ok(decode_with(sample, UINT64_MAX, pieces[i], &error), &error);
		assert_memory_equal(sample->got, sample->target, N);
	}
	free_sample(sample);
}

static void the_budget_is_kept(void **state)
{
	struct sample *sample = make_sample();
	uint64_t memory = rill_decoder_memory(&sample->header);
	struct rill_error error;

	(void)state;
	sample->read_limit = sample->write_limit = SIZE_MAX;
	assert_ok(decode_with(sample, memory, SIZE_MAX, &error), &error);
	assert_fails(decode_with(sample, memory - 1, SIZE_MAX, &error), RILL_MEMORY, &error,
		     "budget");
	free_sample(sample);
}

static void a_damaged_chunk_is_named_and_not_decoded(void **state)
{
	struct sample *sample = make_sample();
	size_t before[4] = {0};

	(void)state;
	for (size_t chunk = 0; chunk < sample->header.chunk_count; chunk++) {
		size_t at = sample->header.length + chunk * RILL_DELTA_CHUNK + 77;
		char name[32];
		struct rill_error error;

		snprintf(name, sizeof name, "chunk %zu", chunk);
		sample->delta.bytes[at] ^= 4;
		assert_fails(decode(sample, &error), RILL_CORRUPT, &error, name);
		before[chunk % 4] = sample->written;
		assert_memory_equal(sample->got, sample->target, sample->written);
		sample->delta.bytes[at] ^= 4;
	}
	assert_int_equal(before[0], 0);
	assert_true(before[1] > 0 && before[2] > before[1]);
	free_sample(sample);
}

static void a_body_of_another_length_is_refused(void **state)
{
	static const size_t more[] = {1, 100, RILL_DELTA_CHUNK, 3 * RILL_DELTA_CHUNK};
	struct sample *sample = make_sample();
	size_t n = sample->delta.length;
	struct rill_error error;

	(void)state;
	for (size_t left = 0; left < sample->header.body_length; left += 9973) {
		sample->delta.length = sample->header.length + left;
		assert_fails(decode(sample, &error), RILL_CORRUPT, &error, "ends after");
	}
	sample->delta.length = n;
	assert_ok(buffer_reserve(&sample->delta, 3 * RILL_DELTA_CHUNK, &error), &error);
	sample->header.chunk_sha256 = sample->delta.bytes + sample->header.length -
				      sample->header.chunk_count * RILL_CHUNK_HASH_SIZE;
	memset(sample->delta.bytes + n, 0, 3 * RILL_DELTA_CHUNK);
	for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
		sample->delta.length = n + more[i];
		assert_fails(decode(sample, &error), RILL_CORRUPT, &error, "after the delta's end");
	}
	free_sample(sample);
}

static void another_base_gives_another_hash(void **state)
{
	struct sample *sample = make_sample();
	struct rill_error error;

	(void)state;
	sample->base[2000] ^= 1;
	assert_fails(decode(sample, &error), RILL_CORRUPT, &error, "SHA-256");
	free_sample(sample);
}

static void what_storage_says_is_passed_on(void **state)
{
	struct sample *sample = make_sample();
	struct rill_error error;

	(void)state;
	sample->read_limit = 20000;
	sample->write_limit = SIZE_MAX;
	assert_fails(decode_with(sample, UINT64_MAX, 5000, &error), RILL_IO, &error, "is gone");
	sample->read_limit = SIZE_MAX;
	sample->write_limit = 70000;
	assert_fails(decode_with(sample, UINT64_MAX, 5000, &error), RILL_NO_SPACE, &error, "full");
	free_sample(sample);
}

static void groups_beyond_the_capacities_are_refused(void **state)
{
	struct sample *sample = make_sample();
	struct rill_error error;

	(void)state;
	assert_true(sample->header.most_copies > 0);
	sample->header.most_copies--;
	assert_fails(decode(sample, &error), RILL_CORRUPT, &error, "impossible size");
	sample->header.most_copies += 2; /* more room than is used costs memory only */
	assert_ok(decode(sample, &error), &error);
	free_sample(sample);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_of_any_size_give_the_target),
		cmocka_unit_test(the_budget_is_kept),
		cmocka_unit_test(a_damaged_chunk_is_named_and_not_decoded),
		cmocka_unit_test(a_body_of_another_length_is_refused),
		cmocka_unit_test(another_base_gives_another_hash),
		cmocka_unit_test(what_storage_says_is_passed_on),
		cmocka_unit_test(groups_beyond_the_capacities_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
