/* SPDX-License-Identifier: Apache-2.0 */
#include "host/image_select.h"

#include <stdlib.h>
#include <string.h>

enum { CANDIDATES_MAX = 4096, DEPTH_MAX = 8 };

struct selection {
	const struct image_store *store;
	const struct image_wish *wish;
	struct image_candidate *candidates; /* indexes are replaced by what they name */
	size_t count, capacity;
};

bool image_tag_matches(const char *tag, const char *name)
{
	size_t n = strlen(tag), m = strlen(name);

	if (n == 0 || n > m || strcmp(name + m - n, tag) != 0)
		return false;
	return n == m || name[m - n - 1] == '/' || name[m - n - 1] == ':';
}

enum rill_code image_platform_parse(const char *text, struct image_platform *platform,
				    struct rill_error *error)
{
	struct rill_oci_platform *parts = &platform->platform;
	char *architecture = NULL, *variant = NULL;

	if (strlen(text) < sizeof platform->text) {
		strcpy(platform->text, text); // NOLINT: the length was compared
		architecture = strchr(platform->text, '/');
	}
	if (architecture) {
		*architecture++ = 0;
		variant = strchr(architecture, '/');
	}
	if (variant)
		*variant++ = 0;
	if (!architecture || !*architecture || !*platform->text || (variant && !*variant) ||
	    (variant && strchr(variant, '/'))) {
		rill_fail(error, RILL_USAGE,
			  "\"%.80s\" is no platform: write it as linux/arm64 or linux/arm/v7",
			  text);
		return RILL_USAGE;
	}
	*parts = (struct rill_oci_platform){platform->text, architecture, variant ? variant : ""};
	return RILL_OK;
}

static void set_text(char *to, size_t size, const char *text)
{
	snprintf(to, size, "%s", text ? text : "");
}
#define SET(field, text) set_text(field, sizeof(field), text)

static void read_platform(struct image_candidate *it, const struct rill_json *json, uint32_t token)
{
	uint32_t platform = rill_json_get(json, token, "platform");

	it->has_platform = rill_json_is(json, platform, RILL_JSON_OBJECT);
	SET(it->os, rill_json_string(json, rill_json_get(json, platform, "os")));
	SET(it->architecture,
	    rill_json_string(json, rill_json_get(json, platform, "architecture")));
	SET(it->variant, rill_json_string(json, rill_json_get(json, platform, "variant")));
}

/* BuildKit's attestations stand among the manifests, but are no images. */
static bool is_attestation(const struct rill_json *json, uint32_t token,
			   const struct image_candidate *it)
{
	const char *type = rill_oci_annotation(json, token, "vnd.docker.reference.type");

	return (type && strcmp(type, "attestation-manifest") == 0) ||
	       (strcmp(it->os, "unknown") == 0 && strcmp(it->architecture, "unknown") == 0);
}

static enum rill_code add(struct selection *selection, const struct image_candidate *it,
			  struct rill_error *error)
{
	if (selection->count == CANDIDATES_MAX)
		return rill_fail(error, RILL_CORRUPT, "over %d manifests", CANDIDATES_MAX);
	if (selection->count == selection->capacity) {
		size_t capacity = 2 * selection->capacity + 16;
		void *grown = realloc(selection->candidates,
				      capacity * sizeof *selection->candidates);

		if (!grown)
			return rill_fail(error, RILL_MEMORY, "no memory for %zu manifests",
					 capacity);
		selection->candidates = grown;
		selection->capacity = capacity;
	}
	selection->candidates[selection->count++] = *it;
	return RILL_OK;
}

static bool is_wished(const struct image_wish *wish, const struct image_candidate *it)
{
	if (wish->by_digest)
		return memcmp(it->descriptor.sha256, wish->digest, sizeof wish->digest) == 0;
	return !wish->tag || image_tag_matches(wish->tag, it->tag) ||
	       image_tag_matches(wish->tag, it->full_name);
}

/* Adds what an index names. `parent` is NULL for index.json itself. */
static enum rill_code add_manifests(struct selection *selection, const struct rill_json *json,
				    const struct image_candidate *parent, struct rill_error *error)
{
	uint32_t manifests = rill_json_get(json, RILL_JSON_ROOT, "manifests");
	enum rill_code code = RILL_OK;

	if (!rill_json_is(json, manifests, RILL_JSON_ARRAY))
		return rill_fail(error, RILL_CORRUPT, "no \"manifests\": not an index of images");
	for (uint32_t i = rill_json_first(json, manifests); code == RILL_OK && i;
	     i = rill_json_next(json, manifests, i)) {
		struct image_candidate it = parent ? *parent : (struct image_candidate){0};

		code = rill_oci_descriptor(json, i, &it.descriptor, error);
		if (code != RILL_OK)
			break;
		SET(it.media_type, it.descriptor.media_type);
		if (!parent) {
			SET(it.tag, rill_oci_annotation(json, i, RILL_OCI_REF_NAME));
			SET(it.full_name, rill_oci_annotation(json, i, RILL_OCI_CONTAINERD_NAME));
		}
		it.depth++;
		read_platform(&it, json, i);
		it.wanted |= is_wished(selection->wish, &it);
		if (!is_attestation(json, i, &it))
			code = add(selection, &it, error);
	}
	return code;
}

