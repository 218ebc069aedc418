/* SPDX-License-Identifier: Apache-2.0
 *
 * Kind "slot": of two partitions one runs, the other gets the new image. The switch is the
 * boot loader's (boot_loader.h), and takes a reboot. The running one is never written: the
 * boot loader and the device of the root file system must agree which it is, and the kernel
 * gives the other for writing to nobody else.
 *
 * What a slot held before is compared with what is to be written: after a restart, and where
 * two releases agree, nothing is written again.
 */
#include "device/kind.h"

#include "device/boot_loader.h"
#include "device/durable.h"
#include "device/signals.h"
#include "device/slot_device.h"
#include "device/slot_record.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK 65536

struct slot_install {
	struct install install;
	const struct target_config *target; /* the caller's */
	int current; /* the slot that runs; the other is !current */
	struct slot_device running, other;
	struct slot_record record; /* of the other */
	bool compare; /* what is there may be what is to be written */
	uint8_t block[BLOCK];
};

static struct slot_install *slot_of(struct install *install)
{
	return (struct slot_install *)install;
}

/* Both must not contradict each other; one of them is enough. */
static enum rill_code find_current(struct slot_install *slot, struct rill_error *error)
{
	const struct target_config *target = slot->target;
	struct slot_device devices[2] = {{.fd = -1}, {.fd = -1}};
	int told = -1, root = -1;
	enum rill_code code = boot_loader_current(target, &told, error);

	for (int i = 0; code == RILL_OK && i < 2; i++) {
		code = slot_device_open(&devices[i], target->slots[i].device, false, error);
		if (code == RILL_OK && slot_device_is_root(&devices[i]))
			root = i;
	}
	if (code == RILL_OK && slot_device_is_same(&devices[0], &devices[1]))
		code = rill_fail(error, RILL_CONFIG, "both \"slots\" are %s", devices[0].path);
	if (code == RILL_OK && told >= 0 && root >= 0 && told != root)
		code = rill_fail(error, RILL_CONFIG,
				 "\"boot\" says that %s runs, but the root file system is on %s",
				 target->slots[told].name, devices[root].path);
	slot->current = told >= 0 ? told : root;
	if (code == RILL_OK && slot->current < 0)
		code = rill_fail(error, RILL_CONFIG,
				 "neither \"boot\" nor the root file system tells which slot runs");
	if (code == RILL_OK)
		slot->running = devices[slot->current];
	for (int i = 0; i < 2; i++)
		if (code != RILL_OK || i != slot->current)
			slot_device_close(&devices[i]);
	return code;
}

static void slot_close(struct install *install)
{
	struct slot_install *slot = slot_of(install);
	struct rill_error ignored;

	if (!slot)
		return;
	if (slot->record.length > 0 && !install->keep)
		slot_record_write(slot->target, !slot->current, &(struct slot_record){.length = 0},
				  &ignored);
	slot_device_close(&slot->running);
	slot_device_close(&slot->other);
	free(slot);
}

/* The image in a slot may be shorter than the slot. We know its length if we wrote it;
 * otherwise its superblock tells, or it fills the slot. */
static enum rill_code name_content(const struct slot_install *slot, int which,
				   const struct slot_device *device, uint64_t *length,
				   uint8_t *sha256, struct rill_error *error)
{
	struct slot_record record;
	uint8_t known[RILL_SHA256_SIZE];
	enum rill_code code;

	code = slot_record_read(slot->target, which, &record, error);
	*length = record.length;
	if (code == RILL_OK && *length > 0 && *length <= device->size &&
	    rill_unhex(record.sha256, known, sizeof known)) {
		code = hash_fully(device->fd, device->path, *length, sha256, error);
		if (code != RILL_OK || memcmp(known, sha256, sizeof known) == 0)
			return code;
	}
	if (code == RILL_OK)
		code = slot_device_image_length(device, length, error);
	if (code != RILL_OK)
		return code;
	return hash_fully(device->fd, device->path, *length, sha256, error);
}

static enum rill_code start(struct slot_install **started, const struct target_config *target,
			    struct rill_error *error)
{
	struct slot_install *slot = calloc(1, sizeof *slot);
	enum rill_code code;

	*started = NULL;
	if (!slot)
		return rill_fail(error, RILL_MEMORY, "no memory");
	slot->install.kind = &kind_slot;
	slot->target = target;
	slot->running.fd = slot->other.fd = -1;
	code = find_current(slot, error);
	if (code == RILL_OK)
		code = name_content(slot, slot->current, &slot->running, &slot->install.base_length,
				    slot->install.base_sha256, error);
	slot->install.has_base = true;
	if (code == RILL_OK)
		*started = slot;
	else
		slot_close(&slot->install);
	return code;
}

