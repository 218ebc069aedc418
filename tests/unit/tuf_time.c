/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "protocol/tuf.h"
#include <string.h>

static void known_dates_are_read_and_printed(void **state)
{
	/* As `date -u -d DATE +%s` says. */
	static const struct {
		const char *text;
		int64_t seconds;
	} dates[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"1969-12-31T23:59:59Z", -1},
		{"1970-01-01T00:01:01Z", 61},
		{"2000-02-29T12:34:56Z", 951827696},
		{"2038-01-19T03:14:08Z", INT64_C(2147483648)},
		{"2026-11-25T00:00:00Z", 1795564800},
		{"2100-02-28T23:59:59Z", INT64_C(4107542399)},
		{"2100-03-01T00:00:00Z", INT64_C(4107542400)},
		{"1900-03-01T00:00:00Z", INT64_C(-2203891200)},
		{"0000-01-01T00:00:00Z", INT64_C(-62167219200)},
		{"9999-12-31T23:59:59Z", INT64_C(253402300799)},
	};

	(void)state;
	for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
		char text[RILL_TUF_TIME_SIZE];
		int64_t seconds = 1;

		assert_true(rill_tuf_parse_time(dates[i].text, &seconds));
		if (seconds != dates[i].seconds)
			fail_msg("%s is %lld", dates[i].text, (long long)seconds);
		rill_tuf_print_time(seconds, text);
		assert_string_equal(text, dates[i].text);
	}
}

static void days_and_times_that_do_not_exist_are_refused(void **state)
{
	static const char *const bad[] = {
		"2100-02-29T00:00:00Z", "2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
		"2000-02-30T00:00:00Z", "2026-04-31T00:00:00Z", "2026-00-01T00:00:00Z",
		"2026-13-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z",
		"2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2016-12-31T23:59:60Z",
	};
	int64_t seconds;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (rill_tuf_parse_time(bad[i], &seconds))
			fail_msg("%s was read", bad[i]);
	assert_true(rill_tuf_parse_time("2000-02-29T00:00:00Z", &seconds));
	assert_true(rill_tuf_parse_time("2024-02-29T23:59:59Z", &seconds));
}

static void other_forms_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"2026-11-25",
		"2026-11-25T00:00:00",
		"2026-11-25T00:00:00z",
		"2026-11-25t00:00:00Z",
		"2026-11-25 00:00:00Z",
		"2026-11-25T00:00:00ZZ",
		"2026-11-25T00:00:00.0Z",
		"2026-11-25T00:00:00+00:00",
		"2026-11-25T00:00:00+0",
		" 026-11-25T00:00:00Z",
		"+026-11-25T00:00:00Z",
		"-026-11-25T00:00:00Z",
		"2026-1 -25T00:00:00Z",
		"2026-1-025T00:00:00Z",
		"2026/11/25T00:00:00Z",
		"2026-11-25T00-00-00Z",
		"2026-11-25T0x:00:00Z",
		"12026-11-25T00:00:0Z",
		"20261125T000000Z",
	};
	int64_t seconds;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (rill_tuf_parse_time(bad[i], &seconds))
			fail_msg("\"%s\" was read", bad[i]);
}

static void assert_comes_back(int64_t seconds)
{
	char text[RILL_TUF_TIME_SIZE];
	int64_t back;

	rill_tuf_print_time(seconds, text);
	if (!rill_tuf_parse_time(text, &back) || back != seconds)
		fail_msg("%lld is printed as %s", (long long)seconds, text);
}

/* A step that goes through all hours, days and years of the Gregorian cycle of 400 years. */
static void times_from_1970_come_back(void **state)
{
	(void)state;
	for (int64_t t = 0; t < INT64_C(253402300800); t += 3 * 86400 + 12345)
		assert_comes_back(t);
}

static void times_before_1970_come_back(void **state)
{
	(void)state;
	for (int64_t t = -1; t >= INT64_C(-62167219200); t -= 3 * 86400 + 12345)
		assert_comes_back(t);
}

static void later_days_have_greater_numbers(void **state)
{
	int64_t last = INT64_C(-62167219200) - 86400, seconds;
	char text[RILL_TUF_TIME_SIZE] = "yyyy-mm-ddT00:00:00Z";
	long days = 0;

	(void)state;
	for (unsigned day = 0; day < 4000 * 13 * 32; day++) {
		unsigned y = day / (13 * 32), m = day / 32 % 13, d = day % 32;
		const unsigned digits[] = {y / 1000, y / 100 % 10, y / 10 % 10, y % 10, 0,
					   m / 10,   m % 10,	   0,		d / 10, d % 10};

		for (size_t i = 0; i < sizeof digits / sizeof digits[0]; i++)
			text[i] = i == 4 || i == 7 ? '-' : (char)('0' + digits[i]);
		if (!rill_tuf_parse_time(text, &seconds))
			continue;
		if (seconds != last + 86400)
			fail_msg("%s is not the day after the one before", text);
		last = seconds;
		days++;
	}
	assert_int_equal(days, 10 * 146097); /* 400 years have 146097 days */
}

static void what_has_no_such_form_is_printed_as_the_last_second(void **state)
{
	static const int64_t far[] = {INT64_C(253402300800), INT64_MAX, INT64_MIN,
				      INT64_C(-62167219201)};
	char text[RILL_TUF_TIME_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof far / sizeof far[0]; i++) {
		rill_tuf_print_time(far[i], text);
		assert_string_equal(text, "9999-12-31T23:59:59Z");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_dates_are_read_and_printed),
		cmocka_unit_test(days_and_times_that_do_not_exist_are_refused),
		cmocka_unit_test(other_forms_are_refused),
		cmocka_unit_test(times_from_1970_come_back),
		cmocka_unit_test(times_before_1970_come_back),
		cmocka_unit_test(later_days_have_greater_numbers),
		cmocka_unit_test(what_has_no_such_form_is_printed_as_the_last_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
