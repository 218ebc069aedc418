/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes: parsed or refused. What was parsed has a canonical form that is the same after
 * it is parsed again (if it is JSON at all: it has control characters in strings raw).
 */
#include "protocol/json.h"
#include "tests/support/must.h"

#include <string.h>

struct text {
	char *at;
	size_t n, capacity;
};

static void put(void *context, const void *bytes, size_t n)
{
	struct text *text = context;

	must(n <= text->capacity - text->n); /* no byte of input makes over two */
	memcpy(text->at + text->n, bytes, n);
	text->n += n;
}

static struct text canonical(const struct rill_json *json, size_t n)
{
	struct text text = {.at = malloc(2 * n + 1), .capacity = 2 * n};

	must(text.at);
	rill_json_canonical(json, RILL_JSON_ROOT, put, &text);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct rill_json json, again;
	struct rill_error error;
	struct text first, second;
	bool raw = false;

	if (rill_json_parse(&json, bytes, n, 1000, &error) != RILL_OK) {
		must(error.code == RILL_SECURITY && !json.tokens && !json.text);
		return 0;
	}
	first = canonical(&json, n);
	for (size_t i = 0; i < first.n; i++)
		raw |= (unsigned char)first.at[i] < 0x20;
	if (!raw) {
		must(rill_json_parse(&again, first.at, first.n, 1000, &error) == RILL_OK);
		second = canonical(&again, first.n);
		must(second.n == first.n && memcmp(second.at, first.at, first.n) == 0);
		free(second.at);
		rill_json_free(&again);
	}
	free(first.at);
	rill_json_free(&json);
	return 0;
}
