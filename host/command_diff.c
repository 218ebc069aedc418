/* SPDX-License-Identifier: Apache-2.0 */
#include "host/bsdiff4.h"
#include "host/command_image.h"
#include "host/commands.h"
#include "host/delta_encode.h"
#include "host/file.h"
#include "host/options.h"
#include "host/report.h"
#include "protocol/delta_decoder.h"

#include <stdlib.h>
#include <string.h>

#define JOBS_MOST 64
#define MEMORY_LEAST (64 << 20)

struct job {
	struct common common;
	struct delta_options options;
	const char *output, *format;
	bool files;
	const char *platform;
	struct text_list bases;
	struct input base, target;
	struct buffer delta;
};

static enum rill_code make_bsdiff(struct job *job, struct rill_error *error)
{
	struct progress progress = progress_start("matching", job->common.quiet);
	struct copy_list list = {0};
	enum rill_code code = suffix_match(job->base.bytes, job->base.length, job->target.bytes,
					   job->target.length, &list, &progress, error);

	progress_end(&progress);
	if (code == RILL_OK)
		code = bsdiff4_encode(job->base.bytes, job->target.bytes, job->target.length, &list,
				      &job->delta, error);
	copy_list_free(&list);
	return code;
}

static enum rill_code make_rill(struct job *job, uint64_t *memory, struct rill_error *error)
{
	struct rill_delta_header *header = malloc(sizeof *header);
	enum rill_code code;

	if (!header)
		return rill_fail(error, RILL_MEMORY, "no memory");
	job->options.quiet = job->common.quiet;
	code = delta_make(job->base.bytes, job->base.length, job->target.bytes, job->target.length,
			  &job->options, &job->delta, header, error);
	*memory = rill_decoder_memory(header);
	free(header);
	return code;
}

static void print_result(const struct job *job, uint64_t memory)
{
	if (job->common.json) {
		cJSON *report = cJSON_CreateObject();

		cJSON_AddStringToObject(report, "delta", job->output);
		cJSON_AddStringToObject(report, "format", job->format);
		report_add_number(report, "old_length", job->base.length);
		report_add_number(report, "new_length", job->target.length);
		report_add_number(report, "delta_length", job->delta.length);
		if (memory)
			report_add_number(report, "memory", memory);
		report_print(report);
	} else if (!job->common.quiet && strcmp(job->output, "-") != 0) {
		double percent = job->target.length ? 100.0 * (double)job->delta.length /
							      (double)job->target.length
						    : 0;

		printf("%s: %zu bytes, %.2f %% of the new file's %zu\n", job->output,
		       job->delta.length, percent, job->target.length);
	}
}

static enum rill_code run_files(struct job *job, const char *old, const char *new,
				struct rill_error *error)
{
	uint64_t memory = 0;
	enum rill_code code = input_open(&job->base, old, error);

	if (code == RILL_OK)
		code = input_open(&job->target, new, error);
	if (code == RILL_OK)
		code = strcmp(job->format, "rill") == 0 ? make_rill(job, &memory, error)
							: make_bsdiff(job, error);
	if (code == RILL_OK)
		code = write_file(job->output, job->delta.bytes, job->delta.length, 0666, error);
	if (code == RILL_OK)
		print_result(job, memory);
	input_close(&job->base);
	input_close(&job->target);
	buffer_free(&job->delta);
	return code;
}

static enum rill_code run(struct job *job, const char *old, const char *new,
			  struct rill_error *error)
{
	struct image_diff diff = {.common = job->common,
				  .options = job->options,
				  .old = old,
				  .new = new,
				  .output = job->output,
				  .bases = &job->bases,
				  .platform = job->platform};
	bool images = false;
	enum rill_code code = RILL_OK;

	if (!job->files)
		code = image_diff_is(old, new, &images, error);
	if (code != RILL_OK)
		return code;
	if (images && strcmp(job->format, "rill") != 0)
		return rill_fail(error, RILL_USAGE, "--format %s is for files, or give --files",
				 job->format);
	if (!images && (job->platform || job->bases.count > 0))
		return rill_fail(error, RILL_USAGE, "--platform and --base are for images");
	return images ? image_diff_run(&diff, error) : run_files(job, old, new, error);
}

static enum rill_code check(const struct job *job, char **operand, struct rill_error *error)
{
	if (!job->output)
		return rill_fail(error, RILL_USAGE, "where to? give -o DELTA");
	if (strcmp(job->format, "rill") != 0 && strcmp(job->format, "bsdiff") != 0)
		return rill_fail(error, RILL_USAGE, "--format is rill or bsdiff, not '%s'",
				 job->format);
	if (job->options.jobs > JOBS_MOST)
		return rill_fail(error, RILL_USAGE, "--jobs is at most %d", JOBS_MOST);
	if (job->options.memory && job->options.memory < MEMORY_LEAST)
		return rill_fail(error, RILL_USAGE, "--memory is at least %d M",
				 MEMORY_LEAST >> 20);
	if (check_output(&job->common, job->output, error) != RILL_OK)
		return error->code;
	if (strcmp(operand[0], "-") == 0 && strcmp(operand[1], "-") == 0)
		return rill_fail(error, RILL_USAGE,
				 "only one of OLD and NEW can be standard input");
	return RILL_OK;
}

enum rill_code command_diff(int argc, char **argv, struct rill_error *error)
{
	struct job job = {.format = "rill"};
	struct option_spec options[] = {
		{"output", 'o', OPTION_TEXT, &job.output, "DELTA",
		 "file to write; - is standard output"},
		{"format", 0, OPTION_TEXT, &job.format, "FORMAT", "rill (default) or bsdiff"},
		{"jobs", 'j', OPTION_NUMBER, &job.options.jobs, "N",
		 "threads, at most 64; the default is one for each processor"},
		{"memory", 'm', OPTION_NUMBER, &job.options.memory, "BYTES",
		 "memory to use beside the files, about; the default is 2G, for images 1G"},
		{"base", 0, OPTION_LIST, &job.bases, "IMAGE",
		 "another image that is there; may be given again"},
		{"platform", 0, OPTION_TEXT, &job.platform, "OS/ARCH",
		 "the one to take of images for several"},
		{"files", 0, OPTION_FLAG, &job.files, NULL,
		 "OLD and NEW are files, even if they are images"},
		COMMON_OPTIONS(job.common)};
	const struct usage usage = {
		"diff",
		"OLD NEW -o DELTA",
		"Makes the delta that turns OLD into NEW. With --format bsdiff it is one that\n"
		"bspatch(1) applies. OLD or NEW may be - for standard input. Both may be "
		"container\n"
		"images: an OCI image layout (DIR:TAG, DIR@DIGEST), an oci-archive or "
		"docker-archive.",
		2,
		2,
		options};
	char **operand;
	size_t count;
	bool done;
	enum rill_code code = parse_options(&usage, argc, argv, &operand, &count, &done, error);

	if (code == RILL_OK && !done)
		code = check(&job, operand, error);
	if (code == RILL_OK && !done)
		code = run(&job, operand[0], operand[1], error);
	text_list_free(&job.bases);
	return code;
}
