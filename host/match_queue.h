/* SPDX-License-Identifier: Apache-2.0
 *
 * Matches the groups of a plan on several threads, while the caller takes them in order.
 * What comes out does not depend on the number of threads.
 */
#ifndef RILL_MATCH_QUEUE_H
#define RILL_MATCH_QUEUE_H

#include "host/plan.h"

struct match_queue;

/* Starts `jobs` - 1 threads; the caller is one, too. All arguments must outlive the queue.
 * RILL_MEMORY. */
enum rill_code match_queue_start(struct match_queue **queue, struct plan *plan,
				 const struct sources *sources, const struct group_options *options,
				 unsigned jobs, struct rill_error *error);
/* Returns when group `i` is matched, with what group_match() returned. */
enum rill_code match_queue_wait(struct match_queue *queue, size_t i, struct rill_error *error);
/* Ends the threads, which finish the groups at work. Takes NULL too. */
void match_queue_end(struct match_queue *queue);

#endif
