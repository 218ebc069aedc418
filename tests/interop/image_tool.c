/* SPDX-License-Identifier: Apache-2.0
 *
 * The image reader as a program, for the tests that hold it against other tools.
 *
 *   image_tool detect SPEC              layout, oci-archive, docker-archive or none
 *   image_tool show SPEC [PLATFORM]     what was read, a line each
 *   image_tool check SPEC [PLATFORM]    reads every layer, too
 */
#include "host/image.h"

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

int main(int count, char **arguments)
{
	struct image_options options = {.platform = count > 3 ? arguments[3] : NULL};
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
	image_close(&image);
	if (code != RILL_OK)
		fprintf(stderr, "image_tool: %s\n", error.text);
	return (int)code;
}
