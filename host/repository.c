/* SPDX-License-Identifier: Apache-2.0 */
#include "host/repository.h"

#include "host/file.h"
#include "host/metadata_write.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static enum rill_code no_memory(struct rill_error *error)
{
	return rill_fail(error, RILL_MEMORY, "no memory");
}

/* Snapshot and timestamp over a targets file that was just written. */
static enum rill_code write_chain(const char *folder, struct metadata_file *targets,
				  int64_t snapshot_version, int64_t timestamp_version,
				  struct key *key, int64_t days, struct rill_error *error)
{
	cJSON *body = metadata_new(RILL_TUF_SNAPSHOT, snapshot_version, days);
	struct metadata_file file;
	enum rill_code code;

	metadata_add_meta(body, RILL_TUF_TARGETS, targets);
	code = metadata_write(folder, RILL_TUF_SNAPSHOT, snapshot_version, body, key, &file, error);
	if (code != RILL_OK)
		return code;
	body = metadata_new(RILL_TUF_TIMESTAMP, timestamp_version, days);
	metadata_add_meta(body, RILL_TUF_SNAPSHOT, &file);
	return metadata_write(folder, RILL_TUF_TIMESTAMP, timestamp_version, body, key, &file,
			      error);
}

static cJSON *make_root(const struct key *key, int64_t days)
{
	cJSON *body = metadata_new(RILL_TUF_ROOT, 1, days), *keys, *roles;

	cJSON_AddTrueToObject(body, "consistent_snapshot");
	keys = cJSON_AddObjectToObject(body, "keys");
	cJSON_AddItemToObject(keys, key->id, key_to_tuf(key));
	roles = cJSON_AddObjectToObject(body, "roles");
	for (int role = 0; role < RILL_TUF_ROLES; role++) {
		cJSON *rule = cJSON_AddObjectToObject(roles,
						      rill_tuf_role_name((enum rill_tuf_role)role));
		cJSON *keyids = cJSON_AddArrayToObject(rule, "keyids");

		cJSON_AddItemToArray(keyids, cJSON_CreateString(key->id));
		cJSON_AddNumberToObject(rule, "threshold", 1);
	}
	return body;
}

static enum rill_code init_metadata(const char *folder, struct key *key, int64_t days,
				    struct rill_error *error)
{
	struct metadata_file file;
	cJSON *body;
	enum rill_code code = metadata_write(folder, RILL_TUF_ROOT, 1, make_root(key, days), key,
					     &file, error);

	if (code != RILL_OK)
		return code;
	body = metadata_new(RILL_TUF_TARGETS, 1, days);
	cJSON_AddObjectToObject(body, "targets");
	code = metadata_write(folder, RILL_TUF_TARGETS, 1, body, key, &file, error);
	return code == RILL_OK ? write_chain(folder, &file, 1, 1, key, days, error) : code;
}

enum rill_code repository_init(const char *path, struct key *key, int64_t days,
			       struct rill_error *error)
{
	char *metadata = NULL, *targets = NULL, *timestamp = NULL;
	enum rill_code code = RILL_OK;

	if (asprintf(&metadata, "%s/metadata", path) < 0 ||
	    asprintf(&targets, "%s/targets", path) < 0 ||
	    asprintf(&timestamp, "%s/metadata/timestamp.json", path) < 0)
		code = no_memory(error);
	/* It is written last: without it an earlier try did not come to its end. */
	if (code == RILL_OK && timestamp && access(timestamp, F_OK) == 0)
		code = rill_fail(error, RILL_USAGE, "%s: there is a repository already", path);
	if (code == RILL_OK)
		code = make_folders(metadata, error);
	if (code == RILL_OK)
		code = make_folders(targets, error);
	if (code == RILL_OK)
		code = init_metadata(metadata, key, days, error);
	free(metadata);
	free(targets);
	free(timestamp);
	return code;
}

static enum rill_code lock(struct repository *repository, struct rill_error *error)
{
	char *folder;

