/* SPDX-License-Identifier: Apache-2.0 */
#include "device/policy.h"

#include "device/durable.h"
#include "device/hook.h"
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FILE_NAME "poll"
#define HOOK_TIMEOUT 30

static int64_t get_number(const cJSON *object, const char *name)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsNumber(value) && value->valuedouble > 0 && value->valuedouble < 1e15
		       ? (int64_t)value->valuedouble
		       : 0;
}

struct poll policy_read_poll(const char *state)
{
	char path[PATH_MAX];
	struct rill_error ignored;
	struct poll poll = {0};
	char *text = NULL;
	cJSON *json;
	size_t n;

	snprintf(path, sizeof path, "%s/" FILE_NAME, state);
	if (durable_read(path, 4096, &text, &n, &ignored) == RILL_OK && text) {
		json = cJSON_Parse(text);
		poll.last = get_number(json, "last");
		poll.next = get_number(json, "next");
		poll.not_before = get_number(json, "not_before");
		cJSON_Delete(json);
	}
	free(text);
	return poll;
}

enum rill_code policy_write_poll(const struct config *config, const struct device_clock *clock,
				 int64_t not_before, enum poll_outcome outcome,
				 struct rill_error *error)
{
	int64_t next = outcome == POLL_PART ? policy_read_poll(config->state).next
		       : outcome == POLL_WHOLE
			       ? clock->now + retry_poll(config->poll_interval, config->poll_jitter,
							 retry_random())
			       : clock->now + config->http.retry.delay_max;
	char text[128];

	/* After what the server asked for, a fleet should not come all at once either. */
	if (not_before > clock->now + POLICY_WAIT_MAX)
		not_before = clock->now + POLICY_WAIT_MAX;
	if (next < not_before)
		next = not_before + retry_poll(0, config->poll_jitter, retry_random());
	snprintf(text, sizeof text,
		 "{\"last\": %" PRId64 ", \"next\": %" PRId64 ", \"not_before\": %" PRId64 "}\n",
		 clock->now, next, not_before);
	return durable_write(config->state, FILE_NAME, text, strlen(text), error);
}

static int two_digits(const char *text)
{
	if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
		return 100;
	return (text[0] - '0') * 10 + text[1] - '0';
}

bool policy_parse_hours(const char *text, int *from, int *to)
{
	if (strlen(text) != 11 || text[2] != ':' || text[5] != '-' || text[8] != ':' ||
	    two_digits(text) > 24 || two_digits(text + 3) > 59 || two_digits(text + 6) > 24 ||
	    two_digits(text + 9) > 59)
		return false;
	*from = two_digits(text) * 60 + two_digits(text + 3);
	*to = two_digits(text + 6) * 60 + two_digits(text + 9);
	return *from <= 1440 && *to <= 1440 && *from != *to;
}

bool policy_in_hours(int from, int to, int minute)
{
	return from < to ? minute >= from && minute < to : minute >= from || minute < to;
}

static enum rill_code check_hours(const struct config *config, const struct device_clock *clock,
				  struct rill_error *error)
{
	time_t now = (time_t)clock->now;
	struct tm tm;
	int from, to;

	if (!config->hours || clock->behind || !localtime_r(&now, &tm))
		return RILL_OK;
	for (const char *const *hours = config->hours; *hours; hours++)
		if (policy_parse_hours(*hours, &from, &to) &&
		    policy_in_hours(from, to, tm.tm_hour * 60 + tm.tm_min))
			return RILL_OK;
	return rill_fail(error, RILL_POLICY,
			 "it is %02d:%02d, and \"hours\" allows %s%s only; --now does it all the "
			 "same",
			 tm.tm_hour, tm.tm_min, config->hours[0],
			 config->hours[1] ? " and others" : "");
}

static enum rill_code check_server(const struct config *config, const struct device_clock *clock,
				   struct rill_error *error)
{
	int64_t wait = policy_read_poll(config->state).not_before - clock->now;

	if (wait <= 0 || wait > POLICY_WAIT_MAX)
		return RILL_OK;
	return rill_fail(error, RILL_NETWORK,
			 "the server asked not to be asked for another %" PRId64
			 " s; --now does it all the same",
			 wait);
}

enum rill_code policy_may_fetch(const struct config *config, const struct device_clock *clock,
				struct rill_error *error)
{
	enum rill_code code = check_server(config, clock, error);

	if (code == RILL_OK)
		code = check_hours(config, clock, error);
	if (code != RILL_OK || !config->may_fetch)
		return code;
	if (hook_run((const char *const *)config->may_fetch, HOOK_TIMEOUT, NULL, error) == RILL_OK)
		return RILL_OK;
	rill_error_in(error, "\"may_fetch\" says no");
	return error->code = RILL_POLICY;
}
