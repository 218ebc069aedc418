/* SPDX-License-Identifier: Apache-2.0 */
#include "host/repository_check.h"

#include "host/delta_apply.h"
#include "protocol/delta_decoder.h"
#include "protocol/release.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct check {
	struct repository *repository;
	const struct rill_json *json;
	struct check_counts *counts;
};

static char *path_of(const struct check *check, const char *name, const uint8_t *sha256)
{
	char hex[RILL_SHA256_HEX];

	rill_hex(sha256, RILL_SHA256_SIZE, hex);
	return repository_target_path(check->repository, name, hex);
}

static enum rill_code open_target(const struct check *check, const char *name,
				  struct rill_tuf_target *target, struct input *file,
				  struct rill_error *error)
{
	uint8_t digest[RILL_SHA256_SIZE];
	char *path = NULL;
	enum rill_code code = rill_tuf_target(&check->repository->tuf, name, target, error);

	if (code == RILL_OK) {
		path = path_of(check, name, target->sha256);
		code = path ? input_open(file, path, error)
			    : rill_fail(error, RILL_MEMORY, "no memory");
	}
	if (code == RILL_OK) {
		rill_sha256(file->bytes, file->length, digest);
		if ((int64_t)file->length != target->length ||
		    memcmp(digest, target->sha256, sizeof digest) != 0)
			code = rill_fail(error, RILL_CORRUPT, "%s: not the bytes that were signed",
					 path);
	}
	free(path);
	return code;
}

/* The delta against what the release says of it, and of the result. */
static enum rill_code check_header(const struct input *file, enum rill_kind kind,
				   const struct rill_release_delta *delta,
				   const struct rill_tuf_target *target, struct rill_error *error)
{
	bool image = kind == RILL_KIND_IMAGE;
	struct rill_delta_header header;
	uint8_t digest[RILL_SHA256_SIZE];
	enum rill_code code = delta_read_header(file, &header, error);

	if (code != RILL_OK)
		return code;
	rill_sha256(file->bytes, header.length, digest);
	if (header.flags != (image ? RILL_DELTA_IMAGE : 0) ||
	    (!image && (header.base_count != 1 || header.output_count != 1)) ||
	    (int64_t)file->length != delta->length || header.length != delta->header_length ||
	    memcmp(digest, delta->header_sha256, sizeof digest) != 0 ||
	    memcmp(header.base[0].sha256, delta->from, sizeof digest) != 0 ||
	    memcmp(header.output[0].sha256, target->sha256, sizeof digest) != 0 ||
	    rill_decoder_memory(&header) != (uint64_t)delta->memory)
		return rill_fail(error, RILL_SECURITY, "not the delta that the release describes");
	return RILL_OK;
}

static enum rill_code apply(const struct check *check, const char *name, const struct input *file,
			    const struct rill_release_delta *delta, struct rill_error *error)
{
	struct progress progress = progress_start("checking", true);
	struct input base = {0};
	struct output nowhere = {.fd = -1};
	char *path = path_of(check, name, delta->from);
	enum rill_code code = RILL_OK;

	if (path && access(path, F_OK) == 0) {
		code = input_open(&base, path, error);
		if (code == RILL_OK)
			code = output_open(&nowhere, "-", error);
		if (code == RILL_OK)
			code = delta_apply(&base, file, UINT64_MAX, &nowhere, &progress, error);
		check->counts->applied++;
		output_abandon(&nowhere);
	}
	progress_end(&progress);
	input_close(&base);
	free(path);
	return code;
}

static enum rill_code check_delta(const struct check *check, const char *name, enum rill_kind kind,
				  const struct rill_release_delta *delta,
				  const struct rill_tuf_target *target, struct rill_error *error)
{
	struct rill_tuf_target whole;
	struct input file = {0};
	enum rill_code code = open_target(check, delta->path, &whole, &file, error);

	check->counts->deltas++;
	if (code == RILL_OK)
		code = check_header(&file, kind, delta, target, error);
	if (code == RILL_OK && kind != RILL_KIND_IMAGE)
		code = apply(check, name, &file, delta, error);
	if (code != RILL_OK)
		rill_error_in(error, "%s", delta->path);
	input_close(&file);
	return code;
}

static enum rill_code check_deltas(const struct check *check, const char *name,
				   const struct rill_tuf_target *target, struct rill_error *error)
{
	struct rill_release release;
	enum rill_code code = rill_release_parse(check->json, target->custom, &release, error);

	if (code != RILL_OK || !release.deltas)
		return code;
	for (uint32_t i = rill_json_first(check->json, release.deltas); i && code == RILL_OK;
	     i = rill_json_next(check->json, release.deltas, i)) {
		struct rill_release_delta delta;

		code = rill_release_read_delta(check->json, i, &delta, error);
		if (code == RILL_OK)
			code = check_delta(check, name, release.kind, &delta, target, error);
	}
	return code;
}

static enum rill_code check_target(const struct check *check, const char *name,
				   struct rill_error *error)
{
	struct rill_tuf_target target;
	struct input file = {0};
	enum rill_code code = open_target(check, name, &target, &file, error);

	check->counts->targets++;
	check->counts->bytes += file.length;
	input_close(&file);
	if (code == RILL_OK && target.custom)
		code = check_deltas(check, name, &target, error);
	if (code != RILL_OK)
		rill_error_in(error, "target %s", name);
	return code;
}

static enum rill_code check_expiry(const struct rill_tuf *tuf, int64_t now,
				   struct rill_error *error)
{
	for (int role = 0; role < RILL_TUF_ROLES; role++) {
		char text[RILL_TUF_TIME_SIZE];

		if (tuf->document[role].expires > now)
			continue;
		rill_tuf_print_time(tuf->document[role].expires, text);
		return rill_fail(error, RILL_EXPIRED, "%s metadata expired at %s",
				 rill_tuf_role_name((enum rill_tuf_role)role), text);
	}
	return RILL_OK;
}

enum rill_code repository_check(struct repository *repository, int64_t now,
				struct check_counts *counts, struct rill_error *error)
{
	const struct rill_tuf_document *document = &repository->tuf.document[RILL_TUF_TARGETS];
	struct check check = {repository, &document->json, counts};
	uint32_t targets = rill_json_get(check.json, document->body, "targets");
	enum rill_code code = RILL_OK;

	*counts = (struct check_counts){0};
	if (repository->interrupted)
		return rill_fail(error, RILL_SECURITY,
				 "%s: a change of keys did not come to its end; repo refresh with "
				 "the new keys ends it",
				 repository->path);
	if (!rill_json_is(check.json, targets, RILL_JSON_OBJECT))
		return rill_fail(error, RILL_SECURITY, "%s: no list of targets", repository->path);
	for (uint32_t i = rill_json_first(check.json, targets); i && code == RILL_OK;
	     i = rill_json_next(check.json, targets, i))
		code = check_target(&check, rill_json_string(check.json, i), error);
	return code == RILL_OK ? check_expiry(&repository->tuf, now, error) : code;
}
