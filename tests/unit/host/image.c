/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/host/image_make.h"

#include "host/image.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* A layout in the folder. */
static const char *new_layout(void **state)
{
	static char path[FOLDER_PATH]; /* folder_path() keeps the last eight only */

	snprintf(path, sizeof path, "%s", folder_path(*state, "layout"));
	make_layout(path);
	return path;
}

/* LAYOUT/blobs/sha256/HEX */
static const char *blob_path(void **state, const char *hex)
{
	char name[128];

	snprintf(name, sizeof name, "layout/blobs/sha256/%s", hex);
	return folder_path(*state, name);
}

/* FOLDER/NAME with a tag or digest. */
static const char *spec_of(void **state, const char *name, const char *rest)
{
	char spec[256];

	snprintf(spec, sizeof spec, "%s%s", name, rest);
	return folder_path(*state, spec);
}

static void assert_opens(const char *spec, const char *platform, const char *manifest)
{
	const struct image_options options = {.platform = platform};
	char hex[RILL_SHA256_HEX];
	struct rill_error error;
	struct image image;

	assert_ok(image_open(&image, spec, &options, &error), &error);
	rill_hex(image.manifest_digest, RILL_SHA256_SIZE, hex);
	assert_string_equal(hex, manifest);
	image_close(&image);
}

static void assert_refuses(const char *spec, const char *platform, enum rill_code code,
			   const char *words)
{
	const struct image_options options = {.platform = platform};
	struct rill_error error;
	struct image image;

	assert_fails(image_open(&image, spec, &options, &error), code, &error, words);
	image_close(&image);
}

static void assert_layer(const struct image *image, size_t i, const char *text)
{
	struct image_bytes plain;
	struct rill_error error;

	assert_ok(image_layer_open(image, i, &plain, &error), &error);
	assert_int_equal(plain.length, strlen(text));
	assert_memory_equal(plain.bytes, text, plain.length);
	image_bytes_close(&plain);
}

static void assert_layer_refused(const char *spec, enum rill_code code, const char *words)
{
	struct image_bytes plain;
	struct rill_error error;
	struct image image;

	assert_ok(image_open(&image, spec, NULL, &error), &error);
	assert_fails(image_layer_open(&image, 0, &plain, &error), code, &error, words);
	image_close(&image);
}

static void a_layout_is_read(void **state)
{
	static const char *const texts[] = {"the first", "", "the third"};
	const char *path = new_layout(state);
	struct made layers[3], manifest = make_image(path, "arm64", texts, 3, layers);
	struct rill_error error;
	struct image image;
	char hex[RILL_SHA256_HEX];

	make_index_json(path, &manifest, 1);
	assert_int_equal(image_detect(path), IMAGE_LAYOUT);
	assert_ok(image_open(&image, path, NULL, &error), &error);
	assert_int_equal(image.kind, IMAGE_LAYOUT);
	assert_int_equal(image.layer_count, 3);
	assert_string_equal(image.manifest_type, MANIFEST);
	assert_string_equal(image.tag, "");
	assert_false(image.made_manifest);
	assert_file(blob_path(state, manifest.hex), image.manifest.bytes, image.manifest.length);
	for (size_t i = 0; i < 3; i++) {
		assert_layer(&image, i, texts[i]);
		rill_hex(image.layers[i].digest, RILL_SHA256_SIZE, hex);
		assert_string_equal(hex, layers[i].hex);
		assert_int_equal(image.layers[i].size, strlen(texts[i]));
	}
	image_close(&image);
}

static void specs_name_tags_and_digests(void **state)
{
	static const char *const one[] = {"one"}, *const two[] = {"two"};
	const char *path = new_layout(state);
	struct made images[3] = {make_image(path, "arm64", one, 1, NULL),
				 make_image(path, "arm64", two, 1, NULL)};
	char spec[FOLDER_PATH + 80];
	struct made a = images[0], b = images[1];

	images[0] = tagged(a, "v1");
	images[1] = tagged(b, "registry.example:5000/app/tool:v2");
	images[2] = tagged(a, "again");
	make_index_json(path, images, 3);
	assert_opens(spec_of(state, "layout", ":v1"), NULL, a.hex);
	assert_opens(spec_of(state, "layout", ":again"), NULL, a.hex);
	assert_opens(spec_of(state, "layout", ":v2"), NULL, b.hex);
	assert_opens(spec_of(state, "layout", ":tool:v2"), NULL, b.hex);
	assert_opens(spec_of(state, "layout", ":registry.example:5000/app/tool:v2"), NULL, b.hex);
	snprintf(spec, sizeof spec, "%s@sha256:%s", path, b.hex);
	assert_opens(spec, NULL, b.hex);
	assert_refuses(path, NULL, RILL_USAGE, "several images: v1 (linux/arm64)");
	assert_refuses(spec_of(state, "layout", ":2"), NULL, RILL_USAGE,
		       "no tag 2; there: v1, registry.example:5000/app/tool:v2, again");
	spec[strlen(spec) - 1] ^= 1;
	assert_refuses(spec, NULL, RILL_USAGE, "no image sha256:");
	spec[strlen(spec) - 1] = 0;
	assert_refuses(spec, NULL, RILL_USAGE, "is no digest");
	assert_refuses(spec_of(state, "layout", "@sha512:00"), NULL, RILL_UNSUPPORTED,
		       "not SHA-256");
	assert_refuses(spec_of(state, "nowhere", ":v1"), NULL, RILL_IO, "no such file");
	assert_refuses("", NULL, RILL_IO, "open");
}

