/* SPDX-License-Identifier: Apache-2.0
 *
 * Slots are files here, and the boot loader a script that keeps its variables in files:
 * "primary", "current", "bad-NAME"; and "failing", the request at which it fails. The root file
 * system is on `root`.
 */
#include "tests/unit/folder.h"

#include "device/durable.h"
#include "device/kind.h"
#include "device/slot_device.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLOT 200000 /* bytes of a slot; the first image fills it */
#define LENGTH 150000 /* of the new one */

static const char script[] =
	"#!/bin/sh\n"
	"cd \"${0%/*}\" || exit 1\n"
	"if [ -e failing ] && [ \"$(cat failing)\" = \"$1\" ]; then exit 1; fi\n"
	"case $1 in\n"
	"get-primary) cat primary ;;\n"
	"set-primary) echo \"$2\" >primary; rm -f \"bad-$2\" ;;\n"
	"get-state) if [ -e \"bad-$2\" ]; then echo bad; else echo good; fi ;;\n"
	"set-state) if [ $3 = bad ]; then : >\"bad-$2\"; else rm -f \"bad-$2\"; fi ;;\n"
	"get-current) cat current ;;\n"
	"esac\n";

static const char *root;

bool __wrap_slot_device_is_root(const struct slot_device *device);

bool __wrap_slot_device_is_root(const struct slot_device *device)
{
	return root && strcmp(device->path, root) == 0;
}

struct device {
	struct folder *folder;
	struct target_config target;
	const char *boot[2];
	char path[4][256];
	uint8_t old[SLOT], fresh[LENGTH], from[RILL_SHA256_SIZE], to[RILL_SHA256_SIZE];
};

static void put_text(const struct device *device, const char *name, const char *text)
{
	put_file(folder_path(device->folder, name), text, strlen(text));
}

static void fill(uint8_t *bytes, size_t n, uint32_t seed)
{
	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
}

static struct device *device_new(void *state)
{
	struct device *device = calloc(1, sizeof *device);
	const char *names[] = {"slot-a", "slot-b", "boot", ""};

	assert_non_null(device);
	device->folder = state;
	for (int i = 0; i < 4; i++)
		snprintf(device->path[i], sizeof device->path[i], "%s",
			 folder_path(state, names[i]));
	device->boot[0] = device->path[2];
	device->target = (struct target_config){
		.name = "system",
		.kind = RILL_KIND_SLOT,
		.path = "system",
		.slots = {{"a", device->path[0]}, {"b", device->path[1]}},
		.boot = device->boot,
		.state = device->path[3],
		.hook_timeout = 20};
	fill(device->old, SLOT, 1);
	memcpy(device->fresh, device->old, LENGTH);
	fill(device->fresh + 70000, 3000, 2);
	rill_sha256(device->old, SLOT, device->from);
	rill_sha256(device->fresh, LENGTH, device->to);
	put_file(device->path[0], device->old, SLOT);
	put_file(device->path[1], device->old, SLOT);
	put_file(device->path[2], script, strlen(script));
	assert_int_equal(chmod(device->path[2], 0755), 0);
	put_text(device, "primary", "a\n");
	put_text(device, "current", "a\n");
	return device;
}

static void open_ok(struct device *device, struct install **install)
{
	struct rill_error error;

	assert_ok(kind_slot.open(install, &device->target, &error), &error);
}

static void write_new(struct device *device, struct install *install, size_t from, size_t to)
{
	struct rill_error error;

	for (size_t n; from < to; from += n) {
		n = to - from < 10000 ? to - from : 10000;
		assert_ok(kind_slot.write(install, 0, device->fresh + from, n, &error), &error);
	}
}

static void prepare(struct device *device, struct install **install)
{
	struct rill_error error;

	open_ok(device, install);
	assert_ok(kind_slot.begin(*install, LENGTH, &error), &error);
	write_new(device, *install, 0, LENGTH);
	assert_ok(kind_slot.seal(*install, device->to, &error), &error);
}

