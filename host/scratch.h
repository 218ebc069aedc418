/* SPDX-License-Identifier: Apache-2.0
 *
 * A file without a name for bytes that do not fit in memory; it goes when its mapping does.
 */
#ifndef RILL_HOST_SCRATCH_H
#define RILL_HOST_SCRATCH_H

#include "host/image.h"

/* `folder` may be NULL: $TMPDIR, or /var/tmp, which is for large files. RILL_IO, RILL_NO_SPACE. */
enum rill_code scratch_open(int *fd, const char *folder, struct rill_error *error);
enum rill_code scratch_write(int fd, const uint8_t *bytes, size_t n, struct rill_error *error);
/* Maps what was written, and closes the file. */
enum rill_code scratch_map(int fd, struct image_bytes *bytes, struct rill_error *error);

#endif