static void platforms_in_an_index_in_an_index(void **state)
{
	static const char *const texts[] = {"x"};
	const char *path = new_layout(state);
	struct made arm = make_image(path, "arm64", texts, 1, NULL);
	struct made amd = make_image(path, "amd64", texts, 1, NULL);
	struct made inner[3] = {
		with(arm, ",\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\","
			  "\"variant\":\"v8\"}"),
		with(amd, ",\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}"),
		with(amd, ",\"platform\":{\"os\":\"unknown\",\"architecture\":\"unknown\"}")};
	struct made index = make_index(path, inner, 3), outer = make_index(path, &index, 1);
	struct made top = tagged(outer, "v1");
	char spec[FOLDER_PATH + 80];

	make_index_json(path, &top, 1);
	assert_opens(path, "linux/arm64", arm.hex);
	assert_opens(path, "linux/arm64/v8", arm.hex);
	assert_opens(path, "linux/aarch64", arm.hex);
	assert_opens(path, "linux/x86_64", amd.hex);
	assert_opens(spec_of(state, "layout", ":v1"), "linux/amd64", amd.hex);
	snprintf(spec, sizeof spec, "%s@sha256:%s", path, amd.hex);
	assert_opens(spec, NULL, amd.hex);
	snprintf(spec, sizeof spec, "%s@sha256:%s", path, index.hex);
	assert_opens(spec, "linux/amd64", amd.hex);
	assert_refuses(path, NULL, RILL_USAGE, "choose one by --platform");
	assert_refuses(path, "linux/riscv64", RILL_USAGE, "there: v1 (linux/arm64/v8), v1 (linux/");
	assert_refuses(path, "linux/arm64/v9", RILL_USAGE, "no image for linux/arm64/v9");
	assert_refuses(path, "arm64", RILL_USAGE, "is no platform");
	assert_refuses(path, "linux/arm64/", RILL_USAGE, "is no platform");
	/* Often one platform only was fetched. */
	unlink(blob_path(state, arm.hex));
	assert_opens(path, NULL, amd.hex);
	unlink(blob_path(state, amd.hex));
	assert_refuses(path, "linux/arm64", RILL_IO, arm.hex);
	unlink(blob_path(state, index.hex));
	assert_refuses(path, "linux/arm64", RILL_IO, index.hex);
}

static void variants_of_arm(void **state)
{
	static const char *const texts[] = {"x"};
	const char *path = new_layout(state);
	struct made layer = make_text_blob(path, LAYER_TAR, texts[0]), images[3], hex[3];
	static const char *const variants[] = {"", "v6", "v7"};

	for (int i = 0; i < 3; i++) {
		struct made config = make_config(path, "linux", "arm", variants[i], &layer, 1);

		hex[i] = images[i] = make_manifest(path, &config, &layer, 1);
	}
	make_index_json(path, images, 3);
	assert_opens(path, "linux/arm/v7", hex[2].hex);
	assert_opens(path, "linux/arm/v6", hex[1].hex);
	assert_opens(path, "linux/arm", hex[0].hex);
	make_index_json(path, images + 1, 2);
	assert_refuses(path, "linux/arm", RILL_USAGE, "several images");
}

static void a_config_says_the_platform_of_a_single_image(void **state)
{
	const char *path = new_layout(state);
	struct made manifest = make_image(path, "arm64", NULL, 0, NULL);

	make_index_json(path, &manifest, 1);
	assert_opens(path, "linux/arm64", manifest.hex);
	assert_refuses(path, "linux/amd64", RILL_USAGE, "there: ");
}

