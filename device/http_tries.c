/* SPDX-License-Identifier: Apache-2.0 */
#include "device/http_tries.h"

#include "device/signals.h"
#include <inttypes.h>
#include <string.h>

/* What is so much that there is no need to pause. */
#define GAIN_GOOD 65536

/* The server said when to come back, and it is too long to wait here. */
static bool is_sent_away(struct http *http, int64_t wait, struct rill_error *error)
{
	char was[sizeof error->text];

	if (wait <= http->settings->retry.delay_max)
		return false;
	http->not_before = http->settings->tls.clock.now + wait;
	memcpy(was, error->text, sizeof was);
	rill_fail(error, RILL_NETWORK, "%.400s; come back in %" PRId64 " s", was, wait);
	return true;
}

bool http_try_again(struct http *http, struct http_tries *tries, enum rill_code code,
		    struct rill_error *error)
{
	const struct retry_policy *policy = &http->settings->retry;
	int64_t asked = http_head_retry_after(&http->head, http->settings->tls.clock.now);
	uint64_t gain = tries->gained - tries->before;
	int64_t ms;

	tries->before = tries->gained;
	tries->count++;
	tries->failures = gain >= HTTP_GAIN_MIN ? 1 : tries->failures + 1;
	if (code != RILL_NETWORK || !http->again || is_sent_away(http, asked, error))
		return false;
	if (tries->failures > policy->retries) {
		if (tries->count > 1)
			rill_error_in(error, "after %u tries", tries->count);
		return false;
	}
	ms = gain >= GAIN_GOOD ? 0 : retry_wait_ms(policy, tries->failures, retry_random());
	if (ms < asked * 1000)
		ms = asked * 1000;
	if (http->pausing && ms > 0)
		http->pausing(http->context, ms, error);
	signals_sleep(ms);
	return true;
}
