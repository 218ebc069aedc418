/* SPDX-License-Identifier: Apache-2.0 */
#include "device/file_attributes.h"

#include "device/durable.h"
#include <errno.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Extended attributes, which hold capabilities among others. One that the file system or
 * our rights do not allow is an error: a program without its capabilities is broken. */
static enum rill_code copy_xattr(int from, int to, const char *name, char *value, const char *path,
				 struct rill_error *error)
{
	ssize_t size = fgetxattr(from, name, value, XATTR_SIZE_MAX);

	if (size < 0 || fsetxattr(to, name, value, (size_t)size, 0) != 0) {
		system_failed(path, "copy an attribute", error);
		rill_error_in(error, "%.100s", name);
		return error->code;
	}
	return RILL_OK;
}

static enum rill_code copy_xattrs(int from, int to, const char *path, struct rill_error *error)
{
	char *names = malloc(XATTR_LIST_MAX + XATTR_SIZE_MAX);
	enum rill_code code = RILL_OK;
	ssize_t n;

	if (!names)
		return rill_fail(error, RILL_MEMORY, "no memory");
	n = flistxattr(from, names, XATTR_LIST_MAX);
	if (n < 0 && errno != ENOTSUP)
		code = system_failed(path, "list its attributes", error);
	for (const char *name = names; code == RILL_OK && n > 0 && name < names + n;
	     name += strlen(name) + 1)
		code = copy_xattr(from, to, name, names + XATTR_LIST_MAX, path, error);
	free(names);
	return code;
}

/* Owner first: chown(2) clears set-user-id bits and capabilities. */
enum rill_code file_attributes_copy(int from, const struct stat *st, int to, const char *path,
				    struct rill_error *error)
{
	if (fchown(to, st->st_uid, st->st_gid) != 0)
		return system_failed(path, "keep its owner", error);
	if (fchmod(to, st->st_mode & 07777) != 0)
		return system_failed(path, "keep its mode", error);
	return copy_xattrs(from, to, path, error);
}
