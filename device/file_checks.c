/* SPDX-License-Identifier: Apache-2.0 */
#include "device/file_checks.h"

#include "device/durable.h"
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifndef STATX_TYPE /* musl before 1.2.4 */
#include <linux/stat.h>
#include <sys/syscall.h>
#define statx(...) ((int)syscall(SYS_statx, __VA_ARGS__))
#endif

/* Where the symbolic links of the folder lead. */
enum rill_code file_check_within(int folder, const struct target_config *target,
				 struct rill_error *error)
{
	const char *within = target->within;
	char link[32], real[PATH_MAX], *allowed;
	size_t n;
	ssize_t length;
	bool is_within;

	if (!within)
		return RILL_OK;
	allowed = realpath(within, NULL);
	if (!allowed)
		return system_failed(within, "find", error);
	snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
	length = readlink(link, real, sizeof real - 2);
	if (length <= 0) {
		free(allowed);
		return system_failed(target->path, "find its folder", error);
	}
	snprintf(real + length, 2, "/");
	n = strlen(allowed);
	is_within = strncmp(real, allowed, n) == 0 && (n == 1 || real[n] == '/');
	free(allowed);
	if (is_within)
		return RILL_OK;
	real[length] = 0;
	return rill_fail(error, RILL_CONFIG, "%s: leads to %.200s, which is not \"within\" %.100s",
			 target->path, real, within);
}

/* What rename(2) or link(2) would refuse in the end. An old kernel says nothing of it. */
static enum rill_code check_attributes(int folder, const char *name, const char *path,
				       struct rill_error *error)
{
	struct statx st;
	uint64_t immutable = STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND;

	if (statx(folder, name, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_TYPE,
		  &st) != 0)
		return RILL_OK;
	if (st.stx_attributes & st.stx_attributes_mask & immutable)
		return rill_fail(error, RILL_CONFIG,
				 "%s: it or its folder is immutable or append-only (chattr)", path);
	if (*name && (st.stx_attributes & st.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT))
		return rill_fail(error, RILL_CONFIG, "%s: something is mounted on it", path);
	return RILL_OK;
}

enum rill_code file_check_folder(int folder, const char *path, struct rill_error *error)
{
	return check_attributes(folder, "", path, error);
}

enum rill_code file_check_base(int folder, const char *name, const struct stat *st,
			       const char *path, struct rill_error *error)
{
	struct stat folder_st;

	if (S_ISLNK(st->st_mode))
		return rill_fail(error, RILL_CONFIG,
				 "%s: a symbolic link; configure the file that it leads to", path);
	if (!S_ISREG(st->st_mode))
		return rill_fail(error, RILL_CONFIG, "%s: not a regular file", path);
	if (fstat(folder, &folder_st) != 0)
		return system_failed(path, "look at its folder", error);
	if (st->st_dev != folder_st.st_dev)
		return rill_fail(
			error, RILL_CONFIG,
			"%s: on another file system than its folder; nothing can be renamed "
			"over it",
			path);
	return check_attributes(folder, name, path, error);
}
