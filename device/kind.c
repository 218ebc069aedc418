/* SPDX-License-Identifier: Apache-2.0 */
#include "device/kind.h"

#include <string.h>

static const struct kind *const kinds[] = {
	[RILL_KIND_FILE] = &kind_file,
	[RILL_KIND_IMAGE] = &kind_image,
	[RILL_KIND_SLOT] = &kind_slot,
};

const struct kind *kind_of(enum rill_kind kind)
{
	return kinds[kind];
}

enum rill_code kind_look(struct install **install, const struct target_config *target,
			 struct rill_error *error)
{
	const struct kind *kind = kind_of(target->kind);

	return (kind->look ? kind->look : kind->open)(install, target, error);
}

static bool has_installed(const struct install *install, const uint8_t *sha256)
{
	if (!sha256)
		return !install->has_base;
	return install->has_base && memcmp(sha256, install->base_sha256, RILL_SHA256_SIZE) == 0;
}

enum rill_code kind_find(const struct target_config *target, const uint8_t *from, const uint8_t *to,
			 bool rebooted, enum kind_position *position, struct rill_error *error)
{
	const struct kind *kind = kind_of(target->kind);
	struct install *install;
	enum rill_code code;

	if (kind->position)
		return kind->position(target, from, to, rebooted, position, error);
	code = kind->open(&install, target, error);
	if (code != RILL_OK)
		return code;
	*position = has_installed(install, to)	   ? KIND_NEW
		    : has_installed(install, from) ? KIND_OLD
						   : KIND_OTHER;
	kind->close(install);
	return RILL_OK;
}
