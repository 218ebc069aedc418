/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include <stdlib.h>
#include <string.h>

#define CODES (RILL_REBOOT + 1)

static void every_code_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (int i = 0; i < CODES; i++) {
		const char *name = rill_code_name((enum rill_code)i);

		assert_non_null(name);
		assert_string_not_equal(name, "unknown");
		assert_true(strlen(rill_code_sentence((enum rill_code)i)) > 8);
		/* One word, for scripts. */
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz-"), strlen(name));
		for (int j = 0; j < i; j++) {
			assert_string_not_equal(name, rill_code_name((enum rill_code)j));
			assert_string_not_equal(rill_code_sentence((enum rill_code)i),
						rill_code_sentence((enum rill_code)j));
		}
	}
	assert_string_equal(rill_code_name(RILL_OK), "ok");
	assert_string_equal(rill_code_name(RILL_WRONG_BASE), "wrong-base");
	assert_string_equal(rill_code_name((enum rill_code)CODES), "unknown");
	assert_string_equal(rill_code_sentence((enum rill_code)255), "unknown");
}

/* Scripts depend on the numbers. */
static void the_numbers_stay(void **state)
{
	(void)state;
	assert_int_equal(RILL_OK, 0);
	assert_int_equal(RILL_USAGE, 2);
	assert_int_equal(RILL_NO_SPACE, 5);
	assert_int_equal(RILL_SECURITY, 7);
	assert_int_equal(RILL_WRONG_BASE, 9);
	assert_int_equal(RILL_UNSUPPORTED, 11);
	assert_int_equal(RILL_CONFIG, 15);
}

static void a_failure_is_recorded_and_returned(void **state)
{
	struct rill_error error;

	(void)state;
	assert_int_equal(rill_fail(&error, RILL_IO, "%s: %d", "read", 5), RILL_IO);
	assert_int_equal(error.code, RILL_IO);
	assert_string_equal(error.text, "read: 5");
	rill_error_in(&error, "file %s", "a%sb");
	rill_error_in(&error, "target");
	assert_int_equal(error.code, RILL_IO);
	assert_string_equal(error.text, "target: file a%sb: read: 5");
}

static void a_long_message_is_cut_off_in_its_room(void **state)
{
	char longest[2 * sizeof((struct rill_error *)0)->text];
	struct {
		struct rill_error error;
		char guard[16];
	} box;

	(void)state;
	memset(&box, '#', sizeof box);
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = 0;
	assert_int_equal(rill_fail(&box.error, RILL_USAGE, "%s", longest), RILL_USAGE);
	assert_int_equal(strlen(box.error.text), sizeof box.error.text - 1);
	rill_error_in(&box.error, "in %d", 7);
	assert_int_equal(strlen(box.error.text), sizeof box.error.text - 1);
	assert_memory_equal(box.error.text, "in 7: xxx", 9);
	/* A place that is too long leaves no room for the message. */
	rill_error_in(&box.error, "y%s", longest);
	assert_int_equal(strlen(box.error.text), sizeof box.error.text - 1);
	assert_memory_equal(box.error.text, "yxxx", 4);
	assert_int_equal(box.error.code, RILL_USAGE);
	/* So does one that fits to the byte; a byte less has room for ":". */
	for (int n = 505; n <= 514; n++) {
		rill_fail(&box.error, RILL_USAGE, "message");
		rill_error_in(&box.error, "%.*s", n, longest);
		assert_int_equal(strlen(box.error.text), sizeof box.error.text - 1);
	}
	assert_memory_equal(box.guard, "################", sizeof box.guard);
}

static void the_table_prints_a_code_a_line(void **state)
{
	char *text = NULL, *line;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	(void)state;
	assert_non_null(out);
	rill_print_exit_codes(out);
	assert_int_equal(fclose(out), 0);
	line = strchr(text, '\n');
	for (int i = 0; i < CODES; i++) {
		char *end, *next;

		assert_non_null(line);
		next = strchr(line + 1, '\n');
		assert_non_null(next);
		*next = 0;
		assert_int_equal(strtol(line + 1, &end, 10), i);
		assert_non_null(strstr(end, rill_code_name((enum rill_code)i)));
		assert_non_null(strstr(end, rill_code_sentence((enum rill_code)i)));
		*next = '\n';
		line = next;
	}
	assert_string_equal(line, "\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_a_name_of_its_own),
		cmocka_unit_test(the_numbers_stay),
		cmocka_unit_test(a_failure_is_recorded_and_returned),
		cmocka_unit_test(a_long_message_is_cut_off_in_its_room),
		cmocka_unit_test(the_table_prints_a_code_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
