/* SPDX-License-Identifier: Apache-2.0 */
#include "host/match_queue.h"

#include <pthread.h>
#include <stdlib.h>

#define THREADS_MOST 64u

struct outcome {
	bool done;
	struct rill_error error;
};

struct match_queue {
	struct plan *plan;
	const struct sources *sources;
	const struct group_options *options;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t next; /* the first group that nobody works on */
	uint64_t taken; /* memory, by the groups at work */
	struct outcome *outcome;
	pthread_t thread[THREADS_MOST];
	size_t threads;
};

/* Matches the next group; false when there is none, or no memory for it now. The lock is held
 * on entry and return. */
static bool match_next(struct match_queue *q)
{
	struct outcome *outcome;
	size_t i = q->next;
	uint64_t need;

	if (i >= q->plan->n)
		return false;
	need = group_work(&q->plan->group[i]) * MATCH_MEMORY;
	if (q->taken > 0 && q->taken + need > q->options->memory)
		return false;
	q->next++;
	q->taken += need;
	outcome = &q->outcome[i];
	pthread_mutex_unlock(&q->lock);
	outcome->error.code = RILL_OK;
	outcome->error.code = group_match(&q->plan->group[i], q->sources, q->options,
					  &outcome->error);
	pthread_mutex_lock(&q->lock);
	q->taken -= need;
	outcome->done = true;
	pthread_cond_broadcast(&q->changed);
	return true;
}

static void *work(void *queue)
{
	struct match_queue *q = queue;

	pthread_mutex_lock(&q->lock);
	while (q->next < q->plan->n)
		if (!match_next(q))
			pthread_cond_wait(&q->changed, &q->lock);
	pthread_mutex_unlock(&q->lock);
	return NULL;
}

enum rill_code match_queue_start(struct match_queue **queue, struct plan *plan,
				 const struct sources *sources, const struct group_options *options,
				 unsigned jobs, struct rill_error *error)
{
	struct match_queue *q = calloc(1, sizeof *q);

	*queue = q;
	if (q)
		q->outcome = calloc(plan->n + 1, sizeof *q->outcome);
	if (!q || !q->outcome) {
		free(q);
		*queue = NULL;
		return rill_fail(error, RILL_MEMORY, "no memory for the work's queue");
	}
	q->plan = plan;
	q->sources = sources;
	q->options = options;
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->changed, NULL);
	while (q->threads + 1 < jobs && q->threads + 1 < plan->n && q->threads < THREADS_MOST &&
	       pthread_create(&q->thread[q->threads], NULL, work, q) == 0)
		q->threads++;
	return RILL_OK;
}

enum rill_code match_queue_wait(struct match_queue *q, size_t i, struct rill_error *error)
{
	pthread_mutex_lock(&q->lock);
	while (!q->outcome[i].done)
		if (!match_next(q))
			pthread_cond_wait(&q->changed, &q->lock);
	pthread_mutex_unlock(&q->lock);
	if (q->outcome[i].error.code != RILL_OK)
		*error = q->outcome[i].error;
	return q->outcome[i].error.code;
}

void match_queue_end(struct match_queue *q)
{
	if (!q)
		return;
	pthread_mutex_lock(&q->lock);
	q->next = q->plan->n;
	pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->lock);
	for (size_t i = 0; i < q->threads; i++)
		pthread_join(q->thread[i], NULL);
	pthread_mutex_destroy(&q->lock);
	pthread_cond_destroy(&q->changed);
	free(q->outcome);
	free(q);
}
