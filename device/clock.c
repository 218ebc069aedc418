/* SPDX-License-Identifier: Apache-2.0 */
#include "device/clock.h"

#include "device/durable.h"
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>

#define FILE_NAME "time"
#define DAY 86400

static int64_t kept_time(const char *state)
{
	char path[PATH_MAX];
	struct rill_error ignored;
	char *text = NULL, *end;
	int64_t kept = 0;
	size_t n;

	snprintf(path, sizeof path, "%s/" FILE_NAME, state);
	if (durable_read(path, 64, &text, &n, &ignored) == RILL_OK && text) {
		kept = strtoll(text, &end, 10);
		if (end == text || strcmp(end, "\n") != 0 || kept < 0)
			kept = 0;
	}
	free(text);
	return kept;
}

struct device_clock clock_read(const char *state)
{
	struct timex timex = {.modes = 0};
	int64_t system = (int64_t)time(NULL), floor = kept_time(state);
	struct device_clock clock;

	if (floor < RILL_DATE)
		floor = RILL_DATE;
	clock.behind = system < floor;
	clock.now = clock.behind ? floor : system;
	clock.trusted = !clock.behind && adjtimex(&timex) >= 0 && !(timex.status & STA_UNSYNC);
	return clock;
}

enum rill_code clock_keep(const char *state, const struct device_clock *clock,
			  struct rill_error *error)
{
	char text[32];

	if (clock->behind || clock->now < kept_time(state) + DAY)
		return RILL_OK;
	snprintf(text, sizeof text, "%" PRId64 "\n", clock->now);
	return durable_write(state, FILE_NAME, text, strlen(text), error);
}
