/* SPDX-License-Identifier: Apache-2.0 */
#include "host/commands.h"
#include "host/delta_apply.h"
#include "host/delta_tally.h"
#include "host/options.h"
#include "host/report.h"
#include "protocol/delta_decoder.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void add_objects(cJSON *report, const char *name, const struct rill_object *objects,
			size_t n)
{
	cJSON *array = cJSON_AddArrayToObject(report, name);

	for (size_t i = 0; i < n; i++) {
		cJSON *object = cJSON_CreateObject();

		report_add_number(object, "length", objects[i].length);
		report_add_digest(object, "sha256", objects[i].sha256);
		cJSON_AddItemToArray(array, object);
	}
}

struct job {
	struct common common;
	const char *base; /* or NULL */
	struct rill_delta_header header;
	struct delta_tally tally;
};

static bool is_data(unsigned part)
{
	return part >= RILL_PART_LITERALS;
}

/* The sum over a class, and over a part when that is not RILL_BODY_PARTS, of the data; or of a part
 * that has no class. */
static struct tally_item sum(const struct delta_tally *tally, unsigned part, unsigned class)
{
	struct tally_item sum = {0};

	for (unsigned p = 0; p < RILL_BODY_PARTS; p++)
		for (unsigned k = 0; k < RILL_KINDS; k++) {
			const struct tally_item *item = &tally->item[p][class][k];

			if (part != p && (part != RILL_BODY_PARTS || !is_data(p)))
				continue;
			sum.cost += item->cost;
			sum.output += item->output;
			sum.steps += item->steps;
		}
	return sum;
}

static double bytes_of(uint64_t cost)
{
	return (double)cost / TALLY_BYTE;
}

static cJSON *json_item(const char *name, const struct tally_item *item)
{
	cJSON *object = cJSON_CreateObject();

	cJSON_AddStringToObject(object, "what", name);
	cJSON_AddNumberToObject(object, "bytes", bytes_of(item->cost));
	report_add_number(object, "output", item->output);
	return object;
}

static void add_class(cJSON *array, const struct delta_tally *tally, unsigned class)
{
	struct tally_item all = sum(tally, RILL_BODY_PARTS, class);
	cJSON *object = json_item(tally_class_name[class], &all), *parts;

	report_add_number(object, "regions", tally->regions[class]);
	report_add_number(object, "region_bytes", tally->region_bytes[class]);
	parts = cJSON_AddArrayToObject(object, "parts");
	for (unsigned p = RILL_PART_LITERALS; p < RILL_PART_UNITS; p++) {
		struct tally_item item = sum(tally, p, class);

		if (item.steps > 0)
			cJSON_AddItemToArray(parts, json_item(tally_part_name[p], &item));
	}
	for (unsigned k = 0; k < RILL_KINDS; k++) {
		const struct tally_item *item = &tally->item[RILL_PART_UNITS][class][k];

		if (item->steps > 0)
			cJSON_AddItemToArray(parts, json_item(tally_kind_name[k], item));
	}
	cJSON_AddItemToArray(array, object);
}

/* "cost": what each part of the format took; "classes": the data by class of region. */
static void add_tally(cJSON *report, const struct delta_tally *tally)
{
	cJSON *parts = cJSON_AddArrayToObject(report, "cost");
	cJSON *classes = cJSON_AddArrayToObject(report, "classes");

	for (unsigned p = 0; !is_data(p); p++) {
		struct tally_item item = sum(tally, p, 0);

		cJSON_AddItemToArray(parts, json_item(tally_part_name[p], &item));
	}
	for (unsigned c = 0; c < RILL_REGION_CLASSES; c++)
		if (tally->regions[c] > 0 || sum(tally, RILL_BODY_PARTS, c).steps > 0)
			add_class(classes, tally, c);
}

static void print_json(const struct job *job)
{
	const struct rill_delta_header *header = &job->header;
	cJSON *report = cJSON_CreateObject();

	report_add_number(report, "version", RILL_DELTA_VERSION);
	cJSON_AddStringToObject(report, "kind",
				header->flags & RILL_DELTA_IMAGE ? "image" : "file");
	report_add_number(report, "header_length", header->length);
	report_add_number(report, "within_length", header->within_length);
	report_add_number(report, "body_length", header->body_length);
	report_add_number(report, "chunks", header->chunk_count);
	report_add_number(report, "memory", rill_decoder_memory(header));
	report_add_number(report, "most_entries", header->most_entries);
	report_add_number(report, "most_copies", header->most_copies);
	report_add_number(report, "most_streams", header->most_streams);
	report_add_number(report, "largest_stream", header->largest_stream);
	add_objects(report, "bases", header->base, header->base_count);
	add_objects(report, "outputs", header->output, header->output_count);
	if (job->base)
		add_tally(report, &job->tally);
	report_print(report);
}

static void print_objects(const char *name, const struct rill_object *objects, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char hex[RILL_SHA256_HEX];

		rill_hex(objects[i].sha256, RILL_SHA256_SIZE, hex);
		printf("%-8s %12" PRIu64 " bytes  sha256 %s\n", name, objects[i].length, hex);
	}
}

