/* SPDX-License-Identifier: Apache-2.0 */
#include "host/bsdiff4.h"
#include "host/command_image.h"
#include "host/commands.h"
#include "host/delta_apply.h"
#include "host/file.h"
#include "host/options.h"
#include "host/report.h"

#include <string.h>

struct job {
	struct common common;
	const char *output;
	int64_t memory;
	bool plain;
	const char *platform;
	struct text_list bases;
	struct input base, delta;
};

static enum rill_code apply(struct job *job, struct output *output, struct rill_error *error)
{
	struct progress progress = progress_start("applying", job->common.quiet);
	enum rill_code code;

	if (bsdiff4_is(&job->delta))
		code = bsdiff4_apply(&job->base, &job->delta, output, error);
	else
		code = delta_apply(&job->base, &job->delta,
				   job->memory ? (uint64_t)job->memory : UINT64_MAX, output,
				   &progress, error);
	progress_end(&progress);
	return code;
}

static enum rill_code run_file(struct job *job, const char *old, const char *delta,
			       struct rill_error *error)
{
	struct output output = {.fd = -1};
	enum rill_code code = input_open(&job->base, old, error);

	if (code == RILL_OK)
		code = output_open(&output, job->output, error);
	if (code == RILL_OK) {
		code = apply(job, &output, error);
		if (code == RILL_WRONG_BASE)
			rill_error_in(error, "%s", old);
		else if (code != RILL_OK && code != RILL_IO && code != RILL_NO_SPACE)
			rill_error_in(error, "%s", delta);
	}
	if (code == RILL_OK)
		code = output_commit(&output, 0666, error);
	output_abandon(&output);
	input_close(&job->base);
	if (code == RILL_OK && job->common.json) {
		cJSON *report = cJSON_CreateObject();

		cJSON_AddStringToObject(report, "new", job->output);
		report_print(report);
	}
	return code;
}

/* The delta says what it is of. */
static enum rill_code run(struct job *job, const char *old, const char *delta,
			  struct rill_error *error)
{
	struct image_apply images = {.common = job->common,
				     .old = old,
				     .output = job->output,
				     .delta = &job->delta,
				     .bases = &job->bases,
				     .platform = job->platform,
				     .budget = job->memory ? (uint64_t)job->memory : UINT64_MAX,
				     .plain = job->plain};
	enum rill_code code = input_open(&job->delta, delta, error);

	if (code != RILL_OK)
		return code;
	if (image_apply_is(&job->delta))
		code = image_apply_run(&images, error);
	else if (job->plain || job->platform || job->bases.count > 0)
		code = rill_fail(error, RILL_USAGE,
				 "%s is a delta of files; --base, --platform and --plain are for "
				 "images",
				 delta);
	else
		code = run_file(job, old, delta, error);
	input_close(&job->delta);
	return code;
}

static enum rill_code check_and_run(struct job *job, char **operand, struct rill_error *error)
{
	if (!job->output)
		return rill_fail(error, RILL_USAGE, "where to? give -o NEW");
	if (check_output(&job->common, job->output, error) != RILL_OK)
		return error->code;
	return run(job, operand[0], operand[1], error);
}

enum rill_code command_patch(int argc, char **argv, struct rill_error *error)
{
	struct job job = {.memory = 0};
	struct option_spec options[] = {{"output", 'o', OPTION_TEXT, &job.output, "NEW",
					 "file to write; - is standard output"},
					{"memory", 'm', OPTION_NUMBER, &job.memory, "BYTES",
					 "refuse a delta that needs more memory"},
					{"base", 0, OPTION_LIST, &job.bases, "IMAGE",
					 "another image that is there; may be given again"},
					{"platform", 0, OPTION_TEXT, &job.platform, "OS/ARCH",
					 "the one to take of images for several"},
					{"plain", 0, OPTION_FLAG, &job.plain, NULL,
					 "store layers plain: faster, also for the next delta"},
					COMMON_OPTIONS(job.common)};
	const struct usage usage = {
		"patch",
		"OLD DELTA -o NEW",
		"Applies DELTA to OLD. DELTA is what mkdelta diff or bsdiff(1) wrote. NEW appears\n"
		"whole and checked, or not at all. With a delta of container images OLD is one, "
		"and NEW\n"
		"an OCI image layout (DIR:TAG), to which the new image is added.",
		2,
		2,
		options};
	char **operand;
	size_t count;
	bool done;
	enum rill_code code = parse_options(&usage, argc, argv, &operand, &count, &done, error);

	if (code == RILL_OK && !done)
		code = check_and_run(&job, operand, error);
	text_list_free(&job.bases);
	return code;
}
