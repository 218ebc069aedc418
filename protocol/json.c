/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/json.h"

#include <stdlib.h>
#include <string.h>

struct parser {
	struct rill_json *json;
	uint32_t at, end;
	uint32_t capacity;
	uint32_t open[RILL_JSON_DEPTH_MAX]; /* containers around the current place */
	unsigned depth;
	struct rill_error *error;
};

static bool bad(struct parser *p, const char *what)
{
	rill_fail(p->error, RILL_SECURITY, "JSON, offset %u: %s", p->at, what);
	return false;
}

static bool add_token(struct parser *p, enum rill_json_type type, uint32_t *index)
{
	struct rill_json *json = p->json;

	if (json->count == p->capacity)
		return bad(p, "too many values");
	*index = json->count++;
	json->tokens[*index] = (struct rill_json_token){
		.start = p->at, .next = *index + 1, .type = (uint8_t)type};
	return true;
}

static void skip_space(struct parser *p)
{
	while (p->at < p->end && strchr(" \t\r\n", p->json->text[p->at]) && p->json->text[p->at])
		p->at++;
}

static bool get_hex4(struct parser *p, uint32_t *value)
{
	*value = 0;
	if (p->end - p->at < 4)
		return bad(p, "an escape is cut off");
	for (int i = 0; i < 4; i++) {
		char c = p->json->text[p->at];
		int digit;

		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			digit = (c | 32) - 'a' + 10;
		else
			return bad(p, "not a hexadecimal digit");
		*value = *value << 4 | (uint32_t)digit;
		p->at++;
	}
	return true;
}

static char *put_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		*to++ = (char)c;
		return to;
	}
	if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			*to++ = (char)(0xe0 | c >> 12);
		} else {
			*to++ = (char)(0xf0 | c >> 18);
			*to++ = (char)(0x80 | (c >> 12 & 63));
		}
		*to++ = (char)(0x80 | (c >> 6 & 63));
	}
	*to++ = (char)(0x80 | (c & 63));
	return to;
}

/* Behind "\u". */
static bool get_unicode_escape(struct parser *p, char **to)
{
	uint32_t c, low;

	if (!get_hex4(p, &c))
		return false;
	if (c == 0)
		return bad(p, "a NUL in a string");
	if (c >= 0xdc00 && c <= 0xdfff)
		return bad(p, "an unpaired surrogate");
	if (c >= 0xd800 && c <= 0xdbff) {
		if (p->end - p->at < 2 || p->json->text[p->at] != '\\' ||
		    p->json->text[p->at + 1] != 'u')
			return bad(p, "an unpaired surrogate");
		p->at += 2;
		if (!get_hex4(p, &low))
			return false;
		if (low < 0xdc00 || low > 0xdfff)
			return bad(p, "an unpaired surrogate");
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	*to = put_utf8(*to, c);
	return true;
}

/* Behind a backslash. */
static bool get_escape(struct parser *p, char **to)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *name;

	if (p->at == p->end)
		return bad(p, "an escape is cut off");
	if (p->json->text[p->at] == 'u') {
		p->at++;
		return get_unicode_escape(p, to);
	}
	name = p->json->text[p->at] ? strchr(names, p->json->text[p->at]) : NULL;
	if (!name)
		return bad(p, "an unknown escape");
	p->at++;
	*(*to)++ = values[name - names];
	return true;
}

