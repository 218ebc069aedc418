/* SPDX-License-Identifier: Apache-2.0 */
#include "host/delta_jobs.h"

#include "host/delta_apply.h"
#include "host/delta_encode.h"
#include <pthread.h>
#include <string.h>

#define THREADS_MAX 64

struct work {
	struct delta_job *jobs;
	size_t count, next;
	pthread_mutex_t lock;
	const struct input *target;
	struct delta_options options;
};

/* The decoder compares the result's SHA-256 itself. */
static enum rill_code prove(struct delta_job *job, const struct input *base, bool quiet)
{
	const struct input delta = {.bytes = job->delta.bytes, .length = job->delta.length};
	struct progress progress = progress_start("checking", quiet);
	struct output nowhere;
	enum rill_code code = output_open(&nowhere, "-", &job->error);

	if (code == RILL_OK)
		code = delta_apply(base, &delta, UINT64_MAX, &nowhere, &progress, &job->error);
	progress_end(&progress);
	output_abandon(&nowhere);
	if (code != RILL_OK)
		rill_error_in(&job->error, "a delta that was just made fails its check");
	return code;
}

static enum rill_code make(struct delta_job *job, const struct input *base,
			   const struct input *target, const struct delta_options *options)
{
	enum rill_code code = delta_make(base->bytes, base->length, target->bytes, target->length,
					 options, &job->delta, &job->header, &job->error);

	/* A delta that is no smaller than the file helps nobody. */
	if (code == RILL_OK && job->delta.length < target->length)
		return prove(job, base, options->quiet);
	buffer_free(&job->delta);
	return code;
}

/* Whether an earlier job has the same base: all hashes are there before the first delta. */
static bool is_repeated(const struct work *work, const struct delta_job *job)
{
	for (const struct delta_job *other = work->jobs; other < job; other++)
		if (memcmp(other->base_sha256, job->base_sha256, RILL_SHA256_SIZE) == 0)
			return true;
	return false;
}

static void run_one(struct work *work, struct delta_job *job)
{
	const struct input *target = work->target;
	struct input base = {0};

	job->code = input_open(&base, job->path, &job->error);
	if (job->code == RILL_OK && !is_repeated(work, job) &&
	    (base.length != target->length ||
	     (base.length > 0 && memcmp(base.bytes, target->bytes, base.length) != 0)))
		job->code = make(job, &base, target, &work->options);
	if (job->code != RILL_OK)
		rill_error_in(&job->error, "%s", job->path);
	input_close(&base);
}

static void *run(void *context)
{
	struct work *work = context;

	for (;;) {
		size_t i;

		pthread_mutex_lock(&work->lock);
		i = work->next++;
		pthread_mutex_unlock(&work->lock);
		if (i >= work->count)
			return NULL;
		run_one(work, &work->jobs[i]);
	}
}

static enum rill_code hash_bases(struct delta_job *jobs, size_t count, struct rill_error *error)
{
	for (size_t i = 0; i < count; i++) {
		struct input base = {0};
		enum rill_code code = input_open(&base, jobs[i].path, error);

		if (code != RILL_OK)
			return code;
		rill_sha256(base.bytes, base.length, jobs[i].base_sha256);
		input_close(&base);
	}
	return RILL_OK;
}

enum rill_code delta_jobs_run(struct delta_job *jobs, size_t count, const struct input *target,
			      unsigned threads, bool quiet, struct rill_error *error)
{
	struct work work = {.jobs = jobs,
			    .count = count,
			    .lock = PTHREAD_MUTEX_INITIALIZER,
			    .target = target,
			    .options.quiet = quiet || (threads > 1 && count > 1)};
	pthread_t others[THREADS_MAX];
	unsigned started = 0;
	enum rill_code code = hash_bases(jobs, count, error);

	if (code != RILL_OK)
		return code;
	if (threads > THREADS_MAX)
		threads = THREADS_MAX;
	/* One delta alone takes all processors; among many, each takes one. */
	if (threads > 1 && count > 1)
		work.options.jobs = 1;
	/* This thread is one of them; and does all when no other can be had. */
	while (started + 1 < threads && started + 1 < count &&
	       pthread_create(&others[started], NULL, run, &work) == 0)
		started++;
	run(&work);
	for (unsigned i = 0; i < started; i++)
		pthread_join(others[i], NULL);
	for (size_t i = 0; i < count; i++)
		if (jobs[i].code != RILL_OK) {
			*error = jobs[i].error;
			return jobs[i].code;
		}
	return RILL_OK;
}

void delta_jobs_free(struct delta_job *jobs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buffer_free(&jobs[i].delta);
}