static enum rill_code open_both(struct install **install, const struct target_config *target,
				bool for_writing, struct rill_error *error)
{
	struct slot_install *slot = NULL;
	enum rill_code code = start(&slot, target, error);
	int primary = -1;

	*install = NULL;
	if (code != RILL_OK || !slot)
		return code;
	code = boot_loader_primary(target, &primary, error);
	if (code == RILL_OK && primary != slot->current)
		code = rill_fail(error, RILL_REBOOT, "slot %s runs until a reboot starts %s",
				 target->slots[slot->current].name, target->slots[primary].name);
	if (code == RILL_OK)
		code = slot_device_open(&slot->other, target->slots[!slot->current].device,
					for_writing, error);
	if (code == RILL_OK)
		*install = &slot->install;
	else
		slot_close(&slot->install);
	return code;
}

static enum rill_code slot_open(struct install **install, const struct target_config *target,
				struct rill_error *error)
{
	return open_both(install, target, true, error);
}

/* Who has it for writing keeps everybody else away. */
static enum rill_code slot_look(struct install **install, const struct target_config *target,
				struct rill_error *error)
{
	return open_both(install, target, false, error);
}

static enum rill_code slot_read_base(struct install *install, size_t object, uint64_t offset,
				     void *bytes, size_t n, struct rill_error *error)
{
	const struct slot_install *slot = slot_of(install);

	(void)object;
	return read_fully(slot->running.fd, slot->running.path, offset, bytes, n, error);
}

/* From now on the boot loader must not start it. */
static enum rill_code slot_begin(struct install *install, uint64_t length, struct rill_error *error)
{
	struct slot_install *slot = slot_of(install);
	enum rill_code code;

	if (length > slot->other.size)
		return rill_fail(error, RILL_NO_SPACE,
				 "%s: %" PRIu64 " bytes are needed, it has %" PRIu64,
				 slot->other.path, length, slot->other.size);
	code = boot_loader_set_state(slot->target, !slot->current, false, error);
	if (code != RILL_OK)
		return code;
	slot->record = (struct slot_record){.length = length};
	slot->compare = true;
	return slot_record_write(slot->target, !slot->current, &slot->record, error);
}

static enum rill_code slot_resume(struct install *install, uint64_t length, uint64_t *kept,
				  struct rill_error *error)
{
	struct slot_install *slot = slot_of(install);

	*kept = 0;
	if (slot_record_read(slot->target, !slot->current, &slot->record, error) != RILL_OK)
		return error->code;
	if (slot->record.length != length)
		return slot_begin(install, length, error);
	*kept = slot->record.written;
	slot->compare = true;
	return boot_loader_set_state(slot->target, !slot->current, false, error);
}

static enum rill_code slot_write(struct install *install, size_t object, const void *bytes,
				 size_t n, struct rill_error *error)
{
	struct slot_install *slot = slot_of(install);
	const uint8_t *at = bytes;

	(void)object;
	if (n > slot->record.length - slot->record.written)
		return rill_fail(error, RILL_CORRUPT, "longer than its signed length");
	while (n > 0) {
		size_t part = n < BLOCK ? n : BLOCK;
		struct rill_error unreadable;
		bool same = slot->compare &&
			    read_fully(slot->other.fd, slot->other.path, slot->record.written,
				       slot->block, part, &unreadable) == RILL_OK &&
			    memcmp(slot->block, at, part) == 0;
		enum rill_code code = same ? RILL_OK
					   : write_fully_at(slot->other.fd, slot->other.path,
							    slot->record.written, at, part, error);

		if (code != RILL_OK)
			return code;
		slot->record.written += part;
		at += part;
		n -= part;
	}
	return RILL_OK;
}

static enum rill_code slot_flush(struct install *install, struct rill_error *error)
{
	struct slot_install *slot = slot_of(install);

	if (fdatasync(slot->other.fd) != 0)
		return system_failed(slot->other.path, "sync", error);
	return slot_record_write(slot->target, !slot->current, &slot->record, error);
}

static enum rill_code slot_read_new(struct install *install, size_t object, uint64_t offset,
				    void *bytes, size_t n, struct rill_error *error)
{
	const struct slot_install *slot = slot_of(install);

	(void)object;
	return read_fully(slot->other.fd, slot->other.path, offset, bytes, n, error);
}

static enum rill_code slot_reopen(struct install *install, struct rill_error *error)
{
	struct slot_install *slot = slot_of(install);

	if (slot_record_read(slot->target, !slot->current, &slot->record, error) != RILL_OK)
		return error->code;
	if (slot->record.length > 0 && slot->record.written == slot->record.length &&
	    slot->record.length <= slot->other.size)
		return RILL_OK;
	return rill_fail(error, RILL_IO, "slot %s has no whole image",
			 slot->target->slots[!slot->current].name);
}

/* Whole and proved: the boot loader may have it. */
static enum rill_code slot_seal(struct install *install, const uint8_t *sha256,
				struct rill_error *error)
{
	struct slot_install *slot = slot_of(install);
	enum rill_code code;

