/* SPDX-License-Identifier: Apache-2.0 */
#include "host/command_image.h"

#include "host/image_encode.h"
#include "host/image_patch.h"
#include "host/report.h"
#include "protocol/delta_decoder.h"
#include <stdlib.h>
#include <string.h>

enum rill_code base_images_open(struct base_images *bases, const char *old,
				const struct text_list *more, const char *platform,
				struct rill_error *error)
{
	const struct image_options options = {.platform = platform};
	enum rill_code code = RILL_OK;

	bases->images = calloc(1 + more->count, sizeof *bases->images);
	if (!bases->images)
		return rill_fail(error, RILL_MEMORY, "no memory");
	while (code == RILL_OK && bases->count < 1 + more->count) {
		const char *spec = bases->count ? more->items[bases->count - 1] : old;

		code = image_open(&bases->images[bases->count++], spec, &options, error);
	}
	return code;
}

void base_images_close(struct base_images *bases)
{
	for (size_t i = 0; i < bases->count; i++)
		image_close(&bases->images[i]);
	free(bases->images);
	*bases = (struct base_images){0};
}

enum rill_code image_diff_is(const char *old, const char *new, bool *is, struct rill_error *error)
{
	bool old_is = image_detect(old) != IMAGE_NONE, new_is = image_detect(new) != IMAGE_NONE;
	struct image image;
	enum rill_code code;

	*is = old_is && new_is;
	if (old_is == new_is)
		return RILL_OK;
	/* What is wrong with it counts more, were it only a folder. */
	code = image_open(&image, old_is ? old : new, NULL, error);
	image_close(&image);
	if (code != RILL_OK)
		return code;
	return rill_fail(error, RILL_USAGE,
			 "%s is a container image, %s is none: give two images, or --files to "
			 "compare them as files",
			 old_is ? old : new, old_is ? new : old);
}

static const char *compression_name(enum compression compression)
{
	static const char *const names[] = {"plain", "gzip", "zstd"};

	return names[compression];
}

static void print_json(const struct image_diff *diff, const struct image_report *report,
		       size_t length, uint64_t memory)
{
	cJSON *json = cJSON_CreateObject();

	cJSON_AddStringToObject(json, "delta", diff->output);
	cJSON_AddStringToObject(json, "format", "rill");
	cJSON_AddStringToObject(json, "kind", "image");
	report_add_number(json, "new_length", report->length);
	report_add_number(json, "delta_length", length);
	report_add_number(json, "memory", memory);
	report_add_number(json, "layers", report->layers);
	report_add_number(json, "changed_layers", report->changed);
	cJSON_AddStringToObject(json, "exact",
				report->inexact || report->unpublished ? "config" : "manifest");
	if (report->inexact)
		report_add_number(json, "inexact_layer", report->inexact);
	report_print(json);
}

static void print_text(const struct image_diff *diff, const struct image_report *report,
		       size_t length)
{
	printf("%s: %zu bytes, %.2f %% of the %llu of %zu layers, %zu of which changed\n",
	       diff->output, length,
	       report->length ? 100.0 * (double)length / (double)report->length : 0,
	       (unsigned long long)report->length, report->layers, report->changed);
	if (report->unpublished)
		printf("config-exact: the image ID holds; a docker-archive has no published "
		       "manifest\n");
	else if (report->inexact)
		printf("config-exact: the image ID holds, the manifest's digest does not: layer "
		       "%zu (%s) cannot be compressed again as it was\n",
		       report->inexact, compression_name(report->compression));
	else
		printf("manifest-exact: every blob can be made again as it was published\n");
}

enum rill_code image_diff_run(struct image_diff *diff, struct rill_error *error)
{
	const struct image_options options = {.platform = diff->platform};
	struct rill_delta_header *header = malloc(sizeof *header);
	struct base_images bases = {0};
	struct image target = {0};
	struct image_report report;
	struct buffer delta = {0};
	enum rill_code code = header ? RILL_OK : rill_fail(error, RILL_MEMORY, "no memory");

	diff->options.quiet = diff->common.quiet;
	if (code == RILL_OK)
		code = base_images_open(&bases, diff->old, diff->bases, diff->platform, error);
	if (code == RILL_OK)
		code = image_open(&target, diff->new, &options, error);
	if (code == RILL_OK)
		code = image_encode(bases.images, bases.count, &target, &diff->options, &delta,
				    header, &report, error);
	if (code == RILL_OK)
		code = write_file(diff->output, delta.bytes, delta.length, 0666, error);
	if (code == RILL_OK && diff->common.json)
		print_json(diff, &report, delta.length, rill_decoder_memory(header));
	else if (code == RILL_OK && !diff->common.quiet && strcmp(diff->output, "-") != 0)
		print_text(diff, &report, delta.length);
	buffer_free(&delta);
	image_close(&target);
	base_images_close(&bases);
	free(header);
	return code;
}

bool image_apply_is(const struct input *delta)
{
	return rill_delta_is_image(delta->bytes, delta->length);
}

static void print_applied(const struct image_apply *apply, const struct image_patch *patch)
{
	char digest[7 + RILL_SHA256_HEX] = "sha256:";

	rill_hex(patch->manifest_digest, RILL_SHA256_SIZE, digest + 7);
	if (apply->common.json) {
		cJSON *json = cJSON_CreateObject();

		cJSON_AddStringToObject(json, "new", apply->output);
		cJSON_AddStringToObject(json, "manifest", digest);
		cJSON_AddStringToObject(json, "exact", patch->exact ? "manifest" : "config");
		report_print(json);
	} else if (!apply->common.quiet) {
		printf("%s: manifest %s (%s)\n", apply->output, digest,
		       patch->exact ? "as published"
				    : "the published image, its layers stored plain");
	}
}

enum rill_code image_apply_run(struct image_apply *apply, struct rill_error *error)
{
	struct progress progress = progress_start("applying", apply->common.quiet);
	struct base_images bases = {0};
	struct image_patch patch = {.delta = apply->delta,
				    .budget = apply->budget,
				    .plain = apply->plain,
				    .progress = &progress};
	enum rill_code code = base_images_open(&bases, apply->old, apply->bases, apply->platform,
					       error);

	patch.bases = bases.images;
	patch.base_count = bases.count;
	if (code == RILL_OK)
		code = image_patch(&patch, apply->output, error);
	progress_end(&progress);
	if (code == RILL_OK)
		print_applied(apply, &patch);
	base_images_close(&bases);
	return code;
}