static void print_text(const struct rill_delta_header *header)
{
	if (header->within_length > 0)
		printf("format   %d, header %" PRIu32 " bytes, of which %zu are the body\n",
		       RILL_DELTA_VERSION, header->length, header->within_length);
	else
		printf("format   %d, header %" PRIu32 " bytes, body %" PRIu64 " in %zu chunks\n",
		       RILL_DELTA_VERSION, header->length, header->body_length,
		       header->chunk_count);
	printf("memory   %12" PRIu64 " bytes to apply: groups of up to %" PRIu64
	       " copies and %" PRIu64 " layout entries\n",
	       rill_decoder_memory(header), header->most_copies, header->most_entries);
	if (header->most_streams > 0)
		printf("streams  up to %" PRIu64 " compressed ones, of up to %" PRIu64 " bytes\n",
		       header->most_streams, header->largest_stream);
	print_objects("base", header->base, header->base_count);
	print_objects("output", header->output, header->output_count);
}

static void print_item(const char *indent, const char *name, const struct tally_item *item)
{
	if (item->steps > 0)
		printf("%s%-*s %11.1f %12" PRIu64 "\n", indent, 28 - (int)strlen(indent), name,
		       bytes_of(item->cost), item->output);
}

static void print_class(const struct delta_tally *tally, unsigned class)
{
	struct tally_item all = sum(tally, RILL_BODY_PARTS, class);

	if (all.steps == 0 && tally->regions[class] == 0)
		return;
	printf("%-28s %11.1f %12" PRIu64, tally_class_name[class], bytes_of(all.cost), all.output);
	if (tally->regions[class] > 0)
		printf("  base: %" PRIu64 " in %" PRIu64 " regions", tally->region_bytes[class],
		       tally->regions[class]);
	printf("\n");
	for (unsigned p = RILL_PART_LITERALS; p < RILL_PART_UNITS; p++) {
		struct tally_item item = sum(tally, p, class);

		print_item("  ", tally_part_name[p], &item);
	}
	for (unsigned k = 0; k < RILL_KINDS; k++)
		print_item("  ", tally_kind_name[k], &tally->item[RILL_PART_UNITS][class][k]);
}

static void print_tally(const struct rill_delta_header *header, const struct delta_tally *tally)
{
	printf("\n%-28s %11s %12s\n", "what", "delta", "output");
	printf("%-28s %11.1f %12d\n", "header", (double)(header->length - header->within_length),
	       0);
	for (unsigned p = 0; !is_data(p); p++) {
		struct tally_item item = sum(tally, p, 0);

		print_item("", tally_part_name[p], &item);
	}
	for (unsigned c = 0; c < RILL_REGION_CLASSES; c++)
		print_class(tally, c);
}

/* What only decoding tells. */
static enum rill_code take_tally(struct job *job, const struct input *delta,
				 struct rill_error *error)
{
	struct progress progress = progress_start("decoding", job->common.quiet);
	struct input base = {0};
	enum rill_code code = input_open(&base, job->base, error);

	if (code == RILL_OK)
		code = delta_tally_take(&job->tally, &job->header, &base, delta, &progress, error);
	if (code == RILL_WRONG_BASE)
		rill_error_in(error, "%s", job->base);
	progress_end(&progress);
	input_close(&base);
	return code;
}

static enum rill_code run(const char *path, struct job *job, struct rill_error *error)
{
	struct rill_delta_header *header = &job->header;
	struct input delta = {0};
	enum rill_code code = input_open(&delta, path, error);

	if (code == RILL_OK) {
		code = delta_read_header(&delta, header, error);
		if (code == RILL_OK && header->length + header->body_length != delta.length)
			code = rill_fail(error, RILL_CORRUPT,
					 "the file has %zu bytes, its header says %" PRIu64,
					 delta.length, header->length + header->body_length);
		if (code != RILL_OK)
			rill_error_in(error, "%s", path);
	}
	if (code == RILL_OK && job->base)
		code = take_tally(job, &delta, error);
	if (code == RILL_OK && job->common.json)
		print_json(job);
	else if (code == RILL_OK && !job->common.quiet)
		print_text(header);
	if (code == RILL_OK && job->base && !job->common.json && !job->common.quiet)
		print_tally(header, &job->tally);
	input_close(&delta);
	return code;
}

enum rill_code command_info(int argc, char **argv, struct rill_error *error)
{
	struct common common = {0};
	const char *base = NULL;
	struct job *job;
	struct option_spec options[] = {{"base", 'b', OPTION_TEXT, &base, "OLD",
					 "decode it, and show what its bytes are about"},
					COMMON_OPTIONS(common)};
	const struct usage usage = {
		"info",
		"DELTA [--base OLD]",
		"Shows a delta's header: base, output, capacities and the memory to apply it.\n"
		"With the base also where its bytes go: the layout of executables, the copies, "
		"and\n"
		"by class of region literals and corrections.",
		1,
		1,
		options};
	char **operand;
	size_t count;
	bool done;
	enum rill_code code = parse_options(&usage, argc, argv, &operand, &count, &done, error);

	if (code != RILL_OK || done)
		return code;
	job = calloc(1, sizeof *job);
	if (!job)
		return rill_fail(error, RILL_MEMORY, "no memory");
	job->common = common;
	job->base = base;
	code = run(operand[0], job, error);
	free(job);
	return code;
}