static void install_new(struct device *device)
{
	struct install *install;
	struct rill_error error;

	prepare(device, &install);
	assert_ok(kind_slot.switch_to_new(install, &error), &error);
	kind_slot.close(install);
}

static void assert_position(struct device *device, bool rebooted, enum kind_position wanted)
{
	enum kind_position position;
	struct rill_error error;

	assert_ok(kind_slot.position(&device->target, device->from, device->to, rebooted, &position,
				     &error),
		  &error);
	assert_int_equal(position, wanted);
}

static bool says(struct device *device, const char *name, const char *text)
{
	char got[64] = "";
	FILE *file = fopen(folder_path(device->folder, name), "r");

	if (file && !fgets(got, sizeof got, file))
		got[0] = 0;
	if (file)
		fclose(file);
	got[strcspn(got, "\n")] = 0;
	return strcmp(got, text) == 0;
}

static bool is_bad(struct device *device, const char *name)
{
	return access(folder_path(device->folder, name), F_OK) == 0;
}

static void an_update_goes_through_trial_to_commit(void **state)
{
	struct device *device = device_new(*state);
	struct rill_error error;

	assert_position(device, false, KIND_OLD);
	install_new(device);
	assert_file(device->path[0], device->old, SLOT);
	assert_true(says(device, "primary", "b"));
	assert_false(is_bad(device, "bad-b"));
	/* While a reboot is awaited, nothing is hashed. */
	device->old[5] ^= 1;
	put_file(device->path[0], device->old, SLOT);
	assert_position(device, false, KIND_PENDING);
	put_text(device, "current", "b\n");
	assert_position(device, true, KIND_NEW);
	assert_ok(kind_slot.commit(&device->target, &error), &error);
	assert_ok(kind_slot.commit(&device->target, &error), &error);
	assert_position(device, true, KIND_NEW);
	free(device);
}

static void what_the_boot_loader_gave_up_is_noticed_and_undone(void **state)
{
	struct device *device = device_new(*state);
	struct rill_error error;

	install_new(device);
	/* It went back, and wrote that down. */
	put_text(device, "primary", "a\n");
	put_text(device, "bad-b", "");
	assert_position(device, true, KIND_FELL_BACK);
	/* Or it did not. */
	put_text(device, "primary", "b\n");
	unlink(folder_path(device->folder, "bad-b"));
	assert_position(device, true, KIND_FELL_BACK);
	assert_ok(kind_slot.restore(&device->target, device->from, &error), &error);
	assert_true(says(device, "primary", "a"));
	assert_true(is_bad(device, "bad-b"));
	free(device);
}

static void a_cut_before_the_switch_is_told_from_a_fall_back(void **state)
{
	struct device *device = device_new(*state);
	struct install *install;
	struct rill_error error;

	prepare(device, &install);
	install->keep = true;
	kind_slot.close(install);
	assert_position(device, true, KIND_OLD);
	open_ok(device, &install);
	assert_ok(kind_slot.reopen(install, &error), &error);
	assert_ok(kind_slot.seal(install, device->to, &error), &error);
	assert_ok(kind_slot.switch_to_new(install, &error), &error);
	kind_slot.close(install);
	assert_position(device, false, KIND_PENDING);
	free(device);
}

static void a_rollback_from_the_new_slot_takes_a_reboot(void **state)
{
	struct device *device = device_new(*state);
	struct install *install;
	struct rill_error error;

	install_new(device);
	put_text(device, "current", "b\n");
	assert_fails(kind_slot.restore(&device->target, device->from, &error), RILL_REBOOT, &error,
		     "slot a");
	assert_true(says(device, "primary", "a"));
	assert_true(is_bad(device, "bad-b"));
	/* Until then nothing is begun. */
	assert_fails(kind_slot.open(&install, &device->target, &error), RILL_REBOOT, &error,
		     "until a reboot");
	/* When the old slot is not what it was, nobody goes there. */
	put_text(device, "primary", "b\n");
	device->old[5] ^= 1;
	put_file(device->path[0], device->old, SLOT);
	assert_fails(kind_slot.restore(&device->target, device->from, &error), RILL_WRONG_BASE,
		     &error, "does not hold");
	assert_true(says(device, "primary", "b"));
	free(device);
}