static void layers_are_decompressed(void **state)
{
	static const char text[] = "plain bytes", more[] = " and more";
	const char *path = new_layout(state);
	struct buffer gzip = {0}, zstd = {0};
	struct made blobs[4], plain[4], config, manifest;
	char all[64];
	struct rill_error error;
	struct image image;

	snprintf(all, sizeof all, "%s%s", text, more);
	compress_gzip(text, strlen(text), &gzip);
	compress_gzip("", 0, &gzip);
	compress_gzip(more, strlen(more), &gzip);
	compress_zstd(text, strlen(text), &zstd);
	assert_ok(buffer_append(&zstd, "\x53\x2a\x4d\x18\x02\0\0\0hi", 10, &error), &error);
	compress_zstd(more, strlen(more), &zstd);
	blobs[0] = make_blob(path, LAYER_TAR "+gzip", gzip.bytes, gzip.length);
	blobs[1] = make_blob(path, LAYER_TAR "+zstd", zstd.bytes, zstd.length);
	assert_ok(buffer_append(&gzip, "\0\0garbage", 9, &error), &error);
	blobs[2] = make_blob(path, LAYER_TAR "+gzip", gzip.bytes, gzip.length);
	/* The media type may be wrong, as some tools have it: the bytes count. */
	blobs[3] = make_blob(path, LAYER_TAR "+gzip", all, strlen(all));
	for (int i = 0; i < 4; i++)
		plain[i] = blobs[3];
	config = make_config(path, "linux", "arm64", "", plain, 4);
	manifest = make_manifest(path, &config, blobs, 4);
	make_index_json(path, &manifest, 1);
	assert_ok(image_open(&image, path, NULL, &error), &error);
	for (size_t i = 0; i < 4; i++)
		assert_layer(&image, i, all);
	assert_int_equal(image.layers[0].compression, COMPRESSION_GZIP);
	assert_int_equal(image.layers[1].compression, COMPRESSION_ZSTD);
	assert_int_equal(image.layers[3].compression, COMPRESSION_NONE);
	image_close(&image);
	buffer_free(&gzip);
	buffer_free(&zstd);
}

/* One compressed layer with these bytes under these digests: LAYOUT:NAME fails by WORDS. */
static void layer_fails(void **state, const char *name, const void *bytes, size_t n,
			const struct made *diff_id, const char *words)
{
	const char *path = folder_path(*state, name);
	struct made blob, config, manifest;

	make_layout(path);
	blob = make_blob(path, LAYER_TAR "+gzip", bytes, n);
	config = make_config(path, "linux", "arm64", "", diff_id ? diff_id : &blob, 1);
	manifest = make_manifest(path, &config, &blob, 1);
	make_index_json(path, &manifest, 1);
	assert_layer_refused(path, RILL_CORRUPT, words);
}

static void damaged_layers_are_refused(void **state)
{
	static const char text[] = "plain bytes, plain bytes, plain bytes";
	struct buffer gzip = {0}, zstd = {0}, crc = {0};
	struct rill_error error;

	compress_gzip(text, strlen(text), &gzip);
	compress_zstd(text, strlen(text), &zstd);
	layer_fails(state, "1", gzip.bytes, gzip.length - 1, NULL, "truncated: gzip");
	layer_fails(state, "2", gzip.bytes, 5, NULL, "truncated: gzip");
	layer_fails(state, "3", zstd.bytes, zstd.length - 1, NULL, "truncated: zstd");
	layer_fails(state, "4", gzip.bytes, gzip.length, NULL, "layer 1, diff_id: sha256:");
	layer_fails(state, "5", zstd.bytes, zstd.length, NULL, "layer 1, diff_id: sha256:");
	assert_ok(buffer_append(&crc, gzip.bytes, gzip.length, &error), &error);
	crc.bytes[crc.length - 5] ^= 1;
	layer_fails(state, "6", crc.bytes, crc.length, NULL, "incorrect data check");
	compress_gzip(text, strlen(text), &gzip);
	layer_fails(state, "7", gzip.bytes, gzip.length - 3, NULL, "truncated: gzip");
	assert_ok(buffer_append(&zstd, "garbage", 7, &error), &error);
	layer_fails(state, "8", zstd.bytes, zstd.length, NULL, "zstd, offset");
	buffer_free(&gzip);
	buffer_free(&zstd);
	buffer_free(&crc);
}

/* A file may be damaged behind its name: the digest tells, whatever else fails. */
static void blobs_are_compared_with_their_digests(void **state)
{
	static const char text[] = "plain bytes, plain bytes, plain bytes";
	const char *path = new_layout(state);
	struct made plain = make_text_blob(path, LAYER_TAR, text), config, blob, manifest;
	struct buffer gzip = {0};
	char words[128];
	size_t n;
	char *bytes;

	compress_gzip(text, strlen(text), &gzip);
	blob = make_blob(path, LAYER_TAR "+gzip", gzip.bytes, gzip.length);
	config = make_config(path, "linux", "arm64", "", &plain, 1);
	manifest = make_manifest(path, &config, &blob, 1);
	make_index_json(path, &manifest, 1);

	snprintf(words, sizeof words, "layer 1, blob: sha256:%s expected", blob.hex);
	for (size_t at = 0; at < gzip.length; at += 3) { /* header, body, trailer */
		if (at < 3)
			continue; /* then it is no gzip: below */
		gzip.bytes[at] ^= 1;
		put_file(blob_path(state, blob.hex), gzip.bytes, gzip.length);
		assert_layer_refused(path, RILL_CORRUPT, words);
		gzip.bytes[at] ^= 1;
	}
	gzip.bytes[0] ^= 1;
	put_file(blob_path(state, blob.hex), gzip.bytes, gzip.length);
	assert_layer_refused(path, RILL_CORRUPT, words);
	put_file(blob_path(state, blob.hex), gzip.bytes, gzip.length - 1);
	assert_refuses(path, NULL, RILL_CORRUPT, "layer 1: ");
	assert_refuses(path, NULL, RILL_CORRUPT, "truncated?");
	unlink(blob_path(state, blob.hex));
	assert_refuses(path, NULL, RILL_IO, blob.hex);
	put_file(blob_path(state, blob.hex), gzip.bytes, gzip.length);

	bytes = get_file(blob_path(state, config.hex), &n);
	bytes[n - 2] = ' ';
	put_file(blob_path(state, config.hex), bytes, n);
	snprintf(words, sizeof words, "config: sha256:%s expected", config.hex);
	assert_refuses(path, NULL, RILL_CORRUPT, words);
	unlink(blob_path(state, config.hex));
	assert_refuses(path, NULL, RILL_IO, config.hex);
	free(bytes);

	bytes = get_file(blob_path(state, manifest.hex), &n);
	bytes[0] = ' ';
	put_file(blob_path(state, manifest.hex), bytes, n);
	snprintf(words, sizeof words, "manifest: sha256:%s expected", manifest.hex);
	assert_refuses(path, NULL, RILL_CORRUPT, words);
	free(bytes);
	buffer_free(&gzip);
}

