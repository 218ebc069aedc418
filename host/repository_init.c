/* SPDX-License-Identifier: Apache-2.0 */
#include "host/repository.h"

#include "host/root_edit.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

static cJSON *make_root(const struct role_keys *roles, int64_t days)
{
	cJSON *body = draft_body(RILL_TUF_ROOT, 1, days);

	cJSON_AddTrueToObject(body, "consistent_snapshot");
	cJSON_AddObjectToObject(body, "keys");
	cJSON_AddObjectToObject(body, "roles");
	for (int role = 0; role < RILL_TUF_ROLES; role++) {
		root_set_threshold(body, (enum rill_tuf_role)role, roles->threshold[role]);
		for (size_t i = 0; i < roles->keyring[role].count; i++)
			root_add_key(body, (enum rill_tuf_role)role, &roles->keyring[role].keys[i]);
	}
	return body;
}

/* Folders, and no root that an earlier try left before it came to its end. */
static enum rill_code make_place(const char *path, struct rill_error *error)
{
	char *metadata = NULL, *targets = NULL, *timestamp = NULL, *root = NULL;
	enum rill_code code = RILL_OK;

	if (asprintf(&metadata, "%s/metadata", path) < 0 ||
	    asprintf(&targets, "%s/targets", path) < 0)
		code = rill_fail(error, RILL_MEMORY, "no memory");
	timestamp = metadata_path(path, RILL_TUF_TIMESTAMP, 0);
	root = metadata_path(path, RILL_TUF_ROOT, 1);
	if (code == RILL_OK && timestamp && access(timestamp, F_OK) == 0)
		code = rill_fail(error, RILL_USAGE, "%s: there is a repository already", path);
	if (code == RILL_OK)
		code = make_folders(metadata, error);
	if (code == RILL_OK)
		code = make_folders(targets, error);
	if (code == RILL_OK && root)
		unlink(root);
	free(metadata);
	free(targets);
	free(timestamp);
	free(root);
	return code;
}

/* All keys of all roles in one ring; the keys stay the roles'. */
static enum rill_code join(const struct role_keys *roles, struct keyring *all,
			   struct rill_error *error)
{
	size_t count = 0;

	for (int role = 0; role < RILL_TUF_ROLES; role++)
		count += roles->keyring[role].count;
	*all = (struct keyring){.keys = calloc(count + 1, sizeof *all->keys)};
	if (!all->keys)
		return rill_fail(error, RILL_MEMORY, "no memory");
	for (int role = 0; role < RILL_TUF_ROLES; role++)
		for (size_t i = 0; i < roles->keyring[role].count; i++)
			if (roles->keyring[role].keys[i].is_private ||
			    roles->keyring[role].keys[i].command)
				all->keys[all->count++] = roles->keyring[role].keys[i];
	return RILL_OK;
}

enum rill_code repository_init(const char *path, const struct role_keys *roles, int64_t days,
			       struct rill_error *error)
{
	struct repository repository;
	struct keyring all = {0};
	cJSON *root = make_root(roles, days), *targets = draft_body(RILL_TUF_TARGETS, 1, days);
	enum rill_code code = root_check(root, error);

	cJSON_AddObjectToObject(targets, "targets");
	if (code == RILL_OK)
		code = make_place(path, error);
	if (code == RILL_OK)
		code = join(roles, &all, error);
	if (code == RILL_OK)
		code = repository_lock(&repository, path, error);
	if (code == RILL_OK) {
		draft_start(&repository.draft[RILL_TUF_ROOT], root);
		draft_start(&repository.draft[RILL_TUF_TARGETS], targets);
		root = targets = NULL;
		code = repository_commit(&repository, &all, days, true, error);
		repository_close(&repository);
	}
	cJSON_Delete(root);
	cJSON_Delete(targets);
	free(all.keys);
	return code;
}
