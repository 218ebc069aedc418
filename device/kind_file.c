/* SPDX-License-Identifier: Apache-2.0
 *
 * Kind "file": FOLDER/NAME is replaced by renaming FOLDER/.NAME.rill-new over it. The old
 * file stays as FOLDER/.NAME.rill-previous, a hard link, until the next update.
 */
#include "device/kind.h"

#include "device/durable.h"
#include "device/file_attributes.h"
#include "device/file_checks.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct file_install {
	struct install install;
	const struct target_config *target; /* the caller's */
	const char *path;
	int folder, base, fresh; /* descriptors, or -1 */
	char name[NAME_MAX + 1], new_name[NAME_MAX + 16], previous_name[NAME_MAX + 16];
	struct stat base_stat;
};

static struct file_install *file_of(struct install *install)
{
	return (struct file_install *)install;
}

/* Opens the folder of the path and works out the three names. */
static enum rill_code open_folder(struct file_install *file, const struct target_config *target,
				  struct rill_error *error)
{
	const char *path = target->path, *slash = strrchr(path, '/');
	char folder[PATH_MAX];

	file->target = target;
	file->path = path;
	if (!slash || !slash[1] || strlen(path) >= sizeof folder ||
	    strlen(slash + 1) + sizeof ".rill-previous" >= sizeof file->name)
		return rill_fail(error, RILL_CONFIG, "%s: not the full path of a file", path);
	snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
	snprintf(file->name, sizeof file->name, "%s", slash + 1);
	snprintf(file->new_name, sizeof file->new_name, ".%s.rill-new", file->name);
	snprintf(file->previous_name, sizeof file->previous_name, ".%s.rill-previous", file->name);
	file->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return file->folder < 0 ? system_failed(folder, "open", error) : RILL_OK;
}

static enum rill_code open_base(struct file_install *file, struct rill_error *error)
{
	enum rill_code code = file_check_folder(file->folder, file->path, error);

