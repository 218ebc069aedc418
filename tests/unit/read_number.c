/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

double rill_read_double(const char *text, char **end);
int rill_read_number(const char *text, const char *format, ...);

/* As strtod() has it, within so many parts of 2^53; the end is the same. */
static void as_strtod(const char *text, double parts)
{
	char *end, *wanted_end;
	double value = rill_read_double(text, &end), wanted = strtod(text, &wanted_end);

	if (end != wanted_end)
		fail_msg("%s: ends at %td, not %td", text, end - text, wanted_end - text);
	if (isinf(wanted) ? value != wanted
			  : !(fabs(value - wanted) <= fabs(wanted) * parts / 9007199254740992.0))
		fail_msg("%s: %.17g, not %.17g", text, value, wanted);
}

static void whole_numbers_are_exact(void **state)
{
	static const char *const texts[] = {"0",
					    "-0",
					    "7",
					    "-1",
					    "2147483648",
					    "999999999999999",
					    "1099511627776",
					    "9007199254740992",
					    "-9007199254740991",
					    "12,",
					    "30]",
					    "5 "};
	uint64_t random = 1;
	char text[32];

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		as_strtod(texts[i], 0);
	for (int i = 0; i < 10000; i++) {
		snprintf(text, sizeof text, "%lld",
			 (long long)(next_random(&random) >> (11 + next_random(&random) % 50)));
		as_strtod(text, 0);
	}
}

static void fractions_and_exponents_are_near(void **state)
{
	static const char *const texts[] = {"1.5",   "-0.25",	       "0.1",	 "3.14159265358979",
					    "1e3",   "2E+10",	       "25e-1",	 "1.25e2",
					    "1e300", "1e-300",	       "1e400",	 "-1e400",
					    "0e400", "0e999999999999", "1e-400", "12e",
					    "12e+"};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		as_strtod(texts[i], 1000);
}

static void what_is_no_number_is_left(void **state)
{
	static const char *const texts[] = {"", "-", "x", ".", "e5"};
	char *end;
	double value;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		rill_read_double(texts[i], &end);
		assert_ptr_equal(end, texts[i]);
		assert_int_equal(rill_read_number(texts[i], "%lg", &value), 0);
	}
	assert_int_equal(rill_read_number("42", "%lg", &value), 1);
	assert_true(value == 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_numbers_are_exact),
		cmocka_unit_test(fractions_and_exponents_are_near),
		cmocka_unit_test(what_is_no_number_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
