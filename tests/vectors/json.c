/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "protocol/json.h"
#include <stdio.h>
#include <string.h>

struct text {
	char bytes[4096];
	size_t n;
};

static void read_file(const char *path, struct text *text)
{
	FILE *file = fopen(path, "rb");

	assert_non_null(file);
	text->n = fread(text->bytes, 1, sizeof text->bytes, file);
	assert_true(text->n < sizeof text->bytes);
	fclose(file);
}

static void append(void *context, const void *bytes, size_t n)
{
	struct text *text = context;

	assert_true(n <= sizeof text->bytes - text->n);
	memcpy(text->bytes + text->n, bytes, n);
	text->n += n;
}

static void canonical_forms_are_the_kept_ones(void **state)
{
	(void)state;
	for (int i = 1; i <= 3; i++) {
		struct text in, wanted, got = {.n = 0};
		struct rill_error error;
		struct rill_json json;
		char path[64];

		snprintf(path, sizeof path, "vectors/json/%d.in", i);
		read_file(path, &in);
		snprintf(path, sizeof path, "vectors/json/%d.canonical", i);
		read_file(path, &wanted);
		assert_ok(rill_json_parse(&json, in.bytes, in.n, 100, &error), &error);
		rill_json_canonical(&json, RILL_JSON_ROOT, append, &got);
		assert_int_equal(got.n, wanted.n);
		assert_memory_equal(got.bytes, wanted.bytes, got.n);
		rill_json_free(&json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(canonical_forms_are_the_kept_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
