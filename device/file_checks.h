/* SPDX-License-Identifier: Apache-2.0
 *
 * What would make the replacement of a file fail in the end: looked at before anything is
 * fetched. `folder` is a descriptor of its folder, `path` is for messages. All are RILL_CONFIG.
 */
#ifndef RILL_DEVICE_FILE_CHECKS_H
#define RILL_DEVICE_FILE_CHECKS_H

#include "device/config.h"
#include "protocol/error.h"
#include <sys/stat.h>

/* The symbolic links of the path lead out of `target->within`. */
enum rill_code file_check_within(int folder, const struct target_config *target,
				 struct rill_error *error);
/* The folder is immutable. */
enum rill_code file_check_folder(int folder, const char *path, struct rill_error *error);
/* What is there, by its lstat(2), is no file, or nothing can be renamed over it. */
enum rill_code file_check_base(int folder, const char *name, const struct stat *st,
			       const char *path, struct rill_error *error);

#endif
