/* SPDX-License-Identifier: Apache-2.0
 *
 * What a new file takes over from the old one beside its name.
 */
#ifndef RILL_DEVICE_FILE_ATTRIBUTES_H
#define RILL_DEVICE_FILE_ATTRIBUTES_H

#include "protocol/error.h"
#include <sys/stat.h>

/* Gives `to` the owner, mode and extended attributes of `from`, whose fstat(2) is `st`. All or an
 * error, RILL_IO or RILL_NO_SPACE: a program without its capabilities is broken. To write to the
 * file afterwards takes capabilities away again. */
enum rill_code file_attributes_copy(int from, const struct stat *st, int to, const char *path,
				    struct rill_error *error);

#endif
