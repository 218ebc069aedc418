/* SPDX-License-Identifier: Apache-2.0
 *
 * The image reader as a program, for the tests that hold it against other tools.
 *
 *   image_tool detect SPEC              layout, oci-archive, docker-archive or none
 *   image_tool show SPEC [PLATFORM]     what was read, a line each
 *   image_tool check SPEC [PLATFORM]    reads every layer, too
 *   image_tool plain SPEC OUT           writes a layout with plain layers, config unchanged
 *   image_tool exact SPEC OUT           writes a layout with every blob as it is
 */
#include "host/image.h"
#include "host/layout_write.h"

#include <string.h>

static const char *const kinds[] = {"none", "layout", "oci-archive", "docker-archive"};
static const char *const compressions[] = {"plain", "gzip", "zstd"};

static void print_digest(const char *what, const uint8_t *digest)
{
	char hex[RILL_SHA256_HEX];

	rill_hex(digest, RILL_SHA256_SIZE, hex);
	printf("%s sha256:%s", what, hex);
}

static void show(const struct image *image)
{
	printf("kind %s\n", kinds[image->kind]);
	printf("tag %s\n", image->tag);
	print_digest(image->made_manifest ? "made" : "manifest", image->manifest_digest);
	printf(" %zu %s\n", image->manifest.length, image->manifest_type);
	print_digest("config", image->config_digest);
	printf(" %zu %s\n", image->config.length, image->config_type);
	for (size_t i = 0; i < image->layer_count; i++) {
		const struct image_layer *layer = &image->layers[i];

		print_digest("layer", layer->digest);
		print_digest("", layer->diff_id);
		printf(" %llu %s\n", (unsigned long long)layer->size,
		       compressions[layer->compression]);
	}
}

static enum rill_code check_layers(const struct image *image, struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	for (size_t i = 0; code == RILL_OK && i < image->layer_count; i++) {
		struct image_bytes plain;

		code = image_layer_open(image, i, &plain, error);
		if (code == RILL_OK)
			printf("plain %zu\n", plain.length);
		image_bytes_close(&plain);
	}
	return code;
}

static enum rill_code copy_layers(const struct image *image, const struct layout *layout,
				  bool exact, uint64_t *sizes, struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	for (size_t i = 0; code == RILL_OK && i < image->layer_count; i++) {
		const struct image_layer *layer = &image->layers[i];
		struct image_bytes bytes;

		code = exact ? image_layer_blob(image, i, &bytes, error)
			     : image_layer_open(image, i, &bytes, error);
		sizes[i] = bytes.length;
		if (code == RILL_OK)
			code = layout_write_blob(layout, bytes.bytes, bytes.length,
						 exact ? layer->digest : layer->diff_id, error);
		image_bytes_close(&bytes);
	}
	return code;
}

/* Replaces the image's manifest by one for plain layers. */
static enum rill_code make_plain(struct image *image, const uint64_t *sizes,
				 struct rill_error *error)
{
	struct rill_oci_manifest manifest;
	struct rill_oci_config config = {0};
	struct buffer text = {0};
	enum rill_code code;

	code = rill_oci_manifest_read(&manifest, image->manifest.bytes, image->manifest.length,
				      error);
	if (code == RILL_OK)
		code = rill_oci_config_read(&config, image->config.bytes, image->config.length,
					    error);
	if (code == RILL_OK)
		code = rill_oci_manifest_make_plain(&manifest, &config, sizes, error);
	if (code == RILL_OK)
		code = buffer_reserve(&text, rill_oci_manifest_room(&manifest), error);
	if (code == RILL_OK) {
		struct rill_writer writer = rill_writer(text.bytes, text.capacity);

		rill_oci_manifest_write(&writer, &manifest);
		text.length = rill_writer_length(&writer);
		rill_sha256(text.bytes, text.length, image->manifest_digest);
		buffer_free(&image->manifest);
		image->manifest = text;
	}
	rill_oci_config_free(&config);
	rill_oci_manifest_free(&manifest);
	return code;
}

static enum rill_code write_layout(struct image *image, const char *out, bool exact,
				   struct rill_error *error)
{
	uint64_t sizes[RILL_OCI_LAYERS_MAX];
	struct rill_oci_index_entry entry = {0};
	struct layout layout;
	enum rill_code code = layout_open(&layout, out, error);

	if (code == RILL_OK)
		code = copy_layers(image, &layout, exact, sizes, error);
	if (code == RILL_OK)
		code = layout_write_blob(&layout, image->config.bytes, image->config.length,
					 image->config_digest, error);
	if (code == RILL_OK && !exact)
		code = make_plain(image, sizes, error);
	if (code == RILL_OK)
		code = layout_write_blob(&layout, image->manifest.bytes, image->manifest.length,
					 image->manifest_digest, error);
	entry.manifest.media_type = exact ? image->manifest_type : RILL_OCI_MANIFEST;
	entry.manifest.size = image->manifest.length;
	memcpy(entry.manifest.sha256, image->manifest_digest, RILL_SHA256_SIZE);
	entry.tag = layout.tag;
	if (code == RILL_OK)
		code = layout_write_index(&layout, &entry, error);
	layout_close(&layout);
	return code;
}

int main(int count, char **arguments)
{
	bool writes = count > 3 &&
		      (strcmp(arguments[1], "plain") == 0 || strcmp(arguments[1], "exact") == 0);
	const struct image_options options = {.platform = !writes && count > 3 ? arguments[3]
									       : NULL};
	struct rill_error error = {0};
	struct image image;
	enum rill_code code;

	if (count < 3)
		return RILL_USAGE;
	if (strcmp(arguments[1], "detect") == 0) {
		puts(kinds[image_detect(arguments[2])]);
		return 0;
	}
	code = image_open(&image, arguments[2], &options, &error);
	if (code == RILL_OK)
		show(&image);
	if (code == RILL_OK && strcmp(arguments[1], "check") == 0)
		code = check_layers(&image, &error);
	if (code == RILL_OK && writes)
		code = write_layout(&image, arguments[3], *arguments[1] == 'e', &error);
	image_close(&image);
	if (code != RILL_OK)
		fprintf(stderr, "image_tool: %s\n", error.text);
	return (int)code;
}
