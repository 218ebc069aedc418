/* SPDX-License-Identifier: Apache-2.0 */
#include "host/chain.h"

#include <stdlib.h>
#include <unistd.h>

char *metadata_path(const char *repository, enum rill_tuf_role role, int64_t version)
{
	char *path;
	int made = role == RILL_TUF_TIMESTAMP
			   ? asprintf(&path, "%s/metadata/timestamp.json", repository)
			   : asprintf(&path, "%s/metadata/%lld.%s.json", repository,
				      (long long)version, rill_tuf_role_name(role));

	return made < 0 ? NULL : path;
}

static enum rill_code trust_bytes(struct rill_tuf *tuf, enum rill_tuf_role role, const void *bytes,
				  size_t n, struct rill_error *error)
{
	switch (role) {
	case RILL_TUF_ROOT: return rill_tuf_root(tuf, bytes, n, error);
	case RILL_TUF_TIMESTAMP: return rill_tuf_timestamp(tuf, bytes, n, false, error);
	case RILL_TUF_SNAPSHOT: return rill_tuf_snapshot(tuf, bytes, n, false, error);
	case RILL_TUF_TARGETS: return rill_tuf_targets(tuf, bytes, n, error);
	case RILL_TUF_ROLES: break;
	}
	return rill_fail(error, RILL_INTERNAL, "no such role");
}

static enum rill_code load_file(struct rill_tuf *tuf, const char *repository,
				enum rill_tuf_role role, int64_t version, struct rill_error *error)
{
	char *path = metadata_path(repository, role, version);
	struct input file = {0};
	enum rill_code code = path ? input_open(&file, path, error)
				   : rill_fail(error, RILL_MEMORY, "no memory");

	if (code == RILL_OK) {
		code = trust_bytes(tuf, role, file.bytes, file.length, error);
		if (code != RILL_OK)
			rill_error_in(error, "%s", path);
	}
	input_close(&file);
	free(path);
	return code;
}

enum rill_code chain_load_roots(struct rill_tuf *tuf, const char *repository, int64_t count,
				struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	rill_tuf_init(tuf, 0); /* in 1970 nothing has expired */
	for (int64_t version = 1; code == RILL_OK && (count == 0 || version <= count); version++) {
		char *path = metadata_path(repository, RILL_TUF_ROOT, version);
		bool there = path && (version == 1 || access(path, F_OK) == 0);

		free(path);
		if (!there)
			break;
		code = load_file(tuf, repository, RILL_TUF_ROOT, version, error);
	}
	return code;
}

static enum rill_code load_role(struct rill_tuf *tuf, const char *repository,
				enum rill_tuf_role role, const struct chain_files *files,
				struct rill_error *error)
{
	struct rill_tuf_meta meta = {.version = 0};
	enum rill_code code = RILL_OK;

	if (files && files->file[role].length)
		return trust_bytes(tuf, role, files->file[role].bytes, files->file[role].length,
				   error);
	if (role != RILL_TUF_TIMESTAMP)
		code = rill_tuf_meta(tuf, role, &meta, error);
	return code == RILL_OK ? load_file(tuf, repository, role, meta.version, error) : code;
}

enum rill_code chain_load(struct rill_tuf *tuf, const char *repository, int64_t roots,
			  const struct chain_files *files, struct rill_error *error)
{
	bool new_root = files && files->file[RILL_TUF_ROOT].length;
	char *first = metadata_path(repository, RILL_TUF_ROOT, 1);
	enum rill_code code = RILL_OK;

	rill_tuf_init(tuf, 0);
	if (!new_root || (first && access(first, F_OK) == 0))
		code = chain_load_roots(tuf, repository, roots, error);
	free(first);
	if (code == RILL_OK && new_root)
		code = load_role(tuf, repository, RILL_TUF_ROOT, files, error);
	if (code == RILL_OK)
		code = load_role(tuf, repository, RILL_TUF_TIMESTAMP, files, error);
	if (code == RILL_OK)
		code = load_role(tuf, repository, RILL_TUF_SNAPSHOT, files, error);
	if (code == RILL_OK)
		code = load_role(tuf, repository, RILL_TUF_TARGETS, files, error);
	return code;
}