static void the_running_slot_is_never_the_one_that_is_written(void **state)
{
	struct device *device = device_new(*state);
	struct install *install;
	struct rill_error error;

	put_text(device, "current", "c\n");
	assert_fails(kind_slot.open(&install, &device->target, &error), RILL_CONFIG, &error,
		     "prints \"c\"");
	put_text(device, "current", "");
	assert_fails(kind_slot.open(&install, &device->target, &error), RILL_CONFIG, &error,
		     "prints \"\"");
	unlink(folder_path(device->folder, "current"));
	assert_fails(kind_slot.open(&install, &device->target, &error), RILL_CONFIG, &error,
		     "which slot runs");
	put_text(device, "current", "a\n");
	device->target.slots[1].device = device->path[0];
	assert_fails(kind_slot.open(&install, &device->target, &error), RILL_CONFIG, &error,
		     "both");
	device->target.slots[1].device = "/nowhere";
	assert_fails(kind_slot.open(&install, &device->target, &error), RILL_CONFIG, &error,
		     "no such device");
	device->target.slots[1].device = "PARTLABEL=nobody-has-this";
	assert_fails(kind_slot.open(&install, &device->target, &error), RILL_CONFIG, &error,
		     "no partition has this label");
	assert_file(device->path[0], device->old, SLOT);
	free(device);
}

static void a_half_written_slot_is_not_started(void **state)
{
	struct device *device = device_new(*state);
	struct install *install;
	struct rill_error error;
	uint64_t kept;

	open_ok(device, &install);
	assert_fails(kind_slot.begin(install, SLOT + 1, &error), RILL_NO_SPACE, &error, "200001");
	assert_false(is_bad(device, "bad-b"));
	assert_ok(kind_slot.resume(install, LENGTH, &kept, &error), &error);
	assert_int_equal(kept, 0);
	assert_true(is_bad(device, "bad-b"));
	write_new(device, install, 0, 2 * KIND_FLUSH);
	assert_ok(kind_slot.flush(install, &error), &error);
	write_new(device, install, 2 * KIND_FLUSH, 2 * KIND_FLUSH + 10000);
	install->keep = true;
	kind_slot.close(install);
	/* Goes on where it was flushed. */
	open_ok(device, &install);
	assert_fails(kind_slot.reopen(install, &error), RILL_IO, &error, "no whole image");
	assert_ok(kind_slot.resume(install, LENGTH, &kept, &error), &error);
	assert_int_equal(kept, 2 * KIND_FLUSH);
	write_new(device, install, (size_t)kept, LENGTH);
	assert_fails(kind_slot.write(install, 0, "x", 1, &error), RILL_CORRUPT, &error, "longer");
	assert_fails(kind_slot.seal(install, device->from, &error), RILL_CORRUPT, &error,
		     "other bytes");
	assert_true(is_bad(device, "bad-b"));
	assert_ok(kind_slot.seal(install, device->to, &error), &error);
	assert_false(is_bad(device, "bad-b"));
	kind_slot.close(install);
	free(device);
}

static void a_whole_slot_is_not_fetched_again(void **state)
{
	struct device *device = device_new(*state);
	struct install *install;
	struct rill_error error;
	uint64_t kept;

	prepare(device, &install);
	install->keep = true;
	kind_slot.close(install);
	open_ok(device, &install);
	assert_ok(kind_slot.resume(install, LENGTH, &kept, &error), &error);
	assert_int_equal(kept, LENGTH);
	assert_ok(kind_slot.seal(install, device->to, &error), &error);
	assert_false(is_bad(device, "bad-b"));
	kind_slot.close(install);
	free(device);
}

