/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as each document of an image: read or refused. A manifest that was read is read
 * again from what is written of it, and is then the same.
 */
#include "protocol/oci.h"
#include "tests/support/must.h"

#include <string.h>

static void must_be_refused(enum rill_code code)
{
	must(code == RILL_CORRUPT || code == RILL_UNSUPPORTED);
}

static void same_descriptor(const struct rill_oci_descriptor *a,
			    const struct rill_oci_descriptor *b)
{
	must(a->size == b->size && strcmp(a->media_type, b->media_type) == 0);
	must(memcmp(a->sha256, b->sha256, RILL_SHA256_SIZE) == 0);
}

static void write_and_read(const struct rill_oci_manifest *manifest)
{
	size_t room = rill_oci_manifest_room(manifest);
	uint8_t *text = malloc(room);
	struct rill_writer writer = rill_writer(text, room);
	struct rill_oci_manifest again;
	struct rill_error error;

	must(text);
	rill_oci_manifest_write(&writer, manifest);
	must(!writer.full);
	must(rill_oci_manifest_read(&again, text, rill_writer_length(&writer), &error) == RILL_OK);
	must(again.layer_count == manifest->layer_count);
	same_descriptor(&again.config, &manifest->config);
	for (size_t i = 0; i < again.layer_count; i++)
		same_descriptor(&again.layers[i], &manifest->layers[i]);
	rill_oci_manifest_free(&again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct rill_oci_manifest manifest;
	struct rill_oci_config config;
	struct rill_error error;
	enum rill_code code;

	code = rill_oci_manifest_read(&manifest, bytes, n, &error);
	if (code == RILL_OK)
		write_and_read(&manifest);
	else
		must_be_refused(code);
	rill_oci_manifest_free(&manifest);
	code = rill_oci_config_read(&config, bytes, n, &error);
	if (code == RILL_OK)
		must(config.diff_id_count <= RILL_OCI_LAYERS_MAX && config.platform.os);
	else
		must_be_refused(code);
	rill_oci_config_free(&config);
	return 0;
}
