/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/tuf.h"

#include <string.h>

/* Days since 1970-01-01 in the Gregorian calendar, counted from 1 March so that the leap
 * day ends the year. */
static int64_t days_since_1970(int64_t year, int month, int day)
{
	int64_t y = (month > 2 ? year : year - 1) + 400; /* never negative */
	int64_t m = month > 2 ? month - 3 : month + 9;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468 - 146097;
}

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month)
{
	static const char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && is_leap(year));
}

bool rill_tuf_parse_time(const char *text, int64_t *seconds)
{
	static const char form[] = "0000-00-00T00:00:00Z";
	static const char starts[] = {0, 5, 8, 11, 14, 17};
	int field[6];

	if (strlen(text) != sizeof form - 1)
		return false;
	for (size_t i = 0; i < sizeof form - 1; i++)
		if (form[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return false;
	for (int i = 0; i < 6; i++) {
		const char *at = text + starts[i];

		field[i] = 0;
		for (int digits = i ? 2 : 4; digits > 0; digits--)
			field[i] = field[i] * 10 + *at++ - '0';
	}
	if (field[1] < 1 || field[1] > 12 || field[2] < 1 ||
	    field[2] > days_in_month(field[0], field[1]) || field[3] > 23 || field[4] > 59 ||
	    field[5] > 59)
		return false;
	*seconds = days_since_1970(field[0], field[1], field[2]) * 86400 + field[3] * 3600 +
		   field[4] * 60 + field[5];
	return true;
}

void rill_tuf_print_time(int64_t seconds, char *text)
{
	int64_t days = seconds / 86400, rest = seconds % 86400;
	int year, month = 1;

	if (rest < 0) {
		days--;
		rest += 86400;
	}
	if (days < days_since_1970(0, 1, 1) || days >= days_since_1970(10000, 1, 1)) {
		/* the form has no more */
		memcpy(text, "9999-12-31T23:59:59Z", RILL_TUF_TIME_SIZE);
		return;
	}
	year = (int)((days - days_since_1970(0, 1, 1)) / 366);
	while (days_since_1970(year + 1, 1, 1) <= days)
		year++;
	days -= days_since_1970(year, 1, 1);
	while (days >= days_in_month(year, month))
		days -= days_in_month(year, month++);
	snprintf(text, RILL_TUF_TIME_SIZE, "%04u-%02u-%02uT%02u:%02u:%02uZ",
		 (unsigned)year % 10000u, (unsigned)month % 100u, (unsigned)(days + 1) % 100u,
		 (unsigned)(rest / 3600) % 100u, (unsigned)(rest / 60 % 60), (unsigned)(rest % 60));
}
