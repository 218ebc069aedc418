/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as the recipes of an image with two layers: read or refused; and by a recipe that was
 * read a file is made, of as many plain bytes as it says.
 */
#include "protocol/image_delta.h"
#include "protocol/layer_recipe.h"
#include "tests/support/must.h"

#include <string.h>

#define PLAIN_MOST (1u << 16)
#define A "0101010101010101010101010101010101010101010101010101010101010101"
#define B "0202020202020202020202020202020202020202020202020202020202020202"
#define C "0303030303030303030303030303030303030303030303030303030303030303"
#define LAYER(digest)                                                                              \
	"{\"mediaType\":\"" RILL_OCI_LAYER_GZIP "\",\"digest\":\"sha256:" digest "\",\"size\":9}"

static const char config[] = "{\"os\":\"linux\",\"architecture\":\"arm64\",\"rootfs\":{\"type\":"
			     "\"layers\",\"diff_ids\":[\"sha256:" A "\",\"sha256:" B "\"]}}";
static const char manifest[] = "{\"schemaVersion\":2,\"mediaType\":\"" RILL_OCI_MANIFEST
			       "\",\"config\":{\"mediaType\":\"" RILL_OCI_CONFIG
			       "\",\"digest\":\"sha256:" C
			       "\",\"size\":9},\"layers\":[" LAYER(A) "," LAYER(C) "]}";

static enum rill_code drop(void *context, const uint8_t *bytes, size_t n, struct rill_error *error)
{
	(void)context;
	(void)bytes;
	(void)n;
	(void)error;
	return RILL_OK;
}

static void make_file(const struct rill_image_layer *layer)
{
	static const uint8_t plain[PLAIN_MOST];
	struct rill_gzip_again *again;
	struct rill_error error;
	enum rill_code code = rill_gzip_again_new(&again, layer->recipe, layer->recipe_length,
						  (struct rill_deflate_sink){NULL, drop}, &error);

	if (code == RILL_OK)
		code = rill_gzip_again_feed(again, plain, (size_t)layer->plain_length, &error);
	if (code == RILL_OK)
		code = rill_gzip_again_finish(again, &error);
	must(code == RILL_OK || code == RILL_UNSUPPORTED);
	rill_gzip_again_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct rill_delta_header header;
	const uint8_t *documents[RILL_IMAGE_LAYERS] = {
		[RILL_IMAGE_CONFIG] = (const uint8_t *)config,
		[RILL_IMAGE_MANIFEST] = (const uint8_t *)manifest,
		[RILL_IMAGE_RECIPES] = bytes,
	};
	struct rill_image_delta image;
	struct rill_error error;
	enum rill_code code;

	header.flags = RILL_DELTA_IMAGE;
	header.base_count = 1;
	memset(header.base[0].sha256, 1, RILL_SHA256_SIZE);
	header.base[0].length = n > 0 ? bytes[0] * 100u : 0;
	header.output_count = RILL_IMAGE_LAYERS + 1;
	header.output[RILL_IMAGE_CONFIG].length = sizeof config - 1;
	memset(header.output[RILL_IMAGE_CONFIG].sha256, 3, RILL_SHA256_SIZE);
	header.output[RILL_IMAGE_MANIFEST].length = sizeof manifest - 1;
	header.output[RILL_IMAGE_RECIPES].length = n > 0 ? n - 1 : 0;
	memset(header.output[RILL_IMAGE_LAYERS].sha256, 2, RILL_SHA256_SIZE);
	header.output[RILL_IMAGE_LAYERS].length = 1000;
	documents[RILL_IMAGE_RECIPES] += n > 0;
	must(rill_image_delta_check(&header, &error) == RILL_OK);
	code = rill_image_delta_read(&image, &header, documents, &error);
	must(code == RILL_OK || code == RILL_CORRUPT || code == RILL_UNSUPPORTED);
	for (size_t i = 0; code == RILL_OK && i < image.layer_count; i++)
		if (image.layers[i].recipe)
			make_file(&image.layers[i]);
	rill_image_delta_free(&image);
	return 0;
}
