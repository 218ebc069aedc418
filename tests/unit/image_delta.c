/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "protocol/image_delta.h"
#include "protocol/layer_recipe.h"
#include <stdio.h>
#include <string.h>

enum { ROOM = 2048 };

/* An image of three layers: one of the base, one new by a recipe, the same again stored plain. */
struct sample {
	struct rill_delta_header header;
	uint8_t text[RILL_IMAGE_LAYERS][ROOM];
	const uint8_t *documents[RILL_IMAGE_LAYERS];
};

static const uint64_t base_length = 5000, new_length = 7000;

static void digest_of(uint8_t first, uint8_t *sha256)
{
	memset(sha256, first, RILL_SHA256_SIZE);
}

static void hex_of(uint8_t first, char *hex)
{
	uint8_t sha256[RILL_SHA256_SIZE];

	digest_of(first, sha256);
	rill_hex(sha256, sizeof sha256, hex);
}

static void set_document(struct sample *s, size_t i, size_t n)
{
	s->documents[i] = s->text[i];
	s->header.output[i].length = n;
	rill_sha256(s->text[i], n, s->header.output[i].sha256);
}

static void put_config(struct sample *s)
{
	char base[RILL_SHA256_HEX], new[RILL_SHA256_HEX];

	hex_of(1, base);
	hex_of(2, new);
	set_document(s, RILL_IMAGE_CONFIG,
		     (size_t)snprintf((char *)s->text[RILL_IMAGE_CONFIG], ROOM,
				      "{\"os\":\"linux\",\"architecture\":\"arm64\",\"rootfs\":{"
				      "\"type\":\"layers\",\"diff_ids\":[\"sha256:%s\","
				      "\"sha256:%s\",\"sha256:%s\"]}}",
				      base, new, new));
}

static void put_manifest(struct sample *s, size_t layers)
{
	char *text = (char *)s->text[RILL_IMAGE_MANIFEST], hex[RILL_SHA256_HEX];
	static const uint8_t blob[3] = {11, 12, 2};
	size_t n;

	rill_hex(s->header.output[RILL_IMAGE_CONFIG].sha256, RILL_SHA256_SIZE, hex);
	n = (size_t)snprintf(text, ROOM,
			     "{\"schemaVersion\":2,\"mediaType\":\"" RILL_OCI_MANIFEST
			     "\",\"config\":{\"mediaType\":\"" RILL_OCI_CONFIG
			     "\",\"digest\":\"sha256:%s\",\"size\":%d},\"layers\":[",
			     hex, (int)s->header.output[RILL_IMAGE_CONFIG].length);
	for (size_t i = 0; i < layers; i++) {
		hex_of(blob[i], hex);
		n += (size_t)snprintf(text + n, ROOM - n,
				      "%s{\"mediaType\":\"" RILL_OCI_LAYER_GZIP
				      "\",\"digest\":\"sha256:%s\",\"size\":100}",
				      i ? "," : "", hex);
	}
	n += (size_t)snprintf(text + n, ROOM - n, "]}");
	set_document(s, RILL_IMAGE_MANIFEST, n);
}

static void put_recipes(struct sample *s, uint64_t length, bool more)
{
	static const uint8_t header[10] = {0x1f, 0x8b, 8};
	const struct rill_gzip_member member = {
		.header = header,
		.header_length = sizeof header,
		.deflate = {.kind = RILL_DEFLATE_ZLIB, .level = 6, .memory = 8, .window = 15},
		.plain_length = length};
	struct rill_writer writer = rill_writer(s->text[RILL_IMAGE_RECIPES], ROOM);

	rill_put_u8(&writer, 0);
	rill_put_varint(&writer, 1);
	rill_gzip_member_put(&member, &writer);
	rill_put_varint(&writer, 0);
	rill_put_u8(&writer, 0);
	if (more)
		rill_put_u8(&writer, 0);
	set_document(s, RILL_IMAGE_RECIPES, rill_writer_length(&writer));
}

