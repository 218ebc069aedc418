/* SPDX-License-Identifier: Apache-2.0 */
#include "host/publish.h"

#include "host/delta_apply.h"
#include "host/delta_encode.h"
#include "host/file.h"
#include "host/report.h"
#include "protocol/delta_decoder.h"
#include "protocol/release.h"
#include <stdlib.h>
#include <string.h>

#define DELTAS "deltas/"

/* Names become paths and URLs: plain characters, no empty, "." or ".." part. */
static bool is_good_name(const char *name)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-";
	bool good = *name && strncmp(name, DELTAS, strlen(DELTAS)) != 0;

	while (good) {
		size_t n = strspn(name, plain);

		good = n > 0 && !(n == 1 && name[0] == '.') &&
		       strncmp(name, "..", n > 2 ? n : 2) != 0;
		name += n;
		if (*name == 0)
			break;
		good = good && *name == '/';
		name++;
	}
	return good;
}

static cJSON *get(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* The entry of a target: {"length": n, "hashes": {"sha256": ...}}. */
static cJSON *put_target(cJSON *targets, const char *name, size_t length, const uint8_t *sha256)
{
	cJSON *entry = cJSON_CreateObject(), *hashes;

	report_add_number(entry, "length", length);
	hashes = cJSON_AddObjectToObject(entry, "hashes");
	report_add_digest(hashes, "sha256", sha256);
	cJSON_DeleteItemFromObjectCaseSensitive(targets, name);
	cJSON_AddItemToObject(targets, name, entry);
	return entry;
}

/* One base of the new release. */
struct edge {
	struct input base;
	struct buffer delta;
	struct rill_delta_header header;
	char *path; /* the delta's target name */
};

static enum rill_code name_delta(struct edge *edge, const char *name, struct rill_error *error)
{
	char from[RILL_SHA256_HEX], to[RILL_SHA256_HEX];

	rill_hex(edge->header.base[0].sha256, RILL_SHA256_SIZE, from);
	rill_hex(edge->header.output[0].sha256, RILL_SHA256_SIZE, to);
	if (asprintf(&edge->path, DELTAS "%s/%.12s-%.12s.rill", name, from, to) < 0) {
		edge->path = NULL;
		return rill_fail(error, RILL_MEMORY, "no memory");
	}
	return RILL_OK;
}

/* The decoder compares the result's SHA-256 itself. */
static enum rill_code prove(const struct edge *edge, bool quiet, struct rill_error *error)
{
	const struct input delta = {.bytes = edge->delta.bytes, .length = edge->delta.length};
	struct progress progress = progress_start("checking", quiet);
	struct output nowhere;
	enum rill_code code = output_open(&nowhere, "-", error);

	if (code == RILL_OK)
		code = delta_apply(&edge->base, &delta, UINT64_MAX, &nowhere, &progress, error);
	progress_end(&progress);
	output_abandon(&nowhere);
	if (code != RILL_OK)
		rill_error_in(error, "a delta that was just made fails its check");
	return code;
}

static cJSON *describe(const struct edge *edge)
{
	cJSON *entry = cJSON_CreateObject(), *from, *header;
	char digest[7 + RILL_SHA256_HEX] = "sha256:";
	uint8_t sha256[RILL_SHA256_SIZE];

	rill_hex(edge->header.base[0].sha256, RILL_SHA256_SIZE, digest + 7);
	from = cJSON_AddArrayToObject(entry, "from");
	cJSON_AddItemToArray(from, cJSON_CreateString(digest));
	cJSON_AddStringToObject(entry, "path", edge->path);
	report_add_number(entry, "length", edge->delta.length);
	header = cJSON_AddObjectToObject(entry, "header");
	report_add_number(header, "length", edge->header.length);
	rill_sha256(edge->delta.bytes, edge->header.length, sha256);
	report_add_digest(header, "sha256", sha256);
	report_add_number(entry, "memory", rill_decoder_memory(&edge->header));
	report_add_number(entry, "scratch", edge->header.output_length);
	return entry;
}

/* Stores the delta and lists it, as a target and in the release. */
static enum rill_code store_delta(struct repository *repository, struct edge *edge,
				  const struct publication *publication, cJSON *deltas,
				  struct rill_error *error)
{
	uint8_t sha256[RILL_SHA256_SIZE];
	enum rill_code code = name_delta(edge, publication->name, error);

	if (code == RILL_OK)
		code = prove(edge, publication->quiet, error);
	if (code != RILL_OK)
		return code;
	rill_sha256(edge->delta.bytes, edge->delta.length, sha256);
	code = repository_store(repository, edge->path, edge->delta.bytes, edge->delta.length,
				sha256, error);
	if (code != RILL_OK)
		return code;
	put_target(repository->targets, edge->path, edge->delta.length, sha256);
	cJSON_AddItemToArray(deltas, describe(edge));
	return RILL_OK;
}

static bool has_delta(const cJSON *deltas, const struct edge *edge)
{
	char hex[RILL_SHA256_HEX];
	const cJSON *delta;

	rill_hex(edge->header.base[0].sha256, RILL_SHA256_SIZE, hex);
	cJSON_ArrayForEach(delta, deltas)
	{
		const cJSON *from = cJSON_GetArrayItem(get(delta, "from"), 0);

		if (cJSON_IsString(from) && strcmp(from->valuestring + 7, hex) == 0)
			return true;
	}
	return false;
}

static enum rill_code add_delta(struct repository *repository, const char *base,
				const struct input *target, const struct publication *publication,
				cJSON *deltas, struct rill_error *error)
{
	struct edge *edge = calloc(1, sizeof *edge);
	enum rill_code code;

	if (!edge)
		return rill_fail(error, RILL_MEMORY, "no memory");
	code = input_open(&edge->base, base, error);
	if (code == RILL_OK && edge->base.length == target->length &&
	    (target->length == 0 || memcmp(edge->base.bytes, target->bytes, target->length) == 0))
		goto done; /* the device that has it is up to date */
	if (code == RILL_OK)
		code = delta_make(edge->base.bytes, edge->base.length, target->bytes,
				  target->length,
				  &(struct delta_options){.quiet = publication->quiet},
				  &edge->delta, &edge->header, error);
	/* A delta that is no smaller than the file helps nobody, and one of each base is enough. */
	if (code == RILL_OK && edge->delta.length < target->length && !has_delta(deltas, edge))
		code = store_delta(repository, edge, publication, deltas, error);
done:
	input_close(&edge->base);
	buffer_free(&edge->delta);
	free(edge->path);
	free(edge);
	return code;
}

/* The deltas of the release before lead to what is no longer the target. */
static void drop_deltas(cJSON *targets, const char *name)
{
	cJSON *entry = targets->child;
	size_t n = strlen(name);

	while (entry) {
		cJSON *next = entry->next;
		const char *path = entry->string;

		if (strncmp(path, DELTAS, strlen(DELTAS)) == 0 &&
		    strncmp(path + strlen(DELTAS), name, n) == 0 &&
		    path[strlen(DELTAS) + n] == '/' && !strchr(path + strlen(DELTAS) + n + 1, '/'))
			cJSON_Delete(cJSON_DetachItemViaPointer(targets, entry));
		entry = next;
	}
}

/* What is published now under the name: its file, and its release number. */
static enum rill_code find_previous(const struct repository *repository,
				    struct publication *publication, char **path,
				    struct rill_error *error)
{
	const struct rill_json *json = &repository->tuf.document[RILL_TUF_TARGETS].json;
	struct rill_tuf_target target;
	struct rill_release release;
	char hex[RILL_SHA256_HEX];
	enum rill_code code;

	*path = NULL;
	if (!get(repository->targets, publication->name)) {
		if (publication->release == 0)
			publication->release = 1;
		return publication->release <= RILL_RELEASE_MAX
			       ? RILL_OK
			       : rill_fail(error, RILL_USAGE, "release numbers go up to %lld",
					   (long long)RILL_RELEASE_MAX);
	}
	code = rill_tuf_target(&repository->tuf, publication->name, &target, error);
	if (code == RILL_OK)
		code = rill_release_parse(json, target.custom, &release, error);
	if (code != RILL_OK)
		return code;
	if (publication->release == 0)
		publication->release = release.number + 1;
	if (publication->release <= release.number || publication->release > RILL_RELEASE_MAX)
		return rill_fail(error, RILL_USAGE,
				 "release %lld of %s is published; the next must be higher, "
				 "up to %lld",
				 (long long)release.number, publication->name,
				 (long long)RILL_RELEASE_MAX);
	rill_hex(target.sha256, sizeof target.sha256, hex);
	*path = repository_target_path(repository, publication->name, hex);
	return *path ? RILL_OK : rill_fail(error, RILL_MEMORY, "no memory");
}

static enum rill_code add_deltas(struct repository *repository, const char *previous,
				 const struct input *target, const struct publication *publication,
				 cJSON *deltas, struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	if (previous)
		code = add_delta(repository, previous, target, publication, deltas, error);
	for (size_t i = 0; code == RILL_OK && i < publication->bases.count; i++)
		code = add_delta(repository, publication->bases.items[i], target, publication,
				 deltas, error);
	return code;
}

/* The "custom" data of protocol/release.h; takes `deltas` over. */
static void put_release(cJSON *entry, const struct publication *publication, cJSON *deltas)
{
	cJSON *custom = cJSON_AddObjectToObject(entry, "custom");
	cJSON *rill = cJSON_AddObjectToObject(custom, "rill");

	cJSON_AddStringToObject(rill, "kind", "file");
	report_add_number(rill, "release", (uint64_t)publication->release);
	if (publication->boards.count > 0) {
		cJSON *boards = cJSON_AddArrayToObject(rill, "boards");

		for (size_t i = 0; i < publication->boards.count; i++)
			cJSON_AddItemToArray(boards,
					     cJSON_CreateString(publication->boards.items[i]));
	}
	cJSON_AddItemToObject(rill, "deltas", deltas);
}

static void put_report(cJSON *report, const struct publication *publication,
		       const struct input *target, const uint8_t *sha256, const cJSON *deltas)
{
	cJSON_AddStringToObject(report, "target", publication->name);
	report_add_number(report, "release", (uint64_t)publication->release);
	report_add_number(report, "length", target->length);
	report_add_digest(report, "sha256", sha256);
	cJSON_AddItemToObject(report, "deltas", cJSON_Duplicate(deltas, true));
}

enum rill_code publish(struct repository *repository, struct publication *publication,
		       cJSON *report, struct rill_error *error)
{
	struct input target = {0};
	uint8_t sha256[RILL_SHA256_SIZE];
	cJSON *deltas = cJSON_CreateArray();
	char *previous = NULL;
	enum rill_code code;

	if (!is_good_name(publication->name))
		code = rill_fail(error, RILL_USAGE,
				 "'%s' is no name for a target: letters, digits and ._+-/ only",
				 publication->name);
	else
		code = input_open(&target, publication->file, error);
	if (code == RILL_OK)
		code = find_previous(repository, publication, &previous, error);
	if (code == RILL_OK) {
		rill_sha256(target.bytes, target.length, sha256);
		drop_deltas(repository->targets, publication->name);
		code = repository_store(repository, publication->name, target.bytes, target.length,
					sha256, error);
	}
	if (code == RILL_OK)
		code = add_deltas(repository, previous, &target, publication, deltas, error);
	if (code == RILL_OK) {
		put_report(report, publication, &target, sha256, deltas);
		put_release(
			put_target(repository->targets, publication->name, target.length, sha256),
			publication, deltas);
		deltas = NULL;
	}
	cJSON_Delete(deltas);
	free(previous);
	input_close(&target);
	return code;
}
