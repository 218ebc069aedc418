/* SPDX-License-Identifier: Apache-2.0 */
#include "device/clock.h"

#include "device/durable.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>

/* What is kept may be this much behind; flash wears out. */
#define DAY 86400

/* The kept time, in the form of TUF's metadata; 0 without one. */
static int64_t read_kept(const char *folder)
{
	char path[PATH_MAX];
	char *text = NULL;
	struct rill_error ignored;
	int64_t kept = 0;
	size_t n;

	snprintf(path, sizeof path, "%s/" CLOCK_FILE, folder);
	if (durable_read(path, 64, &text, &n, &ignored) == RILL_OK && text) {
		text[strcspn(text, "\n")] = 0;
		if (!rill_tuf_parse_time(text, &kept))
			kept = 0;
	}
	free(text);
	return kept;
}

struct device_clock clock_read(const char *folder)
{
	struct timex timex = {.modes = 0};
	const time_t system = time(NULL);
	struct device_clock result = {.now = (int64_t)system};
	int64_t kept = read_kept(folder);

	result.trusted = adjtimex(&timex) >= 0 && !(timex.status & STA_UNSYNC);
	if (result.now < RILL_BUILD_TIME) {
		result.trusted = false;
		result.now = RILL_BUILD_TIME;
	}
	result.bare = result.now;
	result.behind = result.now != (int64_t)system || result.now < kept;
	if (result.now < kept)
		result.now = kept;
	if (result.behind) /* whatever the kernel says */
		result.trusted = false;
	return result;
}

int64_t clock_floor(const struct rill_tuf *tuf)
{
	const struct rill_tuf_document *timestamp = &tuf->document[RILL_TUF_TIMESTAMP];
	const struct rill_tuf_document *root = &tuf->document[RILL_TUF_ROOT];
	const char *issued = rill_json_string(
		&timestamp->json, rill_json_get(&timestamp->json, timestamp->body, "issued"));
	int64_t floor;

	if (!issued || !rill_tuf_parse_time(issued, &floor))
		return 0;
	if (floor >= timestamp->expires)
		floor = timestamp->expires - 1;
	return floor < root->expires ? floor : root->expires - 1;
}

enum rill_code clock_keep(const char *folder, const struct device_clock *clock,
			  const struct rill_tuf *tuf, struct rill_error *error)
{
	int64_t latest = clock_floor(tuf), kept = read_kept(folder);
	char text[RILL_TUF_TIME_SIZE + 1];

	if (clock->trusted && clock->bare > latest)
		latest = clock->bare;
	if (latest == 0 || (kept > 0 && latest - kept < DAY))
		return RILL_OK;
	rill_tuf_print_time(latest, text);
	text[RILL_TUF_TIME_SIZE - 1] = '\n';
	return durable_write(folder, CLOCK_FILE, text, RILL_TUF_TIME_SIZE, error);
}
