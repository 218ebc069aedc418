/* SPDX-License-Identifier: Apache-2.0
 *
 * What there is in base and output: members of archives, and other objects; and base and
 * output unpacked (protocol/packing.h) where that is of use: new files with streams that can
 * be made again and have changed, and the old files of the same name.
 */
#ifndef RILL_UNPACKED_SOURCES_H
#define RILL_UNPACKED_SOURCES_H

#include "host/sources.h"
#include "host/tar_walk.h"
#include "protocol/packing.h"

struct unpacked_sources {
	struct sources sources; /* unpacked; objects and their lengths are as they were */
	struct tar_list items; /* old ones, then new ones; offsets in the unpacked sources */
	size_t old_items;
	struct rill_packing packing;
	uint64_t largest_stream; /* plain bytes; 0: there are none */
	uint8_t *own[2]; /* mappings of unlinked files in the scratch folder, or NULL */
};

/* `packed` must live as long as the result. Release it also after a failure. RILL_MEMORY, RILL_IO
 * or RILL_NO_SPACE for the scratch folder: $TMPDIR, else /var/tmp. */
enum rill_code unpack_sources(struct unpacked_sources *result, const struct sources *packed,
			      struct rill_error *error);
void unpacked_sources_free(struct unpacked_sources *unpacked);

#endif