static void what_is_there_already_is_not_written_again(void **state)
{
	struct device *device = device_new(*state);
	struct stat before, after;
	struct install *install;
	struct timespec past[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	struct rill_error error;

	open_ok(device, &install);
	assert_ok(kind_slot.begin(install, LENGTH, &error), &error);
	assert_int_equal(utimensat(AT_FDCWD, device->path[1], past, 0), 0);
	assert_int_equal(stat(device->path[1], &before), 0);
	write_new(device, install, 0, 70000);
	assert_int_equal(stat(device->path[1], &after), 0);
	assert_int_equal(after.st_mtim.tv_sec, 1000);
	write_new(device, install, 70000, LENGTH);
	assert_int_equal(stat(device->path[1], &after), 0);
	assert_true(after.st_mtim.tv_sec > 1000);
	assert_ok(kind_slot.seal(install, device->to, &error), &error);
	kind_slot.close(install);
	free(device);
}

static void a_boot_program_that_fails_stops_everything(void **state)
{
	struct device *device = device_new(*state);
	struct install *install;
	struct rill_error error;

	put_text(device, "primary", "neither\n");
	assert_fails(kind_slot.open(&install, &device->target, &error), RILL_CONFIG, &error,
		     "get-primary");
	put_file(device->path[2], "#!/bin/sh\nexit 3\n", 17);
	assert_fails(kind_slot.open(&install, &device->target, &error), RILL_CONFIG, &error,
		     "which slot runs");
	assert_fails(kind_slot.commit(&device->target, &error), RILL_CONFIG, &error,
		     "which slot runs");
	assert_file(device->path[1], device->old, SLOT);
	free(device);
}

static void what_is_no_partition_is_no_slot(void **state)
{
	struct device *device = device_new(*state);
	struct install *install;
	struct rill_error error;
	const char *empty = folder_path(*state, "empty");
	const char *const wrong[] = {device->path[3], "/dev/null", empty};

	put_file(empty, "", 0);
	for (size_t i = 0; i < 3; i++) {
		device->target.slots[1].device = wrong[i];
		assert_fails(kind_slot.open(&install, &device->target, &error), RILL_CONFIG, &error,
			     "not a partition");
	}
	free(device);
}

static void put_partition(void *state, const char *name, const char *uevent)
{
	const char *folder = folder_path(state, name);
	char path[FOLDER_PATH + 8];

	snprintf(path, sizeof path, "%s/uevent", folder);
	assert_int_equal(mkdir(folder, 0755), 0);
	put_file(path, uevent, strlen(uevent));
}

static void a_label_names_one_partition(void **state)
{
	const char *sysfs = ((struct folder *)*state)->path;
	char path[256];
	struct rill_error error;

	put_partition(*state, "vda", "MAJOR=254\nDEVNAME=vda\nDEVTYPE=disk\n");
	put_partition(*state, "vda2", "DEVNAME=vda2\nDEVTYPE=partition\nPARTNAME=root-a\n");
	put_partition(*state, "vda3", "DEVNAME=vda3\nDEVTYPE=partition\nPARTNAME=root-b\n");
	assert_ok(slot_device_find(sysfs, "root-b", path, sizeof path, &error), &error);
	assert_string_equal(path, "/dev/vda3");
	assert_fails(slot_device_find(sysfs, "root", path, sizeof path, &error), RILL_CONFIG,
		     &error, "no partition has this label");
	put_partition(*state, "sdb1", "DEVNAME=sdb1\nPARTNAME=root-b\n");
	assert_fails(slot_device_find(sysfs, "root-b", path, sizeof path, &error), RILL_CONFIG,
		     &error, "PARTLABEL=root-b: several partitions have this label");
}

__attribute__((unused)) static void the_root_file_system_tells_which_slot_runs(void **state)
{
	struct device *device = device_new(*state);
	struct install *install;
	struct rill_error error;

	root = device->path[1];
	assert_fails(kind_slot.open(&install, &device->target, &error), RILL_CONFIG, &error,
		     "\"boot\" says that a runs, but the root file system is on");
	root = device->path[0];
	open_ok(device, &install);
	kind_slot.close(install);
	/* Alone it is enough. */
	unlink(folder_path(*state, "current"));
	root = device->path[1];
	put_text(device, "primary", "b\n");
	open_ok(device, &install);
	kind_slot.close(install);
	put_text(device, "primary", "a\n");
	assert_fails(kind_slot.open(&install, &device->target, &error), RILL_REBOOT, &error,
		     "slot b runs until a reboot starts a");
	root = NULL;
	free(device);
}

/* The boot loader's program fails at `verb` from now on; NULL: at none. */
static void fail_at(struct device *device, const char *verb)
{
	put_text(device, "failing", verb ? verb : "none");
}

static void what_the_boot_loader_does_not_take_is_an_error(void **state)
{
	struct device *device = device_new(*state);
	struct install *install;
	struct rill_error error;
	uint64_t kept;

	/* Not a byte is written to a slot that might be started. */
	open_ok(device, &install);
	fail_at(device, "set-state");
	assert_fails(kind_slot.begin(install, LENGTH, &error), RILL_IO, &error, "set-state b");
	assert_fails(kind_slot.resume(install, LENGTH, &kept, &error), RILL_IO, &error,
		     "set-state b");
	assert_file(device->path[1], device->old, SLOT);
	kind_slot.close(install);
	/* What is whole is not good before the boot loader knows, nor switched to. */
	fail_at(device, NULL);
	prepare(device, &install);
	fail_at(device, "set-state");
	assert_fails(kind_slot.seal(install, device->to, &error), RILL_IO, &error, "exit status 1");
	fail_at(device, "set-primary");
	assert_fails(kind_slot.switch_to_new(install, &error), RILL_IO, &error, "set-primary b");
	kind_slot.close(install);
	assert_true(says(device, "primary", "a"));
	assert_position(device, false, KIND_OLD);
	/* Nor is a way back, or a commit, that it does not know. */
	assert_fails(kind_slot.restore(&device->target, device->from, &error), RILL_IO, &error,
		     "set-primary a");
	fail_at(device, "set-state");
	assert_fails(kind_slot.commit(&device->target, &error), RILL_IO, &error, "set-state a");
	free(device);
}

static void a_damaged_record_costs_work_and_no_more(void **state)
{
	static const char *const records[] = {
		"",
		"b",
		"b 150000",
		"b 150000 x",
		"b 150000 150001 -\n",
		"b -1 -1 -\n",
		"b 99999999999999999999 150000 -\n",
		"c 150000 150000 -\n",
		"\n\nb 1",
	};
	struct device *device = device_new(*state);
	struct install *install;
	struct rill_error error;
	uint64_t kept;
	enum kind_position position;
	char name[DURABLE_NAME + 8] = "slots.";

	durable_name(name + 6, device->target.name);
	for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
		prepare(device, &install);
		install->keep = true;
		kind_slot.close(install);
		put_text(device, name, records[i]);
		open_ok(device, &install);
		assert_fails(kind_slot.reopen(install, &error), RILL_IO, &error, "no whole image");
		assert_ok(kind_slot.resume(install, LENGTH, &kept, &error), &error);
		assert_int_equal(kept, 0);
		write_new(device, install, 0, LENGTH);
		assert_ok(kind_slot.seal(install, device->to, &error), &error);
		kind_slot.close(install);
	}
	/* One that cannot be read does not make another image of a short one. */
	install_new(device);
	put_text(device, "current", "b\n");
	unlink(folder_path(*state, name));
	assert_int_equal(mkdir(folder_path(*state, name), 0755), 0);
	assert_fails(kind_slot.position(&device->target, device->from, device->to, true, &position,
					&error),
		     RILL_IO, &error, "not a file");
	assert_fails(kind_slot.restore(&device->target, device->from, &error), RILL_IO, &error,
		     "not a file");
	assert_int_equal(rmdir(folder_path(*state, name)), 0);
	put_text(device, "current", "a\n");
	put_text(device, "primary", "a\n");
	/* One that lies of the running slot is found out. */
	put_text(device, name,
		 "a 1000 1000 0000000000000000000000000000000000000000000000000000000000000000\n");
	assert_position(device, true, KIND_OLD);
	free(device);
}

