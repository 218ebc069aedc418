/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/oci.h"

#include <stdlib.h>
#include <string.h>

enum { TOKENS_MAX = 200000, MEDIA_TYPE_MAX = 255 };

static bool has_end(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

enum rill_oci_type rill_oci_type(const char *type)
{
	static const struct {
		const char *name;
		enum rill_oci_type type;
	} known[] = {
		{RILL_OCI_INDEX, RILL_OCI_IS_INDEX},
		{"application/vnd.docker.distribution.manifest.list.v2+json", RILL_OCI_IS_INDEX},
		{RILL_OCI_MANIFEST, RILL_OCI_IS_MANIFEST},
		{"application/vnd.docker.distribution.manifest.v2+json", RILL_OCI_IS_MANIFEST},
		{RILL_OCI_CONFIG, RILL_OCI_IS_CONFIG},
		{"application/vnd.docker.container.image.v1+json", RILL_OCI_IS_CONFIG},
		{RILL_OCI_LAYER_TAR, RILL_OCI_IS_LAYER},
		{RILL_OCI_LAYER_GZIP, RILL_OCI_IS_LAYER},
		{RILL_OCI_LAYER_ZSTD, RILL_OCI_IS_LAYER},
		{"application/vnd.docker.image.rootfs.diff.tar", RILL_OCI_IS_LAYER},
		{"application/vnd.docker.image.rootfs.diff.tar.gzip", RILL_OCI_IS_LAYER},
		{"application/vnd.docker.image.rootfs.diff.tar.zstd", RILL_OCI_IS_LAYER},
	};
	static const char *const foreign[] = {
		"application/vnd.oci.image.layer.nondistributable.v1.tar",
		"application/vnd.docker.image.rootfs.foreign.diff.tar",
	};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcmp(type, known[i].name) == 0)
			return known[i].type;
	if (has_end(type, "+encrypted"))
		return RILL_OCI_IS_ENCRYPTED;
	for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++)
		if (strncmp(type, foreign[i], strlen(foreign[i])) == 0)
			return RILL_OCI_IS_FOREIGN;
	return RILL_OCI_IS_OTHER;
}

enum rill_code rill_oci_parse(struct rill_json *json, const void *bytes, size_t n,
			      struct rill_error *error)
{
	enum rill_code code;

	*json = (struct rill_json){0};
	if (n > RILL_OCI_DOCUMENT_MAX) {
		rill_fail(error, RILL_CORRUPT, "over %u bytes long", RILL_OCI_DOCUMENT_MAX);
		return RILL_CORRUPT;
	}
	code = rill_json_parse(json, bytes, n, TOKENS_MAX, error);
	if (code == RILL_SECURITY) /* nobody signed this */
		code = error->code = RILL_CORRUPT;
	return code;
}

enum rill_code rill_oci_digest(const char *text, uint8_t *sha256, struct rill_error *error)
{
	if (text && strncmp(text, "sha256:", 7) == 0 &&
	    rill_unhex(text + 7, sha256, RILL_SHA256_SIZE))
		return RILL_OK;
	if (text && (strncmp(text, "sha512:", 7) == 0 || strncmp(text, "blake3:", 7) == 0))
		return rill_fail(error, RILL_UNSUPPORTED,
				 "the digest %.20s... is not SHA-256, which alone is supported",
				 text);
	return rill_fail(error, RILL_CORRUPT, "\"%.80s\" is no digest: sha256: and 64 digits",
			 text ? text : "");
}

/* RFC 6838 section 4.2 allows less; this keeps what must be escaped out. */
static bool is_media_type(const char *text)
{
	size_t n = text ? strlen(text) : 0;

	for (size_t i = 0; i < n; i++)
		if (text[i] <= ' ' || text[i] > '~' || text[i] == '"' || text[i] == '\\')
			return false;
	return n > 0 && n <= MEDIA_TYPE_MAX;
}