static enum rill_code read_index_json(struct selection *selection, struct rill_error *error)
{
	struct image_bytes bytes;
	struct rill_json json;
	enum rill_code code;

	code = image_store_read(selection->store, "index.json", &bytes, error);
	if (code != RILL_OK)
		return code;
	code = rill_oci_parse(&json, bytes.bytes, bytes.length, error);
	if (code == RILL_OK)
		code = add_manifests(selection, &json, NULL, error);
	if (code != RILL_OK)
		rill_error_in(error, "%s: index.json", selection->wish->spec);
	rill_json_free(&json);
	image_bytes_close(&bytes);
	return code;
}

/* Replaces candidate `i`, an index, by what it names. */
static enum rill_code expand(struct selection *selection, size_t i, struct rill_error *error)
{
	struct image_candidate parent = selection->candidates[i];
	struct buffer document = {0};
	struct rill_json json = {0};
	enum rill_code code;

	if (parent.depth > DEPTH_MAX)
		return rill_fail(error, RILL_CORRUPT, "%s: indexes nested over %d deep",
				 selection->wish->spec, DEPTH_MAX);
	selection->candidates[i] = selection->candidates[--selection->count];
	code = image_store_document(selection->store, &parent.descriptor, "index", &document,
				    error);
	if (code == RILL_OK) {
		code = rill_oci_parse(&json, document.bytes, document.length, error);
		if (code == RILL_OK)
			code = add_manifests(selection, &json, &parent, error);
		if (code != RILL_OK)
			rill_error_in(error, "%s: index", selection->wish->spec);
	}
	rill_json_free(&json);
	buffer_free(&document);
	return code;
}

/* A digest may stand deeper: then all indexes are opened, otherwise those that are wanted. */
static enum rill_code expand_indexes(struct selection *selection, struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	for (size_t i = 0; code == RILL_OK && i < selection->count;) {
		const struct image_candidate *it = &selection->candidates[i];

		if (rill_oci_type(it->media_type) == RILL_OCI_IS_INDEX &&
		    (it->wanted || selection->wish->by_digest))
			code = expand(selection, i, error);
		else
			i++;
	}
	return code;
}

static void keep_wanted(struct selection *selection)
{
	size_t n = 0;

	for (size_t i = 0; i < selection->count; i++)
		if (selection->candidates[i].wanted)
			selection->candidates[n++] = selection->candidates[i];
	selection->count = n;
}

static bool is_present(const struct image_store *store, const struct image_candidate *it)
{
	struct rill_error ignored;
	struct image_bytes bytes;
	bool is = image_store_blob(store, &it->descriptor, "manifest", &bytes, &ignored) == RILL_OK;

	image_bytes_close(&bytes);
	return is;
}

/* Of many platforms that an index names, often one only was fetched. And one manifest under
 * two tags is one image. */
static void keep_present(struct selection *selection)
{
	size_t present = 0;

	for (size_t i = 0; i < selection->count; i++) {
		struct image_candidate *it = &selection->candidates[i];

		it->wanted = is_present(selection->store, it);
		for (size_t j = 0; it->wanted && j < i; j++)
			it->wanted = memcmp(selection->candidates[j].descriptor.sha256,
					    it->descriptor.sha256, RILL_SHA256_SIZE) != 0;
		present += it->wanted;
	}
	if (present > 0)
		keep_wanted(selection);
}

/* From the config, where the index does not say. */
static enum rill_code find_platform(const struct selection *selection, struct image_candidate *it,
				    struct rill_error *error)
{
	struct buffer document = {0};
	struct rill_oci_manifest manifest = {0};
	struct rill_oci_config config = {0};
	enum rill_code code;

	if (it->has_platform || rill_oci_type(it->media_type) != RILL_OCI_IS_MANIFEST)
		return RILL_OK;
	it->descriptor.media_type = it->media_type;
	code = image_store_document(selection->store, &it->descriptor, "manifest", &document,
				    error);
	if (code == RILL_OK) {
		code = rill_oci_manifest_read(&manifest, document.bytes, document.length, error);
		if (code != RILL_OK)
			rill_error_in(error, "%s: manifest", selection->wish->spec);
	}
	document.length = 0;
	if (code == RILL_OK && rill_oci_type(manifest.config.media_type) == RILL_OCI_IS_CONFIG) {
		code = image_store_document(selection->store, &manifest.config, "config", &document,
					    error);
		if (code == RILL_OK)
			code = rill_oci_config_read(&config, document.bytes, document.length,
						    error);
		if (code == RILL_OK) {
			SET(it->os, config.platform.os);
			SET(it->architecture, config.platform.architecture);
			SET(it->variant, config.platform.variant);
		}
	}
	rill_oci_config_free(&config);
	rill_oci_manifest_free(&manifest);
	buffer_free(&document);
	return code;
}

