/* SPDX-License-Identifier: Apache-2.0 */
#include "device/progress.h"

#include "device/boot.h"
#include "device/dial.h"
#include "device/durable.h"
#include <cjson/cJSON.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The samples cover half a minute; less than this says nothing of the rate. */
#define SAMPLE_EVERY_MS 2000
#define RATE_MIN_MS 3000
/* What takes longer than four days is not known. */
#define LEFT_MAX (4 * 86400)
#define BAR_WIDTH 24
#define NOTE_EVERY_MS 4000
#define NOTE_GOOD 15 /* seconds; who waits for the server notes nothing */
#define NOTE_MAX 8192

void progress_print_bytes(char text[static PROGRESS_TEXT], uint64_t bytes)
{
	static const char *const units[] = {"kB", "MB", "GB", "TB"};
	uint64_t tenths = bytes / 100;
	int unit = 0;

	if (bytes < 1000) {
		snprintf(text, PROGRESS_TEXT, "%u B", (unsigned)bytes);
		return;
	}
	for (; tenths >= 10000 && unit < 3; unit++)
		tenths /= 1000;
	snprintf(text, PROGRESS_TEXT, "%" PRIu64 ".%u %s", tenths / 10, (unsigned)(tenths % 10),
		 units[unit]);
}

void progress_print_time(char text[static PROGRESS_TEXT], int64_t seconds)
{
	int s = (int)(seconds < LEFT_MAX ? seconds : LEFT_MAX);

	if (s < 60)
		snprintf(text, PROGRESS_TEXT, "%d s", s);
	else if (s < 3600)
		snprintf(text, PROGRESS_TEXT, "%d min %d s", s / 60, s % 60);
	else
		snprintf(text, PROGRESS_TEXT, "%d h %d min", s / 3600, s / 60 % 60);
}

int64_t progress_rate(const struct progress *progress, int64_t now)
{
	const struct progress_sample *oldest;

	if (progress->sample_count == 0)
		return -1;
	oldest = &progress->samples[0];
	if (now - oldest->ms < RATE_MIN_MS)
		return -1;
	return (int64_t)(*progress->received - oldest->received) * 1000 / (now - oldest->ms);
}

int64_t progress_left(const struct progress *progress, int64_t now)
{
	int64_t rate = progress_rate(progress, now), left;

	if (rate <= 0)
		return -1;
	left = (int64_t)(progress->total - progress->at + (uint64_t)rate - 1) / rate;
	return left <= LEFT_MAX ? left : -1;
}

static void sample(struct progress *progress, int64_t now)
{
	unsigned *count = &progress->sample_count;

	if (*count > 0 && now - progress->samples[*count - 1].ms < SAMPLE_EVERY_MS)
		return;
	if (*count == PROGRESS_SAMPLES)
		memmove(progress->samples, progress->samples + 1,
			--*count * sizeof progress->samples[0]);
	progress->samples[(*count)++] = (struct progress_sample){now, *progress->received};
}

static struct progress_figures figures_of(const struct progress *progress, int64_t now)
{
	return (struct progress_figures){progress->at, progress->total,
					 progress_rate(progress, now),
					 progress_left(progress, now)};
}

static unsigned percent(const struct progress_figures *figures)
{
	return figures->total > 0 ? (unsigned)(figures->at * 100 / figures->total) : 100;
}

void progress_describe(const struct progress_figures *figures, char *text, size_t size)
{
	char at[PROGRESS_TEXT], total[PROGRESS_TEXT], per_second[PROGRESS_TEXT] = "--";
	char time[PROGRESS_TEXT] = "--";

	progress_print_bytes(at, figures->at);
	progress_print_bytes(total, figures->total);
	if (figures->rate >= 0)
		progress_print_bytes(per_second, (uint64_t)figures->rate);
	if (figures->left >= 0)
		progress_print_time(time, figures->left);
	snprintf(text, size, "%s of %s (%u %%), %s/s, %s left", at, total, percent(figures),
		 per_second, time);
}

/* Numbers of one width, so that it is overwritten at one go. */
static void note(struct progress *progress, int64_t now)
{
	struct progress_figures figures = figures_of(progress, now);
	char path[PATH_MAX], text[NOTE_MAX];
	struct rill_error ignored;
	int fd, n;

	snprintf(path, sizeof path, "%s/progress", progress->state);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	n = snprintf(text, sizeof text,
		     "%20" PRIu64 " %20" PRIu64 " %20" PRId64 " %20" PRId64 " %20" PRId64 " %s\n",
		     figures.at, figures.total, figures.rate, figures.left, boot_seconds(),
		     progress->name);
	if (fd >= 0 && n < NOTE_MAX)
		write_fully(fd, path, text, (size_t)n, &ignored);
	if (fd >= 0)
		close(fd);
	progress->noted = now;
}

static void take_back(const struct progress *progress)
{
	char path[PATH_MAX];

	if (progress->state &&
	    snprintf(path, sizeof path, "%s/progress", progress->state) < PATH_MAX)
		unlink(path);
}