static void no_scratch_is_one_clear_error(void **state)
{
	const char *path = new_layout(state);
	const struct image_options options = {.scratch = folder_path(*state, "no/such")};
	struct buffer gzip = {0};
	struct made blob, plain = make_text_blob(path, LAYER_TAR, "x"), config, manifest;
	struct image_bytes bytes;
	struct rill_error error;
	struct image image;

	compress_gzip("x", 1, &gzip);
	blob = make_blob(path, LAYER_TAR "+gzip", gzip.bytes, gzip.length);
	config = make_config(path, "linux", "arm64", "", &plain, 1);
	manifest = make_manifest(path, &config, &blob, 1);
	make_index_json(path, &manifest, 1);
	assert_ok(image_open(&image, path, &options, &error), &error);
	assert_fails(image_layer_open(&image, 0, &bytes, &error), RILL_IO, &error, "no/such");
	image_close(&image);
	buffer_free(&gzip);
}

/* An image whose one layer has a type, and is there or not. */
static struct made typed(const char *path, const char *type)
{
	struct made blob = make_text_blob(path, type, "layer of a kind");
	struct made config = make_config(path, "linux", "arm64", "", &blob, 1);
	struct made manifest = make_manifest(path, &config, &blob, 1);

	make_index_json(path, &manifest, 1);
	return blob;
}

static void unknown_media_types_are_refused_by_name(void **state)
{
	static const char *const foreign[] = {
		"application/vnd.oci.image.layer.nondistributable.v1.tar",
		"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"};
	const char *path = new_layout(state);
	struct rill_error error;
	struct image image;
	struct made blob;

	for (size_t i = 0; i < COUNT(foreign); i++) {
		blob = typed(path, foreign[i]);
		assert_ok(image_open(&image, path, NULL, &error), &error);
		assert_layer(&image, 0, "layer of a kind");
		image_close(&image);
		unlink(blob_path(state, blob.hex));
		assert_refuses(path, NULL, RILL_UNSUPPORTED, "foreign layer");
		assert_refuses(path, NULL, RILL_UNSUPPORTED, blob.hex);
	}
	typed(path, LAYER_TAR "+gzip+encrypted");
	assert_refuses(path, NULL, RILL_UNSUPPORTED, "encrypted");
	typed(path, "application/vnd.example.squashfs");
	assert_refuses(path, NULL, RILL_UNSUPPORTED, "application/vnd.example.squashfs");
}

static void things_that_are_no_images(void **state)
{
	const char *path = new_layout(state);
	struct made blob = make_text_blob(path, "application/vnd.example.config", "{}"), it;

	it = make_manifest(path, &blob, NULL, 0);
	make_index_json(path, &it, 1);
	assert_refuses(path, NULL, RILL_UNSUPPORTED, "application/vnd.example.config");
	it = make_text_blob(path, "application/vnd.docker.distribution.manifest.v1+prettyjws",
			    "{\"schemaVersion\":1}");
	make_index_json(path, &it, 1);
	assert_refuses(path, NULL, RILL_UNSUPPORTED, "manifest.v1+prettyjws");
	it = make_text_blob(path, MANIFEST, "{\"schemaVersion\":1}");
	make_index_json(path, &it, 1);
	assert_refuses(path, NULL, RILL_UNSUPPORTED, "schema 1");
	make_index_json(path, NULL, 0);
	assert_refuses(path, NULL, RILL_CORRUPT, "no image in it");
	put_file(folder_path(*state, "layout/oci-layout"), "{\"imageLayoutVersion\":\"2.0.0\"}",
		 30);
	assert_refuses(path, NULL, RILL_UNSUPPORTED, "\"2.0.0\"");
	unlink(folder_path(*state, "layout/oci-layout"));
	assert_refuses(path, NULL, RILL_IO, "no OCI image layout: ");
}

