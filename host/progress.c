/* SPDX-License-Identifier: Apache-2.0 */
#include "host/progress.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static int64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct progress progress_start(const char *what, bool quiet)
{
	return (struct progress){
		.what = what, .silent = quiet || !isatty(STDERR_FILENO), .start = milliseconds()};
}

void progress_show(struct progress *progress, uint64_t done, uint64_t total)
{
	enum { WIDTH = 40 };
	int64_t now;
	int filled;

	if (progress->silent || total == 0 || done > total)
		return;
	now = milliseconds();
	if (now - progress->start < 1000 || now - progress->last < 100)
		return;
	progress->last = now;
	progress->shown = true;
	filled = (int)(done * WIDTH / total);
	fprintf(stderr, "\r%-12s [%.*s%*s] %3d %%", progress->what, filled,
		"########################################", WIDTH - filled, "",
		(int)(done * 100 / total));
	fflush(stderr);
}

void progress_total(struct progress *progress, uint64_t total)
{
	if (!progress)
		return;
	progress->done = 0;
	progress->total = total;
}

void progress_add(struct progress *progress, uint64_t done)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

	if (!progress || progress->silent)
		return;
	pthread_mutex_lock(&lock);
	progress->done += done;
	progress_show(progress, progress->done, progress->total);
	pthread_mutex_unlock(&lock);
}

void progress_end(struct progress *progress)
{
	if (progress->shown)
		fprintf(stderr, "\r\033[K");
	progress->shown = false;
}
