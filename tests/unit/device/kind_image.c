/* SPDX-License-Identifier: Apache-2.0
 *
 * What a kind image refuses. The whole way of an update is in tests/e2e/image.sh.
 */
#include "tests/unit/folder.h"

#include "device/image_store.h"
#include "device/kind.h"
#include "protocol/image_delta.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MANIFEST "application/vnd.oci.image.manifest.v1+json"

/* A target with the image "old", beside which "new" is prepared. */
struct device {
	struct folder *folder;
	struct target_config target;
	char path[256], layer[PATH_MAX]; /* the new image's one layer */
	uint8_t old[RILL_SHA256_SIZE], fresh[RILL_SHA256_SIZE];
	struct install *install;
	struct rill_delta_header header;
};

/* Its SHA-256, and its full path. */
static void put_blob(const char *folder, const char *text, uint8_t *sha256, char *hex, char *path)
{
	char blobs[PATH_MAX];

	rill_sha256(text, strlen(text), sha256);
	rill_hex(sha256, RILL_SHA256_SIZE, hex);
	store_blobs(blobs, folder);
	snprintf(path, PATH_MAX, "%.3000s/%s", blobs, hex);
	put_file(path, text, strlen(text));
}

/* An image of one layer, with the bytes of its name; sets the SHA-256 of its config. */
static void put_image(struct device *device, const char *index, const char *name, uint8_t *sha256)
{
	char layer[RILL_SHA256_HEX], config[RILL_SHA256_HEX], manifest[RILL_SHA256_HEX];
	char text[1024], path[PATH_MAX];
	uint8_t ignored[RILL_SHA256_SIZE];
	size_t config_length;

	put_blob(device->path, name, ignored, layer, device->layer);
	snprintf(text, sizeof text,
		 "{\"architecture\":\"arm64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\","
		 "\"diff_ids\":[\"sha256:%s\"]}}",
		 layer);
	config_length = strlen(text);
	put_blob(device->path, text, sha256, config, path);
	snprintf(text, sizeof text,
		 "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"application/"
		 "vnd.oci.image.config.v1+json\",\"digest\":\"sha256:%s\",\"size\":%zu},\"layers\":"
		 "[{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",\"digest\":"
		 "\"sha256:%s\",\"size\":%zu}]}",
		 config, config_length, layer, strlen(name));
	put_blob(device->path, text, ignored, manifest, path);
	snprintf(path, sizeof path, "%s/%s", device->path, index);
	snprintf(text, sizeof text,
		 "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"" MANIFEST
		 "\",\"digest\":\"sha256:%s\",\"size\":1}]}",
		 manifest);
	put_file(path, text, strlen(text));
}

static struct device *device_new(void *state)
{
	struct device *device = calloc(1, sizeof *device);
	struct rill_error error;

	assert_non_null(device);
	device->folder = state;
	snprintf(device->path, sizeof device->path, "%.200s", folder_path(state, "image"));
	device->target = (struct target_config){
		.name = "toolchain", .kind = RILL_KIND_IMAGE, .path = device->path};
	assert_ok(store_prepare(device->path, &error), &error);
	put_image(device, STORE_INDEX, "old", device->old);
	put_image(device, STORE_NEW, "new", device->fresh);
	assert_ok(kind_image.open(&device->install, &device->target, &error), &error);
	assert_memory_equal(device->install->base_sha256, device->old, RILL_SHA256_SIZE);
	/* A delta from the one to the other, as far as its header says. */
	device->header.flags = RILL_DELTA_IMAGE;
	device->header.base_count = 1;
	memcpy(device->header.base[0].sha256, device->old, RILL_SHA256_SIZE);
	device->header.output_count = RILL_IMAGE_LAYERS;
	memcpy(device->header.output[RILL_IMAGE_CONFIG].sha256, device->fresh, RILL_SHA256_SIZE);
	return device;
}

