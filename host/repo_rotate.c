/* SPDX-License-Identifier: Apache-2.0
 *
 * Changes of who signs.
 */
#include "host/repo_command.h"
#include "host/root_edit.h"

#include <string.h>

struct rotation {
	struct signing signing;
	struct text_list added, removed, roles;
	int64_t threshold;
	struct keyring new_keys;
};

/* Keys to take away may be named by their keyid, or a beginning of it, or by a file. */
static enum rill_code find_keyid(const cJSON *root, const char *text,
				 const struct key_access *access,
				 char keyid[static RILL_SHA256_HEX], struct rill_error *error)
{
	const cJSON *key;
	size_t n = strlen(text), found = 0;

	cJSON_ArrayForEach(key, cJSON_GetObjectItemCaseSensitive(root, "keys"))
	{
		if (n >= 8 && strncmp(key->string, text, n) == 0) {
			snprintf(keyid, RILL_SHA256_HEX, "%s", key->string);
			found++;
		}
	}
	if (found == 0) {
		struct key file;
		enum rill_code code = key_open(&file, text, access, error);

		snprintf(keyid, RILL_SHA256_HEX, "%s", code == RILL_OK ? file.id : "");
		key_close(&file);
		return code;
	}
	return found == 1 ? RILL_OK
			  : rill_fail(error, RILL_USAGE, "'%s' begins %zu keyids", text, found);
}

/* What a role's keys signed is signed anew: the role's file, and so all above it. */
static enum rill_code edit_role(struct repository *repository, enum rill_tuf_role role,
				int64_t days, struct rill_error *error)
{
	return role == RILL_TUF_ROOT ? RILL_OK : repository_edit(repository, role, days, error);
}

static enum rill_code remove_key(struct rotation *rotation, struct repository *repository,
				 cJSON *root, enum rill_tuf_role role, const char *text,
				 struct rill_error *error)
{
	char keyid[RILL_SHA256_HEX];
	enum rill_code code = find_keyid(repository->root, text, &rotation->signing.access, keyid,
					 error);

	if (code == RILL_OK && !root_remove_key(root, role, keyid))
		code = rill_fail(error, RILL_USAGE, "%s has no key %.16s", rill_tuf_role_name(role),
				 keyid);
	return code;
}

static enum rill_code change_role(struct rotation *rotation, struct repository *repository,
				  const char *name, struct rill_error *error)
{
	cJSON *root = repository->draft[RILL_TUF_ROOT].body;
	enum rill_tuf_role role;
	enum rill_code code = role_by_name(name, &role, error);

	for (size_t i = 0; code == RILL_OK && i < rotation->new_keys.count; i++)
		root_add_key(root, role, &rotation->new_keys.keys[i]);
	for (size_t i = 0; code == RILL_OK && i < rotation->removed.count; i++)
		code = remove_key(rotation, repository, root, role, rotation->removed.items[i],
				  error);
	if (code == RILL_OK && rotation->threshold)
		root_set_threshold(root, role, rotation->threshold);
	return code == RILL_OK ? edit_role(repository, role, rotation->signing.days, error) : code;
}

/* Takes a key away from every role that has it; new ones come in its place. */
static enum rill_code withdraw(struct rotation *rotation, struct repository *repository,
			       const char *text, struct rill_error *error)
{
	cJSON *root = repository->draft[RILL_TUF_ROOT].body;
	char keyid[RILL_SHA256_HEX];
	bool found = false;
	enum rill_code code = find_keyid(repository->root, text, &rotation->signing.access, keyid,
					 error);

	for (int i = 0; code == RILL_OK && i < RILL_TUF_ROLES; i++) {
		enum rill_tuf_role role = (enum rill_tuf_role)i;

		if (!root_names(root, role, keyid))
			continue;
		found = true;
		for (size_t k = 0; k < rotation->new_keys.count; k++)
			root_add_key(root, role, &rotation->new_keys.keys[k]);
		root_remove_key(root, role, keyid);
		code = edit_role(repository, role, rotation->signing.days, error);
	}
	if (code == RILL_OK && !found)
		code = rill_fail(error, RILL_USAGE, "no role has the key %.16s", keyid);
	return code;
}

typedef enum rill_code (*root_change)(struct rotation *rotation, struct repository *repository,
				      const char *what, struct rill_error *error);

