/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/folder.h"

#include "host/image.h"
#include "host/layout_write.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char config_format[] = "{\"os\":\"linux\",\"architecture\":\"arm64\",\"rootfs\":"
				    "{\"type\":\"layers\",\"diff_ids\":[\"sha256:%s\"]}}";

/* Writes an image with one layer of this text. */
static void write_image(const char *spec, const char *text)
{
	char hex[RILL_SHA256_HEX], config[512];
	struct rill_oci_descriptor layer = {RILL_OCI_LAYER_TAR, {0}, strlen(text)};
	struct rill_oci_manifest manifest = {.layers = &layer, .layer_count = 1};
	struct rill_oci_index_entry entry = {.manifest = {.media_type = RILL_OCI_MANIFEST},
					     .platform = {"linux", "arm64", ""}};
	uint8_t written[1024];
	struct rill_writer writer = rill_writer(written, sizeof written);
	struct layout layout;
	struct rill_error error;

	rill_sha256(text, strlen(text), layer.sha256);
	rill_hex(layer.sha256, RILL_SHA256_SIZE, hex);
	snprintf(config, sizeof config, config_format, hex);
	manifest.config = (struct rill_oci_descriptor){RILL_OCI_CONFIG, {0}, strlen(config)};
	rill_sha256(config, strlen(config), manifest.config.sha256);
	assert_ok(layout_open(&layout, spec, &error), &error);
	assert_ok(layout_write_blob(&layout, text, strlen(text), layer.sha256, &error), &error);
	assert_ok(
		layout_write_blob(&layout, config, strlen(config), manifest.config.sha256, &error),
		&error);
	rill_oci_manifest_write(&writer, &manifest);
	entry.manifest.size = rill_writer_length(&writer);
	entry.tag = layout.tag;
	rill_sha256(written, entry.manifest.size, entry.manifest.sha256);
	assert_ok(layout_write_blob(&layout, written, entry.manifest.size, entry.manifest.sha256,
				    &error),
		  &error);
	assert_ok(layout_write_index(&layout, &entry, &error), &error);
	layout_close(&layout);
}

static void assert_image(const char *spec, const char *text)
{
	struct image image;
	struct image_bytes plain;
	struct rill_error error;

	assert_ok(image_open(&image, spec, NULL, &error), &error);
	assert_ok(image_layer_open(&image, 0, &plain, &error), &error);
	assert_int_equal(plain.length, strlen(text));
	assert_memory_equal(plain.bytes, text, plain.length);
	image_bytes_close(&plain);
	image_close(&image);
}

static void an_image_is_read_back(void **state)
{
	const char *layout = folder_path(*state, "a/b/layout");

	write_image(layout, "text");
	assert_image(layout, "text");
	assert_int_equal(count_files(layout), 3);
	assert_int_equal(count_files(folder_path(*state, "a/b/layout/blobs/sha256")), 3);
	assert_file(folder_path(*state, "a/b/layout/oci-layout"), RILL_OCI_LAYOUT,
		    strlen(RILL_OCI_LAYOUT));
}

static void a_tag_is_replaced_and_others_stay(void **state)
{
	const char *one = folder_path(*state, "layout:one"),
		   *two = folder_path(*state, "layout:two");
	const char *bare = folder_path(*state, "layout");
	const char *full = folder_path(*state, "layout:host:5000/app:three");

	write_image(one, "first");
	write_image(two, "second");
	write_image(bare, "no tag");
	write_image(full, "third");
	write_image(one, "new first");
	write_image(bare, "new no tag");
	assert_image(one, "new first");
	assert_image(two, "second");
	assert_image(folder_path(*state, "layout:three"), "third");
	{
		size_t n, count = 0;
		char *index = get_file(folder_path(*state, "layout/index.json"), &n);

		for (const char *at = index; (at = strstr(at, "\"digest\"")); at++)
			count++;
		assert_int_equal(count, 4);
		free(index);
	}
}

