/* SPDX-License-Identifier: Apache-2.0
 *
 * The actions of `mkdelta repo`, one file each or a few that belong together, and what they share.
 */
#ifndef RILL_HOST_REPO_COMMAND_H
#define RILL_HOST_REPO_COMMAND_H

#include "host/options.h"
#include "host/report.h"
#include "host/repository.h"

enum rill_code repo_init(int argc, char **argv, struct rill_error *error);
enum rill_code repo_publish(int argc, char **argv, struct rill_error *error);
enum rill_code repo_refresh(int argc, char **argv, struct rill_error *error);
enum rill_code repo_sign(int argc, char **argv, struct rill_error *error);
enum rill_code repo_commit(int argc, char **argv, struct rill_error *error);
enum rill_code repo_discard(int argc, char **argv, struct rill_error *error);
enum rill_code repo_rotate(int argc, char **argv, struct rill_error *error);
enum rill_code repo_revoke(int argc, char **argv, struct rill_error *error);
enum rill_code repo_status(int argc, char **argv, struct rill_error *error);
enum rill_code repo_check(int argc, char **argv, struct rill_error *error);
enum rill_code repo_prune(int argc, char **argv, struct rill_error *error);

/* What every action that signs has. */
struct signing {
	struct common common;
	struct text_list files;
	struct key_access access;
	int64_t days;
	bool stage;
	struct keyring keyring;
};

#define SIGNING_OPTIONS(s)                                                                         \
	{"key", 'k', OPTION_LIST, &(s).files, "FILE", "a key that signs (may be repeated)"},       \
		{"passphrase-file",                                                                \
		 'p',                                                                              \
		 OPTION_LIST,                                                                      \
		 &(s).access.passphrase_files,                                                     \
		 "FILE",                                                                           \
		 "its first line opens an encrypted key"},                                         \
	{                                                                                          \
		"sign-command", 's', OPTION_TEXT, &(s).access.command, "COMMAND",                  \
			"signs for a --key that is only public (HSM, KMS)"                         \
	}
#define DAYS_OPTION(s, help)                                                                       \
	{                                                                                          \
		"days", 'd', OPTION_NUMBER, &(s).days, "N", help                                   \
	}
#define STAGE_OPTION(s)                                                                            \
	{                                                                                          \
		"stage", 0, OPTION_FLAG, &(s).stage, NULL,                                         \
			"only prepare it, for repo sign and repo commit"                           \
	}

/* Opens the keys. RILL_USAGE when none is given, unless the change is only staged. */
enum rill_code signing_open(struct signing *signing, struct rill_error *error);
void signing_close(struct signing *signing);

/* Signs, and commits or stages what was drafted. */
enum rill_code signing_end(struct signing *signing, struct repository *repository,
			   struct rill_error *error);

/* A role by its name. RILL_USAGE. */
enum rill_code role_by_name(const char *name, enum rill_tuf_role *role, struct rill_error *error);

#endif