/* JSON documents that are not what they should be, in every place. */
static void hostile_json(void **state)
{
	static const char *const indexes[] = {
		"",
		"[]",
		"{\"manifests\":{}}",
		"{\"manifests\":[1]}",
		"{\"manifests\":[{\"mediaType\":\"x\",\"size\":1}]}",
		"{\"manifests\":[{\"mediaType\":\"a\\nb\",\"size\":1,\"digest\":\"sha256:\"}]}",
		"{\"manifests\":[{\"mediaType\":\"x\",\"size\":-1,\"digest\":\"sha256:\"}]}",
		"{\"manifests\":[{\"mediaType\":\"x\",\"size\":1,\"digest\":\"sha256:../x\"}]}",
		"{\"manifests\":[],\"manifests\":[]}",
		"{\"manifests\":[]} x"};
	static const char *const manifests[] = {
		"{\"schemaVersion\":2,\"layers\":[]}",
		"{\"schemaVersion\":2,\"layers\":[{}],\"config\":{}}",
		"{\"schemaVersion\":\"2\",\"layers\":[]}",
		"{\"schemaVersion\":2,\"mediaType\":\"index\",\"layers\":[]}",
		"{\"schemaVersion\":2,\"mediaType\":1,\"layers\":[]}"};
	static const char *const configs[] = {
		"{}",
		"{\"rootfs\":[]}",
		"{\"rootfs\":{\"diff_ids\":[1]}}",
		"{\"rootfs\":{\"diff_ids\":[\"sha256:1\"]}}",
		"{\"rootfs\":{\"diff_ids\":[]}}", /* the manifest has one layer */
		"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]"};
	const char *path = new_layout(state);
	struct made layer = make_text_blob(path, LAYER_TAR, "x"), it;

	for (size_t i = 0; i < COUNT(indexes); i++) {
		put_file(folder_path(*state, "layout/index.json"), indexes[i], strlen(indexes[i]));
		assert_refuses(path, NULL, RILL_CORRUPT, "index.json");
		it = make_text_blob(path, INDEX, indexes[i]);
		make_index_json(path, &it, 1);
		assert_refuses(path, NULL, RILL_CORRUPT, "index");
	}
	for (size_t i = 0; i < COUNT(manifests); i++) {
		it = make_text_blob(path, MANIFEST, manifests[i]);
		make_index_json(path, &it, 1);
		assert_refuses(path, NULL, RILL_CORRUPT, "manifest");
	}
	for (size_t i = 0; i < COUNT(configs); i++) {
		it = make_text_blob(path, CONFIG, configs[i]);
		it = make_manifest(path, &it, &layer, 1);
		make_index_json(path, &it, 1);
		assert_refuses(path, NULL, RILL_CORRUPT, "config");
	}
}

static void indexes_nested_too_deep(void **state)
{
	const char *path = new_layout(state);
	struct made it = make_image(path, "arm64", NULL, 0, NULL);
	char hex[RILL_SHA256_HEX];

	memcpy(hex, it.hex, sizeof hex);
	for (int i = 0; i < 7; i++)
		it = make_index(path, &it, 1);
	make_index_json(path, &it, 1);
	assert_opens(path, NULL, hex);
	it = make_index(path, &it, 1);
	it = make_index(path, &it, 1);
	make_index_json(path, &it, 1);
	assert_refuses(path, NULL, RILL_CORRUPT, "nested");
}

/* The files of a layout as members of a tar. */
static void add_layout(struct buffer *tar, void **state, const struct made *blobs, size_t n)
{
	static const char *const names[] = {"oci-layout", "index.json"};
	char name[128];
	char *bytes;
	size_t length;

	for (size_t i = 0; i < n; i++) {
		snprintf(name, sizeof name, "blobs/sha256/%s", blobs[i].hex);
		bytes = get_file(blob_path(state, blobs[i].hex), &length);
		add_member(tar, name, '0', NULL, bytes, length);
		free(bytes);
	}
	for (int i = 0; i < 2; i++) {
		snprintf(name, sizeof name, "layout/%s", names[i]);
		bytes = get_file(folder_path(*state, name), &length);
		add_member(tar, names[i], '0', NULL, bytes, length);
		free(bytes);
	}
	end_tar(tar);
}

static const char *put_buffer(void **state, const char *name, struct buffer *buffer)
{
	const char *path = folder_path(*state, name);

	put_file(path, buffer->bytes, buffer->length);
	return path;
}

