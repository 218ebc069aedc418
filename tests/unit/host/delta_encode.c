/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/edits.h"
#include "tests/unit/folder.h"

#include "host/delta_apply.h"
#include "host/delta_encode.h"
#include "protocol/delta_decoder.h"
#include <stdlib.h>
#include <string.h>

static void make(const struct pair *pair, struct buffer *delta, struct rill_delta_header *header)
{
	struct rill_error error;

	*delta = (struct buffer){0};
	assert_ok(delta_make(pair->base, pair->base_length, pair->target, pair->target_length,
			     &(struct delta_options){.quiet = true}, delta, header, &error),
		  &error);
}

static void decode(const struct pair *pair, const struct buffer *delta, struct folder *folder)
{
	const struct input base = {.bytes = pair->base, .length = pair->base_length};
	const struct input file = {.bytes = delta->bytes, .length = delta->length};
	struct progress progress = progress_start("applying", true);
	struct output output;
	struct rill_error error;
	enum rill_code code;
	uint8_t *result = malloc(pair->target_length + 1);

	assert_non_null(result);
	assert_ok(output_open(&output, folder_path(folder, "result"), &error), &error);
	code = delta_apply(&base, &file, UINT64_MAX, &output, &progress, &error);
	if (code != RILL_OK)
		fail_msg("%s: %s", pair->name, error.text);
	assert_ok(output_read(&output, 0, result, pair->target_length, &error), &error);
	if (pair->target_length && memcmp(result, pair->target, pair->target_length) != 0)
		fail_msg("%s: the result is not the target", pair->name);
	if (output_read(&output, pair->target_length, result, 1, &error) == RILL_OK)
		fail_msg("%s: the result is longer than the target", pair->name);
	output_abandon(&output);
	free(result);
}

static void check(const struct pair *pair, void *context)
{
	struct rill_delta_header *header = malloc(sizeof *header);
	struct buffer delta, again;

	assert_non_null(header);
	make(pair, &delta, header);
	decode(pair, &delta, context);
	make(pair, &again, header);
	if (delta.length != again.length || memcmp(delta.bytes, again.bytes, delta.length) != 0)
		fail_msg("%s: two encodings differ", pair->name);
	if (delta.length > pair->target_length + pair->target_length / 500 + 300)
		fail_msg("%s: a delta of %zu bytes for a target of %zu", pair->name, delta.length,
			 pair->target_length);
	buffer_free(&delta);
	buffer_free(&again);
	free(header);
}

static void pairs_at_the_edges_come_back(void **state)
{
	for_edges(check, *state);
}

static void small_files_with_random_edits_come_back(void **state)
{
	for_random_edits(2000, 250, 4000, check, *state);
}

static void large_files_with_random_edits_come_back(void **state)
{
	for_random_edits(3000, 60, 200000, check, *state);
}

static void what_is_known_costs_next_to_nothing(void **state)
{
	enum { N = 100000 };
	uint8_t *bytes = malloc(2 * N);
	struct pair pair = {"equal", bytes, bytes, N, N};
	struct rill_delta_header *header = malloc(sizeof *header);
	struct buffer delta;
	uint64_t seed = 5;

	(void)state;
	assert_non_null(bytes);
	assert_non_null(header);
	for (size_t i = 0; i < N; i++)
		bytes[i] = bytes[N + i] = (uint8_t)(next_random(&seed) >> 32);
	make(&pair, &delta, header);
	assert_in_range(delta.length, 1, 500);
	buffer_free(&delta);
	pair.target_length = 2 * N;
	make(&pair, &delta, header);
	assert_in_range(delta.length, 1, 800);
	buffer_free(&delta);
	free(header);
	free(bytes);
}

static void the_header_says_what_the_file_has(void **state)
{
	static const uint8_t base[] = "an old file", target[] = "an old file, and something new";
	const struct pair pair = {"header", base, target, sizeof base, sizeof target};
	struct rill_delta_header *header = malloc(sizeof *header), *parsed = malloc(sizeof *parsed);
	uint8_t digest[RILL_SHA256_SIZE];
	struct buffer delta;
	struct input file;
	struct rill_error error;

	(void)state;
	assert_non_null(header);
	assert_non_null(parsed);
	make(&pair, &delta, header);
	file = (struct input){.bytes = delta.bytes, .length = delta.length};
	assert_ok(delta_read_header(&file, parsed, &error), &error);
	assert_int_equal(header->length, parsed->length);
	assert_int_equal(rill_decoder_memory(header), rill_decoder_memory(parsed));
	assert_int_equal(parsed->base_length, sizeof base);
	assert_int_equal(parsed->output_length, sizeof target);
	assert_int_equal(parsed->length + parsed->body_length, delta.length);
	rill_sha256(base, sizeof base, digest);
	assert_memory_equal(parsed->base[0].sha256, digest, sizeof digest);
	rill_sha256(target, sizeof target, digest);
	assert_memory_equal(parsed->output[0].sha256, digest, sizeof digest);
	assert_int_equal(header->chunk_count, 0);
	assert_int_equal(header->body_length, 0);
	assert_true(header->within_length > 0);
	buffer_free(&delta);
	free(header);
	free(parsed);
}

static void a_longer_body_has_chunks(void **state)
{
	static uint8_t target[RILL_DELTA_CHUNK + 5000];
	const struct pair pair = {"chunks", target, target, 0, sizeof target};
	struct rill_delta_header header;
	uint8_t digest[RILL_SHA256_SIZE];
	struct buffer delta;
	uint32_t random = 1;

	(void)state;
	for (size_t i = 0; i < sizeof target; i++)
		target[i] = (uint8_t)((random = random * 1664525 + 1013904223) >> 24);
	make(&pair, &delta, &header);
	assert_int_equal(header.within_length, 0);
	assert_int_equal(header.length + header.body_length, delta.length);
	assert_int_equal(header.chunk_count, 2);
	rill_sha256(delta.bytes + header.length, RILL_DELTA_CHUNK, digest);
	assert_memory_equal(header.chunk_sha256, digest, RILL_CHUNK_HASH_SIZE);
	buffer_free(&delta);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(pairs_at_the_edges_come_back),
		in_folder(a_longer_body_has_chunks),
		in_folder(small_files_with_random_edits_come_back),
		in_folder(large_files_with_random_edits_come_back),
		cmocka_unit_test(what_is_known_costs_next_to_nothing),
		cmocka_unit_test(the_header_says_what_the_file_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
