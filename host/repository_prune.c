/* SPDX-License-Identifier: Apache-2.0 */
#include "host/repository_prune.h"

#include <dirent.h>
#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Paths that stay, sorted once they are all there. */
struct paths {
	char **items;
	size_t count, capacity;
};

struct prune {
	struct repository *repository;
	struct paths stay;
	int64_t oldest; /* version of targets that stays */
	bool dry;
	struct prune_counts *counts;
};

static enum rill_code add_path(struct paths *paths, char *path, struct rill_error *error)
{
	if (path && paths->count == paths->capacity) {
		size_t capacity = 2 * paths->capacity + 64;
		char **items = realloc(paths->items, capacity * sizeof *items);

		if (items) {
			paths->items = items;
			paths->capacity = capacity;
		}
	}
	if (!path || paths->count == paths->capacity) {
		free(path);
		return rill_fail(error, RILL_MEMORY, "no memory");
	}
	paths->items[paths->count++] = path;
	return RILL_OK;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool stays(const struct paths *paths, const char *path)
{
	return paths->count && bsearch(&path, paths->items, paths->count, sizeof path, compare);
}

static enum rill_code add_targets(struct prune *prune, const cJSON *body, struct rill_error *error)
{
	const cJSON *entry;
	enum rill_code code = RILL_OK;

	cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(body, "targets"))
	{
		const char *sha256 = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(
			cJSON_GetObjectItemCaseSensitive(entry, "hashes"), "sha256"));

		if (sha256 && code == RILL_OK)
			code = add_path(
				&prune->stay,
				repository_target_path(prune->repository, entry->string, sha256),
				error);
	}
	return code;
}

static enum rill_code find_what_stays(struct prune *prune, int64_t keep, struct rill_error *error)
{
	struct repository *repository = prune->repository;
	int64_t version = repository->tuf.document[RILL_TUF_TARGETS].version;
	enum rill_code code = add_targets(prune, repository->draft[RILL_TUF_TARGETS].body, error);

	for (; code == RILL_OK && version > 0 && keep > 0; version--) {
		cJSON *body = repository_body(repository, RILL_TUF_TARGETS, version);

		if (!body)
			continue; /* a version that was passed over, or is gone */
		code = add_targets(prune, body, error);
		cJSON_Delete(body);
		prune->oldest = version;
		keep--;
	}
	if (prune->stay.count)
		qsort(prune->stay.items, prune->stay.count, sizeof *prune->stay.items, compare);
	return code;
}

static enum rill_code remove_file(struct prune *prune, const char *path, struct rill_error *error)
{
	struct stat st;

	if (lstat(path, &st) == 0)
		prune->counts->bytes += (uint64_t)st.st_size;
	prune->counts->files++;
	if (!prune->dry && unlink(path) != 0)
		return rill_fail(error, RILL_IO, "%s: cannot remove: %s", path, strerror(errno));
	return RILL_OK;
}

static enum rill_code prune_targets(struct prune *prune, struct rill_error *error)
{
	enum rill_code code = RILL_OK;
	char *top;
	FTS *walk;
	FTSENT *entry;

	if (asprintf(&top, "%s/targets", prune->repository->path) < 0)
		return rill_fail(error, RILL_MEMORY, "no memory");
	walk = fts_open((char *[]){top, NULL}, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	while (code == RILL_OK && walk && (entry = fts_read(walk))) {
		char *path = entry->fts_path;

		if (entry->fts_info == FTS_DP && entry->fts_level > 0 && !prune->dry)
			rmdir(path); /* stays unless it is empty */
		else if (entry->fts_info == FTS_F && !stays(&prune->stay, path))
			code = remove_file(prune, path, error);
	}
	if (walk)
		fts_close(walk);
	free(top);
	return code;
}

/* The version of targets that a snapshot is over. */
static int64_t targets_of(const struct repository *repository, int64_t version)
{
	cJSON *body = repository_body(repository, RILL_TUF_SNAPSHOT, version);
	const cJSON *meta = cJSON_GetObjectItemCaseSensitive(body, "meta");
	const cJSON *of = cJSON_GetObjectItemCaseSensitive(
		cJSON_GetObjectItemCaseSensitive(meta, "targets.json"), "version");
	int64_t found = cJSON_IsNumber(of) ? (int64_t)of->valuedouble : 0;

	cJSON_Delete(body);
	return found;
}

static bool is_old(const struct prune *prune, const char *name)
{
	const struct rill_tuf_document *now = prune->repository->tuf.document;
	char *end;
	int64_t version = strtoll(name, &end, 10);

	if (end == name || version < 1)
		return false;
	/* Ones that are newer than what is published come of a publisher that was killed. */
	if (strcmp(end, ".targets.json") == 0)
		return version < prune->oldest || version > now[RILL_TUF_TARGETS].version;
	if (strcmp(end, ".snapshot.json") != 0 || version == now[RILL_TUF_SNAPSHOT].version)
		return false;
	return version > now[RILL_TUF_SNAPSHOT].version ||
	       targets_of(prune->repository, version) < prune->oldest;
}

static enum rill_code prune_metadata(struct prune *prune, struct rill_error *error)
{
	enum rill_code code = RILL_OK;
	struct dirent *entry;
	char *folder;
	DIR *list;

	if (asprintf(&folder, "%s/metadata", prune->repository->path) < 0)
		return rill_fail(error, RILL_MEMORY, "no memory");
	list = opendir(folder);
	while (code == RILL_OK && list && (entry = readdir(list))) {
		char *path;

		if (!is_old(prune, entry->d_name))
			continue;
		if (asprintf(&path, "%s/%s", folder, entry->d_name) < 0)
			code = rill_fail(error, RILL_MEMORY, "no memory");
		else {
			code = remove_file(prune, path, error);
			free(path);
		}
	}
	if (list)
		closedir(list);
	free(folder);
	return code;
}

enum rill_code repository_prune(struct repository *repository, int64_t keep, bool dry,
				struct prune_counts *counts, struct rill_error *error)
{
	struct prune prune = {.repository = repository, .dry = dry, .counts = counts};
	enum rill_code code;

	*counts = (struct prune_counts){0};
	code = find_what_stays(&prune, keep, error);
	if (code == RILL_OK)
		code = prune_metadata(&prune, error);
	if (code == RILL_OK)
		code = prune_targets(&prune, error);
	for (size_t i = 0; i < prune.stay.count; i++)
		free(prune.stay.items[i]);
	free(prune.stay.items);
	return code;
}
