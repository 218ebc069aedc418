/* SPDX-License-Identifier: Apache-2.0
 *
 * The partition (or file) of a slot: where it is, whether it is in use, and how long the image
 * in it is.
 */
#ifndef RILL_DEVICE_SLOT_DEVICE_H
#define RILL_DEVICE_SLOT_DEVICE_H

#include "device/config.h"
#include <sys/stat.h>

struct slot_device {
	char path[256];
	uint64_t size; /* bytes that it can hold */
	struct stat stat;
	int fd; /* or -1 */
};

/* Opens "/dev/..." or "PARTLABEL=..." (a name in the partition table, found by the kernel's
 * list of partitions, without udev). For writing the kernel is asked to keep everybody else away:
 * RILL_IO when it is mounted or otherwise held. RILL_CONFIG: there is no such device, or several.
 * To be closed also after a failure. */
enum rill_code slot_device_open(struct slot_device *device, const char *name, bool for_writing,
				struct rill_error *error);
/* The device with a label in a list of partitions as sysfs has it: "/dev/...". RILL_CONFIG. */
enum rill_code slot_device_find(const char *sysfs, const char *label, char *path, size_t size,
				struct rill_error *error);
void slot_device_close(struct slot_device *device);

bool slot_device_is_same(const struct slot_device *a, const struct slot_device *b);
/* True when the root file system is on it. */
bool slot_device_is_root(const struct slot_device *device);

/* The length of a file system at the beginning, of its superblock: ext4 (Linux,
 * Documentation/filesystems/ext4/super.rst), squashfs 4 (padded to 4 KiB, as mksquashfs does),
 * EROFS (fs/erofs/erofs_fs.h). That of the device: none of these, or longer. */
enum rill_code slot_device_image_length(const struct slot_device *device, uint64_t *length,
					struct rill_error *error);

#endif