	if (asprintf(&folder, "%s/metadata", repository->path) < 0)
		return no_memory(error);
	repository->lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(folder);
	if (repository->lock < 0)
		return rill_fail(error, RILL_IO, "%s: no repository: mkdelta repo init makes one",
				 repository->path);
	if (flock(repository->lock, LOCK_EX | LOCK_NB) != 0)
		return rill_fail(error, RILL_BUSY, "%s: another publisher is at work",
				 repository->path);
	return RILL_OK;
}

/* The file of a role; the version counts for all but the timestamp. */
static char *metadata_path(const struct repository *repository, enum rill_tuf_role role,
			   int64_t version)
{
	char *path;
	int made = role == RILL_TUF_TIMESTAMP
			   ? asprintf(&path, "%s/metadata/timestamp.json", repository->path)
			   : asprintf(&path, "%s/metadata/%lld.%s.json", repository->path,
				      (long long)version, rill_tuf_role_name(role));

	return made < 0 ? NULL : path;
}

static enum rill_code trust_bytes(struct rill_tuf *tuf, enum rill_tuf_role role,
				  const struct input *file, struct rill_error *error)
{
	switch (role) {
	case RILL_TUF_ROOT: return rill_tuf_root(tuf, file->bytes, file->length, error);
	case RILL_TUF_TIMESTAMP:
		return rill_tuf_timestamp(tuf, file->bytes, file->length, false, error);
	case RILL_TUF_SNAPSHOT:
		return rill_tuf_snapshot(tuf, file->bytes, file->length, false, error);
	case RILL_TUF_TARGETS: return rill_tuf_targets(tuf, file->bytes, file->length, error);
	case RILL_TUF_ROLES: break;
	}
	return rill_fail(error, RILL_INTERNAL, "no such role");
}

static enum rill_code load_role(struct repository *repository, enum rill_tuf_role role,
				int64_t version, struct input *file, struct rill_error *error)
{
	char *path = metadata_path(repository, role, version);
	enum rill_code code = path ? input_open(file, path, error) : no_memory(error);

	if (code == RILL_OK) {
		code = trust_bytes(&repository->tuf, role, file, error);
		if (code != RILL_OK)
			rill_error_in(error, "%s", path);
	}
	free(path);
	return code;
}

static enum rill_code load_roots(struct repository *repository, struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	for (int64_t version = 1; code == RILL_OK; version++) {
		struct input file = {0};
		char *path = metadata_path(repository, RILL_TUF_ROOT, version);
		bool there = path && (version == 1 || access(path, F_OK) == 0);

		free(path);
		if (!there)
			break;
		code = load_role(repository, RILL_TUF_ROOT, version, &file, error);
		input_close(&file);
	}
	return code;
}

/* What the targets are now, as cJSON, to be changed. */
static enum rill_code take_targets(struct repository *repository, const struct input *file,
				   struct rill_error *error)
{
	cJSON *document = cJSON_ParseWithLength((const char *)file->bytes, file->length);
	cJSON *body = cJSON_GetObjectItemCaseSensitive(document, "signed");

	repository->targets = cJSON_DetachItemFromObjectCaseSensitive(body, "targets");
	cJSON_Delete(document);
	return repository->targets ? RILL_OK : no_memory(error);
}

enum rill_code repository_open(struct repository *repository, const char *path,
			       struct rill_error *error)
{
	struct input snapshot = {0}, timestamp = {0}, targets = {0};
	struct rill_tuf_meta meta;
	enum rill_code code;

	*repository = (struct repository){.path = path, .lock = -1};
	rill_tuf_init(&repository->tuf, 0); /* in 1970 nothing has expired */
	code = lock(repository, error);
	if (code == RILL_OK)
		code = load_roots(repository, error);
	if (code == RILL_OK)
		code = load_role(repository, RILL_TUF_TIMESTAMP, 0, &timestamp, error);
	if (code == RILL_OK)
		code = rill_tuf_meta(&repository->tuf, RILL_TUF_SNAPSHOT, &meta, error);
	if (code == RILL_OK)
		code = load_role(repository, RILL_TUF_SNAPSHOT, meta.version, &snapshot, error);
	if (code == RILL_OK)
		code = rill_tuf_meta(&repository->tuf, RILL_TUF_TARGETS, &meta, error);
	if (code == RILL_OK)
		code = load_role(repository, RILL_TUF_TARGETS, meta.version, &targets, error);
	if (code == RILL_OK)
		code = take_targets(repository, &targets, error);
	input_close(&timestamp);
	input_close(&snapshot);
	input_close(&targets);
	return code;
}