enum rill_code rill_oci_descriptor(const struct rill_json *json, uint32_t token,
				   struct rill_oci_descriptor *descriptor, struct rill_error *error)
{
	const char *digest = rill_json_string(json, rill_json_get(json, token, "digest"));
	int64_t size;

	if (!rill_json_is(json, token, RILL_JSON_OBJECT))
		return rill_fail(error, RILL_CORRUPT, "a descriptor is missing");
	descriptor->media_type = rill_json_string(json, rill_json_get(json, token, "mediaType"));
	if (!is_media_type(descriptor->media_type))
		return rill_fail(error, RILL_CORRUPT, "a descriptor without a mediaType");
	if (!rill_json_integer(json, rill_json_get(json, token, "size"), &size) || size < 0)
		return rill_fail(error, RILL_CORRUPT, "the descriptor of %.80s has no size",
				 digest ? digest : descriptor->media_type);
	descriptor->size = (uint64_t)size;
	return rill_oci_digest(digest, descriptor->sha256, error);
}

const char *rill_oci_annotation(const struct rill_json *json, uint32_t descriptor, const char *name)
{
	uint32_t annotations = rill_json_get(json, descriptor, "annotations");

	return rill_json_string(json, rill_json_get(json, annotations, name));
}

static const char *common_architecture(const char *name)
{
	if (strcmp(name, "aarch64") == 0)
		return "arm64";
	return strcmp(name, "x86_64") == 0 ? "amd64" : name;
}

static const char *common_variant(const char *architecture, const char *name)
{
	return strcmp(architecture, "arm64") == 0 && strcmp(name, "v8") == 0 ? "" : name;
}

bool rill_oci_platform_matches(const struct rill_oci_platform *wanted,
			       const struct rill_oci_platform *has)
{
	const char *architecture = common_architecture(wanted->architecture);
	const char *variant = common_variant(architecture, wanted->variant);

	return strcmp(wanted->os, has->os) == 0 &&
	       strcmp(architecture, common_architecture(has->architecture)) == 0 &&
	       (!*wanted->variant ||
		strcmp(variant, common_variant(architecture, has->variant)) == 0);
}

enum rill_oci_type rill_oci_document_type(const struct rill_json *json)
{
	uint32_t type = rill_json_get(json, RILL_JSON_ROOT, "mediaType");

	if (type)
		return rill_json_string(json, type) ? rill_oci_type(rill_json_string(json, type))
						    : RILL_OCI_IS_OTHER;
	if (rill_json_is(json, rill_json_get(json, RILL_JSON_ROOT, "manifests"), RILL_JSON_ARRAY))
		return RILL_OCI_IS_INDEX;
	if (rill_json_is(json, rill_json_get(json, RILL_JSON_ROOT, "layers"), RILL_JSON_ARRAY))
		return RILL_OCI_IS_MANIFEST;
	return RILL_OCI_IS_OTHER;
}

static enum rill_code read_layers(struct rill_oci_manifest *manifest, struct rill_error *error)
{
	const struct rill_json *json = &manifest->json;
	uint32_t layers = rill_json_get(json, RILL_JSON_ROOT, "layers");
	enum rill_code code = RILL_OK;
	size_t n;

	if (!rill_json_is(json, layers, RILL_JSON_ARRAY))
		return rill_fail(error, RILL_CORRUPT, "no \"layers\"");
	n = json->tokens[layers].length;
	if (n > RILL_OCI_LAYERS_MAX)
		return rill_fail(error, RILL_CORRUPT, "over %u layers", RILL_OCI_LAYERS_MAX);
	manifest->layers = calloc(n + 1, sizeof *manifest->layers);
	if (!manifest->layers)
		return rill_fail(error, RILL_MEMORY, "no memory for %zu layers", n);
	for (uint32_t i = rill_json_first(json, layers); code == RILL_OK && i;
	     i = rill_json_next(json, layers, i)) {
		code = rill_oci_descriptor(json, i, &manifest->layers[manifest->layer_count],
					   error);
		if (code == RILL_OK)
			manifest->layer_count++;
		else
			rill_error_in(error, "layer %zu", manifest->layer_count);
	}
	return code;
}

