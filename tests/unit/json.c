/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "protocol/hash.h"
#include "protocol/json.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOKENS 10000

static enum rill_code parse(struct rill_json *json, const char *text, struct rill_error *error)
{
	return rill_json_parse(json, text, strlen(text), TOKENS, error);
}

static void refused(const char *text, size_t n, uint32_t tokens, const char *fragment)
{
	struct rill_json json;
	struct rill_error error;
	enum rill_code code = rill_json_parse(&json, text, n, tokens, &error);

	if (code == RILL_OK)
		fail_msg("%.*s was taken", (int)n, text);
	if (!strstr(error.text, fragment))
		fail_msg("%.*s: %s", (int)n, text, error.text);
	assert_fails(code, RILL_SECURITY, &error, "JSON, offset ");
	assert_null(json.tokens);
	assert_null(json.text);
}

static void all_that_two_readers_could_see_differently_is_refused(void **state)
{
	static const struct {
		const char *text, *fragment;
	} bad[] = {
		/* keys */
		{"{\"a\":1,\"a\":1}", "stands twice"},
		{"{\"a\":1,\"b\":2,\"\\u0061\":3}", "stands twice"},
		{"[{\"x\":{\"\":1,\"\":2}}]", "stands twice"},
		{"{1:2}", "a key is missing"},
		{"{\"a\":1,}", "a key is missing"},
		{"{,}", "a key is missing"},
		{"{\"a\" 1}", "a ':' is missing"},
		{"{\"a\"", "a ':' is missing"},
		{"{\"a\":}", "not a value"},
		/* numbers */
		{"1.0", "not an integer"},
		{"[1.]", "not an integer"},
		{"1e2", "not an integer"},
		{"1E2", "not an integer"},
		{"0.5", "not an integer"},
		{"-0", "needless"},
		{"-0.5", "needless"},
		{"01", "needless"},
		{"00", "needless"},
		{"-01", "needless"},
		{"9223372036854775808", "over 64 bits"},
		{"-9223372036854775809", "over 64 bits"},
		{"18446744073709551616", "over 64 bits"},
		{"111111111111111111111111111111111111", "over 64 bits"},
		{"-", "not a value"},
		{"+1", "not a value"},
		{".5", "not a value"},
		{"0x10", "follows"},
		{"NaN", "not a value"},
		/* escapes */
		{"\"\\ud800\"", "unpaired"},
		{"\"\\ud800x\"", "unpaired"},
		{"\"\\ud800\\n\"", "unpaired"},
		{"\"\\ud800\\u0041\"", "unpaired"},
		{"\"\\ud800\\ud800\"", "unpaired"},
		{"\"\\udc00\"", "unpaired"},
		{"\"\\udc00\\ud800\"", "unpaired"},
		{"\"\\udfff\"", "unpaired"},
		{"\"\\u0000\"", "a NUL"},
		{"\"\\u12g4\"", "hexadecimal"},
		{"\"\\u 123\"", "hexadecimal"},
		{"\"\\u12\"", "cut off"},
		{"\"\\x41\"", "unknown escape"},
		{"\"\\U0041\"", "unknown escape"},
		{"\"\\'\"", "unknown escape"},
		{"\"\\", "cut off"},
		{"\"abc", "cut off"},
		/* raw bytes */
		{"\"a\nb\"", "control character"},
		{"\"\t\"", "control character"},
		{"\"\x1f\"", "control character"},
		{"\"\xc0\xaf\"", "not UTF-8"},
		{"\"\xc1\xbf\"", "not UTF-8"},
		{"\"\xe0\x9f\xbf\"", "not UTF-8"},
		{"\"\xf0\x8f\xbf\xbf\"", "not UTF-8"},
		{"\"\xed\xa0\x80\"", "not UTF-8"},
		{"\"\xed\xbf\xbf\"", "not UTF-8"},
		{"\"\xf4\x90\x80\x80\"", "not UTF-8"},
		{"\"\xf5\x80\x80\x80\"", "not UTF-8"},
		{"\"\xff\"", "not UTF-8"},
		{"\"\x80\"", "not UTF-8"},
		{"\"\xe2\x82\"", "not UTF-8"},
		{"\"\xe2\x82", "not UTF-8"},
		{"\"\xf0\x9f\x98(\"", "not UTF-8"},
		{"\xef\xbb\xbf{}", "not a value"},
		/* structure */
		{"", "a value is missing"},
		{" \n", "a value is missing"},
		{"[1,]", "not a value"},
		{"[,1]", "not a value"},
		{"[1,,2]", "not a value"},
		{"[1 2]", "a ',' is missing"},
		{"[1}", "a ',' is missing"},
		{"{\"a\":1]", "a ',' is missing"},
		{"{\"a\":1 \"b\":2}", "a ',' is missing"},
		{"]", "not a value"},
		{"[", "cut off"},
		{"[1,", "a value is missing"},
		{"{} {}", "follows"},
		{"{}}", "follows"},
		{"{},", "follows"},
		{"1 2", "follows"},
		{"truer", "follows"},
		{"tru", "not a value"},
		{"True", "not a value"},
		{"'a'", "not a value"},
		{"\f{}", "not a value"},
		{"\v1", "not a value"},
		{"/**/1", "not a value"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		refused(bad[i].text, strlen(bad[i].text), TOKENS, bad[i].fragment);
	refused("\"a\0b\"", 5, TOKENS, "control character");
	refused("{}\0", 3, TOKENS, "follows");
	refused("\0{}", 3, TOKENS, "not a value");
	refused("\"\\\0\"", 4, TOKENS, "unknown escape");
	refused("[1\0]", 4, TOKENS, "',' is missing");
}

static void numbers_of_64_bits_are_exact(void **state)
{
	static const struct {
		const char *text;
		int64_t value;
	} good[] = {
		{"0", 0},	 {"-1", -1},
		{"7", 7},	 {"9007199254740993", INT64_C(9007199254740993)},
		{" 10\r\n", 10}, {"9223372036854775807", INT64_MAX},
		{"\t42 ", 42},	 {"-9223372036854775808", INT64_MIN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		struct rill_json json;
		struct rill_error error;
		int64_t value;

		assert_ok(parse(&json, good[i].text, &error), &error);
		assert_true(rill_json_integer(&json, RILL_JSON_ROOT, &value));
		assert_true(value == good[i].value);
		rill_json_free(&json);
	}
}

static void strings_are_unescaped(void **state)
{
	struct rill_json json;
	struct rill_error error;
	static const char *const wanted[] = {
		"\"\\/\b\f\n\r\t", "A\xc3\xa9\xe2\x82\xac",    "\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf",
		"\x7f\xc2\x80",	   "\xed\x9f\xbf\xee\x80\x80", ""};
	uint32_t token;

	(void)state;
	assert_ok(parse(&json,
			"[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\",\"\\u0041\\u00e9\\u20AC\","
			"\"\\ud83d\\uDE00\\udbff\\udfff\",\"\x7f\xc2\x80\","
			"\"\xed\x9f\xbf\xee\x80\x80\",\"\"]",
			&error),
		  &error);
	token = rill_json_first(&json, RILL_JSON_ROOT);
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		assert_int_not_equal(token, 0);
		assert_string_equal(rill_json_string(&json, token), wanted[i]);
		token = rill_json_next(&json, RILL_JSON_ROOT, token);
	}
	assert_int_equal(token, 0);
	rill_json_free(&json);
}

/* `n` arrays or objects, one in another. */
static char *nested(unsigned n, const char *open, const char *middle, const char *close)
{
	size_t size = n * 16 + 16, used = 0;
	char *text = calloc(1, size);

	assert_non_null(text);
	for (unsigned i = 0; i <= 2 * n; i++)
		used += (size_t)snprintf(text + used, size - used, "%s",
					 i < n	  ? open
					 : i == n ? middle
						  : close);
	assert_true(used < size);
	return text;
}

static void nesting_ends_at_its_limit(void **state)
{
	static const struct {
		const char *open, *middle, *close;
	} forms[] = {{"[", "", "]"}, {"{\"a\":", "1", "}"}, {"[1,{\"k\":[", "", "]}]"}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		for (unsigned n = 1; n <= RILL_JSON_DEPTH_MAX; n++) {
			char *text = nested(n, forms[i].open, forms[i].middle, forms[i].close);
			struct rill_json json;
			struct rill_error error;

			assert_ok(parse(&json, text, &error), &error);
			rill_json_free(&json);
			free(text);
		}
	}
	for (size_t i = 0; i < 3; i++) {
		char *text = nested(RILL_JSON_DEPTH_MAX + 1, forms[i].open, forms[i].middle,
				    forms[i].close);

		refused(text, strlen(text), TOKENS, "nested too deep");
		free(text);
	}
	char *deep = nested(5000, "[", "", "");

	refused(deep, strlen(deep), TOKENS, "nested too deep");
	free(deep);
}

static void the_number_of_tokens_is_limited(void **state)
{
	static const char *const four[] = {"[1,2,3]", "[[[[]]]]", "[{\"a\":1}]", "[{},[],\"\"]"};

	(void)state;
	for (size_t i = 0; i < sizeof four / sizeof four[0]; i++) {
		struct rill_json json;
		struct rill_error error;

		assert_ok(rill_json_parse(&json, four[i], strlen(four[i]), 4, &error), &error);
		rill_json_free(&json);
		for (uint32_t tokens = 1; tokens < 4; tokens++)
			refused(four[i], strlen(four[i]), tokens, "too many values");
	}
}

static void a_document_cut_off_anywhere_is_refused(void **state)
{
	static const char text[] =
		"{ \"a\\u00e9\\ud83d\\ude00\" : [ true , false,null, -12, \"\xe2\x82\xac\\n\" ],"
		" \"b\":{\"c\":{},\"d\":[]}}";
	struct rill_json json;
	struct rill_error error;

	(void)state;
	assert_ok(parse(&json, text, &error), &error);
	rill_json_free(&json);
	for (size_t n = 0; n < sizeof text - 1; n++) {
		char *cut = malloc(n + 1); /* its own block: a read beyond would be seen */

		assert_non_null(cut);
		memcpy(cut, text, n);
		refused(cut, n, TOKENS, "");
		free(cut);
	}
}

static void members_are_found(void **state)
{
	struct rill_json json;
	struct rill_error error;
	int64_t value;
	uint32_t list, token;

	(void)state;
	assert_ok(parse(&json,
			"{\"s\":\"text\",\"list\":[10,[11,12],{\"x\":1},13],\"o\":{\"n\":-5},"
			"\"t\":true,\"f\":false,\"z\":null,\"\":\"empty\"}",
			&error),
		  &error);
	assert_true(rill_json_is(&json, RILL_JSON_ROOT, RILL_JSON_OBJECT));
	assert_string_equal(rill_json_string(&json, rill_json_get(&json, RILL_JSON_ROOT, "s")),
			    "text");
	assert_string_equal(rill_json_string(&json, rill_json_get(&json, RILL_JSON_ROOT, "")),
			    "empty");
	token = rill_json_get(&json, rill_json_get(&json, RILL_JSON_ROOT, "o"), "n");
	assert_true(rill_json_integer(&json, token, &value));
	assert_int_equal(value, -5);
	assert_true(rill_json_is(&json, rill_json_get(&json, RILL_JSON_ROOT, "t"), RILL_JSON_TRUE));
	assert_true(
		rill_json_is(&json, rill_json_get(&json, RILL_JSON_ROOT, "f"), RILL_JSON_FALSE));
	assert_true(rill_json_is(&json, rill_json_get(&json, RILL_JSON_ROOT, "z"), RILL_JSON_NULL));
	/* What is not there, or is something else. */
	assert_int_equal(rill_json_get(&json, RILL_JSON_ROOT, "x"), 0);
	assert_int_equal(rill_json_get(&json, RILL_JSON_ROOT, "S"), 0);
	assert_int_equal(rill_json_get(&json, RILL_JSON_ROOT, "text"), 0);
	assert_null(rill_json_string(&json, token));
	assert_null(rill_json_string(&json, 0));
	assert_false(rill_json_integer(&json, rill_json_get(&json, RILL_JSON_ROOT, "s"), &value));
	assert_false(rill_json_integer(&json, 0, &value));
	list = rill_json_get(&json, RILL_JSON_ROOT, "list");
	assert_true(rill_json_is(&json, list, RILL_JSON_ARRAY));
	assert_int_equal(rill_json_get(&json, list, "x"), 0);
	/* Elements, whatever is inside them. */
	token = rill_json_first(&json, list);
	assert_true(rill_json_integer(&json, token, &value) && value == 10);
	token = rill_json_next(&json, list, token);
	assert_true(rill_json_is(&json, token, RILL_JSON_ARRAY));
	token = rill_json_next(&json, list, token);
	assert_true(rill_json_is(&json, token, RILL_JSON_OBJECT));
	token = rill_json_next(&json, list, token);
	assert_true(rill_json_integer(&json, token, &value) && value == 13);
	assert_int_equal(rill_json_next(&json, list, token), 0);
	/* Keys, in the order of the text. */
	token = rill_json_first(&json, RILL_JSON_ROOT);
	for (const char *const *key = (const char *const[]){"s", "list", "o", "t", "f", "z", ""};;
	     key++) {
		assert_string_equal(rill_json_string(&json, token), *key);
		assert_int_equal(rill_json_get(&json, RILL_JSON_ROOT, *key), token + 1);
		if (!**key)
			break;
		token = rill_json_next(&json, RILL_JSON_ROOT, token);
	}
	assert_int_equal(rill_json_next(&json, RILL_JSON_ROOT, token), 0);
	rill_json_free(&json);
}

static void empty_containers_have_no_members(void **state)
{
	struct rill_json json;
	struct rill_error error;
	uint32_t a, o;

	(void)state;
	assert_ok(parse(&json, "{\"a\":[ ],\"o\":{\n},\"last\":1}", &error), &error);
	a = rill_json_get(&json, RILL_JSON_ROOT, "a");
	o = rill_json_get(&json, RILL_JSON_ROOT, "o");
	assert_int_equal(rill_json_first(&json, a), 0);
	assert_int_equal(rill_json_first(&json, o), 0);
	assert_int_equal(rill_json_get(&json, o, "last"), 0);
	rill_json_free(&json);
	assert_ok(parse(&json, "{}", &error), &error);
	assert_int_equal(rill_json_get(&json, RILL_JSON_ROOT, "a"), 0);
	assert_int_equal(rill_json_first(&json, RILL_JSON_ROOT), 0);
	rill_json_free(&json);
	rill_json_free(&json); /* it is all zero now */
}

struct text {
	char bytes[1 << 16];
	size_t n;
};

static void collect(void *context, const void *bytes, size_t n)
{
	struct text *text = context;

	assert_true(n < sizeof text->bytes - text->n);
	memcpy(text->bytes + text->n, bytes, n);
	text->n += n;
	text->bytes[text->n] = 0;
}

/* The canonical form of the member "v" when `member`, of the whole document otherwise. */
static void assert_canonical(const char *in, bool member, const char *wanted)
{
	static struct text out;
	struct rill_json json;
	struct rill_error error;
	uint8_t collected[RILL_SHA256_SIZE], digest[RILL_SHA256_SIZE];
	uint32_t token;

	assert_ok(parse(&json, in, &error), &error);
	token = member ? rill_json_get(&json, RILL_JSON_ROOT, "v") : RILL_JSON_ROOT;
	assert_true(!member || token != 0);
	out.n = 0;
	rill_json_canonical(&json, token, collect, &out);
	assert_int_equal(strlen(out.bytes), out.n);
	assert_string_equal(out.bytes, wanted);
	rill_json_canonical_sha256(&json, token, digest);
	rill_sha256(out.bytes, out.n, collected);
	assert_memory_equal(digest, collected, sizeof digest);
	rill_json_free(&json);
}

static void the_canonical_form_is_that_of_the_specification(void **state)
{
	static const struct {
		const char *in, *out;
	} forms[] = {
		{"[ ]", "[]"},
		{"{ }", "{}"},
		{" \"a\" ", "\"a\""},
		{"[ 1 , -2,\ttrue,false , null,\"\" ]", "[1,-2,true,false,null,\"\"]"},
		{"{\"b\":1,\"a\":2}", "{\"a\":2,\"b\":1}"},
		/* A prefix comes first; upper case before lower. */
		{"{\"ab\":1,\"b\":2,\"a\":3,\"\":4,\"B\":5}",
		 "{\"\":4,\"B\":5,\"a\":3,\"ab\":1,\"b\":2}"},
		/* Keys sort by what they say, not by how it is written. */
		{"{\"c\":1,\"\\u0062\":2,\"a\":3}", "{\"a\":3,\"b\":2,\"c\":1}"},
		/* By code point: U+FFFF before U+10000, which UTF-16 has the other way. */
		{"{\"\\ud800\\udc00\":1,\"\\uffff\":2,\"\\u00e9\":3,\"z\":4}",
		 "{\"z\":4,\"\xc3\xa9\":3,\"\xef\xbf\xbf\":2,\"\xf0\x90\x80\x80\":1}"},
		/* Only '"' and '\' are escaped: control characters stand as they are. */
		{"\"a\\\"b\\\\c\\/d\\n\\t\\u0001\\u007f\\u00e9\"",
		 "\"a\\\"b\\\\c/d\n\t\x01\x7f\xc3\xa9\""},
		{"{\"\\\"\":\"\\\\\",\"\\n\":\"\\\"\\\"\"}",
		 "{\"\n\":\"\\\"\\\"\",\"\\\"\":\"\\\\\"}"},
		{"{\"z\":{\"y\":[{\"b\":[],\"a\":{}},[[2],1]],\"x\":0},\"a\":[]}",
		 "{\"a\":[],\"z\":{\"x\":0,\"y\":[{\"a\":{},\"b\":[]},[[2],1]]}}"},
		{"[-9223372036854775808,9223372036854775807]",
		 "[-9223372036854775808,9223372036854775807]"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		char inside[512];

		assert_canonical(forms[i].in, false, forms[i].out);
		snprintf(inside, sizeof inside, "{\"w\":[1],\"v\":%s,\"u\":2}", forms[i].in);
		assert_canonical(inside, true, forms[i].out);
	}
}

static void the_deepest_document_has_a_canonical_form(void **state)
{
	char *good = nested(RILL_JSON_DEPTH_MAX, "{\"a\":", "1", "}");
	char *lists = nested(RILL_JSON_DEPTH_MAX, "[", "", "]");

	(void)state;
	assert_canonical(good, false, good);
	assert_canonical(lists, false, lists);
	free(good);
	free(lists);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void a_thousand_keys_come_out_sorted(void **state)
{
	enum { COUNT = 1000 };
	static char names[COUNT][32];
	static struct text in, out;
	char *sorted[COUNT];
	uint64_t seed = 20261125;

	(void)state;
	for (int i = 0; i < COUNT; i++) {
		static const char *const heads[] = {"", "a", "ab", "\xc3\xa9", "\xf0\x90\x80\x80"};

		/* Few heads and short numbers: many keys begin with another. */
		snprintf(names[i], sizeof names[i], "%s%llu:%d", heads[next_random(&seed) % 5],
			 (unsigned long long)(next_random(&seed) % 100), i);
		sorted[i] = names[i];
	}
	for (int i = 0; i < COUNT; i++) {
		char member[64];
		int n = snprintf(member, sizeof member, "%c\"%s\": %d", i ? ',' : '{', names[i], i);

		collect(&in, member, (size_t)n);
	}
	collect(&in, "}", 1);
	qsort(sorted, COUNT, sizeof sorted[0], compare);
	for (int i = 0; i < COUNT; i++) {
		char member[64];
		int n = snprintf(member, sizeof member, "%c\"%s\":%s", i ? ',' : '{', sorted[i],
				 strchr(sorted[i], ':') + 1);

		collect(&out, member, (size_t)n);
	}
	collect(&out, "}", 1);
	assert_canonical(in.bytes, false, out.bytes);
	/* One more, like any of them, is seen. */
	in.bytes[in.n - 1] = ',';
	snprintf(in.bytes + in.n, sizeof in.bytes - in.n, "\"%s\":1}", names[500]);
	refused(in.bytes, strlen(in.bytes), TOKENS, "stands twice");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_two_readers_could_see_differently_is_refused),
		cmocka_unit_test(numbers_of_64_bits_are_exact),
		cmocka_unit_test(strings_are_unescaped),
		cmocka_unit_test(nesting_ends_at_its_limit),
		cmocka_unit_test(the_number_of_tokens_is_limited),
		cmocka_unit_test(a_document_cut_off_anywhere_is_refused),
		cmocka_unit_test(members_are_found),
		cmocka_unit_test(empty_containers_have_no_members),
		cmocka_unit_test(the_canonical_form_is_that_of_the_specification),
		cmocka_unit_test(the_deepest_document_has_a_canonical_form),
		cmocka_unit_test(a_thousand_keys_come_out_sorted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
