/* SPDX-License-Identifier: Apache-2.0 */
#include "host/release_history.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const cJSON *get(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* A number that cJSON has read, or that was added raw. */
static int64_t number(const cJSON *item)
{
	if (cJSON_IsRaw(item))
		return strtoll(item->valuestring, NULL, 10);
	return cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble < 1e18
		       ? (int64_t)item->valuedouble
		       : -1;
}

bool release_entry_read(const cJSON *entry, struct release_entry *release)
{
	uint8_t digest[RILL_SHA256_SIZE];
	const char *kind;

	release->release = number(get(get(get(entry, "custom"), "rill"), "release"));
	release->length = number(get(entry, "length"));
	release->sha256 = cJSON_GetStringValue(get(get(entry, "hashes"), "sha256"));
	kind = cJSON_GetStringValue(get(get(get(entry, "custom"), "rill"), "kind"));
	release->is_image = kind && strcmp(kind, "image") == 0;
	return release->release > 0 && release->length >= 0 && release->sha256 &&
	       rill_unhex(release->sha256, digest, sizeof digest);
}

struct history {
	struct repository *repository;
	const char *name;
	char **paths;
	size_t found;
	int64_t last; /* release that was seen last */
	size_t releases;
};

static bool has_path(const struct history *history, const char *path)
{
	for (size_t i = 0; i < history->found; i++)
		if (strcmp(history->paths[i], path) == 0)
			return true;
	return false;
}

/* Adds what a "targets" object has of the target; most have the same as the one after. */
static void add(struct history *history, const cJSON *targets)
{
	struct release_entry release;
	char *path;

	if (!release_entry_read(get(targets, history->name), &release) ||
	    release.release == history->last || release.is_image)
		return;
	history->last = release.release;
	history->releases++;
	path = repository_target_path(history->repository, history->name, release.sha256);
	/* That the release now is gone is damage, and shows; older ones may have been pruned. */
	if (path && (history->releases == 1 || access(path, R_OK) == 0) && !has_path(history, path))
		history->paths[history->found++] = path;
	else
		free(path);
}

enum rill_code release_history(struct repository *repository, const char *name, size_t count,
			       char ***paths, size_t *found, struct rill_error *error)
{
	struct history history = {.repository = repository,
				  .name = name,
				  .paths = calloc(count + 1, sizeof(char *)),
				  .last = 0};
	int64_t version = repository->tuf.document[RILL_TUF_TARGETS].version;

	if (!history.paths)
		return rill_fail(error, RILL_MEMORY, "no memory");
	if (count > 0)
		add(&history, repository_targets(repository));
	for (; version > 0 && history.releases < count; version--) {
		cJSON *body = repository_body(repository, RILL_TUF_TARGETS, version);

		if (!body)
			break; /* pruned */
		add(&history, get(body, "targets"));
		cJSON_Delete(body);
	}
	*paths = history.paths;
	*found = history.found;
	return RILL_OK;
}
