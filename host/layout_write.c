/* SPDX-License-Identifier: Apache-2.0 */
#include "host/layout_write.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum rill_code no_memory(const struct layout *layout, struct rill_error *error)
{
	return rill_fail(error, RILL_MEMORY, "%s: no memory", layout->path);
}

static char *path_in(const struct layout *layout, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", layout->path, name) < 0 ? NULL : path;
}

static char *blob_path(const struct layout *layout, const uint8_t *sha256)
{
	char name[96] = "blobs/sha256/";

	rill_hex(sha256, RILL_SHA256_SIZE, name + strlen(name));
	return path_in(layout, name);
}

static enum rill_code split_spec(struct layout *layout, const char *spec, struct rill_error *error)
{
	const char *colon = strchr(spec, ':');
	struct stat st;

	if (!colon || (stat(spec, &st) == 0 && S_ISDIR(st.st_mode)))
		colon = spec + strlen(spec);
	layout->path = strndup(spec, (size_t)(colon - spec));
	if (*colon)
		layout->tag = strdup(colon + 1);
	if (!layout->path || (*colon && !layout->tag))
		return rill_fail(error, RILL_MEMORY, "%s: no memory", spec);
	if (!*layout->path || (layout->tag && !*layout->tag))
		return rill_fail(error, RILL_USAGE, "\"%s\" is no layout: write PATH or PATH:TAG",
				 spec);
	return RILL_OK;
}

static bool is_empty(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	bool empty = true;

	while (folder && empty && (entry = readdir(folder)) != NULL)
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	if (folder)
		closedir(folder);
	return empty;
}

static enum rill_code check_version(const char *path, struct rill_error *error)
{
	struct input file;
	cJSON *json = NULL;
	const char *version;
	enum rill_code code = input_open(&file, path, error);

	if (code != RILL_OK)
		return code;
	if (file.length < 4096)
		json = cJSON_ParseWithLength((const char *)file.bytes, file.length);
	version = cJSON_GetStringValue(cJSON_GetObjectItem(json, "imageLayoutVersion"));
	if (!version || strncmp(version, "1.", 2) != 0)
		code = rill_fail(error, RILL_UNSUPPORTED, "%s: imageLayoutVersion \"%.40s\", not 1",
				 path, version ? version : "");
	cJSON_Delete(json);
	input_close(&file);
	return code;
}

enum rill_code layout_open(struct layout *layout, const char *spec, struct rill_error *error)
{
	enum rill_code code;
	char *blobs, *version;

	*layout = (struct layout){0};
	code = split_spec(layout, spec, error);
	if (code != RILL_OK)
		return code;
	blobs = path_in(layout, "blobs/sha256");
	version = path_in(layout, "oci-layout");
	if (!blobs || !version) {
		free(blobs);
		free(version);
		return no_memory(layout, error);
	}
	if (access(version, F_OK) == 0)
		code = check_version(version, error);
	else if (!is_empty(layout->path))
		code = rill_fail(error, RILL_USAGE,
				 "%s: has other things in it: choose an empty or new folder",
				 layout->path);
	else
		code = make_folders(layout->path, error);
	if (code == RILL_OK && access(version, F_OK) != 0)
		code = write_file(version, RILL_OCI_LAYOUT, strlen(RILL_OCI_LAYOUT), 0666, error);
	if (code == RILL_OK)
		code = make_folders(blobs, error);
	free(blobs);
	free(version);
	return code;
}

void layout_close(struct layout *layout)
{
	free(layout->path);
	free(layout->tag);
	*layout = (struct layout){0};
}

enum rill_code layout_blob_open(const struct layout *layout, struct layout_blob *blob,
				const uint8_t *sha256, struct rill_error *error)
{
	*blob = (struct layout_blob){.output.fd = -1};
	memcpy(blob->sha256, sha256, RILL_SHA256_SIZE);
	rill_sha256_start(&blob->hash);
	blob->path = blob_path(layout, sha256);
	if (!blob->path)
		return no_memory(layout, error);
	return output_open(&blob->output, blob->path, error);
}

enum rill_code layout_blob_write(struct layout_blob *blob, const void *bytes, size_t n,
				 struct rill_error *error)
{
	rill_sha256_update(&blob->hash, bytes, n);
	blob->size += n;
	return output_write(&blob->output, bytes, n, error);
}

enum rill_code layout_blob_commit(struct layout_blob *blob, struct rill_error *error)
{
	uint8_t found[RILL_SHA256_SIZE];
	char hex[RILL_SHA256_HEX];
	enum rill_code code;