void repository_close(struct repository *repository)
{
	rill_tuf_free(&repository->tuf);
	cJSON_Delete(repository->targets);
	repository->targets = NULL;
	if (repository->lock >= 0)
		close(repository->lock);
	repository->lock = -1;
}

char *repository_target_path(const struct repository *repository, const char *name,
			     const char *sha256_hex)
{
	const char *slash = strrchr(name, '/');
	int folders = slash ? (int)(slash + 1 - name) : 0;
	char *path;

	if (asprintf(&path, "%s/targets/%.*s%s.%s", repository->path, folders, name, sha256_hex,
		     name + folders) < 0)
		return NULL;
	return path;
}

enum rill_code repository_store(const struct repository *repository, const char *name,
				const void *bytes, size_t n, const uint8_t *sha256,
				struct rill_error *error)
{
	char hex[RILL_SHA256_HEX];
	char *path, *slash;
	enum rill_code code;

	rill_hex(sha256, RILL_SHA256_SIZE, hex);
	path = repository_target_path(repository, name, hex);
	if (!path)
		return no_memory(error);
	slash = strrchr(path, '/');
	*slash = 0;
	code = make_folders(path, error);
	*slash = '/';
	if (code == RILL_OK)
		code = write_file(path, bytes, n, 0666, error);
	free(path);
	return code;
}

/* True when the root names the key for a role, and no other one is needed. */
static bool may_sign(const struct repository *repository, const struct key *key,
		     enum rill_tuf_role role)
{
	const struct rill_tuf_document *root = &repository->tuf.document[RILL_TUF_ROOT];
	const struct rill_json *json = &root->json;
	uint32_t rule = rill_json_get(json, rill_json_get(json, root->body, "roles"),
				      rill_tuf_role_name(role));
	uint32_t keyids = rill_json_get(json, rule, "keyids");
	int64_t threshold;

	if (!rill_json_integer(json, rill_json_get(json, rule, "threshold"), &threshold) ||
	    threshold != 1 || !rill_json_is(json, keyids, RILL_JSON_ARRAY))
		return false;
	for (uint32_t i = rill_json_first(json, keyids); i; i = rill_json_next(json, keyids, i)) {
		const char *id = rill_json_string(json, i);

		if (id && strcmp(id, key->id) == 0)
			return true;
	}
	return false;
}

enum rill_code repository_commit(struct repository *repository, struct key *key, int64_t days,
				 struct rill_error *error)
{
	const struct rill_tuf_document *document = repository->tuf.document;
	int64_t version = document[RILL_TUF_TARGETS].version + 1;
	cJSON *body;
	struct metadata_file file;
	char *folder;
	enum rill_code code;

	for (int role = RILL_TUF_TIMESTAMP; role < RILL_TUF_ROLES; role++)
		if (!may_sign(repository, key, (enum rill_tuf_role)role))
			return rill_fail(error, RILL_USAGE,
					 "%s: its root does not name the key %.16s... for %s",
					 repository->path, key->id,
					 rill_tuf_role_name((enum rill_tuf_role)role));
	body = metadata_new(RILL_TUF_TARGETS, version, days);
	cJSON_AddItemToObject(body, "targets", repository->targets);
	repository->targets = NULL;
	if (asprintf(&folder, "%s/metadata", repository->path) < 0) {
		cJSON_Delete(body);
		return no_memory(error);
	}
	code = metadata_write(folder, RILL_TUF_TARGETS, version, body, key, &file, error);
	if (code == RILL_OK)
		code = write_chain(folder, &file, document[RILL_TUF_SNAPSHOT].version + 1,
				   document[RILL_TUF_TIMESTAMP].version + 1, key, days, error);
	free(folder);
	return code;
}