	if (code != RILL_OK)
		return code;
	/* By its name first: to open a device may do something. */
	if (fstatat(file->folder, file->name, &file->base_stat, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? RILL_OK : system_failed(file->path, "look at", error);
	code = file_check_base(file->folder, file->name, &file->base_stat, file->path, error);
	if (code != RILL_OK)
		return code;
	file->base = openat(file->folder, file->name,
			    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file->base < 0 || fstat(file->base, &file->base_stat) != 0)
		return system_failed(file->path, "open", error);
	if (!S_ISREG(file->base_stat.st_mode))
		return rill_fail(error, RILL_CONFIG, "%s: not a regular file", file->path);
	file->install.has_base = true;
	file->install.base_length = (uint64_t)file->base_stat.st_size;
	return hash_fully(file->base, file->path, file->install.base_length,
			  file->install.base_sha256, error);
}

static void file_close(struct install *install)
{
	struct file_install *file = file_of(install);

	if (!file)
		return;
	if (file->fresh >= 0) {
		if (!install->keep)
			unlinkat(file->folder, file->new_name, 0);
		close(file->fresh);
	}
	if (file->base >= 0)
		close(file->base);
	if (file->folder >= 0)
		close(file->folder);
	free(file);
}

static enum rill_code file_open(struct install **install, const struct target_config *target,
				struct rill_error *error)
{
	struct file_install *file = calloc(1, sizeof *file);
	enum rill_code code;

	*install = NULL;
	if (!file)
		return rill_fail(error, RILL_MEMORY, "no memory");
	file->install.kind = &kind_file;
	file->folder = file->base = file->fresh = -1;
	code = open_folder(file, target, error);
	if (code == RILL_OK)
		code = file_check_within(file->folder, target, error);
	if (code == RILL_OK)
		code = open_base(file, error);
	if (code == RILL_OK && faccessat(file->folder, ".", W_OK, AT_EACCESS) != 0)
		code = system_failed(file->path, "write to its folder", error);
	if (code == RILL_OK)
		*install = &file->install;
	else
		file_close(&file->install);
	return code;
}

static enum rill_code file_read_base(struct install *install, size_t object, uint64_t offset,
				     void *bytes, size_t n, struct rill_error *error)
{
	const struct file_install *file = file_of(install);

	(void)object; /* there is one */
	return read_fully(file->base, file->path, offset, bytes, n, error);
}

static enum rill_code keep_attributes(const struct file_install *file, struct rill_error *error)
{
	if (file->install.has_base)
		return file_attributes_copy(file->base, &file->base_stat, file->fresh, file->path,
					    error);
	return fchmod(file->fresh, 0755) == 0 ? RILL_OK
					      : system_failed(file->path, "set its mode", error);
}

static enum rill_code file_begin(struct install *install, uint64_t length, struct rill_error *error)
{
	struct file_install *file = file_of(install);
	enum rill_code code;

	if (file->fresh >= 0)
		close(file->fresh);
	file->fresh = -1;
	unlinkat(file->folder, file->new_name, 0); /* left by a power cut */
	code = need_room(file->folder, file->path, length, error);
	if (code != RILL_OK)
		return code;
	file->fresh = openat(file->folder, file->new_name,
			     O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file->fresh < 0)
		return system_failed(file->path, "create a file beside it", error);
	if (fsync(file->folder) != 0) /* for `resume`: its name is to survive */
		return system_failed(file->path, "sync its folder", error);
	/* What cannot be kept in the end is better known now. */
	code = keep_attributes(file, error);
	return code == RILL_OK ? reserve_room(file->fresh, file->path, length, error) : code;
}

static enum rill_code file_resume(struct install *install, uint64_t length, uint64_t *kept,
				  struct rill_error *error)
{
	struct file_install *file = file_of(install);
	struct stat st;
	enum rill_code code;

	*kept = 0;
	if (file->fresh >= 0)
		close(file->fresh);
	file->fresh = openat(file->folder, file->new_name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (file->fresh < 0 || fstat(file->fresh, &st) != 0 || !S_ISREG(st.st_mode) ||
	    st.st_nlink != 1 || st.st_size <= 0 || (uint64_t)st.st_size > length)
		return file_begin(install, length, error);
	/* The last block may have come to the storage in part. */
	*kept = (uint64_t)(st.st_size - 1) / KIND_FLUSH * KIND_FLUSH;
	code = need_room(file->folder, file->path, length - *kept, error);
	if (code == RILL_OK &&
	    (ftruncate(file->fresh, (off_t)*kept) != 0 || lseek(file->fresh, 0, SEEK_END) < 0))
		code = system_failed(file->path, "go on beside it", error);
	return code == RILL_OK ? reserve_room(file->fresh, file->path, length, error) : code;
}

static enum rill_code file_reopen(struct install *install, struct rill_error *error)
{
	struct file_install *file = file_of(install);
	struct stat st;

	file->fresh = openat(file->folder, file->new_name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (file->fresh < 0 || fstat(file->fresh, &st) != 0)
		return system_failed(file->path, "take up the new file beside it", error);
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
		return rill_fail(error, RILL_IO, "%s: what is beside it is not ours", file->path);
	return RILL_OK;
}

static enum rill_code file_flush(struct install *install, struct rill_error *error)
{
	const struct file_install *file = file_of(install);

	return fdatasync(file->fresh) == 0
		       ? RILL_OK
		       : system_failed(file->path, "sync the new file beside it", error);
}

static enum rill_code file_write(struct install *install, size_t object, const void *bytes,
				 size_t n, struct rill_error *error)
{
	const struct file_install *file = file_of(install);

	(void)object;
	return write_fully(file->fresh, file->path, bytes, n, error);
}

static enum rill_code file_read_new(struct install *install, size_t object, uint64_t offset,
				    void *bytes, size_t n, struct rill_error *error)
{
	const struct file_install *file = file_of(install);

	(void)object;
	return read_fully(file->fresh, file->path, offset, bytes, n, error);
}

static enum rill_code file_seal(struct install *install, const uint8_t *sha256,
				struct rill_error *error)
{
	const struct file_install *file = file_of(install);
	struct stat st;
	enum rill_code code = keep_attributes(file, error);

	if (code != RILL_OK)
		return code;
	if (fsync(file->fresh) != 0 || fstat(file->fresh, &st) != 0)
		return system_failed(file->path, "sync the new file beside it", error);
	return read_back(file->fresh, file->path, (uint64_t)st.st_size, sha256, error);
}

static enum rill_code file_is_unchanged(struct install *install, struct rill_error *error)
{
	const struct file_install *file = file_of(install);
	const struct stat *was = &file->base_stat;
	struct stat is;
	int result = fstatat(file->folder, file->name, &is, AT_SYMLINK_NOFOLLOW);

	if (!file->install.has_base)
		return result != 0 && errno == ENOENT
			       ? RILL_OK
			       : rill_fail(error, RILL_WRONG_BASE, "%s: appeared meanwhile",
					   file->path);
	if (result != 0 || is.st_ino != was->st_ino || is.st_dev != was->st_dev ||
	    is.st_size != was->st_size || is.st_mtim.tv_sec != was->st_mtim.tv_sec ||
	    is.st_mtim.tv_nsec != was->st_mtim.tv_nsec ||
	    is.st_ctim.tv_sec != was->st_ctim.tv_sec || is.st_ctim.tv_nsec != was->st_ctim.tv_nsec)
		return rill_fail(error, RILL_WRONG_BASE,
				 "%s: somebody changed it meanwhile; it is left as it is",
				 file->path);
	return RILL_OK;
}

static enum rill_code file_switch(struct install *install, struct rill_error *error)
{
	struct file_install *file = file_of(install);
	enum rill_code code = file_is_unchanged(install, error);

	if (code != RILL_OK)
		return code;
	unlinkat(file->folder, file->previous_name, 0);
	if (file->install.has_base &&
	    linkat(file->folder, file->name, file->folder, file->previous_name, 0) != 0)
		return system_failed(file->path, "keep the previous file", error);
	if (renameat(file->folder, file->new_name, file->folder, file->name) != 0)
		return system_failed(file->path, "rename the new file over it", error);
	close(file->fresh);
	file->fresh = -1;
	if (fsync(file->folder) != 0)
		return system_failed(file->path, "sync its folder", error);
	return RILL_OK;
}

/* The previous file may have been damaged since, or be of another update. */
static enum rill_code check_previous(const struct file_install *file, const uint8_t *sha256,
				     struct rill_error *error)
{
	uint8_t digest[RILL_SHA256_SIZE];
	struct stat st;
	enum rill_code code;
	int fd = openat(file->folder, file->previous_name,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT) {
		code = rill_fail(error, RILL_WRONG_BASE, "%s: the previous file is not there",
				 file->path);
	} else if (fd < 0 || fstat(fd, &st) != 0) {
		code = system_failed(file->path, "bring the previous file back", error);
	} else {
		code = hash_fully(fd, file->path, (uint64_t)st.st_size, digest, error);
		if (code == RILL_OK && memcmp(digest, sha256, sizeof digest) != 0)
			code = rill_fail(error, RILL_WRONG_BASE,
					 "%s: what is kept beside it is not the previous file",
					 file->path);
	}
	if (fd >= 0)
		close(fd);
	return code;
}

static enum rill_code bring_back(const struct file_install *file, const uint8_t *from,
				 struct rill_error *error)
{
	enum rill_code code = from ? check_previous(file, from, error) : RILL_OK;
	int result;

	if (code != RILL_OK)
		return code;
	result = from ? renameat(file->folder, file->previous_name, file->folder, file->name)
		      : unlinkat(file->folder, file->name, 0);
	if (result != 0 && errno == ENOENT)
		return rill_fail(error, RILL_WRONG_BASE, "%s: it is not there any more",
				 file->path);
	if (result != 0)
		return system_failed(file->path, "bring the previous file back", error);
	return fsync(file->folder) == 0 ? RILL_OK
					: system_failed(file->path, "sync its folder", error);
}

static enum rill_code file_restore(const struct target_config *target, const uint8_t *from,
				   struct rill_error *error)
{
	struct file_install file = {.folder = -1};
	enum rill_code code = open_folder(&file, target, error);

	if (code == RILL_OK)
		code = bring_back(&file, from, error);
	if (file.folder >= 0)
		close(file.folder);
	return code;
}

const struct kind kind_file = {
	.name = "file",
	.open = file_open,
	.read_base = file_read_base,
	.check_base = file_is_unchanged,
	.begin = file_begin,
	.resume = file_resume,
	.flush = file_flush,
	.write = file_write,
	.read_new = file_read_new,
	.reopen = file_reopen,
	.seal = file_seal,
	.switch_to_new = file_switch,
	.close = file_close,
	.restore = file_restore,
};
