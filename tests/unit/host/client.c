/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/host/client.h"

#include "host/publish.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum rill_code init_with(const char *path, struct key *key, int64_t days, struct rill_error *error)
{
	struct role_keys roles;

	for (int role = 0; role < RILL_TUF_ROLES; role++) {
		roles.keyring[role] = (struct keyring){key, 1};
		roles.threshold[role] = 1;
	}
	return repository_init(path, &roles, days, error);
}

int make_site(void **state)
{
	struct site *site = calloc(1, sizeof *site);
	void *folder;
	struct rill_error error;

	*state = site;
	if (!site || make_folder(&folder) != 0)
		return -1;
	site->folder = folder;
	snprintf(site->path, sizeof site->path, "%s/repo", site->folder->path);
	if (key_new(&site->key, folder_path(site->folder, "key.pem"), KEY_P256, NULL, &error) !=
	    RILL_OK)
		return -1;
	site->keyring = (struct keyring){&site->key, 1};
	return init_with(site->path, &site->key, 30, &error) == RILL_OK ? 0 : -1;
}

int remove_site(void **state)
{
	struct site *site = *state;
	void *folder = site->folder;

	key_close(&site->key);
	free(site);
	return remove_folder(&folder);
}

enum rill_code publish_bytes(struct site *site, const char *name, const void *bytes, size_t n,
			     int64_t release, struct rill_error *error)
{
	struct repository repository;
	struct publication publication = {
		.name = name, .release = release, .base_releases = 1, .days = 30, .quiet = true};
	cJSON *report = cJSON_CreateObject();
	enum rill_code code;

	publication.file = folder_path(site->folder, "file");
	put_file(publication.file, bytes, n);
	code = repository_open(&repository, site->path, error);
	if (code == RILL_OK)
		code = publish(&repository, &publication, report, error);
	if (code == RILL_OK)
		code = repository_commit(&repository, &site->keyring, 30, false, error);
	repository_close(&repository);
	cJSON_Delete(report);
	return code;
}

enum rill_code client_refresh(const struct site *site, struct rill_tuf *tuf,
			      struct rill_error *error)
{
	static const enum rill_tuf_role order[] = {RILL_TUF_ROOT, RILL_TUF_TIMESTAMP,
						   RILL_TUF_SNAPSHOT, RILL_TUF_TARGETS};
	struct rill_tuf_meta meta = {.version = 1};
	enum rill_code code = RILL_OK;

	rill_tuf_init(tuf, (int64_t)time(NULL));
	for (int i = 0; code == RILL_OK && i < 4; i++) {
		enum rill_tuf_role role = order[i];
		char name[128];
		char *bytes;
		size_t n;

		if (role == RILL_TUF_SNAPSHOT || role == RILL_TUF_TARGETS)
			assert_ok(rill_tuf_meta(tuf, role, &meta, error), error);
		if (role == RILL_TUF_TIMESTAMP)
			snprintf(name, sizeof name, "%s/metadata/timestamp.json", site->path);
		else
			snprintf(name, sizeof name, "%s/metadata/%lld.%s.json", site->path,
				 (long long)meta.version, rill_tuf_role_name(role));
		bytes = get_file(name, &n);
		if (role == RILL_TUF_ROOT)
			code = rill_tuf_root(tuf, bytes, n, error);
		else if (role == RILL_TUF_TIMESTAMP)
			code = rill_tuf_timestamp(tuf, bytes, n, false, error);
		else if (role == RILL_TUF_SNAPSHOT)
			code = rill_tuf_snapshot(tuf, bytes, n, false, error);
		else
			code = rill_tuf_targets(tuf, bytes, n, error);
		free(bytes);
	}
	return code;
}

char *client_get(struct site *site, const struct rill_tuf *tuf, const char *name, size_t *n)
{
	const struct repository repository = {.path = site->path};
	struct rill_tuf_target target;
	uint8_t digest[RILL_SHA256_SIZE];
	char hex[RILL_SHA256_HEX];
	struct rill_error error;
	char *path, *bytes;

	assert_ok(rill_tuf_target(tuf, name, &target, &error), &error);
	rill_hex(target.sha256, RILL_SHA256_SIZE, hex);
	path = repository_target_path(&repository, name, hex);
	assert_non_null(path);
	bytes = get_file(path, n);
	free(path);
	assert_int_equal(*n, target.length);
	rill_sha256(bytes, *n, digest);
	assert_memory_equal(digest, target.sha256, sizeof digest);
	return bytes;
}
