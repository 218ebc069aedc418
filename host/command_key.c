/* SPDX-License-Identifier: Apache-2.0 */
#include "host/commands.h"
#include "host/key.h"
#include "host/options.h"
#include "host/report.h"

#include <string.h>

static void print_key(const struct key *key, const char *path, const struct common *common)
{
	if (common->json) {
		cJSON *report = cJSON_CreateObject();

		cJSON_AddStringToObject(report, "file", path);
		cJSON_AddStringToObject(report, "keyid", key->id);
		cJSON_AddItemToObject(report, "key", key_to_tuf(key));
		report_print(report);
	} else if (!common->quiet) {
		printf("%s: ECDSA P-256, keyid %s\n%s", path, key->id, key->public_pem);
	}
}

enum rill_code command_key(int argc, char **argv, struct rill_error *error)
{
	struct common common = {0};
	struct option_spec options[] = {COMMON_OPTIONS(common)};
	const struct usage usage = {
		"key",
		"new|show FILE",
		"new makes a signing key (ECDSA P-256) in FILE, which only its owner can read.\n"
		"show prints the keyid and the public key of FILE.",
		2,
		2,
		options};
	struct key key;
	char **operand;
	size_t count;
	bool done;
	enum rill_code code = parse_options(&usage, argc, argv, &operand, &count, &done, error);

	if (code != RILL_OK || done)
		return code;
	if (strcmp(operand[0], "new") == 0)
		code = key_new(&key, operand[1], error);
	else if (strcmp(operand[0], "show") == 0)
		code = key_open(&key, operand[1], error);
	else
		return rill_fail(error, RILL_USAGE, "usage: mkdelta key new|show FILE");
	if (code == RILL_OK)
		print_key(&key, operand[1], &common);
	key_close(&key);
	return code;
}
