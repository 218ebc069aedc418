/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "device/retry.h"

static void waits_double_up_to_the_most(void **state)
{
	const struct retry_policy policy = {.retries = 9, .delay = 2, .delay_max = 20};
	const int64_t full[] = {2000, 4000, 8000, 16000, 20000, 20000};

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		assert_int_equal(retry_wait_ms(&policy, i + 1, 0), full[i] / 2);
		assert_in_range(retry_wait_ms(&policy, i + 1, UINT32_MAX), full[i] - 1, full[i]);
	}
	assert_int_equal(retry_wait_ms(&policy, UINT32_MAX, 0), 10000);
}

static void a_delay_of_nothing_waits_for_nothing(void **state)
{
	const struct retry_policy policy = {.delay = 0, .delay_max = 0};

	(void)state;
	assert_int_equal(retry_wait_ms(&policy, 1, UINT32_MAX), 0);
	assert_int_equal(retry_wait_ms(&policy, 1000, UINT32_MAX), 0);
}

/* A fleet that polls by this is spread evenly. */
static void polls_are_spread_over_the_jitter(void **state)
{
	uint64_t random = 1;
	unsigned parts[10] = {0};

	(void)state;
	for (int i = 0; i < 10000; i++) {
		int64_t wait = retry_poll(86400, 3600, (uint32_t)(next_random(&random) >> 32));

		assert_in_range(wait, 86400, 86400 + 3599);
		parts[(wait - 86400) / 360]++;
	}
	for (int i = 0; i < 10; i++)
		assert_in_range(parts[i], 850, 1150);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_double_up_to_the_most),
		cmocka_unit_test(a_delay_of_nothing_waits_for_nothing),
		cmocka_unit_test(polls_are_spread_over_the_jitter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
