/* SPDX-License-Identifier: Apache-2.0 */
#include "host/repository.h"

#include <dirent.h>
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

static char *staged_path(const char *repository, enum rill_tuf_role role)
{
	char *path;

	return asprintf(&path, "%s/staged/%s.json", repository, rill_tuf_role_name(role)) < 0
		       ? NULL
		       : path;
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

/* Files "X.json.??????" are what a publisher that was killed left. */
static void sweep(const char *repository, const char *name)
{
	struct dirent *entry;
	char *path;
	DIR *folder;

	if (asprintf(&path, "%s/%s", repository, name) < 0)
		return;
	folder = opendir(path);
	free(path);
	while (folder && (entry = readdir(folder))) {
		size_t n = strlen(entry->d_name);

		if (n > 12 && strncmp(entry->d_name + n - 12, ".json.", 6) == 0)
			unlinkat(dirfd(folder), entry->d_name, 0);
	}
	if (folder)
		closedir(folder);
}

static enum rill_code load_draft(struct repository *repository, enum rill_tuf_role role,
				 struct rill_error *error)
{
	char *path = staged_path(repository->path, role);
	struct input file = {0};
	enum rill_code code = RILL_OK;

	if (!path)
		return no_memory(error);
	if (access(path, F_OK) == 0) {
		code = input_open(&file, path, error);
		if (code == RILL_OK)
			code = draft_parse(&repository->draft[role], role, file.bytes, file.length,
					   error);
		if (code != RILL_OK)
			rill_error_in(error, "%s", path);
		repository->staged = true;
	}
	input_close(&file);
	free(path);
	return code;
}

static enum rill_code load_drafts(struct repository *repository, struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	for (int role = 0; code == RILL_OK && role < RILL_TUF_ROLES; role++)
		code = load_draft(repository, (enum rill_tuf_role)role, error);
	return code;
}

cJSON *repository_body(const struct repository *repository, enum rill_tuf_role role,
		       int64_t version)
{
	char *path = metadata_path(repository->path, role, version);
	struct input file = {0};
	struct draft draft = {0};
	struct rill_error ignored;
	cJSON *body;

	if (path && input_open(&file, path, &ignored) == RILL_OK)
		draft_parse(&draft, role, file.bytes, file.length, &ignored);
	input_close(&file);
	free(path);
	body = draft.body;
	draft.body = NULL;
	draft_drop(&draft);
	return body;
}

static enum rill_code load_root_body(struct repository *repository, int64_t version,
				     struct rill_error *error)
{
	repository->root = repository_body(repository, RILL_TUF_ROOT, version);
	return repository->root ? RILL_OK : no_memory(error);
}

/* A new root may have come into force, and what it wants signed anew may be missing: then the
 * chain of the root before it is what is there to go on from. */
static enum rill_code load_chain(struct repository *repository, struct rill_error *error)
{
	enum rill_code code = chain_load(&repository->tuf, repository->path, 0, NULL, error);
	int64_t newest = repository->tuf.document[RILL_TUF_ROOT].version;
	struct rill_error ignored;

	if (code == RILL_SECURITY && newest > 1) {
		rill_tuf_free(&repository->tuf);
		if (chain_load(&repository->tuf, repository->path, newest - 1, NULL, &ignored) ==
		    RILL_OK) {
			repository->interrupted = true;
			code = RILL_OK;
		}
	}
	return code == RILL_OK ? load_root_body(repository, newest, error) : code;
}

enum rill_code repository_lock(struct repository *repository, const char *path,
			       struct rill_error *error)
{
	*repository = (struct repository){.path = path, .lock = -1};
	rill_tuf_init(&repository->tuf, 0);
	return lock(repository, error);
}

static enum rill_code open_locked(struct repository *repository, const char *path,
				  struct rill_error *error)
{
	enum rill_code code = repository_lock(repository, path, error);

	if (code != RILL_OK)
		return code;
	sweep(path, "metadata");
	sweep(path, "staged");
	return load_drafts(repository, error);
}

enum rill_code repository_open(struct repository *repository, const char *path,
			       struct rill_error *error)
{
	enum rill_code code = open_locked(repository, path, error);
	bool is_new = repository->draft[RILL_TUF_ROOT].body &&
		      draft_version(&repository->draft[RILL_TUF_ROOT]) == 1;

	/* A repository whose first root still waits for signatures has nothing else. */
	return code == RILL_OK && !is_new ? load_chain(repository, error) : code;
}

enum rill_code repository_open_staged(struct repository *repository, const char *path,
				      struct rill_error *error)
{
	enum rill_code code = open_locked(repository, path, error);

	if (code == RILL_OK && draft_version(&repository->draft[RILL_TUF_ROOT]) == 1)
		return RILL_OK;
	if (code == RILL_OK)
		code = chain_load_roots(&repository->tuf, path, 0, error);
	if (code == RILL_OK)
		code = load_root_body(repository, repository->tuf.document[RILL_TUF_ROOT].version,
				      error);
	return code;
}

void repository_close(struct repository *repository)
{
	rill_tuf_free(&repository->tuf);
	cJSON_Delete(repository->root);
	repository->root = NULL;
	for (int role = 0; role < RILL_TUF_ROLES; role++)
		draft_drop(&repository->draft[role]);
	if (repository->lock >= 0)
		close(repository->lock);
	repository->lock = -1;
}

enum rill_code repository_not_staged(const struct repository *repository, struct rill_error *error)
{
	return repository->staged
		       ? rill_fail(error, RILL_BUSY,
				   "%s: a staged change waits: mkdelta repo commit or repo discard",
				   repository->path)
		       : RILL_OK;
}

/* The version after what is published, of a file that is not there: one that a publisher left
 * before it was killed is never changed. */
static int64_t next_version(const struct repository *repository, enum rill_tuf_role role)
{
	int64_t version = repository->tuf.document[role].version + 1;

	if (role == RILL_TUF_ROOT && repository->interrupted)
		version++;
	while (role == RILL_TUF_SNAPSHOT || role == RILL_TUF_TARGETS) {
		char *path = metadata_path(repository->path, role, version);
		bool there = path && access(path, F_OK) == 0;

		free(path);
		if (!there)
			break;
		version++;
	}
	return version;
}

enum rill_code repository_edit(struct repository *repository, enum rill_tuf_role role, int64_t days,
			       struct rill_error *error)
{
	struct draft *draft = &repository->draft[role];
	int64_t published = repository->tuf.document[role].version;
	int64_t version = draft->body ? draft_version(draft) : next_version(repository, role);
	cJSON *body = draft->body;

	draft->body = NULL;
	if (!body && role == RILL_TUF_ROOT)
		body = cJSON_Duplicate(repository->root, true);
	else if (!body && published && role != RILL_TUF_TIMESTAMP)
		body = repository_body(repository, role, published);
	else if (!body)
		body = draft_body(role, version, days);
	if (!body)
		return no_memory(error);
	draft_renew(body, version, days);
	draft_start(draft, body);
	return RILL_OK;
}

cJSON *repository_targets(struct repository *repository)
{
	return cJSON_GetObjectItemCaseSensitive(repository->draft[RILL_TUF_TARGETS].body,
						"targets");
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

/* True when the file has these bytes already; then it is not written again. */
static bool is_stored(const char *path, size_t n, const uint8_t *sha256)
{
	struct input file = {0};
	struct rill_error ignored;
	uint8_t digest[RILL_SHA256_SIZE];
	bool same = access(path, F_OK) == 0 && input_open(&file, path, &ignored) == RILL_OK &&
		    file.length == n;

	if (same) {
		rill_sha256(file.bytes, file.length, digest);
		same = memcmp(digest, sha256, sizeof digest) == 0;
	}
	input_close(&file);
	return same;
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
	if (code == RILL_OK && !is_stored(path, n, sha256))
		code = write_file(path, bytes, n, 0666, error);
	free(path);
	return code;
}

enum rill_code repository_stage(struct repository *repository, struct rill_error *error)
{
	enum rill_code code = RILL_OK;
	char *folder;

	if (asprintf(&folder, "%s/staged", repository->path) < 0)
		return no_memory(error);
	code = make_folders(folder, error);
	free(folder);
	for (int role = 0; code == RILL_OK && role < RILL_TUF_ROLES; role++) {
		char *path = staged_path(repository->path, (enum rill_tuf_role)role);
		struct buffer file = {0};

		if (!path) {
			code = no_memory(error);
		} else if (repository->draft[role].body) {
			code = draft_print(&repository->draft[role], (enum rill_tuf_role)role,
					   &file, error);
			if (code == RILL_OK)
				code = write_file(path, file.bytes, file.length, 0666, error);
		}
		buffer_free(&file);
		free(path);
	}
	repository->staged = true;
	return code;
}

enum rill_code repository_discard(struct repository *repository, struct rill_error *error)
{
	char *folder;

	for (int role = 0; role < RILL_TUF_ROLES; role++) {
		char *path = staged_path(repository->path, (enum rill_tuf_role)role);

		if (!path)
			return no_memory(error);
		if (unlink(path) != 0 && errno != ENOENT) {
			rill_fail(error, RILL_IO, "%s: cannot remove: %s", path, strerror(errno));
			free(path);
			return RILL_IO;
		}
		free(path);
		draft_drop(&repository->draft[role]);
	}
	if (asprintf(&folder, "%s/staged", repository->path) < 0)
		return no_memory(error);
	rmdir(folder); /* stays if somebody else keeps something there */
	free(folder);
	repository->staged = false;
	return RILL_OK;
}
