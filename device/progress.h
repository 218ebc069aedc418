/* SPDX-License-Identifier: Apache-2.0
 *
 * How far a fetch is: a bar on a terminal, JSON lines for a supervisor, or a line a minute
 * for a log; and, for other processes, the file "progress" of the state folder, of which nothing
 * is made durable. The rate is that of the last half minute, of what came over the network;
 * without a good one there is no time left to show.
 */
#ifndef RILL_DEVICE_PROGRESS_H
#define RILL_DEVICE_PROGRESS_H

#include "protocol/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum progress_style {
	PROGRESS_NONE,
	PROGRESS_BAR, /* on standard error, redrawn */
	PROGRESS_JSON, /* an object a second, on standard output */
	PROGRESS_LOG, /* a line a minute, on standard error */
};

#define PROGRESS_SAMPLES 16

struct progress {
	enum progress_style style;
	const char *state; /* the folder, or NULL */
	const char *name; /* of the target */
	const uint64_t *received; /* bytes over the network, which somebody counts */
	uint64_t at, total; /* bytes of what is fetched */
	int64_t shown, noted; /* when, in milliseconds */
	struct progress_sample {
		int64_t ms;
		uint64_t received;
	} samples[PROGRESS_SAMPLES];
	unsigned sample_count;
	bool drawn; /* there is a bar on the terminal */
};

/* `state`, `name` and `received` must outlive it. */
void progress_start(struct progress *progress, enum progress_style style, const char *state,
		    const char *name, const uint64_t *received, uint64_t total);
/* So many bytes are here; NULL is taken too, by all of these. */
void progress_at(struct progress *progress, uint64_t at);
/* Some time went by: shows what is due. */
void progress_tick(struct progress *progress);
/* Nothing will come for a while. */
void progress_pause(struct progress *progress, int64_t ms, const struct rill_error *why);
/* Clears the bar, and what others were told. */
void progress_end(struct progress *progress);

/* Bytes a second, and seconds that are left, by what was seen until `now`; -1: not known. */
int64_t progress_rate(const struct progress *progress, int64_t now);
int64_t progress_left(const struct progress *progress, int64_t now);

struct progress_figures {
	uint64_t at, total; /* bytes */
	int64_t rate, left; /* bytes a second, and seconds; -1: not known */
};

/* What another process said a few seconds ago of a fetch of this target, by boot_seconds(); false
 * when none did. */
bool progress_read(const char *state, const char *name, int64_t seconds,
		   struct progress_figures *figures);
/* "1.2 MB of 3.4 MB (35 %), 8.1 kB/s, 4 min 31 s left" */
void progress_describe(const struct progress_figures *figures, char *text, size_t size);

/* "1.4 MB", "3 min 20 s": at most 15 characters. */
#define PROGRESS_TEXT 24
void progress_print_bytes(char text[static PROGRESS_TEXT], uint64_t bytes);
void progress_print_time(char text[static PROGRESS_TEXT], int64_t seconds);

#endif
