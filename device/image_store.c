/* SPDX-License-Identifier: Apache-2.0 */
#include "device/image_store.h"

#include "device/durable.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DOCUMENT_MOST (1u << 20)

void store_blobs(char *folder, const char *path)
{
	snprintf(folder, PATH_MAX, "%s/blobs/sha256", path);
}

void store_blob_name(char *name, const uint8_t *sha256)
{
	rill_hex(sha256, RILL_SHA256_SIZE, name);
}

void store_part_name(char *name, const uint8_t *sha256)
{
	char hex[RILL_SHA256_HEX];

	rill_hex(sha256, RILL_SHA256_SIZE, hex);
	snprintf(name, NAME_MAX, ".%s.rill", hex);
}

/* A blob that is a document, compared with its digest. */
static enum rill_code read_document(const char *path, const struct rill_oci_descriptor *descriptor,
				    char **bytes, size_t *n, struct rill_error *error)
{
	char hex[RILL_SHA256_HEX], file[PATH_MAX];
	uint8_t sha256[RILL_SHA256_SIZE];
	enum rill_code code;

	rill_hex(descriptor->sha256, RILL_SHA256_SIZE, hex);
	if (snprintf(file, sizeof file, "%s/blobs/sha256/%s", path, hex) >= (int)sizeof file)
		return rill_fail(error, RILL_CONFIG, "%s: too long a path", path);
	code = durable_read(file, DOCUMENT_MOST, bytes, n, error);
	if (code != RILL_OK)
		return code;
	if (!*bytes)
		return rill_fail(error, RILL_IO, "%s: is missing", file);
	rill_sha256(*bytes, *n, sha256);
	if (memcmp(sha256, descriptor->sha256, sizeof sha256) != 0)
		return rill_fail(error, RILL_CORRUPT, "%s: damaged: its SHA-256 is another", file);
	return RILL_OK;
}

/* The descriptor of the one image. `text` is JSON. */
static enum rill_code read_index(struct stored_image *image, const char *path, const char *text,
				 size_t n, struct rill_oci_descriptor *manifest,
				 struct rill_error *error)
{
	struct rill_json json;
	uint32_t manifests, first;
	const char *tag;
	enum rill_code code = rill_oci_parse(&json, text, n, error);

	if (code != RILL_OK)
		return code;
	manifests = rill_json_get(&json, RILL_JSON_ROOT, "manifests");
	first = rill_json_is(&json, manifests, RILL_JSON_ARRAY) ? rill_json_first(&json, manifests)
								: 0;
	if (first == 0 || json.tokens[manifests].length != 1)
		code = rill_fail(error, RILL_CONFIG,
				 "%s: should hold one image, and be for this target alone", path);
	else
		code = rill_oci_descriptor(&json, first, manifest, error);
	if (code == RILL_OK && rill_oci_type(manifest->media_type) != RILL_OCI_IS_MANIFEST)
		code = rill_fail(error, RILL_CONFIG, "%s: holds \"%.80s\", not an image's manifest",
				 path, manifest->media_type);
	tag = code == RILL_OK ? rill_oci_annotation(&json, first, RILL_OCI_REF_NAME) : NULL;
	snprintf(image->tag, sizeof image->tag, "%s", tag ? tag : "");
	manifest->media_type = NULL; /* it goes with the JSON */
	rill_json_free(&json);
	return code;
}

static enum rill_code read_image(struct stored_image *image, const char *path,
				 const struct rill_oci_descriptor *descriptor,
				 struct rill_error *error)
{
	size_t n = 0;
	enum rill_code code = read_document(path, descriptor, &image->manifest_bytes, &n, error);

	memcpy(image->manifest_sha256, descriptor->sha256, RILL_SHA256_SIZE);
	if (code == RILL_OK)
		code = rill_oci_manifest_read(&image->manifest, image->manifest_bytes, n, error);
	if (code == RILL_OK)
		code = read_document(path, &image->manifest.config, &image->config_bytes,
				     &image->config_length, error);
	if (code == RILL_OK)
		code = rill_oci_config_read(&image->config, image->config_bytes,
					    image->config_length, error);
	if (code == RILL_OK && image->config.diff_id_count != image->manifest.layer_count)
		code = rill_fail(error, RILL_CORRUPT,
				 "%s: manifest and config have different "
				 "numbers of layers",
				 path);
	return code;
}

enum rill_code stored_image_read(struct stored_image *image, const char *path, const char *index,
				 struct rill_error *error)
{
	struct rill_oci_descriptor manifest = {0};
	char file[PATH_MAX], *text;
	size_t n;
	enum rill_code code;

	*image = (struct stored_image){0};
	snprintf(file, sizeof file, "%s/%s", path, index);
	code = durable_read(file, DOCUMENT_MOST, &text, &n, error);
	if (code != RILL_OK || !text)
		return code;
	code = read_index(image, path, text, n, &manifest, error);
	if (code == RILL_OK)
		code = read_image(image, path, &manifest, error);
	else
		rill_error_in(error, "%s", file);
	image->there = code == RILL_OK;
	free(text);
	return code;
}

