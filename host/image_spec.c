/* SPDX-License-Identifier: Apache-2.0 */
#include "host/image_spec.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* PATH@sha256:DIGEST, where PATH exists. */
static bool take_digest(struct image_spec *parts, struct rill_error *error, enum rill_code *code)
{
	char *at = strrchr(parts->path, '@');

	if (!at || !strchr(at, ':'))
		return false;
	*at = 0;
	if (!exists(parts->path)) {
		*at = '@';
		return false;
	}
	*code = rill_oci_digest(at + 1, parts->wish.digest, error);
	if (*code == RILL_CORRUPT)
		*code = error->code = RILL_USAGE;
	parts->wish.by_digest = true;
	return true;
}

static bool take_tag(struct image_spec *parts)
{
	char *at = parts->path;

	while ((at = strchr(at + 1, ':')) != NULL) {
		*at = 0;
		if (at[1] && exists(parts->path)) {
			parts->wish.tag = parts->wish.spec + (at - parts->path) + 1;
			return true;
		}
		*at = ':';
	}
	return false;
}

enum rill_code image_spec_parse(struct image_spec *parts, const char *spec,
				struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	*parts = (struct image_spec){.wish = {.spec = spec}};
	parts->path = strdup(spec);
	if (!parts->path)
		return rill_fail(error, RILL_MEMORY, "%s: no memory", spec);
	if (!*spec || exists(parts->path) || take_digest(parts, error, &code) || take_tag(parts))
		return code;
	return rill_fail(error, RILL_IO, "%s: no such file or folder", spec);
}

void image_spec_free(struct image_spec *parts)
{
	free(parts->path);
	parts->path = NULL;
}