static enum rill_code change_root(struct rotation *rotation, struct repository *repository,
				  root_change change, const char *what, struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	if (!rotation->signing.stage)
		code = repository_not_staged(repository, error);
	if (code == RILL_OK)
		code = signing_open(&rotation->signing, error);
	if (code == RILL_OK)
		code = keyring_open(&rotation->new_keys, &rotation->added,
				    &rotation->signing.access, error);
	if (code == RILL_OK)
		code = repository_edit(repository, RILL_TUF_ROOT, 365, error);
	if (code == RILL_OK)
		code = change(rotation, repository, what, error);
	if (code == RILL_OK)
		code = root_check(repository->draft[RILL_TUF_ROOT].body, error);
	return code == RILL_OK ? signing_end(&rotation->signing, repository, error) : code;
}

static void print_root(const struct rotation *rotation, const struct repository *repository,
		       int64_t version)
{
	if (rotation->signing.common.json) {
		cJSON *report = cJSON_CreateObject();

		cJSON_AddStringToObject(report, "repository", repository->path);
		report_add_number(report, "root", (uint64_t)version);
		cJSON_AddBoolToObject(report, "staged", rotation->signing.stage);
		report_print(report);
	} else if (!rotation->signing.common.quiet) {
		printf("%s: root %lld %s\n", repository->path, (long long)version,
		       rotation->signing.stage ? "is staged" : "is published");
	}
}

static enum rill_code run(struct rotation *rotation, root_change change, char **operand,
			  struct rill_error *error)
{
	struct repository repository;
	enum rill_code code = repository_open(&repository, operand[0], error);

	if (code == RILL_OK) {
		int64_t version = repository.tuf.document[RILL_TUF_ROOT].version + 1 +
				  repository.interrupted;

		code = change_root(rotation, &repository, change, operand[1], error);
		if (code == RILL_OK)
			print_root(rotation, &repository, version);
	}
	repository_close(&repository);
	return code;
}

static void free_rotation(struct rotation *rotation)
{
	keyring_close(&rotation->new_keys);
	text_list_free(&rotation->added);
	text_list_free(&rotation->removed);
	signing_close(&rotation->signing);
}

enum rill_code repo_rotate(int argc, char **argv, struct rill_error *error)
{
	struct rotation rotation = {.signing.days = 30};
	struct option_spec options[] = {
		SIGNING_OPTIONS(rotation.signing),
		{"add", 'a', OPTION_LIST, &rotation.added, "FILE",
		 "a key that comes in, may be only public (may be repeated)"},
		{"remove", 'r', OPTION_LIST, &rotation.removed, "KEY",
		 "a key that goes: its keyid or file (may be repeated)"},
		{"threshold", 't', OPTION_NUMBER, &rotation.threshold, "N",
		 "so many of the role's keys must sign"},
		STAGE_OPTION(rotation.signing),
		DAYS_OPTION(rotation.signing, "until the other metadata expires (30; root 365)"),
		COMMON_OPTIONS(rotation.signing.common)};
	const struct usage usage = {
		"repo rotate",
		"REPOSITORY ROLE --key FILE",
		"Publishes a new root that changes who signs ROLE, and signs anew what that\n"
		"asks for. Give --key for the keys of root, and for the role's old and new keys:\n"
		"when both sign, devices notice nothing at any instant.",
		2,
		2,
		options};
	char **operand;
	size_t count;
	bool done;
	enum rill_code code = parse_options(&usage, argc, argv, &operand, &count, &done, error);

	if (code == RILL_OK && !done)
		code = run(&rotation, change_role, operand, error);
	free_rotation(&rotation);
	return code;
}

enum rill_code repo_revoke(int argc, char **argv, struct rill_error *error)
{
	struct rotation rotation = {.signing.days = 30};
	struct option_spec options[] = {
		SIGNING_OPTIONS(rotation.signing),
		{"add", 'a', OPTION_LIST, &rotation.added, "FILE",
		 "a key that comes in its place, may be only public"},
		STAGE_OPTION(rotation.signing),
		DAYS_OPTION(rotation.signing, "until the other metadata expires (30; root 365)"),
		COMMON_OPTIONS(rotation.signing.common)};
	const struct usage usage = {
		"repo revoke",
		"REPOSITORY KEY --key FILE",
		"Withdraws KEY (its keyid or file) from every role, in a new root. Devices that\n"
		"took a timestamp or snapshot of a withdrawn key forget them, so that versions an\n"
		"attacker pushed up do no harm.",
		2,
		2,
		options};
	char **operand;
	size_t count;
	bool done;
	enum rill_code code = parse_options(&usage, argc, argv, &operand, &count, &done, error);

	if (code == RILL_OK && !done)
		code = run(&rotation, withdraw, operand, error);
	free_rotation(&rotation);
	return code;
}
