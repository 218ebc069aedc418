/* SPDX-License-Identifier: Apache-2.0 */
#include "host/publish.h"

#include "host/delta_jobs.h"
#include "host/engine.h"
#include "host/release_history.h"
#include "host/report.h"
#include "protocol/delta_decoder.h"
#include "protocol/release.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static char *delta_name(const struct rill_delta_header *header, const char *name)
{
	char from[RILL_SHA256_HEX], to[RILL_SHA256_HEX];
	char *path;

	rill_hex(header->base[0].sha256, RILL_SHA256_SIZE, from);
	rill_hex(header->output[0].sha256, RILL_SHA256_SIZE, to);
	return asprintf(&path, DELTAS "%s/%.12s-%.12s.rill", name, from, to) < 0 ? NULL : path;
}

static cJSON *describe(const struct delta_job *job, const char *path)
{
	cJSON *entry = cJSON_CreateObject(), *from, *header;
	char digest[7 + RILL_SHA256_HEX] = "sha256:";
	uint8_t sha256[RILL_SHA256_SIZE];

	rill_hex(job->header.base[0].sha256, RILL_SHA256_SIZE, digest + 7);
	from = cJSON_AddArrayToObject(entry, "from");
	cJSON_AddItemToArray(from, cJSON_CreateString(digest));
	cJSON_AddStringToObject(entry, "path", path);
	report_add_number(entry, "length", job->delta.length);
	header = cJSON_AddObjectToObject(entry, "header");
	report_add_number(header, "length", job->header.length);
	rill_sha256(job->delta.bytes, job->header.length, sha256);
	report_add_digest(header, "sha256", sha256);
	report_add_number(entry, "memory", rill_decoder_memory(&job->header));
	report_add_number(entry, "scratch", job->header.output_length);
	return entry;
}

/* Stores the delta and lists it, as a target and in the release. */
static enum rill_code store_delta(struct repository *repository, const struct delta_job *job,
				  const char *name, cJSON *deltas, struct rill_error *error)
{
	char *path = delta_name(&job->header, name);
	uint8_t sha256[RILL_SHA256_SIZE];
	enum rill_code code;

	if (!path)
		return rill_fail(error, RILL_MEMORY, "no memory");
	rill_sha256(job->delta.bytes, job->delta.length, sha256);
	code = repository_store(repository, path, job->delta.bytes, job->delta.length, sha256,
				error);
	if (code == RILL_OK) {
		put_target(repository_targets(repository), path, job->delta.length, sha256);
		cJSON_AddItemToArray(deltas, describe(job, path));
	}
	free(path);
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

static enum rill_code choose_release(const struct repository *repository, const cJSON *targets,
				     struct publication *publication, struct rill_error *error)
{
	const cJSON *entry = get(targets, publication->name);
	struct release_entry before = {.release = 0};

	if (entry && !release_entry_read(entry, &before))
		return rill_fail(error, RILL_SECURITY,
				 "%s: the target %s is there, and is not mkdelta's",
				 repository->path, publication->name);
	if (publication->release == 0)
		publication->release = before.release + 1;
	if (publication->release > RILL_RELEASE_MAX ||
	    (publication->release <= before.release && publication->downgrade_from == 0))
		return rill_fail(error, RILL_USAGE,
				 "release %lld of %s is published; the next must be higher, up to "
				 "%lld, or --downgrade-from permits to go back",
				 (long long)before.release, publication->name,
				 (long long)RILL_RELEASE_MAX);
	return RILL_OK;
}

static void put_texts(cJSON *object, const char *name, const struct text_list *list)
{
	cJSON *array = list->count ? cJSON_AddArrayToObject(object, name) : NULL;

	for (size_t i = 0; i < list->count; i++)
		cJSON_AddItemToArray(array, cJSON_CreateString(list->items[i]));
}

/* The "custom" data of protocol/release.h; takes `deltas` over. */
static void put_release(cJSON *entry, const struct publication *publication, cJSON *deltas)
{
	cJSON *custom = cJSON_AddObjectToObject(entry, "custom");
	cJSON *rill = cJSON_AddObjectToObject(custom, "rill");

	cJSON_AddStringToObject(rill, "kind", publication->kind);
	report_add_number(rill, "release", (uint64_t)publication->release);
	put_texts(rill, "boards", &publication->boards);
	put_texts(rill, "hardware", &publication->hardware);
	if (publication->downgrade_from)
		report_add_number(rill, "downgrade_from", (uint64_t)publication->downgrade_from);
	cJSON_AddItemToObject(rill, "deltas", deltas);
}

static void put_report(cJSON *report, const struct publication *publication,
		       const struct input *target, const uint8_t *sha256, const cJSON *deltas)
{
	cJSON_AddStringToObject(report, "target", publication->name);
	cJSON_AddStringToObject(report, "kind", publication->kind);
	report_add_number(report, "release", (uint64_t)publication->release);
	report_add_number(report, "length", target->length);
	report_add_digest(report, "sha256", sha256);
	cJSON_AddItemToObject(report, "deltas", cJSON_Duplicate(deltas, true));
}

/* Deltas at once: no more than processors, nor than there is memory for. */
static unsigned thread_count(const struct publication *publication)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN), pages = sysconf(_SC_PHYS_PAGES);
	uint64_t memory = pages > 0 ? (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
	uint64_t count = processors > 0 ? (uint64_t)processors : 1;

	if (publication->threads > 0)
		count = (uint64_t)publication->threads;
	else if (count > memory / ENGINE_MEMORY)
		count = memory / ENGINE_MEMORY;
	return count < 1 ? 1 : count < 64 ? (unsigned)count : 64;
}