enum rill_code rill_oci_manifest_read(struct rill_oci_manifest *manifest, const void *bytes,
				      size_t n, struct rill_error *error)
{
	const struct rill_json *json = &manifest->json;
	enum rill_code code;
	int64_t schema = 0;

	*manifest = (struct rill_oci_manifest){0};
	code = rill_oci_parse(&manifest->json, bytes, n, error);
	if (code != RILL_OK)
		return code;
	if (!rill_json_integer(json, rill_json_get(json, RILL_JSON_ROOT, "schemaVersion"), &schema))
		return rill_fail(error, RILL_CORRUPT, "no \"schemaVersion\"");
	if (schema != 2)
		return rill_fail(error, RILL_UNSUPPORTED, "a manifest of schema %lld, not 2",
				 (long long)schema);
	if (rill_oci_document_type(json) != RILL_OCI_IS_MANIFEST)
		return rill_fail(error, RILL_CORRUPT, "not the manifest of an image");
	code = rill_oci_descriptor(json, rill_json_get(json, RILL_JSON_ROOT, "config"),
				   &manifest->config, error);
	if (code != RILL_OK) {
		rill_error_in(error, "config");
		return code;
	}
	return read_layers(manifest, error);
}

void rill_oci_manifest_free(struct rill_oci_manifest *manifest)
{
	free(manifest->layers);
	rill_json_free(&manifest->json);
	*manifest = (struct rill_oci_manifest){0};
}

static enum rill_code read_diff_ids(struct rill_oci_config *config, struct rill_error *error)
{
	const struct rill_json *json = &config->json;
	uint32_t root = rill_json_get(json, RILL_JSON_ROOT, "rootfs");
	uint32_t ids = rill_json_get(json, root, "diff_ids");
	enum rill_code code = RILL_OK;
	size_t n;

	/* An image without layers may have null here. */
	n = rill_json_is(json, ids, RILL_JSON_ARRAY) ? json->tokens[ids].length : 0;
	if (!rill_json_is(json, root, RILL_JSON_OBJECT))
		return rill_fail(error, RILL_CORRUPT, "no \"rootfs\": not the config of an image");
	if (n > RILL_OCI_LAYERS_MAX)
		return rill_fail(error, RILL_CORRUPT, "over %u diff_ids", RILL_OCI_LAYERS_MAX);
	config->diff_ids = calloc(n + 1, sizeof *config->diff_ids);
	if (!config->diff_ids)
		return rill_fail(error, RILL_MEMORY, "no memory for %zu layers", n);
	for (uint32_t i = n ? rill_json_first(json, ids) : 0; code == RILL_OK && i;
	     i = rill_json_next(json, ids, i)) {
		code = rill_oci_digest(rill_json_string(json, i),
				       config->diff_ids[config->diff_id_count], error);
		if (code == RILL_OK)
			config->diff_id_count++;
		else
			rill_error_in(error, "diff_id %zu", config->diff_id_count);
	}
	return code;
}

static const char *text_of(const struct rill_json *json, const char *key)
{
	const char *text = rill_json_string(json, rill_json_get(json, RILL_JSON_ROOT, key));

	return text ? text : "";
}

enum rill_code rill_oci_config_read(struct rill_oci_config *config, const void *bytes, size_t n,
				    struct rill_error *error)
{
	enum rill_code code;

	*config = (struct rill_oci_config){0};
	code = rill_oci_parse(&config->json, bytes, n, error);
	if (code != RILL_OK)
		return code;
	config->platform.os = text_of(&config->json, "os");
	config->platform.architecture = text_of(&config->json, "architecture");
	config->platform.variant = text_of(&config->json, "variant");
	return read_diff_ids(config, error);
}

void rill_oci_config_free(struct rill_oci_config *config)
{
	free(config->diff_ids);
	rill_json_free(&config->json);
	*config = (struct rill_oci_config){0};
}
