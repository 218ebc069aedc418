/* SPDX-License-Identifier: Apache-2.0 */
#include "host/repository.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const cJSON *next_root(const struct repository *repository)
{
	return repository->draft[RILL_TUF_ROOT].body;
}

/* The root that will be in force. */
static const cJSON *root_after(const struct repository *repository)
{
	return next_root(repository) ? next_root(repository) : repository->root;
}

static enum rill_code sign(struct repository *repository, enum rill_tuf_role role,
			   const struct keyring *keyring, struct rill_error *error)
{
	return draft_sign(&repository->draft[role], role, keyring, repository->root,
			  next_root(repository), error);
}

enum rill_code repository_sign(struct repository *repository, const struct keyring *keyring,
			       struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	for (int role = 0; code == RILL_OK && role < RILL_TUF_ROLES; role++)
		if (repository->draft[role].body)
			code = sign(repository, (enum rill_tuf_role)role, keyring, error);
	return code;
}

/* Signatures of a draft by keys that a root names for the role. */
static int count(const struct draft *draft, enum rill_tuf_role role, const cJSON *root)
{
	const cJSON *item;
	int n = 0;

	cJSON_ArrayForEach(item, draft->signatures)
	{
		const char *id = cJSON_GetStringValue(
			cJSON_GetObjectItemCaseSensitive(item, "keyid"));

		n += id && root_names(root, role, id);
	}
	return n;
}

static enum rill_code check_complete(const struct repository *repository, enum rill_tuf_role role,
				     const cJSON *root, struct rill_error *error)
{
	int have = count(&repository->draft[role], role, root), need = root_threshold(root, role);

	if (have >= need)
		return RILL_OK;
	return rill_fail(
		error, RILL_SECURITY,
		"%s: %s has %d of %d signatures by keys that its root names; --key FILE, or "
		"--stage and repo sign, give the others",
		repository->path, rill_tuf_role_name(role), have, need);
}

static enum rill_code describe(const struct draft *draft, enum rill_tuf_role role,
			       struct metadata_file *file, struct rill_error *error)
{
	struct buffer bytes = {0};
	enum rill_code code = draft_print(draft, role, &bytes, error);

	file->version = draft_version(draft);
	file->length = bytes.length;
	rill_sha256(bytes.bytes, bytes.length, file->sha256);
	buffer_free(&bytes);
	return code;
}

static bool has_meta(const cJSON *body, enum rill_tuf_role role, const struct metadata_file *file)
{
	char name[32], hex[RILL_SHA256_HEX];
	const char *sha256;
	const cJSON *entry;

	snprintf(name, sizeof name, "%s.json", rill_tuf_role_name(role));
	entry = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(body, "meta"),
						 name);
	sha256 = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(
		cJSON_GetObjectItemCaseSensitive(entry, "hashes"), "sha256"));
	rill_hex(file->sha256, RILL_SHA256_SIZE, hex);
	return sha256 && strcmp(sha256, hex) == 0;
}

/* The draft of snapshot or timestamp that names the draft of the role below. One that does so
 * already keeps its signatures. */
static enum rill_code draft_above(struct repository *repository, enum rill_tuf_role role,
				  enum rill_tuf_role below, const struct keyring *keyring,
				  int64_t days, struct rill_error *error)
{
	struct draft *draft = &repository->draft[role];
	struct metadata_file file = {.version = 0};
	enum rill_code code = RILL_OK;

	if (repository->draft[below].body) {
		code = check_complete(repository, below, root_after(repository), error);
		if (code == RILL_OK)
			code = describe(&repository->draft[below], below, &file, error);
		if (code == RILL_OK && !has_meta(draft->body, below, &file)) {
			code = repository_edit(repository, role, days, error);
			if (code == RILL_OK)
				draft_set_meta(draft->body, below, &file);
		}
	}
	if (code == RILL_OK && draft->body)
		code = sign(repository, role, keyring, error);
	return code;
}

/* What a timestamp said before, when the snapshot stays as it is. */
static enum rill_code keep_meta(struct repository *repository, struct rill_error *error)
{
	cJSON *body = repository->draft[RILL_TUF_TIMESTAMP].body, *was;

	if (!body || cJSON_HasObjectItem(body, "meta"))
		return RILL_OK;
	was = repository_body(repository, RILL_TUF_TIMESTAMP, 0);
	cJSON_AddItemToObject(body, "meta", cJSON_DetachItemFromObjectCaseSensitive(was, "meta"));
	cJSON_Delete(was);
	return cJSON_HasObjectItem(body, "meta") ? RILL_OK
						 : rill_fail(error, RILL_MEMORY, "no memory");
}

