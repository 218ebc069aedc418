/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/release.h"

#include "protocol/delta_header.h"
#include <string.h>

static enum rill_code malformed(const char *field, struct rill_error *error)
{
	return rill_fail(error, RILL_SECURITY,
			 "the target's custom data: \"%s\" is missing or malformed", field);
}

/* An array that may be missing. */
static bool get_array(const struct rill_json *json, uint32_t object, const char *name,
		      uint32_t *array)
{
	*array = rill_json_get(json, object, name);
	return *array == 0 || rill_json_is(json, *array, RILL_JSON_ARRAY);
}

bool rill_kind_parse(const char *name, enum rill_kind *kind)
{
	static const char *const names[] = {
		[RILL_KIND_FILE] = "file", [RILL_KIND_IMAGE] = "image", [RILL_KIND_SLOT] = "slot"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(name, names[i]) == 0) {
			*kind = (enum rill_kind)i;
			return true;
		}
	return false;
}

enum rill_code rill_release_parse(const struct rill_json *json, uint32_t custom,
				  struct rill_release *release, struct rill_error *error)
{
	uint32_t rill = rill_json_get(json, custom, "rill"), downgrade;
	const char *kind = rill_json_string(json, rill_json_get(json, rill, "kind"));

	if (rill == 0)
		return malformed("rill", error);
	if (!kind)
		return malformed("kind", error);
	if (!rill_kind_parse(kind, &release->kind))
		return rill_fail(error, RILL_UNSUPPORTED, "a target of kind \"%.32s\"", kind);
	if (!rill_json_integer(json, rill_json_get(json, rill, "release"), &release->number) ||
	    release->number < 1 || release->number > RILL_RELEASE_MAX)
		return malformed("release", error);
	downgrade = rill_json_get(json, rill, "downgrade_from");
	release->downgrade_from = 0;
	if (downgrade &&
	    (!rill_json_integer(json, downgrade, &release->downgrade_from) ||
	     release->downgrade_from < 1 || release->downgrade_from > RILL_RELEASE_MAX))
		return malformed("downgrade_from", error);
	if (!get_array(json, rill, "boards", &release->boards))
		return malformed("boards", error);
	if (!get_array(json, rill, "hardware", &release->hardware))
		return malformed("hardware", error);
	if (!get_array(json, rill, "deltas", &release->deltas))
		return malformed("deltas", error);
	return RILL_OK;
}

/* Without a list all are meant. */
static bool lists(const struct rill_json *json, uint32_t array, const char *wanted)
{
	if (!array)
		return true;
	for (uint32_t i = rill_json_first(json, array); i; i = rill_json_next(json, array, i)) {
		const char *name = rill_json_string(json, i);

		if (name && strcmp(name, wanted) == 0)
			return true;
	}
	return false;
}

bool rill_release_is_for(const struct rill_json *json, const struct rill_release *release,
			 const char *board)
{
	return lists(json, release->boards, board);
}

bool rill_release_fits(const struct rill_json *json, const struct rill_release *release,
		       const char *hardware)
{
	return lists(json, release->hardware, hardware);
}

/* A whole number that is not over the limit of lengths in a delta. */
static bool get_length(const struct rill_json *json, uint32_t object, const char *key,
		       int64_t *value)
{
	return rill_json_integer(json, rill_json_get(json, object, key), value) && *value >= 0 &&
	       *value <= (int64_t)RILL_DELTA_LENGTH_MAX;
}

enum rill_code rill_release_read_delta(const struct rill_json *json, uint32_t entry,
				       struct rill_release_delta *delta, struct rill_error *error)
{
	uint32_t from = rill_json_get(json, entry, "from");
	uint32_t header = rill_json_get(json, entry, "header");
	const char *digest, *hex;

	if (!rill_json_is(json, from, RILL_JSON_ARRAY))
		return malformed("from", error);
	digest = rill_json_string(json, rill_json_first(json, from));
	if (!digest || strncmp(digest, "sha256:", 7) != 0 ||
	    !rill_unhex(digest + 7, delta->from, RILL_SHA256_SIZE))
		return malformed("from", error);
	delta->path = rill_json_string(json, rill_json_get(json, entry, "path"));
	if (!delta->path)
		return malformed("path", error);
	if (!get_length(json, entry, "length", &delta->length))
		return malformed("length", error);
	hex = rill_json_string(json, rill_json_get(json, header, "sha256"));
	if (!get_length(json, header, "length", &delta->header_length) ||
	    delta->header_length > (int64_t)RILL_DELTA_HEADER_MAX || !hex ||
	    !rill_unhex(hex, delta->header_sha256, RILL_SHA256_SIZE))
		return malformed("header", error);
	if (!get_length(json, entry, "memory", &delta->memory))
		return malformed("memory", error);
	if (!get_length(json, entry, "scratch", &delta->scratch))
		return malformed("scratch", error);
	return RILL_OK;
}

enum rill_code rill_release_find_delta(const struct rill_json *json,
				       const struct rill_release *release,
				       const uint8_t base[static RILL_SHA256_SIZE],
				       struct rill_release_delta *delta, bool *found,
				       struct rill_error *error)
{
	*found = false;
	if (!release->deltas)
		return RILL_OK;
	for (uint32_t i = rill_json_first(json, release->deltas); i && !*found;
	     i = rill_json_next(json, release->deltas, i)) {
		enum rill_code code = rill_release_read_delta(json, i, delta, error);

		if (code != RILL_OK)
			return code;
		*found = memcmp(delta->from, base, RILL_SHA256_SIZE) == 0;
	}
	return RILL_OK;
}