static void a_blob_that_is_another_leaves_nothing(void **state)
{
	struct layout layout;
	struct layout_blob blob;
	struct rill_error error;
	uint8_t digest[RILL_SHA256_SIZE];

	rill_sha256("right", 5, digest);
	assert_ok(layout_open(&layout, folder_path(*state, "layout"), &error), &error);
	assert_ok(layout_blob_open(&layout, &blob, digest, &error), &error);
	assert_ok(layout_blob_write(&blob, "wro", 3, &error), &error);
	assert_ok(layout_blob_write(&blob, "ng", 2, &error), &error);
	assert_fails(layout_blob_commit(&blob, &error), RILL_CORRUPT, &error, "found");
	assert_ok(layout_blob_open(&layout, &blob, digest, &error), &error);
	layout_blob_abandon(&blob);
	assert_int_equal(count_files(folder_path(*state, "layout/blobs/sha256")), 0);
	assert_false(layout_has_blob(&layout, digest));
	assert_ok(layout_write_blob(&layout, "right", 5, digest, &error), &error);
	assert_true(layout_has_blob(&layout, digest));
	layout_close(&layout);
}

/* What a damaged disk left under the name is written anew. */
static void a_damaged_blob_is_mended(void **state)
{
	struct layout layout;
	struct rill_error error;
	uint8_t digest[RILL_SHA256_SIZE];
	char name[128] = "layout/blobs/sha256/";

	rill_sha256("right", 5, digest);
	rill_hex(digest, sizeof digest, name + strlen(name));
	assert_ok(layout_open(&layout, folder_path(*state, "layout"), &error), &error);
	put_file(folder_path(*state, name), "r", 1);
	assert_false(layout_has_blob(&layout, digest));
	assert_ok(layout_write_blob(&layout, "right", 5, digest, &error), &error);
	assert_file(folder_path(*state, name), "right", 5);
	layout_close(&layout);
}

static void assert_refuses(const char *spec, enum rill_code code, const char *words)
{
	struct layout layout;
	struct rill_error error;

	assert_fails(layout_open(&layout, spec, &error), code, &error, words);
	layout_close(&layout);
}

static void other_folders_are_left_alone(void **state)
{
	const struct folder *folder = *state;
	struct rill_oci_index_entry entry = {.manifest = {.media_type = RILL_OCI_MANIFEST}};
	struct layout layout;
	struct rill_error error;

	put_file(folder_path(*state, "file"), "x", 1);
	assert_refuses(folder->path, RILL_USAGE, "other things");
	assert_refuses(folder_path(*state, "file"), RILL_IO, "file");
	assert_refuses("", RILL_USAGE, "is no layout");
	assert_refuses(":tag", RILL_USAGE, "is no layout");
	assert_refuses("name:", RILL_USAGE, "is no layout");
	assert_int_equal(count_files(folder->path), 1);
	write_image(folder_path(*state, "layout"), "text");
	put_file(folder_path(*state, "layout/oci-layout"), "{\"imageLayoutVersion\":\"2\"}", 26);
	assert_refuses(folder_path(*state, "layout"), RILL_UNSUPPORTED, "\"2\"");
	put_file(folder_path(*state, "layout/oci-layout"), "{\"imageLayoutVersion\":\"1.1\"}", 28);
	put_file(folder_path(*state, "layout/index.json"), "{}", 2);
	assert_ok(layout_open(&layout, folder_path(*state, "layout"), &error), &error);
	assert_fails(layout_write_index(&layout, &entry, &error), RILL_CORRUPT, &error,
		     "index.json: not an index");
	assert_file(folder_path(*state, "layout/index.json"), "{}", 2);
	layout_close(&layout);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(an_image_is_read_back),
		in_folder(a_tag_is_replaced_and_others_stay),
		in_folder(a_blob_that_is_another_leaves_nothing),
		in_folder(a_damaged_blob_is_mended),
		in_folder(other_folders_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
