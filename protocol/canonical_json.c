/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/hash.h"
#include "protocol/json.h"

#include <string.h>

struct sink {
	void (*put)(void *context, const void *bytes, size_t n);
	void *context;
};

static void put(const struct sink *sink, const char *text)
{
	sink->put(sink->context, text, strlen(text));
}

static void put_string(const struct sink *sink, const char *s)
{
	put(sink, "\"");
	while (*s) {
		size_t plain = strcspn(s, "\"\\");

		if (plain)
			sink->put(sink->context, s, plain);
		s += plain;
		if (*s) {
			const char escaped[2] = {'\\', *s++};

			sink->put(sink->context, escaped, 2);
		}
	}
	put(sink, "\"");
}

static void put_scalar(const struct sink *sink, const struct rill_json *json, uint32_t token)
{
	const struct rill_json_token *t = &json->tokens[token];

	switch ((enum rill_json_type)t->type) {
	case RILL_JSON_STRING: put_string(sink, json->text + t->start); break;
	case RILL_JSON_INTEGER: sink->put(sink->context, json->text + t->start, t->length); break;
	case RILL_JSON_TRUE: put(sink, "true"); break;
	case RILL_JSON_FALSE: put(sink, "false"); break;
	case RILL_JSON_NULL: put(sink, "null"); break;
	case RILL_JSON_OBJECT:
	case RILL_JSON_ARRAY: break; /* rill_json_canonical() walks these */
	}
}

/* A container on the way down to the current place. */
struct level {
	uint32_t container, member; /* member: what comes next, 0 at the end */
};

void rill_json_canonical(const struct rill_json *json, uint32_t token,
			 void (*put_bytes)(void *context, const void *bytes, size_t n),
			 void *context)
{
	const struct sink sink = {put_bytes, context};
	struct level stack[RILL_JSON_DEPTH_MAX];
	unsigned depth = 0;

	for (;;) {
		bool is_object = json->tokens[token].type == RILL_JSON_OBJECT;

		if (is_object || json->tokens[token].type == RILL_JSON_ARRAY) {
			stack[depth++] = (struct level){token,
							is_object ? json->tokens[token].sorted
								  : rill_json_first(json, token)};
			put(&sink, is_object ? "{" : "[");
		} else {
			put_scalar(&sink, json, token);
		}
		while (depth > 0 && stack[depth - 1].member == 0) {
			depth--;
			is_object = json->tokens[stack[depth].container].type == RILL_JSON_OBJECT;
			put(&sink, is_object ? "}" : "]");
		}
		if (depth == 0)
			return;
		struct level *top = &stack[depth - 1];
		const struct rill_json_token *container = &json->tokens[top->container];

		is_object = container->type == RILL_JSON_OBJECT;
		if (top->member != (is_object ? container->sorted : top->container + 1))
			put(&sink, ",");
		token = top->member;
		if (is_object) {
			put_string(&sink, json->text + json->tokens[token].start);
			put(&sink, ":");
			top->member = json->tokens[token].sorted;
			token++;
		} else {
			top->member = rill_json_next(json, top->container, token);
		}
	}
}

static void hash_bytes(void *context, const void *bytes, size_t n)
{
	rill_sha256_update(context, bytes, n);
}

void rill_json_canonical_sha256(const struct rill_json *json, uint32_t token, uint8_t *digest)
{
	struct rill_sha256 hash;

	rill_sha256_start(&hash);
	rill_json_canonical(json, token, hash_bytes, &hash);
	rill_sha256_finish(&hash, digest);
}