/* Signs what there is, and makes what has to follow. */
static enum rill_code complete(struct repository *repository, const struct keyring *keyring,
			       int64_t days, struct rill_error *error)
{
	static const enum rill_tuf_role all[] = {RILL_TUF_TARGETS, RILL_TUF_SNAPSHOT,
						 RILL_TUF_TIMESTAMP};
	enum rill_code code = RILL_OK;

	for (size_t i = 0; repository->interrupted && code == RILL_OK && i < 3; i++)
		if (!repository->draft[all[i]].body)
			code = repository_edit(repository, all[i], days, error);
	for (int role = RILL_TUF_ROOT; code == RILL_OK && role <= RILL_TUF_TARGETS;
	     role += RILL_TUF_TARGETS - RILL_TUF_ROOT)
		if (repository->draft[role].body)
			code = sign(repository, (enum rill_tuf_role)role, keyring, error);
	if (code == RILL_OK && next_root(repository)) {
		code = check_complete(repository, RILL_TUF_ROOT, next_root(repository), error);
		if (code == RILL_OK && repository->root)
			code = check_complete(repository, RILL_TUF_ROOT, repository->root, error);
	}
	if (code == RILL_OK)
		code = draft_above(repository, RILL_TUF_SNAPSHOT, RILL_TUF_TARGETS, keyring, days,
				   error);
	if (code == RILL_OK)
		code = keep_meta(repository, error);
	if (code == RILL_OK)
		code = draft_above(repository, RILL_TUF_TIMESTAMP, RILL_TUF_SNAPSHOT, keyring, days,
				   error);
	if (code == RILL_OK && repository->draft[RILL_TUF_TIMESTAMP].body)
		code = check_complete(repository, RILL_TUF_TIMESTAMP, root_after(repository),
				      error);
	return code;
}

static enum rill_code print_all(const struct repository *repository, struct chain_files *files,
				struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	for (int role = 0; code == RILL_OK && role < RILL_TUF_ROLES; role++)
		if (repository->draft[role].body)
			code = draft_print(&repository->draft[role], (enum rill_tuf_role)role,
					   &files->file[role], error);
	return code;
}

/* Whether clients that do not know the new root would take the other files. */
static bool suits_old_root(const struct repository *repository, const struct chain_files *files)
{
	struct chain_files others = *files;
	struct rill_error ignored;
	struct rill_tuf tuf;
	bool suits;

	others.file[RILL_TUF_ROOT].length = 0;
	suits = repository->root &&
		chain_load(&tuf, repository->path, 0, &others, &ignored) == RILL_OK;
	if (repository->root)
		rill_tuf_free(&tuf);
	return suits;
}

static enum rill_code put(const struct repository *repository, enum rill_tuf_role role,
			  const struct chain_files *files, struct rill_error *error)
{
	const struct buffer *file = &files->file[role];
	char *path = metadata_path(repository->path, role, draft_version(&repository->draft[role]));
	enum rill_code code = RILL_OK;

	if (!path)
		return rill_fail(error, RILL_MEMORY, "no memory");
	if (file->length)
		code = write_file(path, file->bytes, file->length, 0666, error);
	free(path);
	return code;
}

/* What no client asks for comes first. Where both roots accept the timestamp, as they do when old
 * and new keys signed, there is no instant at which a client finds anything wrong. */
static enum rill_code put_all(const struct repository *repository, const struct chain_files *files,
			      struct rill_error *error)
{
	bool root_last = suits_old_root(repository, files);
	enum rill_code code = put(repository, RILL_TUF_TARGETS, files, error);

	if (code == RILL_OK)
		code = put(repository, RILL_TUF_SNAPSHOT, files, error);
	if (code == RILL_OK && !root_last)
		code = put(repository, RILL_TUF_ROOT, files, error);
	if (code == RILL_OK)
		code = put(repository, RILL_TUF_TIMESTAMP, files, error);
	if (code == RILL_OK && root_last)
		code = put(repository, RILL_TUF_ROOT, files, error);
	return code;
}

static enum rill_code publish(struct repository *repository, struct rill_error *error)
{
	struct chain_files files = {0};
	struct rill_tuf tuf;
	enum rill_code code = print_all(repository, &files, error);

	if (code == RILL_OK) {
		code = chain_load(&tuf, repository->path, 0, &files, error);
		rill_tuf_free(&tuf);
		if (code != RILL_OK)
			rill_error_in(error, "no client would accept this");
	}
	if (code == RILL_OK)
		code = put_all(repository, &files, error);
	for (int role = 0; role < RILL_TUF_ROLES; role++)
		buffer_free(&files.file[role]);
	return code;
}

enum rill_code repository_commit(struct repository *repository, const struct keyring *keyring,
				 int64_t days, bool stage, struct rill_error *error)
{
	enum rill_code code = complete(repository, keyring, days, error);
	struct rill_error why;

	if (code == RILL_SECURITY && stage && repository_stage(repository, &why) != RILL_OK) {
		*error = why;
		code = why.code;
	}
	if (code == RILL_OK)
		code = publish(repository, error);
	if (code == RILL_OK && repository->staged)
		code = repository_discard(repository, error);
	return code;
}

enum rill_code repository_refresh(struct repository *repository, const struct keyring *keyring,
				  int64_t days, struct rill_error *error)
{
	static const enum rill_tuf_role roles[] = {RILL_TUF_TARGETS, RILL_TUF_SNAPSHOT,
						   RILL_TUF_TIMESTAMP};
	enum rill_code code = RILL_OK;

	for (size_t i = 0; code == RILL_OK && i < 3; i++) {
		enum rill_tuf_role role = roles[i];

		if (role == RILL_TUF_TIMESTAMP || root_count(repository->root, role, keyring) >=
							  root_threshold(repository->root, role))
			code = repository_edit(repository, role, days, error);
	}
	return code == RILL_OK ? repository_commit(repository, keyring, days, false, error) : code;
}
