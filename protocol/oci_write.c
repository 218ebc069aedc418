/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/oci.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { ESCAPED = 6 }; /* bytes that a character can take */

static size_t room_of(const char *text)
{
	return text ? ESCAPED * strlen(text) : 0;
}

static void put(struct rill_writer *writer, const char *text)
{
	rill_put_bytes(writer, (const uint8_t *)text, strlen(text));
}

/* RFC 8259 section 7: what must be escaped, and nothing else. */
static void put_string(struct rill_writer *writer, const char *text)
{
	put(writer, "\"");
	for (; *text; text++) {
		uint8_t c = (uint8_t)*text;
		char escape[8];

		if (c < 0x20) {
			snprintf(escape, sizeof escape, "\\u%04x", c);
			put(writer, escape);
		} else {
			if (c == '"' || c == '\\')
				put(writer, "\\");
			rill_put_u8(writer, c);
		}
	}
	put(writer, "\"");
}

static void put_member(struct rill_writer *writer, const char *before, const char *name,
		       const char *value)
{
	put(writer, before);
	put_string(writer, name);
	put(writer, ":");
	put_string(writer, value);
}

/* All but the closing brace. */
static void put_descriptor(struct rill_writer *writer, const struct rill_oci_descriptor *it)
{
	char hex[RILL_SHA256_HEX], rest[128];

	put_member(writer, "{", "mediaType", it->media_type);
	rill_hex(it->sha256, RILL_SHA256_SIZE, hex);
	snprintf(rest, sizeof rest, ",\"digest\":\"sha256:%s\",\"size\":%" PRIu64, hex, it->size);
	put(writer, rest);
}

static void put_annotations(struct rill_writer *writer, const struct rill_json *json,
			    uint32_t annotations)
{
	const char *before = ",\"annotations\":{";
	bool any = false;

	for (uint32_t key = rill_json_first(json, annotations); key;
	     key = rill_json_next(json, annotations, key)) {
		const char *value = rill_json_string(json, key + 1);

		if (!value)
			continue; /* the specification knows texts only */
		put_member(writer, any ? "," : before, rill_json_string(json, key), value);
		any = true;
	}
	if (any)
		put(writer, "}");
}

void rill_oci_manifest_write(struct rill_writer *writer, const struct rill_oci_manifest *manifest)
{
	const struct rill_json *json = &manifest->json;
	uint32_t annotations = rill_json_get(json, RILL_JSON_ROOT, "annotations");

	put(writer, "{\"schemaVersion\":2,\"mediaType\":\"" RILL_OCI_MANIFEST "\",\"config\":");
	put_descriptor(writer, &manifest->config);
	put(writer, "},\"layers\":[");
	for (size_t i = 0; i < manifest->layer_count; i++) {
		if (i > 0)
			put(writer, ",");
		put_descriptor(writer, &manifest->layers[i]);
		put(writer, "}");
	}
	put(writer, "]");
	if (rill_json_is(json, annotations, RILL_JSON_OBJECT))
		put_annotations(writer, json, annotations);
	put(writer, "}");
}

enum { DESCRIPTOR_ROOM = 160 }; /* without the media type */

size_t rill_oci_manifest_room(const struct rill_oci_manifest *manifest)
{
	const struct rill_json *json = &manifest->json;
	size_t room = 256 + DESCRIPTOR_ROOM + room_of(manifest->config.media_type);

	for (size_t i = 0; i < manifest->layer_count; i++)
		room += DESCRIPTOR_ROOM + room_of(manifest->layers[i].media_type);
	for (uint32_t i = RILL_JSON_ROOT; i < json->count; i++)
		if (json->tokens[i].type == RILL_JSON_STRING)
			room += ESCAPED * (size_t)json->tokens[i].length + 8;
	return room;
}

enum rill_code rill_oci_manifest_make_plain(struct rill_oci_manifest *manifest,
					    const struct rill_oci_config *config,
					    const uint64_t *sizes, struct rill_error *error)
{
	if (manifest->layer_count != config->diff_id_count)
		return rill_fail(error, RILL_CORRUPT, "%zu layers, but %zu diff_ids",
				 manifest->layer_count, config->diff_id_count);
	manifest->config.media_type = RILL_OCI_CONFIG;
	for (size_t i = 0; i < manifest->layer_count; i++) {
		manifest->layers[i].media_type = RILL_OCI_LAYER_TAR;
		manifest->layers[i].size = sizes[i];
		memcpy(manifest->layers[i].sha256, config->diff_ids[i], RILL_SHA256_SIZE);
	}
	return RILL_OK;
}

static void put_entry(struct rill_writer *writer, const struct rill_oci_index_entry *entry)
{
	put_descriptor(writer, &entry->manifest);
	if (entry->platform.os) {
		put_member(writer, ",\"platform\":{", "architecture", entry->platform.architecture);
		put_member(writer, ",", "os", entry->platform.os);
		if (*entry->platform.variant)
			put_member(writer, ",", "variant", entry->platform.variant);
		put(writer, "}");
	}
	if (entry->tag) {
		put_member(writer, ",\"annotations\":{", RILL_OCI_REF_NAME, entry->tag);
		put(writer, "}");
	}
	put(writer, "}");
}

void rill_oci_index_write(struct rill_writer *writer, const struct rill_oci_index_entry *entries,
			  size_t n)
{
	put(writer, "{\"schemaVersion\":2,\"mediaType\":\"" RILL_OCI_INDEX "\",\"manifests\":[");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			put(writer, ",");
		put_entry(writer, &entries[i]);
	}
	put(writer, "]}");
}

size_t rill_oci_index_room(const struct rill_oci_index_entry *entries, size_t n)
{
	size_t room = 128;

	for (size_t i = 0; i < n; i++) {
		const struct rill_oci_platform *platform = &entries[i].platform;

		room += 2 * DESCRIPTOR_ROOM + room_of(entries[i].manifest.media_type);
		room += room_of(entries[i].tag) + room_of(platform->os);
		room += room_of(platform->architecture) + room_of(platform->variant);
	}
	return room;
}