static void make(struct sample *s)
{
	memset(s, 0, sizeof *s);
	s->header.flags = RILL_DELTA_IMAGE;
	s->header.base_count = 2;
	digest_of(9, s->header.base[0].sha256);
	digest_of(1, s->header.base[1].sha256);
	s->header.base[1].length = base_length;
	s->header.output_count = RILL_IMAGE_LAYERS + 1;
	digest_of(2, s->header.output[RILL_IMAGE_LAYERS].sha256);
	s->header.output[RILL_IMAGE_LAYERS].length = new_length;
	put_config(s);
	put_manifest(s, 3);
	put_recipes(s, new_length, false);
}

static struct sample sample;

static void layers_are_found(void **state)
{
	static uint8_t text[ROOM], expected[ROOM];
	struct rill_image_delta image;
	struct rill_writer writer;
	struct rill_error error;

	(void)state;
	make(&sample);
	assert_ok(rill_image_delta_check(&sample.header, &error), &error);
	assert_ok(rill_image_delta_read(&image, &sample.header, sample.documents, &error), &error);
	assert_int_equal(image.layer_count, 3);
	assert_int_equal(image.layers[0].object, 1);
	assert_int_equal(image.layers[0].plain_length, base_length);
	assert_null(image.layers[0].recipe);
	assert_int_equal(image.layers[1].object, 2 + RILL_IMAGE_LAYERS);
	assert_int_equal(image.layers[1].plain_length, new_length);
	assert_ptr_equal(image.layers[1].recipe, sample.documents[RILL_IMAGE_RECIPES] + 1);
	assert_false(rill_image_layer_is_plain(&image.layers[1]));
	assert_int_equal(image.layers[2].object, 2 + RILL_IMAGE_LAYERS);
	assert_null(image.layers[2].recipe);
	assert_true(rill_image_layer_is_plain(&image.layers[2]));

	assert_ok(rill_image_delta_make_plain(&image, &error), &error);
	writer = rill_writer(text, sizeof text);
	rill_oci_manifest_write(&writer, &image.manifest);
	assert_false(writer.full);
	hex_of(2, (char *)expected);
	assert_non_null(memmem(text, sizeof text, expected, RILL_SHA256_HEX - 1));
	assert_non_null(strstr((char *)text, "\"size\":7000"));
	assert_null(strstr((char *)text, "gzip"));
	rill_image_delta_free(&image);
}

static void refused(const char *why)
{
	struct rill_image_delta image;
	struct rill_error error;

	assert_fails(rill_image_delta_read(&image, &sample.header, sample.documents, &error),
		     RILL_CORRUPT, &error, why);
	rill_image_delta_free(&image);
}

static void what_does_not_fit_is_refused(void **state)
{
	(void)state;
	make(&sample);
	sample.header.base[1].sha256[5]++;
	refused("neither in a base nor in the delta");
	make(&sample);
	sample.header.output[RILL_IMAGE_LAYERS].sha256[5]++;
	refused("neither in a base nor in the delta");
	make(&sample);
	put_manifest(&sample, 2);
	refused("different numbers of layers");
	make(&sample);
	sample.header.output[RILL_IMAGE_CONFIG].sha256[0]++;
	refused("the config is not the manifest's");
	make(&sample);
	put_recipes(&sample, new_length - 1, false);
	refused("a recipe is that of another layer");
	make(&sample);
	put_recipes(&sample, new_length, true);
	refused("more recipes than layers");
	make(&sample);
	sample.header.output[RILL_IMAGE_RECIPES].length -= 1;
	refused("no members");
}

static void what_is_no_image_is_refused(void **state)
{
	struct rill_error error;

	(void)state;
	make(&sample);
	sample.header.flags = 0;
	assert_fails(rill_image_delta_check(&sample.header, &error), RILL_UNSUPPORTED, &error,
		     "files");
	make(&sample);
	sample.header.output_count = 2;
	assert_fails(rill_image_delta_check(&sample.header, &error), RILL_CORRUPT, &error,
		     "missing");
	make(&sample);
	sample.header.output[RILL_IMAGE_RECIPES].length = RILL_IMAGE_DOCUMENT_MAX + 1;
	assert_fails(rill_image_delta_check(&sample.header, &error), RILL_CORRUPT, &error,
		     "impossible");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layers_are_found),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(what_is_no_image_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
