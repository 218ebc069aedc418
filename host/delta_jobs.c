/* SPDX-License-Identifier: Apache-2.0 */
#include "host/delta_jobs.h"

#include "host/image_encode.h"
#include <pthread.h>
#include <string.h>

#define THREADS_MAX 64

struct work {
	struct delta_job *jobs;
	size_t count, next;
	pthread_mutex_t lock;
	const struct delta_target *target;
	struct delta_options options;
};

/* A delta that is no smaller than the file helps nobody. */
static void keep_if_small(struct delta_job *job, uint64_t target_length)
{
	if (job->code != RILL_OK || job->delta.length >= target_length)
		buffer_free(&job->delta);
}

static void run_file(struct work *work, struct delta_job *job)
{
	const struct input *target = work->target->file;
	struct input base = {0};

	job->code = input_open(&base, job->path, &job->error);
	if (job->code == RILL_OK &&
	    (base.length != target->length ||
	     (base.length > 0 && memcmp(base.bytes, target->bytes, base.length) != 0))) {
		job->code = delta_make(base.bytes, base.length, target->bytes, target->length,
				       &work->options, &job->delta, &job->header, &job->error);
		keep_if_small(job, target->length);
	}
	input_close(&base);
}

static void run_image(struct work *work, struct delta_job *job)
{
	const struct image *target = work->target->image;
	struct image_report report = {0};
	struct image base;

	job->code = image_open(&base, job->path, &target->options, &job->error);
	if (job->code == RILL_OK &&
	    memcmp(base.config_digest, target->config_digest, RILL_SHA256_SIZE) != 0) {
		job->code = image_encode(&base, 1, target, &work->options, &job->delta,
					 &job->header, &report, &job->error);
		keep_if_small(job, report.length);
	}
	image_close(&base);
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
	if (is_repeated(work, job))
		return;
	if (work->target->image)
		run_image(work, job);
	else
		run_file(work, job);
	if (job->code != RILL_OK)
		rill_error_in(&job->error, "%s", job->path);
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

static enum rill_code hash_base(struct delta_job *job, const struct delta_target *target,
				struct rill_error *error)
{
	struct input base = {0};
	struct image image;
	enum rill_code code;

	if (target->image) {
		code = image_open(&image, job->path, &target->image->options, error);
		memcpy(job->base_sha256, image.config_digest, RILL_SHA256_SIZE);
		image_close(&image);
		return code;
	}
	code = input_open(&base, job->path, error);
	if (code == RILL_OK)
		rill_sha256(base.bytes, base.length, job->base_sha256);
	input_close(&base);
	return code;
}

enum rill_code delta_jobs_run(struct delta_job *jobs, size_t count,
			      const struct delta_target *target, unsigned threads, bool quiet,
			      struct rill_error *error)
{
	struct work work = {
		.jobs = jobs,
		.count = count,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.target = target,
		.options = {.quiet = quiet || (threads > 1 && count > 1), .prove = true}};
	pthread_t others[THREADS_MAX];
	unsigned started = 0;
	enum rill_code code = RILL_OK;

	for (size_t i = 0; i < count && code == RILL_OK; i++)
		code = hash_base(&jobs[i], target, error);
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