	rill_sha256_finish(&blob->hash, found);
	rill_hex(found, sizeof found, hex);
	if (memcmp(found, blob->sha256, sizeof found) != 0)
		code = rill_fail(error, RILL_CORRUPT, "%s: sha256:%s found", blob->path, hex);
	else
		code = output_commit(&blob->output, 0644, error);
	layout_blob_abandon(blob);
	return code;
}

void layout_blob_abandon(struct layout_blob *blob)
{
	output_abandon(&blob->output);
	free(blob->path);
	blob->path = NULL;
}

bool layout_has_blob(const struct layout *layout, const uint8_t *sha256)
{
	char *path = blob_path(layout, sha256);
	uint8_t found[RILL_SHA256_SIZE];
	struct rill_error ignored;
	struct input file;
	bool has = path && input_open(&file, path, &ignored) == RILL_OK;

	if (has) {
		rill_sha256(file.bytes, file.length, found);
		has = memcmp(found, sha256, sizeof found) == 0;
		input_close(&file);
	}
	free(path);
	return has;
}

enum rill_code layout_write_blob(const struct layout *layout, const void *bytes, size_t n,
				 const uint8_t *sha256, struct rill_error *error)
{
	struct layout_blob blob;
	enum rill_code code;

	if (layout_has_blob(layout, sha256))
		return RILL_OK;
	code = layout_blob_open(layout, &blob, sha256, error);
	if (code == RILL_OK)
		code = layout_blob_write(&blob, bytes, n, error);
	if (code == RILL_OK)
		return layout_blob_commit(&blob, error);
	layout_blob_abandon(&blob);
	return code;
}

static bool has_tag(const cJSON *descriptor, const char *tag)
{
	const cJSON *annotations = cJSON_GetObjectItemCaseSensitive(descriptor, "annotations");
	const char *is = cJSON_GetStringValue(
		cJSON_GetObjectItemCaseSensitive(annotations, RILL_OCI_REF_NAME));

	return tag && is ? strcmp(tag, is) == 0 : !tag && !is;
}

/* Puts what is in `index` already, but for the entry with this tag, before the new entry. */
static enum rill_code merge(const char *path, cJSON *index, cJSON *added, const char *tag,
			    struct rill_error *error)
{
	cJSON *manifests = cJSON_GetObjectItemCaseSensitive(index, "manifests");

	if (!cJSON_IsArray(manifests))
		return rill_fail(error, RILL_CORRUPT, "%s: not an index of images", path);
	for (int i = cJSON_GetArraySize(manifests) - 1; i >= 0; i--)
		if (has_tag(cJSON_GetArrayItem(manifests, i), tag))
			cJSON_DeleteItemFromArray(manifests, i);
	cJSON_AddItemToArray(manifests,
			     cJSON_DetachItemFromArray(cJSON_GetObjectItem(added, "manifests"), 0));
	return RILL_OK;
}

static enum rill_code write_merged(const char *path, const char *entry, size_t n, const char *tag,
				   struct rill_error *error)
{
	cJSON *index = NULL, *added = cJSON_ParseWithLength(entry, n);
	struct input file;
	char *text = NULL;
	enum rill_code code = input_open(&file, path, error);

	if (code == RILL_OK) {
		if (file.length <= RILL_OCI_DOCUMENT_MAX)
			index = cJSON_ParseWithLength((const char *)file.bytes, file.length);
		input_close(&file);
		code = merge(path, index, added, tag, error);
	}
	if (code == RILL_OK) {
		text = cJSON_PrintUnformatted(index);
		code = text ? write_file(path, text, strlen(text), 0666, error)
			    : rill_fail(error, RILL_MEMORY, "%s: no memory", path);
	}
	cJSON_free(text);
	cJSON_Delete(index);
	cJSON_Delete(added);
	return code;
}

enum rill_code layout_write_index(const struct layout *layout,
				  const struct rill_oci_index_entry *entry,
				  struct rill_error *error)
{
	size_t room = rill_oci_index_room(entry, 1);
	uint8_t *text = malloc(room);
	char *path = path_in(layout, "index.json");
	struct rill_writer writer = rill_writer(text, text ? room : 0);
	enum rill_code code;

	if (!text || !path) {
		code = no_memory(layout, error);
	} else {
		size_t n;

		rill_oci_index_write(&writer, entry, 1);
		n = rill_writer_length(&writer);
		code = access(path, F_OK) != 0
			       ? write_file(path, text, n, 0666, error)
			       : write_merged(path, (const char *)text, n, entry->tag, error);
	}
	free(text);
	free(path);
	return code;
}
