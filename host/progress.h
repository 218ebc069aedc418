/* SPDX-License-Identifier: Apache-2.0
 *
 * A bar on standard error for work that takes over a second, when that is a terminal.
 */
#ifndef RILL_HOST_PROGRESS_H
#define RILL_HOST_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *what;
	bool silent, shown;
	int64_t start, last; /* milliseconds */
	uint64_t done, total; /* of progress_add() */
};

struct progress progress_start(const char *what, bool quiet);
void progress_show(struct progress *progress, uint64_t done, uint64_t total);
/* For work whose parts are done by several threads; take NULL too. */
void progress_total(struct progress *progress, uint64_t total);
void progress_add(struct progress *progress, uint64_t done);
/* Clears the line. */
void progress_end(struct progress *progress);

#endif