/* A character of more than one byte, RFC 3629 section 4. */
static bool get_utf8(struct parser *p, char **to)
{
	const uint8_t *s = (const uint8_t *)p->json->text + p->at;
	unsigned n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	uint8_t least = 0x80, most = 0xbf; /* of the second byte */

	if (s[0] == 0xe0)
		least = 0xa0;
	else if (s[0] == 0xed)
		most = 0x9f;
	else if (s[0] == 0xf0)
		least = 0x90;
	else if (s[0] == 0xf4)
		most = 0x8f;
	if (s[0] < 0xc2 || s[0] > 0xf4 || p->end - p->at < n || s[1] < least || s[1] > most)
		return bad(p, "not UTF-8");
	for (unsigned i = 2; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return bad(p, "not UTF-8");
	memmove(*to, s, n);
	*to += n;
	p->at += n;
	return true;
}

/* At a '"'. The text is unescaped where it lies, which never makes it longer. */
static bool get_string(struct parser *p)
{
	char *text = p->json->text, *to;
	uint32_t index;

	p->at++;
	if (!add_token(p, RILL_JSON_STRING, &index))
		return false;
	to = text + p->at;
	for (;;) {
		uint8_t c;

		if (p->at == p->end)
			return bad(p, "a string is cut off");
		c = (uint8_t)text[p->at];
		if (c == '"')
			break;
		if (c < 0x20)
			return bad(p, "a control character in a string");
		if (c >= 0x80) {
			if (!get_utf8(p, &to))
				return false;
			continue;
		}
		p->at++;
		if (c != '\\')
			*to++ = (char)c;
		else if (!get_escape(p, &to))
			return false;
	}
	p->at++;
	*to = 0;
	p->json->tokens[index].length = (uint32_t)(to - text) - p->json->tokens[index].start;
	return true;
}

static bool get_integer(struct parser *p)
{
	const char *text = p->json->text;
	uint32_t index, start = p->at;
	int64_t ignored;

	if (!add_token(p, RILL_JSON_INTEGER, &index))
		return false;
	if (text[p->at] == '-')
		p->at++;
	if (p->at == p->end || text[p->at] < '0' || text[p->at] > '9')
		return bad(p, "not a value");
	if (text[p->at] == '0' &&
	    (text[start] == '-' ||
	     (p->end - p->at > 1 && text[p->at + 1] >= '0' && text[p->at + 1] <= '9')))
		return bad(p, "a number with a needless zero or sign");
	while (p->at < p->end && text[p->at] >= '0' && text[p->at] <= '9')
		p->at++;
	if (p->at < p->end && text[p->at] && strchr(".eE", text[p->at]))
		return bad(p, "a number that is not an integer");
	p->json->tokens[index].length = p->at - start;
	if (!rill_json_integer(p->json, index, &ignored))
		return bad(p, "a number of over 64 bits");
	return true;
}

static bool get_word(struct parser *p, const char *word, enum rill_json_type type)
{
	size_t n = strlen(word);
	uint32_t index;

	if (p->end - p->at < n || memcmp(p->json->text + p->at, word, n) != 0)
		return bad(p, "not a value");
	if (!add_token(p, type, &index))
		return false;
	p->at += (uint32_t)n;
	return true;
}

static int compare_keys(const struct rill_json *json, uint32_t a, uint32_t b)
{
	const struct rill_json_token *x = &json->tokens[a], *y = &json->tokens[b];
	uint32_t n = x->length < y->length ? x->length : y->length;
	int order = memcmp(json->text + x->start, json->text + y->start, n);

	/* Bytes of UTF-8 sort as the code points do. */
	return order ? order : (x->length > y->length) - (x->length < y->length);
}

/* Merges two sorted lists of keys that are linked by `sorted`. */
static bool merge_keys(struct parser *p, uint32_t a, uint32_t b, uint32_t *merged)
{
	struct rill_json_token *tokens = p->json->tokens;

	while (a && b) {
		int order = compare_keys(p->json, a, b);

		if (order == 0) {
			p->at = tokens[b].start;
			return bad(p, "a key stands twice in one object");
		}
		uint32_t *least = order < 0 ? &a : &b;
		*merged = *least;
		merged = &tokens[*least].sorted;
		*least = *merged;
	}
	*merged = a ? a : b;
	return true;
}

/* Links the keys of a complete object in their order: merge sort from below, where
 * runs[i] is nothing or a sorted list of 2^i keys. */
static bool sort_keys(struct parser *p, uint32_t object)
{
	struct rill_json *json = p->json;
	uint32_t runs[32] = {0}, all = 0;

	for (uint32_t key = rill_json_first(json, object); key;) {
		uint32_t next = rill_json_next(json, object, key), run = key;
		unsigned i = 0;

		json->tokens[key].sorted = 0;
		for (; runs[i]; i++) {
			if (!merge_keys(p, runs[i], run, &run))
				return false;
			runs[i] = 0;
		}
		runs[i] = run;
		key = next;
	}
	for (unsigned i = 0; i < 32; i++)
		if (!merge_keys(p, runs[i], all, &all))
			return false;
	json->tokens[object].sorted = all;
	return true;
}

static bool open_container(struct parser *p, enum rill_json_type type)
{
	if (p->depth == RILL_JSON_DEPTH_MAX)
		return bad(p, "nested too deep");
	if (!add_token(p, type, &p->open[p->depth]))
		return false;
	p->depth++;
	p->at++;
	return true;
}

static bool close_container(struct parser *p)
{
	uint32_t container = p->open[p->depth - 1];

	p->at++;
	p->depth--;
	p->json->tokens[container].next = p->json->count;
	return p->json->tokens[container].type != RILL_JSON_OBJECT || sort_keys(p, container);
}

static bool get_value(struct parser *p)
{
	if (p->at == p->end)
		return bad(p, "a value is missing");
	switch (p->json->text[p->at]) {
	case '{': return open_container(p, RILL_JSON_OBJECT);
	case '[': return open_container(p, RILL_JSON_ARRAY);
	case '"': return get_string(p);
	case 't': return get_word(p, "true", RILL_JSON_TRUE);
	case 'f': return get_word(p, "false", RILL_JSON_FALSE);
	case 'n': return get_word(p, "null", RILL_JSON_NULL);
	default: return get_integer(p);
	}
}

static bool get_key(struct parser *p)
{
	if (p->at == p->end || p->json->text[p->at] != '"')
		return bad(p, "a key is missing");
	if (!get_string(p))
		return false;
	skip_space(p);
	if (p->at == p->end || p->json->text[p->at] != ':')
		return bad(p, "a ':' is missing");
	p->at++;
	skip_space(p);
	return true;
}

/* One member of the innermost open container, or its end. */
static bool get_member(struct parser *p)
{
	struct rill_json_token *container = &p->json->tokens[p->open[p->depth - 1]];
	bool is_object = container->type == RILL_JSON_OBJECT;

	skip_space(p);
	if (p->at == p->end)
		return bad(p, "an object or array is cut off");
	if (p->json->text[p->at] == (is_object ? '}' : ']'))
		return close_container(p);
	if (container->length > 0) {
		if (p->json->text[p->at] != ',')
			return bad(p, "a ',' is missing");
		p->at++;
		skip_space(p);
	}
	container->length++;
	return (!is_object || get_key(p)) && get_value(p);
}

static bool parse(struct parser *p)
{
	skip_space(p);
	if (!get_value(p))
		return false;
	while (p->depth > 0)
		if (!get_member(p))
			return false;
	skip_space(p);
	return p->at == p->end || bad(p, "something follows the value");
}

/* No document has more tokens than this: each but the first has a ',' or a bracket or a ':'. */
static uint32_t count_at_most(const char *bytes, size_t n, uint32_t max)
{
	uint32_t count = 1;

	for (size_t i = 0; i < n && count < max; i++)
		count += bytes[i] == ',' || bytes[i] == '[' || bytes[i] == '{' || bytes[i] == ':';
	return count;
}

enum rill_code rill_json_parse(struct rill_json *json, const void *bytes, size_t n,
			       uint32_t max_tokens, struct rill_error *error)
{
	struct parser p = {.json = json, .error = error};

	memset(json, 0, sizeof *json);
	if (n >= UINT32_MAX)
		return rill_fail(error, RILL_SECURITY, "JSON of over 4 GB");
	p.end = (uint32_t)n;
	p.capacity = count_at_most(bytes, n, max_tokens) + 1;
	json->text = malloc(n + 1);
	json->tokens = malloc(p.capacity * sizeof *json->tokens);
	if (!json->text || !json->tokens) {
		rill_json_free(json);
		return rill_fail(error, RILL_MEMORY, "no memory for %zu bytes of JSON", n);
	}
	json->tokens[0] = (struct rill_json_token){.next = 1, .type = RILL_JSON_NULL};
	json->count = 1;
	if (n)
		memcpy(json->text, bytes, n);
	json->text[n] = 0;
	if (!parse(&p)) {
		rill_json_free(json);
		return error->code;
	}
	return RILL_OK;
}

void rill_json_free(struct rill_json *json)
{
	free(json->tokens);
	free(json->text);
	memset(json, 0, sizeof *json);
}

bool rill_json_is(const struct rill_json *json, uint32_t token, enum rill_json_type type)
{
	return token < json->count && json->tokens[token].type == type;
}

uint32_t rill_json_get(const struct rill_json *json, uint32_t object, const char *key)
{
	if (!rill_json_is(json, object, RILL_JSON_OBJECT))
		return 0;
	for (uint32_t i = rill_json_first(json, object); i; i = rill_json_next(json, object, i))
		if (strcmp(json->text + json->tokens[i].start, key) == 0)
			return i + 1;
	return 0;
}

uint32_t rill_json_first(const struct rill_json *json, uint32_t container)
{
	return json->tokens[container].length ? container + 1 : 0;
}

uint32_t rill_json_next(const struct rill_json *json, uint32_t container, uint32_t token)
{
	bool is_key = json->tokens[container].type == RILL_JSON_OBJECT;
	uint32_t next = json->tokens[is_key ? token + 1 : token].next;

	return next < json->tokens[container].next ? next : 0;
}

uint32_t rill_json_least(const struct rill_json *json, uint32_t object)
{
	return rill_json_is(json, object, RILL_JSON_OBJECT) ? json->tokens[object].sorted : 0;
}

uint32_t rill_json_greater(const struct rill_json *json, uint32_t key)
{
	return json->tokens[key].sorted;
}

const char *rill_json_string(const struct rill_json *json, uint32_t token)
{
	if (!rill_json_is(json, token, RILL_JSON_STRING))
		return NULL;
	return json->text + json->tokens[token].start;
}

bool rill_json_integer(const struct rill_json *json, uint32_t token, int64_t *value)
{
	const char *digits, *end;
	bool negative;
	int64_t v = 0;

	if (!rill_json_is(json, token, RILL_JSON_INTEGER))
		return false;
	digits = json->text + json->tokens[token].start;
	end = digits + json->tokens[token].length;
	negative = *digits == '-';
	for (digits += negative; digits < end; digits++) {
		int digit = negative ? '0' - *digits : *digits - '0';

		if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, digit, &v))
			return false;
	}
	*value = v;
	return true;
}