bool progress_read(const char *state, const char *name, int64_t seconds,
		   struct progress_figures *figures)
{
	char path[PATH_MAX], *text, *at;
	int64_t numbers[5];
	size_t n, length = strlen(name);
	struct rill_error ignored;
	bool good;

	snprintf(path, sizeof path, "%s/progress", state);
	if (durable_read(path, NOTE_MAX, &text, &n, &ignored) != RILL_OK || !text)
		return false;
	at = text;
	for (size_t i = 0; i < 5; i++)
		numbers[i] = strtoll(at, &at, 10);
	*figures = (struct progress_figures){(uint64_t)numbers[0], (uint64_t)numbers[1], numbers[2],
					     numbers[3]};
	good = *at == ' ' && strncmp(at + 1, name, length) == 0 && at[1 + length] == '\n' &&
	       seconds >= numbers[4] && seconds - numbers[4] <= NOTE_GOOD;
	free(text);
	return good;
}

static void draw_bar(struct progress *progress, int64_t now)
{
	struct progress_figures figures = figures_of(progress, now);
	char bar[BAR_WIDTH + 1], text[160];
	size_t full = (size_t)percent(&figures) * BAR_WIDTH / 100;

	memset(bar, '.', BAR_WIDTH);
	memset(bar, '#', full);
	bar[BAR_WIDTH] = 0;
	progress_describe(&figures, text, sizeof text);
	fprintf(stderr, "\r%s [%s] %s\033[K", progress->name, bar, text);
	progress->drawn = true;
}

static void add_known(cJSON *object, const char *name, int64_t value)
{
	if (value >= 0)
		cJSON_AddNumberToObject(object, name, (double)value);
	else
		cJSON_AddNullToObject(object, name);
}

static void print_json(const struct progress *progress, int64_t now, int64_t pause_ms,
		       const char *why)
{
	cJSON *object = cJSON_CreateObject();
	char *text;

	cJSON_AddStringToObject(object, "target", progress->name);
	cJSON_AddStringToObject(object, "event", why ? "waiting" : "progress");
	cJSON_AddNumberToObject(object, "at", (double)progress->at);
	cJSON_AddNumberToObject(object, "total", (double)progress->total);
	add_known(object, "rate", progress_rate(progress, now));
	add_known(object, "left", progress_left(progress, now));
	if (why) {
		int64_t seconds = (pause_ms + 999) / 1000;

		cJSON_AddNumberToObject(object, "seconds", (double)seconds);
		cJSON_AddStringToObject(object, "message", why);
	}
	text = cJSON_PrintUnformatted(object);
	if (text)
		printf("%s\n", text);
	fflush(stdout);
	cJSON_free(text);
	cJSON_Delete(object);
}

static void show(struct progress *progress, int64_t now)
{
	struct progress_figures figures = figures_of(progress, now);
	char text[160];

	switch (progress->style) {
	case PROGRESS_BAR: draw_bar(progress, now); break;
	case PROGRESS_JSON: print_json(progress, now, 0, NULL); break;
	case PROGRESS_LOG:
		progress_describe(&figures, text, sizeof text);
		fprintf(stderr, "rill-agent: %s: %s\n", progress->name, text);
		break;
	case PROGRESS_NONE: break;
	}
	progress->shown = now;
}

void progress_start(struct progress *progress, enum progress_style style, const char *state,
		    const char *name, const uint64_t *received, uint64_t total)
{
	int64_t now = monotonic_ms();

	*progress = (struct progress){.style = style,
				      .state = state,
				      .name = name,
				      .received = received,
				      .total = total,
				      .shown = now,
				      .noted = now};
	take_back(progress); /* an earlier run may have ended by a power cut */
	sample(progress, now);
}

void progress_tick(struct progress *progress)
{
	static const int every[] = {[PROGRESS_NONE] = 1 << 30,
				    [PROGRESS_BAR] = 500,
				    [PROGRESS_JSON] = 1000,
				    [PROGRESS_LOG] = 60000};
	int64_t now = monotonic_ms();

	if (!progress)
		return;
	sample(progress, now);
	if (now - progress->shown >= every[progress->style])
		show(progress, now);
	if (progress->state && now - progress->noted >= NOTE_EVERY_MS)
		note(progress, now);
}

void progress_at(struct progress *progress, uint64_t at)
{
	if (!progress)
		return;
	progress->at = at < progress->total ? at : progress->total;
	progress_tick(progress);
}

static void clear_bar(struct progress *progress)
{
	if (progress->drawn)
		fprintf(stderr, "\r\033[K");
	progress->drawn = false;
}

void progress_pause(struct progress *progress, int64_t ms, const struct rill_error *why)
{
	int64_t now = monotonic_ms();

	if (!progress)
		return;
	clear_bar(progress);
	if (progress->style == PROGRESS_JSON)
		print_json(progress, now, ms, why->text);
	else if (progress->style == PROGRESS_BAR ||
		 (progress->style == PROGRESS_LOG && ms >= 10000))
		fprintf(stderr, "rill-agent: %s: %s; trying again in %" PRId64 " s\n",
			progress->name, why->text, (ms + 999) / 1000);
}

void progress_end(struct progress *progress)
{
	if (!progress)
		return;
	clear_bar(progress);
	take_back(progress);
}
