/* SPDX-License-Identifier: Apache-2.0 */
#include "host/commands.h"
#include "host/delta_apply.h"
#include "host/options.h"
#include "host/report.h"
#include "protocol/delta_decoder.h"

#include <inttypes.h>
#include <stdlib.h>

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

static void print_json(const struct rill_delta_header *header)
{
	cJSON *report = cJSON_CreateObject();

	report_add_number(report, "version", RILL_DELTA_VERSION);
	cJSON_AddStringToObject(report, "kind",
				header->flags & RILL_DELTA_IMAGE ? "image" : "file");
	report_add_number(report, "header_length", header->length);
	report_add_number(report, "body_length", header->body_length);
	report_add_number(report, "chunks", header->chunk_count);
	report_add_number(report, "memory", rill_decoder_memory(header));
	report_add_number(report, "most_entries", header->most_entries);
	report_add_number(report, "most_copies", header->most_copies);
	report_add_number(report, "most_streams", header->most_streams);
	report_add_number(report, "largest_stream", header->largest_stream);
	add_objects(report, "bases", header->base, header->base_count);
	add_objects(report, "outputs", header->output, header->output_count);
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
	printf("format   %d, header %" PRIu32 " bytes, body %" PRIu64 " in %zu chunks\n",
	       RILL_DELTA_VERSION, header->length, header->body_length, header->chunk_count);
	printf("memory   %12" PRIu64 " bytes to apply: groups of up to %" PRIu64
	       " copies and %" PRIu64 " layout entries\n",
	       rill_decoder_memory(header), header->most_copies, header->most_entries);
	if (header->most_streams > 0)
		printf("streams  up to %" PRIu64 " compressed ones, of up to %" PRIu64 " bytes\n",
		       header->most_streams, header->largest_stream);
	print_objects("base", header->base, header->base_count);
	print_objects("output", header->output, header->output_count);
}

static enum rill_code run(const char *path, const struct common *common, struct rill_error *error)
{
	struct rill_delta_header *header = malloc(sizeof *header);
	struct input delta = {0};
	enum rill_code code;

	if (!header)
		return rill_fail(error, RILL_MEMORY, "no memory");
	code = input_open(&delta, path, error);
	if (code == RILL_OK) {
		code = delta_read_header(&delta, header, error);
		if (code == RILL_OK && header->length + header->body_length != delta.length)
			code = rill_fail(error, RILL_CORRUPT,
					 "the file has %zu bytes, its header says %" PRIu64,
					 delta.length, header->length + header->body_length);
		if (code != RILL_OK)
			rill_error_in(error, "%s", path);
	}
	if (code == RILL_OK && common->json)
		print_json(header);
	else if (code == RILL_OK && !common->quiet)
		print_text(header);
	input_close(&delta);
	free(header);
	return code;
}

enum rill_code command_info(int argc, char **argv, struct rill_error *error)
{
	struct common common = {0};
	struct option_spec options[] = {COMMON_OPTIONS(common)};
	const struct usage usage = {
		"info",
		"DELTA",
		"Shows a delta's header: base, output, capacities and the memory to apply it.",
		1,
		1,
		options};
	char **operand;
	size_t count;
	bool done;
	enum rill_code code = parse_options(&usage, argc, argv, &operand, &count, &done, error);

	return code != RILL_OK || done ? code : run(operand[0], &common, error);
}
