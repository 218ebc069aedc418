/* SPDX-License-Identifier: Apache-2.0 */
#include "device/kind.h"

static const struct kind *const kinds[] = {
	[RILL_KIND_FILE] = &kind_file,
};

const struct kind *kind_of(enum rill_kind kind)
{
	return kinds[kind];
}