static void device_free(struct device *device)
{
	kind_image.close(device->install);
	free(device);
}

static void what_does_not_fit_is_not_begun(void **state)
{
	struct device *device = device_new(*state);
	struct rill_error error;

	assert_fails(kind_image.begin(device->install, UINT64_C(1) << 60, &error), RILL_NO_SPACE,
		     &error, "1152921504606846976 bytes are needed there");
	assert_ok(kind_image.begin(device->install, 1000, &error), &error);
	device_free(device);
}

static void a_delta_of_others_is_refused(void **state)
{
	struct device *device = device_new(*state);
	struct rill_delta_header *header = &device->header;
	struct rill_error error;

	assert_ok(kind_image.begin(device->install, 1000, &error), &error);
	assert_fails(kind_image.accept(device->install, header, device->old, &error), RILL_SECURITY,
		     &error, "not to the signed target");
	header->flags = 0;
	assert_fails(kind_image.accept(device->install, header, device->fresh, &error),
		     RILL_UNSUPPORTED, &error, "a delta of files");
	header->flags = RILL_DELTA_IMAGE;
	header->base[0].sha256[7] ^= 1;
	assert_fails(kind_image.accept(device->install, header, device->fresh, &error),
		     RILL_SECURITY, &error, "not from this image");
	device_free(device);
}

static void a_delta_from_what_is_there_is_taken(void **state)
{
	struct device *device = device_new(*state);
	struct rill_error error;

	assert_ok(kind_image.begin(device->install, 1000, &error), &error);
	assert_ok(kind_image.accept(device->install, &device->header, device->fresh, &error),
		  &error);
	device_free(device);
}

static void a_prepared_image_is_read_back(void **state)
{
	struct device *device = device_new(*state);
	struct rill_error error;

	assert_ok(kind_image.reopen(device->install, &error), &error);
	assert_ok(kind_image.seal(device->install, device->fresh, &error), &error);
	assert_fails(kind_image.seal(device->install, device->old, &error), RILL_CORRUPT, &error,
		     "not the signed image");
	put_file(device->layer, "nEw", 3);
	assert_fails(kind_image.seal(device->install, device->fresh, &error), RILL_CORRUPT, &error,
		     "storage gives back other bytes");
	put_file(device->layer, "new and more", 12);
	assert_fails(kind_image.seal(device->install, device->fresh, &error), RILL_CORRUPT, &error,
		     "storage gives back other bytes");
	unlink(device->layer);
	assert_fails(kind_image.seal(device->install, device->fresh, &error), RILL_IO, &error,
		     "read back");
	device_free(device);
}

static void a_store_that_changed_is_left_as_it_is(void **state)
{
	struct device *device = device_new(*state);
	struct rill_error error;
	uint8_t other[RILL_SHA256_SIZE];

	assert_ok(kind_image.reopen(device->install, &error), &error);
	assert_ok(kind_image.seal(device->install, device->fresh, &error), &error);
	put_image(device, STORE_INDEX, "somebody else's", other);
	assert_fails(kind_image.switch_to_new(device->install, &error), RILL_WRONG_BASE, &error,
		     "somebody changed it meanwhile");
	assert_fails(kind_image.check_base(device->install, &error), RILL_WRONG_BASE, &error,
		     "left as it is");
	kind_image.close(device->install);
	assert_ok(kind_image.open(&device->install, &device->target, &error), &error);
	assert_memory_equal(device->install->base_sha256, other, sizeof other);
	/* The old one is not there to come back. */
	assert_fails(kind_image.restore(&device->target, device->old, &error), RILL_WRONG_BASE,
		     &error, "not there any more");
	device_free(device);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(what_does_not_fit_is_not_begun),
		in_folder(a_delta_of_others_is_refused),
		in_folder(a_delta_from_what_is_there_is_taken),
		in_folder(a_prepared_image_is_read_back),
		in_folder(a_store_that_changed_is_left_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
