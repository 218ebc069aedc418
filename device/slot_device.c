/* SPDX-License-Identifier: Apache-2.0 */
#include "device/slot_device.h"

#include "device/durable.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define LABEL "PARTLABEL="
#define SUPERBLOCK 1024

/* The lines DEVNAME= and PARTNAME= of a block device of sysfs. */
static bool has_label(const char *sysfs, const char *device, const char *label, char *path,
		      size_t size)
{
	char name[PATH_MAX], line[300], devname[64] = "";
	bool found = false;
	FILE *file;

	snprintf(name, sizeof name, "%s/%.200s/uevent", sysfs, device);
	file = fopen(name, "re");
	while (file && fgets(line, sizeof line, file)) {
		line[strcspn(line, "\n")] = 0;
		if (strncmp(line, "DEVNAME=", 8) == 0)
			snprintf(devname, sizeof devname, "%.60s", line + 8);
		found = found ||
			(strncmp(line, "PARTNAME=", 9) == 0 && strcmp(line + 9, label) == 0);
	}
	if (file)
		fclose(file);
	if (found)
		snprintf(path, size, "/dev/%s", devname);
	return found;
}

enum rill_code slot_device_find(const char *sysfs, const char *label, char *path, size_t size,
				struct rill_error *error)
{
	DIR *folder = opendir(sysfs);
	struct dirent *entry;
	char other[256] = "";
	int count = 0;

	while (folder && (entry = readdir(folder)))
		count += has_label(sysfs, entry->d_name, label, count ? other : path,
				   count ? sizeof other : size);
	if (folder)
		closedir(folder);
	if (count == 1)
		return RILL_OK;
	return rill_fail(error, RILL_CONFIG,
			 count ? "%s%s: several partitions have this label"
			       : "%s%s: no partition has this label",
			 LABEL, label);
}

enum rill_code slot_device_open(struct slot_device *device, const char *name, bool for_writing,
				struct rill_error *error)
{
	enum rill_code code = RILL_OK;
	off_t size;

	device->fd = -1;
	snprintf(device->path, sizeof device->path, "%s", name);
	if (strncmp(name, LABEL, strlen(LABEL)) == 0)
		code = slot_device_find("/sys/class/block", name + strlen(LABEL), device->path,
					sizeof device->path, error);
	if (code != RILL_OK)
		return code;
	device->fd = open(device->path, (for_writing ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	if (device->fd < 0 && (errno == ENOENT || errno == ENXIO))
		return rill_fail(error, RILL_CONFIG, "%s: there is no such device", device->path);
	if (device->fd < 0 || fstat(device->fd, &device->stat) != 0)
		return system_failed(device->path, "open", error);
	size = lseek(device->fd, 0, SEEK_END);
	if ((!S_ISBLK(device->stat.st_mode) && !S_ISREG(device->stat.st_mode)) || size <= 0)
		return rill_fail(error, RILL_CONFIG, "%s: not a partition", device->path);
	device->size = (uint64_t)size;
	if (for_writing && S_ISBLK(device->stat.st_mode)) {
		/* Linux: without O_CREAT, O_EXCL fails when the device is mounted or held. */
		close(device->fd);
		device->fd = open(device->path, O_RDWR | O_EXCL | O_CLOEXEC);
		if (device->fd < 0 && errno == EBUSY)
			return rill_fail(error, RILL_IO, "%s: mounted, or otherwise in use",
					 device->path);
		if (device->fd < 0)
			return system_failed(device->path, "open", error);
	}
	return RILL_OK;
}

void slot_device_close(struct slot_device *device)
{
	if (device->fd >= 0)
		close(device->fd);
	device->fd = -1;
}

bool slot_device_is_same(const struct slot_device *a, const struct slot_device *b)
{
	if (S_ISBLK(a->stat.st_mode) && S_ISBLK(b->stat.st_mode))
		return a->stat.st_rdev == b->stat.st_rdev;
	return a->stat.st_dev == b->stat.st_dev && a->stat.st_ino == b->stat.st_ino;
}

bool slot_device_is_root(const struct slot_device *device)
{
	struct stat root;

	return S_ISBLK(device->stat.st_mode) && stat("/", &root) == 0 &&
	       root.st_dev == device->stat.st_rdev;
}

static uint64_t load(const uint8_t *bytes, int n)
{
	uint64_t value = 0;

	while (n-- > 0)
		value = value << 8 | bytes[n];
	return value;
}

static uint64_t ext4_length(const uint8_t *super)
{
	uint64_t blocks = load(super + 4, 4);
	uint64_t shift = load(super + 24, 4);

	if (load(super + 56, 2) != 0xef53 || shift > 6)
		return 0;
	if (load(super + 0x60, 4) & 0x80) /* INCOMPAT_64BIT */
		blocks |= load(super + 0x150, 2) << 32;
	return blocks << (10 + shift);
}

static uint64_t squashfs_length(const uint8_t *super)
{
	uint64_t used = load(super + 40, 8);

	if (load(super, 4) != 0x73717368 || used >> 48)
		return 0;
	return (used + 4095) / 4096 * 4096;
}

static uint64_t erofs_length(const uint8_t *super)
{
	if (load(super, 4) != 0xe0f5e1e2 || super[12] < 9 || super[12] > 16)
		return 0;
	return load(super + 36, 4) << super[12];
}

enum rill_code slot_device_image_length(const struct slot_device *device, uint64_t *length,
					struct rill_error *error)
{
	uint8_t bytes[2 * SUPERBLOCK] = {0};
	size_t n = device->size < sizeof bytes ? (size_t)device->size : sizeof bytes;
	enum rill_code code = read_fully(device->fd, device->path, 0, bytes, n, error);

	*length = squashfs_length(bytes);
	if (!*length)
		*length = erofs_length(bytes + SUPERBLOCK);
	if (!*length)
		*length = ext4_length(bytes + SUPERBLOCK);
	if (!*length || *length > device->size)
		*length = device->size;
	return code;
}
