/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/folder.h"

#include "device/policy.h"
#include <string.h>
#include <time.h>

static void hours_are_read(void **state)
{
	static const char *const bad[] = {"",
					  "1:00-2:00",
					  "01:00-02:60",
					  "25:00-02:00",
					  "24:01-02:00",
					  "01:00-01:00",
					  "01:00 02:00",
					  "01:00-02:00 ",
					  "0a:00-02:00"};
	int from, to;

	(void)state;
	assert_true(policy_parse_hours("01:30-05:00", &from, &to));
	assert_int_equal(from, 90);
	assert_int_equal(to, 300);
	assert_true(policy_parse_hours("00:00-24:00", &from, &to));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(policy_parse_hours(bad[i], &from, &to));
}

static void hours_may_span_midnight(void **state)
{
	(void)state;
	assert_true(policy_in_hours(60, 120, 60));
	assert_false(policy_in_hours(60, 120, 120));
	assert_false(policy_in_hours(60, 120, 59));
	assert_true(policy_in_hours(1380, 60, 1380));
	assert_true(policy_in_hours(1380, 60, 0));
	assert_false(policy_in_hours(1380, 60, 60));
	assert_false(policy_in_hours(1380, 60, 720));
}

/* A configuration whose hours begin an hour and end two hours after `now`. */
static void set_hours(struct config *config, char text[16], const char *list[2], int64_t now)
{
	time_t time = (time_t)now;
	struct tm tm;

	assert_non_null(localtime_r(&time, &tm));
	snprintf(text, 16, "%02d:%02d-%02d:%02d", (tm.tm_hour + 1) % 24, tm.tm_min % 60,
		 (tm.tm_hour + 2) % 24, tm.tm_min % 60);
	list[0] = text;
	list[1] = NULL;
	config->hours = list;
}

static void outside_the_hours_nothing_is_fetched(void **state)
{
	struct folder *folder = *state;
	struct config config = {.state = folder->path};
	struct device_clock clock = {.now = 1800000000, .trusted = true};
	const char *list[2];
	char text[16];
	struct rill_error error;

	set_hours(&config, text, list, clock.now);
	assert_fails(policy_may_fetch(&config, &clock, &error), RILL_POLICY, &error, "\"hours\"");
	clock.now += 3600 + 60;
	assert_ok(policy_may_fetch(&config, &clock, &error), &error);
	clock.now += 3600;
	assert_fails(policy_may_fetch(&config, &clock, &error), RILL_POLICY, &error, text);
	clock.behind = true;
	assert_ok(policy_may_fetch(&config, &clock, &error), &error);
}

static void a_hook_may_say_no(void **state)
{
	struct folder *folder = *state;
	struct config config = {.state = folder->path};
	const struct device_clock clock = {.now = 1800000000, .trusted = true};
	struct rill_error error;

	config.may_fetch = (const char *[]){"/bin/true", NULL};
	assert_ok(policy_may_fetch(&config, &clock, &error), &error);
	config.may_fetch = (const char *[]){"/bin/false", NULL};
	assert_fails(policy_may_fetch(&config, &clock, &error), RILL_POLICY, &error, "may_fetch");
	assert_int_equal(error.code, RILL_POLICY);
	config.may_fetch = (const char *[]){"/nowhere/program", NULL};
	assert_fails(policy_may_fetch(&config, &clock, &error), RILL_POLICY, &error, "may_fetch");
}

static void what_the_server_asked_for_is_kept(void **state)
{
	struct folder *folder = *state;
	struct config config = {.state = folder->path, .poll_interval = 100, .poll_jitter = 10};
	struct device_clock clock = {.now = 1800000000, .trusted = true};
	struct rill_error error;
	struct poll poll;

	assert_ok(policy_write_poll(&config, &clock, 0, POLL_WHOLE, &error), &error);
	poll = policy_read_poll(folder->path);
	assert_int_equal(poll.last, 1800000000);
	assert_in_range(poll.next, 1800000100, 1800000109);
	assert_int_equal(poll.not_before, 0);
	assert_ok(policy_may_fetch(&config, &clock, &error), &error);

	assert_ok(policy_write_poll(&config, &clock, 0, POLL_PART, &error), &error);
	assert_int_equal(policy_read_poll(folder->path).next, poll.next);
	assert_ok(policy_write_poll(&config, &clock, clock.now + 500, POLL_WHOLE, &error), &error);
	poll = policy_read_poll(folder->path);
	assert_in_range(poll.next, 1800000500, 1800000509);
	assert_fails(policy_may_fetch(&config, &clock, &error), RILL_NETWORK, &error, "500 s");
	/* After a server that was not reached it is soon. */
	config.http.retry.delay_max = 30;
	assert_ok(policy_write_poll(&config, &clock, 0, POLL_UNREACHED, &error), &error);
	assert_int_equal(policy_read_poll(folder->path).next, clock.now + 30);
	assert_ok(policy_write_poll(&config, &clock, clock.now + 500, POLL_UNREACHED, &error),
		  &error);
	clock.now += 500;
	assert_ok(policy_may_fetch(&config, &clock, &error), &error);
	/* A clock that was set back does not make the wait longer than any server may. */
	clock.now -= 500 + 2 * POLICY_WAIT_MAX;
	assert_ok(policy_may_fetch(&config, &clock, &error), &error);
}

static void a_server_may_not_ask_for_ever(void **state)
{
	struct folder *folder = *state;
	struct config config = {.state = folder->path, .poll_interval = 100};
	struct device_clock clock = {.now = 1800000000, .trusted = true};
	struct rill_error error;

	assert_ok(policy_write_poll(&config, &clock, INT64_C(1) << 52, POLL_WHOLE, &error), &error);
	assert_int_equal(policy_read_poll(folder->path).not_before, clock.now + POLICY_WAIT_MAX);
}

static void damage_counts_as_nothing(void **state)
{
	static const char *const bad[] = {"",
					  "{",
					  "[]",
					  "{\"not_before\": \"x\"}",
					  "{\"not_before\": -1}",
					  "{\"not_before\": 1e300}"};
	struct folder *folder = *state;

	assert_int_equal(policy_read_poll(folder->path).not_before, 0);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		put_file(folder_path(folder, "poll"), bad[i], strlen(bad[i]));
		assert_int_equal(policy_read_poll(folder->path).not_before, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hours_are_read),
		cmocka_unit_test(hours_may_span_midnight),
		in_folder(outside_the_hours_nothing_is_fetched),
		in_folder(a_hook_may_say_no),
		in_folder(what_the_server_asked_for_is_kept),
		in_folder(a_server_may_not_ask_for_ever),
		in_folder(damage_counts_as_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
