/* SPDX-License-Identifier: Apache-2.0
 *
 * The examples of protocol/release.schema.json are what release.c reads; and with any one of their
 * members away, or of another type, it refuses what the schema does.
 */
#include "tests/unit/support.h"

#include "protocol/release.h"
#include <stdlib.h>
#include <string.h>

static char *schema;
static struct rill_json document;

static int read_schema(void **state)
{
	struct rill_error error;
	FILE *file = fopen("../protocol/release.schema.json", "rb");
	size_t n;

	(void)state;
	schema = calloc(1, 65536);
	if (!file || !schema)
		return -1;
	n = fread(schema, 1, 65535, file);
	fclose(file);
	return rill_json_parse(&document, schema, n, 4096, &error) == RILL_OK ? 0 : -1;
}

static int free_schema(void **state)
{
	(void)state;
	free(schema);
	rill_json_free(&document);
	return 0;
}

static enum rill_code read_all(const struct rill_json *json, uint32_t custom, int *deltas,
			       struct rill_error *error)
{
	struct rill_release release;
	enum rill_code code = rill_release_parse(json, custom, &release, error);

	*deltas = 0;
	if (code != RILL_OK || !release.deltas)
		return code;
	for (uint32_t i = rill_json_first(json, release.deltas); i && code == RILL_OK;
	     i = rill_json_next(json, release.deltas, i), (*deltas)++) {
		struct rill_release_delta delta;

		code = rill_release_read_delta(json, i, &delta, error);
	}
	return code;
}

static void every_example_is_read(void **state)
{
	uint32_t examples = rill_json_get(&document, RILL_JSON_ROOT, "examples");
	int count = 0, deltas = 0;
	struct rill_error error;

	(void)state;
	for (uint32_t i = rill_json_first(&document, examples); i;
	     i = rill_json_next(&document, examples, i), count++)
		assert_ok(read_all(&document, i, &deltas, &error), &error);
	assert_int_equal(count, 4);
	assert_int_equal(deltas, 1); /* of the last */
}

/* The names that an object of the schema requires, each renamed in the last example. */
static void refuse_without(const char *name)
{
	uint32_t examples = rill_json_get(&document, RILL_JSON_ROOT, "examples"), last = 0;
	char quoted[32], *text, *examples_at, *at;
	struct rill_json json;
	struct rill_error error;
	int deltas;

	snprintf(quoted, sizeof quoted, "\"%s\":", name);
	text = strdup(schema);
	assert_non_null(text);
	examples_at = strstr(text, "\"downgrade_from\": 9");
	assert_non_null(examples_at);
	examples_at = strcmp(name, "kind") == 0 || strcmp(name, "release") == 0 ? examples_at - 80
										: examples_at;
	at = strstr(examples_at, quoted);
	assert_non_null(at);
	at[1] = '#';
	assert_ok(rill_json_parse(&json, text, strlen(text), 4096, &error), &error);
	for (uint32_t i = rill_json_first(&json, examples); i;
	     i = rill_json_next(&json, examples, i))
		last = i;
	if (read_all(&json, last, &deltas, &error) == RILL_OK)
		fail_msg("taken without \"%s\"", name);
	rill_json_free(&json);
	free(text);
}

static void what_the_schema_requires_is_required(void **state)
{
	uint32_t defs = rill_json_get(&document, RILL_JSON_ROOT, "$defs");
	uint32_t required = rill_json_get(&document, rill_json_get(&document, defs, "delta"),
					  "required");
	int count = 0;

	(void)state;
	for (uint32_t i = rill_json_first(&document, required); i;
	     i = rill_json_next(&document, required, i), count++)
		refuse_without(rill_json_string(&document, i));
	assert_int_equal(count, 6);
	refuse_without("kind");
	refuse_without("release");
	refuse_without("sha256");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_example_is_read),
		cmocka_unit_test(what_the_schema_requires_is_required),
	};

	return cmocka_run_group_tests(tests, read_schema, free_schema);
}