static void oci_archives(void **state)
{
	static const char *const texts[] = {"some bytes of a layer"};
	const char *path = new_layout(state);
	struct made layer = make_text_blob(path, LAYER_TAR, texts[0]);
	struct made config = make_config(path, "linux", "arm64", "", &layer, 1);
	struct made blobs[3] = {layer, config, make_manifest(path, &config, &layer, 1)}, top;
	struct buffer tar = {0}, gzip = {0}, zstd = {0};
	struct rill_error error;
	struct image image;

	top = tagged(blobs[2], "v1");
	make_index_json(path, &top, 1);
	add_layout(&tar, state, blobs, 3);
	compress_gzip(tar.bytes, tar.length, &gzip);
	compress_zstd(tar.bytes, tar.length, &zstd);
	put_buffer(state, "a.tar", &tar);
	put_buffer(state, "a.tgz", &gzip);
	put_buffer(state, "a.tzst", &zstd);
	for (int i = 0; i < 3; i++) {
		static const char *const names[] = {"a.tar", "a.tgz", "a.tzst"};

		assert_int_equal(image_detect(folder_path(*state, names[i])), IMAGE_OCI_ARCHIVE);
		assert_ok(image_open(&image, spec_of(state, names[i], ":v1"), NULL, &error),
			  &error);
		assert_int_equal(image.kind, IMAGE_OCI_ARCHIVE);
		assert_layer(&image, 0, texts[0]);
		image_close(&image);
	}
	gzip.length -= 9;
	assert_refuses(put_buffer(state, "cut.tgz", &gzip), NULL, RILL_CORRUPT, "truncated");
	for (size_t cut = 512; cut < tar.length - 1024; cut += 512) {
		struct buffer part = {.bytes = tar.bytes, .length = tar.length - 1024 - cut + 1};
		const char *name = put_buffer(state, "cut.tar", &part);

		assert_int_equal(image_detect(name), IMAGE_OCI_ARCHIVE);
		assert_refuses(name, NULL, RILL_CORRUPT, "offset");
	}
	buffer_free(&tar);
	buffer_free(&gzip);
	buffer_free(&zstd);
}

static void an_archive_without_a_blob(void **state)
{
	const char *path = new_layout(state);
	struct made layer = make_text_blob(path, LAYER_TAR, "x");
	struct made config = make_config(path, "linux", "arm64", "", &layer, 1);
	struct made blobs[2] = {config, make_manifest(path, &config, &layer, 1)};
	struct buffer tar = {0};

	make_index_json(path, &blobs[1], 1);
	add_layout(&tar, state, blobs, 2);
	assert_refuses(put_buffer(state, "a.tar", &tar), NULL, RILL_IO, layer.hex);
	buffer_free(&tar);
}

/* What docker and podman write, with this manifest.json. Layers lie at a.tar, b/layer.tar, and
 * behind links. The config is at CONFIG.json. */
static const char *docker_archive(void **state, const char *config_name, const char *manifest)
{
	struct buffer tar = {0};
	char config[512], name[128];
	uint8_t a[RILL_SHA256_SIZE], b[RILL_SHA256_SIZE];
	char x[RILL_SHA256_HEX], y[RILL_SHA256_HEX];
	const char *path;

	rill_sha256("first", 5, a);
	rill_sha256("second", 6, b);
	rill_hex(a, sizeof a, x);
	rill_hex(b, sizeof b, y);
	snprintf(config, sizeof config,
		 "{\"architecture\":\"arm64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\","
		 "\"diff_ids\":[\"sha256:%s\",\"sha256:%s\"]}}",
		 x, y);
	rill_sha256(config, strlen(config), a);
	rill_hex(a, sizeof a, x);
	snprintf(name, sizeof name, "%s", config_name ? config_name : x);
	snprintf(name + strlen(name), 8, ".json");
	add_member(&tar, "a.tar", '0', NULL, "first", 5);
	add_member(&tar, "b/", '5', NULL, NULL, 0);
	add_member(&tar, "./b/layer.tar", '0', NULL, "second", 6);
	add_member(&tar, "c/layer.tar", '2', "../b/layer.tar", NULL, 0);
	add_member(&tar, "d/layer.tar", '1', "./c/layer.tar", NULL, 0);
	add_member(&tar, "out/layer.tar", '2', "../../b/layer.tar", NULL, 0);
	add_member(&tar, "root/layer.tar", '2', "/a.tar", NULL, 0);
	add_member(&tar, "loop/layer.tar", '2', "layer.tar", NULL, 0);
	add_member(&tar, "../a.tar", '0', NULL, "wrong", 5);
	add_member(&tar, "/a.tar", '0', NULL, "wrong", 5);
	add_member(&tar, name, '0', NULL, config, strlen(config));
	{
		char text[512];

		snprintf(text, sizeof text, manifest, name); // NOLINT: the tests' own formats
		add_member(&tar, "manifest.json", '0', NULL, text, strlen(text));
	}
	end_tar(&tar);
	path = put_buffer(state, "docker.tar", &tar);
	buffer_free(&tar);
	return path;
}

