/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "protocol/oci.h"
#include <stdlib.h>
#include <string.h>

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define ONES "1111111111111111111111111111111111111111111111111111111111111111"

static const char manifest_text[] =
	"{\"schemaVersion\":2,\"config\":{\"mediaType\":\"" RILL_OCI_CONFIG
	"\",\"digest\":\"sha256:" ZEROS
	"\",\"size\":7},\"layers\":[{\"mediaType\":\"" RILL_OCI_LAYER_GZIP
	"\",\"digest\":\"sha256:" ZEROS
	"\",\"size\":9007199254740993,\"annotations\":{\"a\":\"b\"}}],"
	"\"annotations\":{\"quote\":\"\\\"\\\\\\n\\u00e9\",\"number\":1}}";

static void a_manifest_is_rewritten_for_plain_layers(void **state)
{
	static const char config_text[] = "{\"os\":\"linux\",\"architecture\":\"arm64\",\"rootfs\":"
					  "{\"diff_ids\":[\"sha256:" ONES "\"]}}";
	static const char expected[] =
		"{\"schemaVersion\":2,\"mediaType\":\"" RILL_OCI_MANIFEST
		"\",\"config\":{\"mediaType\":\"" RILL_OCI_CONFIG "\",\"digest\":\"sha256:" ZEROS
		"\",\"size\":7},\"layers\":[{\"mediaType\":\"" RILL_OCI_LAYER_TAR
		"\",\"digest\":\"sha256:" ONES "\",\"size\":18446744073709551615}],"
		"\"annotations\":{\"quote\":\"\\\"\\\\\\u000a\xc3\xa9\"}}";
	const uint64_t sizes[] = {UINT64_MAX};
	struct rill_oci_manifest manifest;
	struct rill_oci_config config;
	struct rill_writer writer;
	struct rill_error error;
	uint8_t *text;
	size_t room;

	(void)state;
	assert_ok(rill_oci_manifest_read(&manifest, manifest_text, strlen(manifest_text), &error),
		  &error);
	assert_int_equal(manifest.layers[0].size, 9007199254740993);
	assert_ok(rill_oci_config_read(&config, config_text, strlen(config_text), &error), &error);
	assert_string_equal(config.platform.architecture, "arm64");
	assert_ok(rill_oci_manifest_make_plain(&manifest, &config, sizes, &error), &error);
	room = rill_oci_manifest_room(&manifest);
	text = malloc(room);
	writer = rill_writer(text, room);
	rill_oci_manifest_write(&writer, &manifest);
	assert_false(writer.full);
	assert_int_equal(rill_writer_length(&writer), strlen(expected));
	assert_memory_equal(text, expected, strlen(expected));
	writer = rill_writer(text, strlen(expected) - 1);
	rill_oci_manifest_write(&writer, &manifest);
	assert_true(writer.full);
	config.diff_id_count = 0;
	assert_fails(rill_oci_manifest_make_plain(&manifest, &config, sizes, &error), RILL_CORRUPT,
		     &error, "1 layers, but 0");
	config.diff_id_count = 1;
	rill_oci_manifest_free(&manifest);
	rill_oci_config_free(&config);
	free(text);
}

/* What is written is read back. */
static void an_index_comes_back(void **state)
{
	static const char hostile_tag[] = "\x01\x1f\"\\";
	struct rill_oci_index_entry entries[2] = {{.manifest = {RILL_OCI_MANIFEST, {1}, 5},
						   .platform = {"linux", "arm", "v7"},
						   .tag = hostile_tag},
						  {.manifest = {RILL_OCI_MANIFEST, {2}, 6}}};
	size_t room = rill_oci_index_room(entries, 2);
	uint8_t *text = malloc(room);
	struct rill_writer writer = rill_writer(text, room);
	struct rill_oci_descriptor descriptor;
	struct rill_error error;
	struct rill_json json;
	uint32_t manifests, token;

	(void)state;
	rill_oci_index_write(&writer, entries, 2);
	assert_false(writer.full);
	assert_ok(rill_oci_parse(&json, text, rill_writer_length(&writer), &error), &error);
	assert_int_equal(rill_oci_document_type(&json), RILL_OCI_IS_INDEX);
	manifests = rill_json_get(&json, RILL_JSON_ROOT, "manifests");
	token = rill_json_first(&json, manifests);
	assert_ok(rill_oci_descriptor(&json, token, &descriptor, &error), &error);
	assert_memory_equal(descriptor.sha256, entries[0].manifest.sha256, RILL_SHA256_SIZE);
	assert_int_equal(descriptor.size, 5);
	assert_string_equal(rill_oci_annotation(&json, token, RILL_OCI_REF_NAME), hostile_tag);
	token = rill_json_next(&json, manifests, token);
	assert_ok(rill_oci_descriptor(&json, token, &descriptor, &error), &error);
	assert_null(rill_oci_annotation(&json, token, RILL_OCI_REF_NAME));
	assert_int_equal(rill_json_get(&json, token, "platform"), 0);
	assert_int_equal(rill_json_next(&json, manifests, token), 0);
	rill_json_free(&json);
	free(text);
}

static void media_types(void **state)
{
	static const struct {
		const char *name;
		enum rill_oci_type type;
	} cases[] = {
		{"application/vnd.oci.image.layer.v1.tar+zstd", RILL_OCI_IS_LAYER},
		{"application/vnd.docker.image.rootfs.diff.tar.gzip", RILL_OCI_IS_LAYER},
		{"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
		 RILL_OCI_IS_FOREIGN},
		{"application/vnd.oci.image.layer.v1.tar+gzip+encrypted", RILL_OCI_IS_ENCRYPTED},
		{"application/vnd.oci.image.layer.v1.tar+br", RILL_OCI_IS_OTHER},
		{"application/vnd.docker.distribution.manifest.list.v2+json", RILL_OCI_IS_INDEX},
		{"", RILL_OCI_IS_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(rill_oci_type(cases[i].name), cases[i].type);
}

static void too_much_is_refused(void **state)
{
	struct rill_oci_manifest manifest;
	struct rill_error error;
	struct rill_json json;
	char *text = malloc(RILL_OCI_DOCUMENT_MAX + 1), *to;

	(void)state;
	memset(text, ' ', RILL_OCI_DOCUMENT_MAX + 1);
	assert_fails(rill_oci_parse(&json, text, RILL_OCI_DOCUMENT_MAX + 1, &error), RILL_CORRUPT,
		     &error, "bytes long");
	memset(text, '[', RILL_OCI_DOCUMENT_MAX);
	assert_fails(rill_oci_parse(&json, text, RILL_OCI_DOCUMENT_MAX, &error), RILL_CORRUPT,
		     &error, "too deep");
	to = text + sprintf(text, "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"x\",\"digest\":"
				  "\"sha256:" ZEROS "\",\"size\":0},\"layers\":[0");
	for (int i = 0; i < 1024; i++)
		to += sprintf(to, ",0");
	to += sprintf(to, "]}");
	assert_fails(rill_oci_manifest_read(&manifest, text, (size_t)(to - text), &error),
		     RILL_CORRUPT, &error, "over 1024 layers");
	rill_oci_manifest_free(&manifest);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_manifest_is_rewritten_for_plain_layers),
		cmocka_unit_test(an_index_comes_back),
		cmocka_unit_test(media_types),
		cmocka_unit_test(too_much_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