/* Nothing is stored before every delta is there and proved. */
static enum rill_code store(struct repository *repository, struct publication *publication,
			    const struct input *target, const struct delta_job *jobs, size_t count,
			    cJSON *report, struct rill_error *error)
{
	cJSON *targets = repository_targets(repository), *deltas = cJSON_CreateArray();
	uint8_t sha256[RILL_SHA256_SIZE];
	enum rill_code code;

	rill_sha256(target->bytes, target->length, sha256);
	drop_deltas(targets, publication->name);
	code = repository_store(repository, publication->name, target->bytes, target->length,
				sha256, error);
	for (size_t i = 0; code == RILL_OK && i < count; i++)
		if (jobs[i].delta.length)
			code = store_delta(repository, &jobs[i], publication->name, deltas, error);
	if (code != RILL_OK) {
		cJSON_Delete(deltas);
		return code;
	}
	put_report(report, publication, target, sha256, deltas);
	put_release(put_target(targets, publication->name, target->length, sha256), publication,
		    deltas);
	return RILL_OK;
}

static enum rill_code publish_from(struct repository *repository, struct publication *publication,
				   const struct delta_target *target, const struct input *content,
				   char *const *history, size_t found, cJSON *report,
				   struct rill_error *error)
{
	size_t count = found + publication->bases.count;
	struct delta_job *jobs = calloc(count + 1, sizeof *jobs);
	enum rill_code code;

	if (!jobs)
		return rill_fail(error, RILL_MEMORY, "no memory");
	for (size_t i = 0; i < count; i++)
		jobs[i].path = i < found ? history[i] : publication->bases.items[i - found];
	code = delta_jobs_run(jobs, count, target, thread_count(publication), publication->quiet,
			      error);
	if (code == RILL_OK)
		code = store(repository, publication, content, jobs, count, report, error);
	delta_jobs_free(jobs, count);
	free(jobs);
	return code;
}

/* What is to be published: `content` is that of the target. */
struct subject {
	struct input file;
	struct image image;
	struct delta_target target;
	struct input content;
};

static enum rill_code open_image(struct subject *subject, const struct publication *publication,
				 struct rill_error *error)
{
	const struct image_options options = {.platform = publication->platform};
	enum rill_code code = image_open(&subject->image, publication->file, &options, error);

	subject->target.image = &subject->image;
	subject->content = (struct input){.bytes = subject->image.config.bytes,
					  .length = subject->image.config.length};
	return code;
}

static enum rill_code open_subject(struct subject *subject, struct publication *publication,
				   struct rill_error *error)
{
	enum rill_kind kind;
	enum rill_code code;

	if (!publication->kind)
		publication->kind = image_detect(publication->file) == IMAGE_NONE ? "file"
										  : "image";
	if (!rill_kind_parse(publication->kind, &kind))
		return rill_fail(error, RILL_USAGE, "--kind is file, image or slot, not '%s'",
				 publication->kind);
	if (kind == RILL_KIND_IMAGE)
		return open_image(subject, publication, error);
	if (publication->platform)
		return rill_fail(error, RILL_USAGE, "--platform is for images");
	code = input_open(&subject->file, publication->file, error);
	subject->target.file = &subject->file;
	subject->content = subject->file;
	return code;
}

static void close_subject(struct subject *subject)
{
	if (subject->target.image)
		image_close(&subject->image);
	else
		input_close(&subject->file);
}

enum rill_code publish(struct repository *repository, struct publication *publication,
		       cJSON *report, struct rill_error *error)
{
	struct subject subject = {0};
	char **history = NULL;
	size_t found = 0;
	enum rill_code code;

	if (!is_good_name(publication->name))
		code = rill_fail(error, RILL_USAGE,
				 "'%s' is no name for a target: letters, digits and ._+-/ only",
				 publication->name);
	else
		code = open_subject(&subject, publication, error);
	if (code == RILL_OK)
		code = repository_edit(repository, RILL_TUF_TARGETS, publication->days, error);
	if (code == RILL_OK)
		code = choose_release(repository, repository_targets(repository), publication,
				      error);
	/* Of images the repository keeps no layers. */
	if (code == RILL_OK && !subject.target.image)
		code = release_history(repository, publication->name,
				       (size_t)publication->base_releases, &history, &found, error);
	if (code == RILL_OK)
		code = publish_from(repository, publication, &subject.target, &subject.content,
				    history, found, report, error);
	for (size_t i = 0; i < found; i++)
		free(history[i]);
	free(history);
	close_subject(&subject);
	return code;
}