	if (fsync(slot->other.fd) != 0)
		return system_failed(slot->other.path, "sync", error);
	code = read_back(slot->other.fd, slot->other.path, slot->record.written, sha256, error);
	rill_hex(sha256, RILL_SHA256_SIZE, slot->record.sha256);
	if (code == RILL_OK)
		code = slot_record_write(slot->target, !slot->current, &slot->record, error);
	if (code == RILL_OK)
		code = boot_loader_set_state(slot->target, !slot->current, true, error);
	return code;
}

static enum rill_code slot_switch(struct install *install, struct rill_error *error)
{
	struct slot_install *slot = slot_of(install);

	install->keep = true; /* whatever comes: it may be what the next boot starts */
	return boot_loader_set_primary(slot->target, !slot->current, error);
}

static enum rill_code slot_position(const struct target_config *target, const uint8_t *from,
				    const uint8_t *to, bool rebooted, enum kind_position *position,
				    struct rill_error *error)
{
	struct slot_install slot = {.target = target, .running = {.fd = -1}};
	uint8_t sha256[RILL_SHA256_SIZE];
	uint64_t length;
	bool bad = false, waits;
	int primary = -1;
	enum rill_code code = find_current(&slot, error);

	if (code == RILL_OK)
		code = boot_loader_primary(target, &primary, error);
	waits = primary != slot.current;
	if (code == RILL_OK)
		code = boot_loader_is_bad(target, !slot.current, &bad, error);
	/* While a reboot is awaited, what ran then still does: it need not be hashed each time. */
	if (code == RILL_OK && (rebooted || !waits))
		code = name_content(&slot, slot.current, &slot.running, &length, sha256, error);
	if (waits && !rebooted)
		*position = KIND_PENDING;
	else if (code == RILL_OK && memcmp(sha256, to, sizeof sha256) == 0)
		*position = KIND_NEW;
	else if (code == RILL_OK && (!from || memcmp(sha256, from, sizeof sha256) != 0))
		*position = KIND_OTHER;
	else /* `seal` had said that it is good */
		*position = waits || bad ? KIND_FELL_BACK : KIND_OLD;
	slot_device_close(&slot.running);
	return code;
}

static enum rill_code slot_commit(const struct target_config *target, struct rill_error *error)
{
	struct slot_install slot = {.target = target, .running = {.fd = -1}};
	enum rill_code code = find_current(&slot, error);

	slot_device_close(&slot.running);
	return code == RILL_OK ? boot_loader_set_state(target, slot.current, true, error) : code;
}

/* The next boot starts `slot`, which is known to be good; the other never again. */
static enum rill_code go_to(const struct target_config *target, int slot, struct rill_error *error)
{
	enum rill_code code = boot_loader_set_primary(target, slot, error);

	if (code == RILL_OK)
		code = boot_loader_set_state(target, slot, true, error);
	return code == RILL_OK ? boot_loader_set_state(target, !slot, false, error) : code;
}

static enum rill_code slot_restore(const struct target_config *target, const uint8_t *from,
				   struct rill_error *error)
{
	struct slot_install *slot = NULL;
	uint8_t sha256[RILL_SHA256_SIZE];
	uint64_t length;
	enum rill_code code = start(&slot, target, error);

	if (code != RILL_OK || !slot)
		return code;
	if (from && memcmp(slot->install.base_sha256, from, RILL_SHA256_SIZE) == 0) {
		code = go_to(target, slot->current, error); /* it never left */
		slot_close(&slot->install);
		return code;
	}
	code = slot_device_open(&slot->other, target->slots[!slot->current].device, false, error);
	if (code == RILL_OK)
		code = name_content(slot, !slot->current, &slot->other, &length, sha256, error);
	if (code == RILL_OK && (!from || memcmp(sha256, from, sizeof sha256) != 0))
		code = rill_fail(error, RILL_WRONG_BASE, "%s: does not hold the version before",
				 slot->other.path);
	if (code == RILL_OK)
		code = go_to(target, !slot->current, error);
	if (code == RILL_OK)
		code = rill_fail(error, RILL_REBOOT,
				 "a reboot starts slot %s, with the version before",
				 target->slots[!slot->current].name);
	slot_close(&slot->install);
	return code;
}

const struct kind kind_slot = {
	.name = "slot",
	.reboots = true,
	.open = slot_open,
	.look = slot_look,
	.read_base = slot_read_base,
	.begin = slot_begin,
	.resume = slot_resume,
	.write = slot_write,
	.flush = slot_flush,
	.read_new = slot_read_new,
	.reopen = slot_reopen,
	.seal = slot_seal,
	.switch_to_new = slot_switch,
	.close = slot_close,
	.position = slot_position,
	.commit = slot_commit,
	.restore = slot_restore,
};
