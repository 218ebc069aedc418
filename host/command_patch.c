/* SPDX-License-Identifier: Apache-2.0 */
#include "host/bsdiff4.h"
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

static enum rill_code run(struct job *job, const char *old, const char *delta,
			  struct rill_error *error)
{
	struct output output = {.fd = -1};
	enum rill_code code = input_open(&job->base, old, error);

	if (code == RILL_OK)
		code = input_open(&job->delta, delta, error);
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
	input_close(&job->delta);
	return code;
}

enum rill_code command_patch(int argc, char **argv, struct rill_error *error)
{
	struct job job = {.memory = 0};
	struct option_spec options[] = {{"output", 'o', OPTION_TEXT, &job.output, "NEW",
					 "file to write; - is standard output"},
					{"memory", 'm', OPTION_NUMBER, &job.memory, "BYTES",
					 "refuse a delta that needs more memory"},
					COMMON_OPTIONS(job.common)};
	const struct usage usage = {
		"patch",
		"OLD DELTA -o NEW",
		"Applies DELTA to OLD. DELTA is what mkdelta diff or bsdiff(1) wrote. NEW appears\n"
		"whole and checked, or not at all.",
		2,
		2,
		options};
	char **operand;
	size_t count;
	bool done;
	enum rill_code code = parse_options(&usage, argc, argv, &operand, &count, &done, error);

	if (code != RILL_OK || done)
		return code;
	if (!job.output)
		return rill_fail(error, RILL_USAGE, "where to? give -o NEW");
	if (job.common.json && strcmp(job.output, "-") == 0)
		return rill_fail(error, RILL_USAGE,
				 "--json and -o - would both use standard output");
	code = run(&job, operand[0], operand[1], error);
	if (code == RILL_OK && job.common.json) {
		cJSON *report = cJSON_CreateObject();

		cJSON_AddStringToObject(report, "new", job.output);
		report_print(report);
	}
	return code;
}
