/* SPDX-License-Identifier: Apache-2.0
 *
 * A strict reader of JSON (RFC 8259) for signed metadata: raw bytes in, tokens out.
 *
 * Stricter than the RFC wherever two readers could differ: UTF-8 must be valid, strings
 * hold no NUL and no unpaired surrogate, an object has no key twice, numbers are integers
 * of 64 bits without fraction, exponent or "-0", nothing follows the value. Nesting and
 * the number of tokens are capped; nothing recurses.
 *
 * A token is named by its index: RILL_JSON_ROOT is the whole document, 0 is no token. All
 * functions take 0 for a token and then find nothing, so that look-ups can be chained. A member of
 * an object is two tokens: the key and, right behind it, the value.
 */
#ifndef RILL_JSON_H
#define RILL_JSON_H

#include "protocol/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RILL_JSON_DEPTH_MAX 32
#define RILL_JSON_ROOT 1

enum rill_json_type {
	RILL_JSON_OBJECT,
	RILL_JSON_ARRAY,
	RILL_JSON_STRING,
	RILL_JSON_INTEGER,
	RILL_JSON_TRUE,
	RILL_JSON_FALSE,
	RILL_JSON_NULL,
};

struct rill_json_token {
	uint32_t start; /* strings and integers: offset in `text` */
	uint32_t length; /* of that; objects and arrays: number of members */
	uint32_t next; /* the first token behind this one and all inside it */
	uint32_t sorted; /* objects: the least key; keys: the next greater one; 0 at the end */
	uint8_t type;
};

struct rill_json {
	struct rill_json_token *tokens; /* [0] is a placeholder */
	uint32_t count;
	char *text; /* a copy of the input; strings in it are unescaped and end with NUL */
};

/* Parses `n` bytes, at most `max_tokens` tokens. RILL_SECURITY names the offset (metadata
 * that does not parse is not what was signed); RILL_MEMORY. On failure there is nothing
 * to free. Memory: n + 1 bytes and 20 a token. */
enum rill_code rill_json_parse(struct rill_json *json, const void *bytes, size_t n,
			       uint32_t max_tokens, struct rill_error *error);

/* Takes one that is all zero, too, and leaves it so. */
void rill_json_free(struct rill_json *json);

bool rill_json_is(const struct rill_json *json, uint32_t token, enum rill_json_type type);

/* Value of a key of an object, or 0. */
uint32_t rill_json_get(const struct rill_json *json, uint32_t object, const char *key);

/* The first element of an array or key of an object, then the next; 0 at the end. */
uint32_t rill_json_first(const struct rill_json *json, uint32_t container);
uint32_t rill_json_next(const struct rill_json *json, uint32_t container, uint32_t token);

/* The same for the keys of an object in the order of their bytes. */
uint32_t rill_json_least(const struct rill_json *json, uint32_t object);
uint32_t rill_json_greater(const struct rill_json *json, uint32_t key);

/* A string's text, or NULL when the token is something else. It ends with NUL. */
const char *rill_json_string(const struct rill_json *json, uint32_t token);

/* An integer's value; false when the token is something else. */
bool rill_json_integer(const struct rill_json *json, uint32_t token, int64_t *value);

/* Passes the canonical form of a token (OLPC's Canonical JSON, as the TUF specification
 * 1.0 section 4.1 has it: keys in the order of their code points, no white space, only
 * '"' and '\' escaped) to `put` piece by piece. */
void rill_json_canonical(const struct rill_json *json, uint32_t token,
			 void (*put)(void *context, const void *bytes, size_t n), void *context);

/* SHA-256 of the canonical form. */
void rill_json_canonical_sha256(const struct rill_json *json, uint32_t token, uint8_t *digest);

#endif