static void docker_archives(void **state)
{
	static const char *const layers[] = {"\"a.tar\",\"b/layer.tar\"",
					     "\"a.tar\",\"c/layer.tar\"",
					     "\"a.tar\",\"d/layer.tar\""};
	char manifest[256];
	struct rill_error error;
	struct image image;

	for (size_t i = 0; i < COUNT(layers); i++) {
		snprintf(manifest, sizeof manifest,
			 "[{\"Config\":\"%%s\",\"RepoTags\":[\"reg/"
			 "app:1\",\"app:2\"],\"Layers\":[%s]}]",
			 layers[i]);
		docker_archive(state, NULL, manifest);
		assert_int_equal(image_detect(folder_path(*state, "docker.tar")),
				 IMAGE_DOCKER_ARCHIVE);
		assert_ok(image_open(&image, spec_of(state, "docker.tar", ":app:2"), NULL, &error),
			  &error);
		assert_int_equal(image.kind, IMAGE_DOCKER_ARCHIVE);
		assert_true(image.made_manifest);
		assert_string_equal(image.tag, "app:2");
		assert_layer(&image, 0, "first");
		assert_layer(&image, 1, "second");
		assert_memory_equal(image.layers[1].digest, image.layers[1].diff_id, 32);
		image_close(&image);
	}
	assert_refuses(spec_of(state, "docker.tar", ":3"), NULL, RILL_USAGE,
		       "there: reg/app:1, app:2");
	assert_refuses(spec_of(state, "docker.tar", ""), "linux/amd64", RILL_USAGE,
		       "there: linux/arm64");
}

static void hostile_docker_archives(void **state)
{
	static const struct {
		const char *layers;
		enum rill_code code;
		const char *words;
	} cases[] = {
		{"\"a.tar\",\"out/layer.tar\"", RILL_IO, "layer 2: "},
		{"\"a.tar\",\"root/layer.tar\"", RILL_IO, "layer 2: "},
		{"\"a.tar\",\"loop/layer.tar\"", RILL_CORRUPT, "links in a row"},
		{"\"a.tar\",\"../../etc/passwd\"", RILL_IO, "no ../../etc/passwd in it"},
		{"\"a.tar\",\"/etc/passwd\"", RILL_IO, "no /etc/passwd in it"},
		{"\"a.tar\"", RILL_CORRUPT, "1 layers, but the config has 2"},
		{"\"a.tar\",7", RILL_CORRUPT, "layer 2 has no name"},
	};
	char manifest[256], zeros[RILL_SHA256_HEX];

	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(manifest, sizeof manifest, "[{\"Config\":\"%%s\",\"Layers\":[%s]}]",
			 cases[i].layers);
		assert_refuses(docker_archive(state, NULL, manifest), NULL, cases[i].code,
			       cases[i].words);
	}
	assert_layer_refused(docker_archive(state, "name",
					    "[{\"Config\":\"%s\",\"Layers\":[\"b/layer.tar\","
					    "\"a.tar\"]}]"),
			     RILL_CORRUPT, "layer 1, blob: sha256:");
	memset(zeros, '0', sizeof zeros);
	zeros[sizeof zeros - 1] = 0;
	assert_refuses(docker_archive(state, zeros,
				      "[{\"Config\":\"%s\",\"Layers\":[\"a.tar\",\"a.tar\"]}]"),
		       NULL, RILL_CORRUPT, "config: sha256:0000");
	assert_refuses(docker_archive(state, NULL,
				      "[{\"Config\":\"%s\",\"Layers\":[]},"
				      "{\"Config\":\"x\",\"Layers\":[]}]"),
		       NULL, RILL_USAGE, "several images");
}

static void compressed_layers_in_docker_archives(void **state)
{
	struct buffer tar = {0}, gzip = {0};
	char config[256];
	uint8_t digest[RILL_SHA256_SIZE];
	char hex[RILL_SHA256_HEX];
	static const char manifest[] = "[{\"Config\":\"c\",\"Layers\":[\"l\"]}]";
	struct rill_error error;
	struct image image;

	rill_sha256("first", 5, digest);
	rill_hex(digest, sizeof digest, hex);
	snprintf(config, sizeof config, "{\"rootfs\":{\"diff_ids\":[\"sha256:%s\"]}}", hex);
	compress_gzip("first", 5, &gzip);
	add_member(&tar, "l", '0', NULL, gzip.bytes, gzip.length);
	add_member(&tar, "c", '0', NULL, config, strlen(config));
	add_member(&tar, "manifest.json", '0', NULL, manifest, strlen(manifest));
	assert_ok(image_open(&image, put_buffer(state, "d.tar", &tar), NULL, &error), &error);
	rill_sha256(gzip.bytes, gzip.length, digest);
	assert_memory_equal(image.layers[0].digest, digest, sizeof digest);
	assert_string_equal(image.layers[0].media_type, LAYER_TAR "+gzip");
	assert_layer(&image, 0, "first");
	image_close(&image);
	buffer_free(&tar);
	buffer_free(&gzip);
}

