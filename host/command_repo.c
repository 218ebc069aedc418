/* SPDX-License-Identifier: Apache-2.0 */
#include "host/commands.h"
#include "host/repo_command.h"

#include <string.h>

static const struct {
	const char *name;
	enum rill_code (*run)(int argc, char **argv, struct rill_error *error);
	const char *help;
} actions[] = {
	{"init", repo_init, "make an empty repository"},
	{"publish", repo_publish, "publish a release with its deltas"},
	{"refresh", repo_refresh, "sign the metadata again before it expires"},
	{"sign", repo_sign, "add signatures to what is staged"},
	{"commit", repo_commit, "publish what is staged and signed"},
	{"discard", repo_discard, "forget what is staged"},
	{"rotate", repo_rotate, "change the keys or threshold of a role"},
	{"revoke", repo_revoke, "withdraw a key from all roles"},
	{"status", repo_status, "show roles, keys, expiry, releases and what is staged"},
	{"check", repo_check, "prove the repository whole"},
	{"prune", repo_prune, "remove what no device asks for any more"},
};

#define ACTION_COUNT (sizeof actions / sizeof actions[0])

enum rill_code command_repo(int argc, char **argv, struct rill_error *error)
{
	for (size_t i = 0; argc > 1 && i < ACTION_COUNT; i++)
		if (strcmp(argv[1], actions[i].name) == 0)
			return actions[i].run(argc - 1, argv + 1, error);
	if (argc > 1 && strcmp(argv[1], "--help") != 0)
		return rill_fail(error, RILL_USAGE,
				 "unknown action 'repo %s': see mkdelta repo --help", argv[1]);
	printf("Usage: mkdelta repo ACTION [OPTION]... [OPERAND]...\n\nActions:\n");
	for (size_t i = 0; i < ACTION_COUNT; i++)
		printf("  %-8s %s\n", actions[i].name, actions[i].help);
	printf("\n'mkdelta repo ACTION --help' shows an action's options.\n");
	return argc > 1 ? RILL_OK : rill_fail(error, RILL_USAGE, "no action: see above");
}

enum rill_code signing_open(struct signing *signing, struct rill_error *error)
{
	if (signing->files.count == 0 && !signing->stage)
		return rill_fail(error, RILL_USAGE, "which key signs? give --key FILE");
	return keyring_open(&signing->keyring, &signing->files, &signing->access, error);
}

void signing_close(struct signing *signing)
{
	keyring_close(&signing->keyring);
	text_list_free(&signing->files);
	text_list_free(&signing->access.passphrase_files);
}

enum rill_code signing_end(struct signing *signing, struct repository *repository,
			   struct rill_error *error)
{
	enum rill_code code;

	if (!signing->stage)
		return repository_commit(repository, &signing->keyring, signing->days, false,
					 error);
	code = repository_sign(repository, &signing->keyring, error);
	return code == RILL_OK ? repository_stage(repository, error) : code;
}

enum rill_code role_by_name(const char *name, enum rill_tuf_role *role, struct rill_error *error)
{
	for (int i = 0; i < RILL_TUF_ROLES; i++)
		if (strcmp(name, rill_tuf_role_name((enum rill_tuf_role)i)) == 0) {
			*role = (enum rill_tuf_role)i;
			return RILL_OK;
		}
	return rill_fail(error, RILL_USAGE, "'%s' is no role: root, timestamp, snapshot or targets",
			 name);
}