void stored_image_free(struct stored_image *image)
{
	rill_oci_manifest_free(&image->manifest);
	rill_oci_config_free(&image->config);
	free(image->manifest_bytes);
	free(image->config_bytes);
	*image = (struct stored_image){0};
}

static enum rill_code make_folder(const char *path, const char *name, struct rill_error *error)
{
	char folder[PATH_MAX];

	snprintf(folder, sizeof folder, "%s/%s", path, name);
	if (mkdir(folder, 0755) == 0 || errno == EEXIST)
		return RILL_OK;
	return system_failed(folder, "make", error);
}

enum rill_code store_prepare(const char *path, struct rill_error *error)
{
	char file[PATH_MAX];
	enum rill_code code = make_folder(path, "", error);

	if (code == RILL_OK)
		code = make_folder(path, "blobs", error);
	if (code == RILL_OK)
		code = make_folder(path, "blobs/sha256", error);
	snprintf(file, sizeof file, "%s/oci-layout", path);
	if (code == RILL_OK && access(file, F_OK) != 0)
		code = durable_write(path, "oci-layout", RILL_OCI_LAYOUT, strlen(RILL_OCI_LAYOUT),
				     error);
	return code;
}

enum rill_code store_write_index(const char *path, const char *index,
				 const struct rill_oci_index_entry *entry, struct rill_error *error)
{
	size_t room = rill_oci_index_room(entry, 1);
	uint8_t *text = malloc(room);
	struct rill_writer writer = rill_writer(text, room);
	enum rill_code code;

	if (!text)
		return rill_fail(error, RILL_MEMORY, "no memory");
	rill_oci_index_write(&writer, entry, 1);
	code = durable_write(path, index, text, rill_writer_length(&writer), error);
	free(text);
	return code;
}

/* Whether an image needs the blob with this name. */
static bool needs(const struct stored_image *image, const char *name)
{
	char hex[RILL_SHA256_HEX];
	bool is = false;

	if (!image->there)
		return false;
	rill_hex(image->manifest_sha256, RILL_SHA256_SIZE, hex);
	is |= strcmp(hex, name) == 0;
	rill_hex(image->manifest.config.sha256, RILL_SHA256_SIZE, hex);
	is |= strcmp(hex, name) == 0;
	for (size_t i = 0; i < image->manifest.layer_count && !is; i++) {
		rill_hex(image->manifest.layers[i].sha256, RILL_SHA256_SIZE, hex);
		is = strcmp(hex, name) == 0;
	}
	return is;
}

/* A blob, or one that was not completed, here or by durable_write(); anything else is not ours. */
static bool is_ours(const char *name)
{
	size_t dot = *name == '.';
	const char *end;

	if (strspn(name + dot, "0123456789abcdef") != RILL_SHA256_HEX - 1)
		return false;
	end = name + dot + RILL_SHA256_HEX - 1;
	return dot ? strcmp(end, ".rill") == 0 || strcmp(end, ".new") == 0 : *end == 0;
}

static enum rill_code remove_others(const char *path, const struct stored_image *images, size_t n,
				    struct rill_error *error)
{
	char folder[PATH_MAX];
	enum rill_code code = RILL_OK;
	DIR *blobs;

	store_blobs(folder, path);
	blobs = opendir(folder);
	if (!blobs)
		return errno == ENOENT ? RILL_OK : system_failed(folder, "open", error);
	for (struct dirent *entry = readdir(blobs); entry; entry = readdir(blobs)) {
		bool wanted = !is_ours(entry->d_name);

		for (size_t i = 0; i < n && !wanted; i++)
			wanted = needs(&images[i], entry->d_name);
		if (!wanted && unlinkat(dirfd(blobs), entry->d_name, 0) != 0)
			code = system_failed(folder, "remove a blob", error);
	}
	if (code == RILL_OK && fsync(dirfd(blobs)) != 0)
		code = system_failed(folder, "sync", error);
	closedir(blobs);
	return code;
}

enum rill_code store_sweep(const char *path, bool prepared, struct rill_error *error)
{
	static const char *const names[] = {STORE_INDEX, STORE_PREVIOUS, STORE_NEW};
	struct stored_image images[3] = {0};
	size_t n = prepared ? 3 : 2;
	char file[PATH_MAX];
	enum rill_code code = RILL_OK;

	for (size_t i = 0; i < n && code == RILL_OK; i++)
		code = stored_image_read(&images[i], path, names[i], error);
	snprintf(file, sizeof file, "%s/%s", path, STORE_NEW);
	if (!prepared)
		unlink(file);
	if (code == RILL_OK)
		code = remove_others(path, images, n, error);
	for (size_t i = 0; i < n; i++)
		stored_image_free(&images[i]);
	return code;
}
