/* SPDX-License-Identifier: Apache-2.0 */
#include "host/commands.h"
#include "host/key.h"
#include "host/options.h"
#include "host/passphrase.h"
#include "host/report.h"

#include <mbedtls/platform_util.h>
#include <string.h>

/* What the actions of `mkdelta key` take. */
struct job {
	struct common common;
	struct key_access access;
	const char *kind, *seal;
	bool public;
};

static void print_key(const struct key *key, const char *path, const struct common *common)
{
	if (common->json) {
		cJSON *report = cJSON_CreateObject();

		cJSON_AddStringToObject(report, "file", path);
		cJSON_AddStringToObject(report, "keyid", key->id);
		cJSON_AddBoolToObject(report, "private", key->is_private);
		cJSON_AddItemToObject(report, "key", key_to_tuf(key));
		report_print(report);
	} else if (!common->quiet) {
		printf("%s: %s%s, keyid %s\n%s%s", path, key_kind_name(key->kind),
		       key->is_private ? "" : " (public)", key->id, key->public_value,
		       key->kind == KEY_ED25519 ? "\n" : "");
	}
}

/* The passphrase that a file is to be encrypted with, or NULL. */
static enum rill_code get_seal(const struct job *job, char passphrase[static PASSPHRASE_MAX],
			       const char **seal, struct rill_error *error)
{
	*seal = job->seal ? passphrase : NULL;
	return job->seal ? passphrase_read(job->seal, passphrase, error) : RILL_OK;
}

static enum rill_code new_key(struct job *job, char **operand, struct rill_error *error)
{
	char passphrase[PASSPHRASE_MAX];
	const char *seal;
	struct key key;
	enum rill_code code = get_seal(job, passphrase, &seal, error);

	if (code != RILL_OK)
		return code;
	if (strcmp(job->kind, "p256") != 0 && strcmp(job->kind, "rsa") != 0)
		return rill_fail(error, RILL_USAGE, "--type: '%s' is neither p256 nor rsa",
				 job->kind);
	code = key_new(&key, operand[0], strcmp(job->kind, "rsa") == 0 ? KEY_RSA : KEY_P256, seal,
		       error);
	mbedtls_platform_zeroize(passphrase, sizeof passphrase);
	if (code == RILL_OK)
		print_key(&key, operand[0], &job->common);
	key_close(&key);
	return code;
}

static enum rill_code show_key(struct job *job, char **operand, struct rill_error *error)
{
	struct key key;
	enum rill_code code = key_open(&key, operand[0], &job->access, error);

	if (code == RILL_OK)
		print_key(&key, operand[0], &job->common);
	key_close(&key);
	return code;
}

static enum rill_code import_key(struct job *job, char **operand, struct rill_error *error)
{
	char passphrase[PASSPHRASE_MAX];
	const char *seal;
	struct key key;
	enum rill_code code = key_open(&key, operand[0], &job->access, error);

	if (code == RILL_OK)
		code = get_seal(job, passphrase, &seal, error);
	if (code == RILL_OK) {
		key.is_private = key.is_private && !job->public;
		code = key_save(&key, operand[1], seal, error);
		mbedtls_platform_zeroize(passphrase, sizeof passphrase);
	}
	if (code == RILL_OK)
		print_key(&key, operand[1], &job->common);
	key_close(&key);
	return code;
}

#define PASSPHRASE_OPTION(job)                                                                     \
	{                                                                                          \
		"passphrase-file", 'p', OPTION_LIST, &(job).access.passphrase_files, "FILE",       \
			"its first line opens an encrypted key"                                    \
	}
#define SEAL_OPTION(job)                                                                           \
	{                                                                                          \
		"encrypt", 'e', OPTION_TEXT, &(job).seal, "FILE",                                  \
			"encrypt the key; its passphrase is the first line of FILE"                \
	}

static enum rill_code key_new_action(int argc, char **argv, struct rill_error *error)
{
	struct job job = {.kind = "p256"};
	struct option_spec options[] = {
		{"type", 't', OPTION_TEXT, &job.kind, "TYPE", "p256 or rsa (p256)"},
		SEAL_OPTION(job),
		COMMON_OPTIONS(job.common)};
	const struct usage usage = {
		"key new",
		"FILE",
		"Makes a signing key, ECDSA on P-256 or RSA of 3072 bits, in FILE (PEM), which\n"
		"only its owner can read.",
		1,
		1,
		options};
	char **operand;
	size_t count;
	bool done;
	enum rill_code code = parse_options(&usage, argc, argv, &operand, &count, &done, error);

	return code == RILL_OK && !done ? new_key(&job, operand, error) : code;
}

static enum rill_code key_show_action(int argc, char **argv, struct rill_error *error)
{
	struct job job = {.kind = NULL};
	struct option_spec options[] = {PASSPHRASE_OPTION(job), COMMON_OPTIONS(job.common)};
	const struct usage usage = {
		"key show",
		"FILE",
		"Prints the keyid and the public key of FILE, private or public.",
		1,
		1,
		options};
	char **operand;
	size_t count;
	bool done;
	enum rill_code code = parse_options(&usage, argc, argv, &operand, &count, &done, error);

	if (code == RILL_OK && !done)
		code = show_key(&job, operand, error);
	text_list_free(&job.access.passphrase_files);
	return code;
}

static enum rill_code key_import_action(int argc, char **argv, struct rill_error *error)
{
	struct job job = {.kind = NULL};
	struct option_spec options[] = {
		PASSPHRASE_OPTION(job),
		SEAL_OPTION(job),
		{"public", 0, OPTION_FLAG, &job.public, NULL, "write the public key alone"},
		COMMON_OPTIONS(job.common)};
	const struct usage usage = {
		"key import",
		"FILE NEW",
		"Reads a key of other tools (PEM or DER; SEC 1, PKCS #1, PKCS #8, encrypted or\n"
		"not; public ones of Ed25519, too) and writes it to NEW. A public key alone "
		"stands\n"
		"for one in an HSM or KMS: see --sign-command of mkdelta repo.",
		2,
		2,
		options};
	char **operand;
	size_t count;
	bool done;
	enum rill_code code = parse_options(&usage, argc, argv, &operand, &count, &done, error);

	if (code == RILL_OK && !done)
		code = import_key(&job, operand, error);
	text_list_free(&job.access.passphrase_files);
	return code;
}

enum rill_code command_key(int argc, char **argv, struct rill_error *error)
{
	static const struct {
		const char *name;
		enum rill_code (*run)(int argc, char **argv, struct rill_error *error);
		const char *help;
	} actions[] = {
		{"new", key_new_action, "make a signing key"},
		{"show", key_show_action, "print a key's id and public key"},
		{"import", key_import_action, "take over a key of other tools"},
	};
	const size_t count = sizeof actions / sizeof actions[0];

	for (size_t i = 0; argc > 1 && i < count; i++)
		if (strcmp(argv[1], actions[i].name) == 0)
			return actions[i].run(argc - 1, argv + 1, error);
	if (argc > 1 && strcmp(argv[1], "--help") != 0)
		return rill_fail(error, RILL_USAGE,
				 "unknown action 'key %s': see mkdelta key --help", argv[1]);
	printf("Usage: mkdelta key ACTION [OPTION]... [OPERAND]...\n\nActions:\n");
	for (size_t i = 0; i < count; i++)
		printf("  %-8s %s\n", actions[i].name, actions[i].help);
	printf("\n'mkdelta key ACTION --help' shows an action's options.\n");
	return argc > 1 ? RILL_OK : rill_fail(error, RILL_USAGE, "no action: see above");
}
