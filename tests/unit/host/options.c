/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "host/options.h"
#include <string.h>

/* What a command with one option of each type makes of a command line. */
struct parsed {
	bool flag, done;
	const char *text;
	int64_t number;
	struct text_list list;
	char **operands;
	size_t count;
};

static enum rill_code parse(struct parsed *parsed, const char *const *words,
			    struct rill_error *error)
{
	struct option_spec options[] = {
		{"flag", 'f', OPTION_FLAG, &parsed->flag, NULL, "a flag"},
		{"text", 't', OPTION_TEXT, &parsed->text, "TEXT", "a text"},
		{"number", 'n', OPTION_NUMBER, &parsed->number, "N", "a number"},
		{"list", 0, OPTION_LIST, &parsed->list, "ITEM", "a list"},
		{NULL, 0, OPTION_FLAG, NULL, NULL, NULL},
	};
	const struct usage usage = {"test", "FILE [FILE]", "Tests.", 1, 2, options};
	static char *argv[16];
	int argc = 0;

	*parsed = (struct parsed){.number = -7};
	argv[argc++] = (char *)(uintptr_t) "test";
	for (; *words; words++)
		argv[argc++] = (char *)(uintptr_t)*words;
	argv[argc] = NULL;
	return parse_options(&usage, argc, argv, &parsed->operands, &parsed->count, &parsed->done,
			     error);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void options_of_every_type_are_read(void **state)
{
	struct parsed parsed;
	struct rill_error error;

	(void)state;
	assert_ok(parse(&parsed,
			WORDS("--flag", "--text", "hello", "--number=12", "--list", "a", "--list=b",
			      "file"),
			&error),
		  &error);
	assert_true(parsed.flag);
	assert_false(parsed.done);
	assert_string_equal(parsed.text, "hello");
	assert_int_equal(parsed.number, 12);
	assert_int_equal(parsed.list.count, 2);
	assert_string_equal(parsed.list.items[0], "a");
	assert_string_equal(parsed.list.items[1], "b");
	assert_int_equal(parsed.count, 1);
	assert_string_equal(parsed.operands[0], "file");
	text_list_free(&parsed.list);
	assert_int_equal(parsed.list.count, 0);
}

static void letters_stand_for_options(void **state)
{
	struct parsed parsed;
	struct rill_error error;

	(void)state;
	assert_ok(parse(&parsed, WORDS("-ft", "x", "one", "-n3", "two"), &error), &error);
	assert_true(parsed.flag);
	assert_string_equal(parsed.text, "x");
	assert_int_equal(parsed.number, 3);
	assert_int_equal(parsed.count, 2);
	assert_string_equal(parsed.operands[0], "one");
	assert_string_equal(parsed.operands[1], "two");
}

static void what_is_not_given_stays_as_it_was(void **state)
{
	struct parsed parsed;
	struct rill_error error;

	(void)state;
	assert_ok(parse(&parsed, WORDS("file"), &error), &error);
	assert_false(parsed.flag);
	assert_null(parsed.text);
	assert_int_equal(parsed.number, -7);
	assert_int_equal(parsed.list.count, 0);
}

static void two_dashes_end_the_options(void **state)
{
	struct parsed parsed;
	struct rill_error error;

	(void)state;
	assert_ok(parse(&parsed, WORDS("--", "--flag"), &error), &error);
	assert_false(parsed.flag);
	assert_string_equal(parsed.operands[0], "--flag");
}

static void suffixes_multiply(void **state)
{
	static const struct {
		const char *text;
		int64_t value;
	} good[] = {
		{"1", 1},
		{"1K", 1024},
		{"3M", 3 << 20},
		{"8G", INT64_C(8) << 30},
		{"9223372036854775807", INT64_MAX},
		{"9007199254740991K", (INT64_MAX >> 10) << 10},
		{"8589934591G", (INT64_MAX >> 30) << 30},
	};
	struct parsed parsed;
	struct rill_error error;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_ok(parse(&parsed, WORDS("--number", good[i].text, "file"), &error), &error);
		assert_true(parsed.number == good[i].value);
	}
}

static void numbers_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"0",
		"-1",
		"0K",
		"x",
		"K",
		"1k",
		"1KB",
		"1KK",
		"1.5",
		"1 ",
		"0x10",
		"1T",
		"9223372036854775808",
		"99999999999999999999999",
		"9007199254740992K",
		"8589934592G",
	};
	struct parsed parsed;
	struct rill_error error;
	char quoted[40];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		enum rill_code code = parse(&parsed, WORDS("--number", bad[i], "file"), &error);

		snprintf(quoted, sizeof quoted, "--number: '%s'", bad[i]);
		if (code == RILL_OK)
			fail_msg("'%s' passed as %lld", bad[i], (long long)parsed.number);
		assert_fails(code, RILL_USAGE, &error, quoted);
	}
}

static void an_unknown_option_is_named(void **state)
{
	struct parsed parsed;
	struct rill_error error;

	(void)state;
	assert_fails(parse(&parsed, WORDS("--no-such", "file"), &error), RILL_USAGE, &error,
		     "'--no-such': see mkdelta test --help");
	assert_fails(parse(&parsed, WORDS("file", "--no-such=3"), &error), RILL_USAGE, &error,
		     "--no-such");
	assert_fails(parse(&parsed, WORDS("-z", "file"), &error), RILL_USAGE, &error, "-z");
	assert_fails(parse(&parsed, WORDS("--flag=yes", "file"), &error), RILL_USAGE, &error,
		     "--flag");
}

static void an_unknown_letter_among_others_is_named(void **state)
{
	struct parsed parsed;
	struct rill_error error;

	(void)state;
	assert_fails(parse(&parsed, WORDS("-fzf", "file"), &error), RILL_USAGE, &error, "z");
	if (strstr(error.text, "'test'"))
		fail_msg("the message blames the command: %s", error.text);
}

static void a_missing_value_is_named(void **state)
{
	struct parsed parsed;
	struct rill_error error;

	(void)state;
	assert_fails(parse(&parsed, WORDS("file", "--text"), &error), RILL_USAGE, &error,
		     "no value for option '--text'");
	assert_fails(parse(&parsed, WORDS("file", "-n"), &error), RILL_USAGE, &error,
		     "no value for option '-n'");
}

static void the_number_of_operands_is_checked(void **state)
{
	struct parsed parsed;
	struct rill_error error;

	(void)state;
	assert_fails(parse(&parsed, WORDS("--flag"), &error), RILL_USAGE, &error, "FILE [FILE]");
	assert_fails(parse(&parsed, WORDS("a", "b", "c"), &error), RILL_USAGE, &error,
		     "usage: mkdelta test");
	assert_ok(parse(&parsed, WORDS("a", "b"), &error), &error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_of_every_type_are_read),
		cmocka_unit_test(letters_stand_for_options),
		cmocka_unit_test(what_is_not_given_stays_as_it_was),
		cmocka_unit_test(two_dashes_end_the_options),
		cmocka_unit_test(suffixes_multiply),
		cmocka_unit_test(numbers_that_are_none_are_refused),
		cmocka_unit_test(an_unknown_option_is_named),
		cmocka_unit_test(an_unknown_letter_among_others_is_named),
		cmocka_unit_test(a_missing_value_is_named),
		cmocka_unit_test(the_number_of_operands_is_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