static const char *tag_of(const struct image_candidate *it)
{
	return *it->tag ? it->tag : it->full_name;
}

/* "app:2 (linux/arm64/v8), ..." as far as there is room. */
static void list(const struct selection *selection, char *text, size_t size)
{
	size_t n = 0;

	*text = 0;
	for (size_t i = 0; i < selection->count; i++) {
		const struct image_candidate *it = &selection->candidates[i];
		char digest[20] = "sha256:", item[400];

		rill_hex(it->descriptor.sha256, 6, digest + 7);
		snprintf(item, sizeof item, "%s%.120s%s%s%s%s%s%s%s", i ? ", " : "",
			 *tag_of(it) ? tag_of(it) : digest, *it->os ? " (" : "", it->os,
			 *it->os ? "/" : "", it->architecture, *it->variant ? "/" : "", it->variant,
			 *it->os ? ")" : "");
		if (n + strlen(item) + 8 > size) {
			snprintf(text + n, size - n, ", ...");
			return;
		}
		n += (size_t)snprintf(text + n, size - n, "%s", item);
	}
	if (selection->count == 0)
		snprintf(text, size, "nothing");
}

static enum rill_code keep_platform(struct selection *selection, struct rill_error *error)
{
	const struct image_wish *wish = selection->wish;
	struct image_platform wanted;
	enum rill_code code;
	char there[300];
	size_t matching = 0, exact = 0;

	code = image_platform_parse(wish->platform, &wanted, error);
	for (size_t i = 0; code == RILL_OK && i < selection->count; i++) {
		struct image_candidate *it = &selection->candidates[i];
		const struct rill_oci_platform has = {it->os, it->architecture, it->variant};

		it->wanted = rill_oci_platform_matches(&wanted.platform, &has);
		matching += it->wanted;
		exact += it->wanted && strcmp(it->variant, wanted.platform.variant) == 0;
	}
	if (code != RILL_OK)
		return code;
	list(selection, there, sizeof there);
	if (matching == 0)
		return rill_fail(error, RILL_USAGE, "%s: no image for %s; there: %s", wish->spec,
				 wish->platform, there);
	for (size_t i = 0; matching > 1 && exact == 1 && i < selection->count; i++) {
		struct image_candidate *it = &selection->candidates[i];

		it->wanted &= strcmp(it->variant, wanted.platform.variant) == 0;
	}
	keep_wanted(selection);
	return RILL_OK;
}

static enum rill_code nothing_wanted(const struct selection *selection, struct rill_error *error)
{
	const struct image_wish *wish = selection->wish;
	char there[300], hex[RILL_SHA256_HEX] = "";

	list(selection, there, sizeof there);
	if (wish->by_digest)
		rill_hex(wish->digest, sizeof wish->digest, hex);
	if (wish->by_digest)
		return rill_fail(error, RILL_USAGE, "%s: no image sha256:%s; there: %s", wish->spec,
				 hex, there);
	if (wish->tag)
		return rill_fail(error, RILL_USAGE, "%s: no tag %s; there: %s", wish->spec,
				 wish->tag, there);
	return rill_fail(error, RILL_CORRUPT, "%s: no image in it", wish->spec);
}

static enum rill_code several(const struct selection *selection, struct rill_error *error)
{
	char there[300];
	bool same_tag = true;

	for (size_t i = 1; i < selection->count; i++)
		same_tag &= strcmp(tag_of(&selection->candidates[i]),
				   tag_of(&selection->candidates[0])) == 0;
	list(selection, there, sizeof there);
	return rill_fail(error, RILL_USAGE, "%s: several images: %s; choose one by %s",
			 selection->wish->spec, there,
			 same_tag ? "--platform" : "PATH:TAG or PATH@sha256:DIGEST");
}

static enum rill_code choose(struct selection *selection, struct rill_error *error)
{
	enum rill_code code = read_index_json(selection, error);
	size_t wanted = 0;

	if (code == RILL_OK)
		code = expand_indexes(selection, error);
	for (size_t i = 0; i < selection->count; i++)
		wanted += selection->candidates[i].wanted;
	if (code == RILL_OK && wanted == 0)
		code = nothing_wanted(selection, error);
	if (code != RILL_OK)
		return code;
	keep_wanted(selection);
	keep_present(selection);
	for (size_t i = 0; code == RILL_OK && i < selection->count; i++)
		if (selection->wish->platform || selection->count > 1)
			code = find_platform(selection, &selection->candidates[i], error);
	if (code == RILL_OK && selection->wish->platform)
		code = keep_platform(selection, error);
	if (code == RILL_OK && selection->count > 1)
		code = several(selection, error);
	return code;
}

enum rill_code image_select(const struct image_store *store, const struct image_wish *wish,
			    struct image_candidate *chosen, struct rill_error *error)
{
	struct selection selection = {.store = store, .wish = wish};
	enum rill_code code = choose(&selection, error);

	if (code == RILL_OK && selection.candidates) {
		*chosen = selection.candidates[0];
		chosen->descriptor.media_type = chosen->media_type;
	}
	free(selection.candidates);
	return code;
}