/* Of `bytes` that begin like a file system of so many bytes. */
static uint64_t length_of(void *state, const uint8_t *bytes, size_t n)
{
	struct slot_device device;
	struct rill_error error;
	const char *path = folder_path(state, "image");
	uint64_t length;

	put_file(path, bytes, n);
	assert_ok(slot_device_open(&device, path, true, &error), &error);
	assert_ok(slot_device_image_length(&device, &length, &error), &error);
	slot_device_close(&device);
	return length;
}

static void superblocks_tell_how_long_an_image_is(void **state)
{
	static const uint8_t squashfs[4] = {'h', 's', 'q', 's'};
	static const uint8_t erofs[4] = {0xe2, 0xe1, 0xf5, 0xe0}, ext4[2] = {0x53, 0xef};
	static uint8_t bytes[100000];

	assert_int_equal(length_of(*state, bytes, sizeof bytes), sizeof bytes);
	memcpy(bytes, squashfs, sizeof squashfs);
	bytes[41] = 0x30; /* 12288 bytes, and one */
	bytes[40] = 1;
	assert_int_equal(length_of(*state, bytes, sizeof bytes), 16384);
	bytes[42] = 9; /* more than there is */
	assert_int_equal(length_of(*state, bytes, sizeof bytes), sizeof bytes);
	memset(bytes, 0, sizeof bytes);
	memcpy(bytes + 1024, erofs, sizeof erofs);
	bytes[1024 + 12] = 12;
	bytes[1024 + 36] = 7;
	assert_int_equal(length_of(*state, bytes, sizeof bytes), 28672);
	memset(bytes, 0, sizeof bytes);
	bytes[1024 + 4] = 64; /* blocks of 1 KiB */
	memcpy(bytes + 1024 + 56, ext4, sizeof ext4);
	assert_int_equal(length_of(*state, bytes, sizeof bytes), 65536);
	bytes[1024 + 24] = 200;
	assert_int_equal(length_of(*state, bytes, sizeof bytes), sizeof bytes);
	assert_int_equal(length_of(*state, bytes, 1500), 1500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(an_update_goes_through_trial_to_commit),
		in_folder(what_the_boot_loader_gave_up_is_noticed_and_undone),
		in_folder(a_cut_before_the_switch_is_told_from_a_fall_back),
		in_folder(a_rollback_from_the_new_slot_takes_a_reboot),
		in_folder(the_running_slot_is_never_the_one_that_is_written),
		in_folder(a_half_written_slot_is_not_started),
		in_folder(a_whole_slot_is_not_fetched_again),
		in_folder(what_is_there_already_is_not_written_again),
		in_folder(a_boot_program_that_fails_stops_everything),
		in_folder(what_is_no_partition_is_no_slot),
		in_folder(a_label_names_one_partition),
#ifndef CANNOT_WRAP /* optimised as a whole, the program calls what it was built with */
		in_folder(the_root_file_system_tells_which_slot_runs),
#endif
		in_folder(what_the_boot_loader_does_not_take_is_an_error),
		in_folder(a_damaged_record_costs_work_and_no_more),
		in_folder(superblocks_tell_how_long_an_image_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