static void other_files_are_plain(void **state)
{
	static const char *const others[] = {"{\"manifest_version\":3}", "[]", "[1]", "[{}]", "no"};
	struct buffer tar = {0}, gzip = {0};

	put_file(folder_path(*state, "text"), "hello", 5);
	put_file(folder_path(*state, "empty"), "", 0);
	assert_int_equal(image_detect(folder_path(*state, "text")), IMAGE_NONE);
	assert_int_equal(image_detect(folder_path(*state, "empty")), IMAGE_NONE);
	assert_int_equal(image_detect(folder_path(*state, "nothing")), IMAGE_NONE);
	assert_int_equal(image_detect("-"), IMAGE_NONE);
	assert_int_equal(image_detect(spec_of(state, "text", ":v1")), IMAGE_NONE);
	assert_refuses(folder_path(*state, "text"), NULL, RILL_CORRUPT, "text: offset 0: ");
	for (size_t i = 0; i < COUNT(others); i++) {
		add_member(&tar, "index.html", '0', NULL, "x", 1);
		add_member(&tar, "manifest.json", '0', NULL, others[i], strlen(others[i]));
		add_member(&tar, "index.json", '0', NULL, "{}", 2);
		end_tar(&tar);
		compress_gzip(tar.bytes, tar.length, &gzip);
		put_buffer(state, "web.tar", &tar);
		put_buffer(state, "web.tgz", &gzip);
		assert_int_equal(image_detect(folder_path(*state, "web.tar")), IMAGE_NONE);
		assert_int_equal(image_detect(folder_path(*state, "web.tgz")), IMAGE_NONE);
		assert_refuses(folder_path(*state, "web.tar"), NULL, RILL_CORRUPT,
			       "no image archive");
		buffer_free(&tar);
		buffer_free(&gzip);
	}
}

struct seen {
	unsigned calls;
	uint64_t done, total;
};

static void see(void *context, uint64_t done, uint64_t total)
{
	struct seen *seen = context;

	assert_true(done >= seen->done && done <= total);
	*seen = (struct seen){seen->calls + 1, done, total};
}

/* A layer of 5 MB goes through in pieces, and progress ends at the whole. */
static void large_layers_and_progress(void **state)
{
	enum { N = 5 << 20 };
	const char *path = new_layout(state);
	struct seen seen = {0};
	const struct image_options options = {.progress = see, .context = &seen};
	uint64_t random = 1;
	uint8_t *bytes = malloc(N);
	struct buffer packed[2] = {0};
	struct made plain[2], blobs[2], config, manifest;
	struct image_bytes got;
	struct rill_error error;
	struct image image;

	for (size_t i = 0; i < N; i++)
		bytes[i] = (uint8_t)(next_random(&random) % (i % 100000 < 50000 ? 4 : 256));
	plain[0] = plain[1] = make_blob(path, LAYER_TAR, bytes, N);
	compress_gzip(bytes, N, &packed[0]);
	compress_zstd(bytes, N, &packed[1]);
	blobs[0] = make_blob(path, LAYER_TAR "+gzip", packed[0].bytes, packed[0].length);
	blobs[1] = make_blob(path, LAYER_TAR "+zstd", packed[1].bytes, packed[1].length);
	config = make_config(path, "linux", "arm64", "", plain, 2);
	manifest = make_manifest(path, &config, blobs, 2);
	make_index_json(path, &manifest, 1);
	assert_ok(image_open(&image, path, &options, &error), &error);
	assert_int_equal(seen.calls, 0);
	for (size_t i = 0; i < 2; i++) {
		seen = (struct seen){0};
		assert_ok(image_layer_open(&image, i, &got, &error), &error);
		assert_int_equal(got.length, N);
		assert_memory_equal(got.bytes, bytes, N);
		assert_int_equal(seen.done, packed[i].length);
		assert_int_equal(seen.total, packed[i].length);
		assert_true(seen.calls > 5);
		image_bytes_close(&got);
		assert_ok(image_layer_blob(&image, i, &got, &error), &error);
		assert_int_equal(got.length, packed[i].length);
		assert_memory_equal(got.bytes, packed[i].bytes, got.length);
		image_bytes_close(&got);
		buffer_free(&packed[i]);
	}
	image_close(&image);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(a_layout_is_read),
		in_folder(specs_name_tags_and_digests),
		in_folder(platforms_in_an_index_in_an_index),
		in_folder(variants_of_arm),
		in_folder(a_config_says_the_platform_of_a_single_image),
		in_folder(layers_are_decompressed),
		in_folder(damaged_layers_are_refused),
		in_folder(blobs_are_compared_with_their_digests),
		in_folder(no_scratch_is_one_clear_error),
		in_folder(unknown_media_types_are_refused_by_name),
		in_folder(things_that_are_no_images),
		in_folder(hostile_json),
		in_folder(indexes_nested_too_deep),
		in_folder(oci_archives),
		in_folder(an_archive_without_a_blob),
		in_folder(docker_archives),
		in_folder(hostile_docker_archives),
		in_folder(compressed_layers_in_docker_archives),
		in_folder(other_files_are_plain),
		in_folder(large_layers_and_progress),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
