/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/host/image_make.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>
#include <zstd.h>

static void put_in(const char *path, const char *name, const void *bytes, size_t n)
{
	char full[FOLDER_PATH];

	assert_true((size_t)snprintf(full, sizeof full, "%s/%s", path, name) < sizeof full);
	put_file(full, bytes, n);
}

void make_layout(const char *path)
{
	static const char *const folders[] = {"", "/blobs", "/blobs/sha256"};
	static const char version[] = "{\"imageLayoutVersion\": \"1.0.0\"}";
	char full[FOLDER_PATH];

	for (int i = 0; i < 3; i++) {
		snprintf(full, sizeof full, "%s%s", path, folders[i]);
		assert_int_equal(mkdir(full, 0755), 0);
	}
	put_in(path, "oci-layout", version, strlen(version));
}

/* HEAD, the descriptors between commas, TAIL. Free it. */
static char *join(const char *head, const struct made *parts, size_t n, const char *tail)
{
	char *text = malloc(strlen(head) + n * (sizeof parts->json + 1) + strlen(tail) + 1), *to;

	assert_non_null(text);
	to = stpcpy(text, head);
	for (size_t i = 0; i < n; i++)
		to = stpcpy(stpcpy(to, i ? "," : ""), parts[i].json);
	stpcpy(to, tail);
	return text;
}

void make_index_json(const char *path, const struct made *manifests, size_t n)
{
	char *text = join("{\"schemaVersion\":2,\"manifests\":[", manifests, n, "]}");

	put_in(path, "index.json", text, strlen(text));
	free(text);
}

struct made make_blob(const char *path, const char *type, const void *bytes, size_t n)
{
	uint8_t digest[RILL_SHA256_SIZE];
	struct made made;
	char name[96];

	rill_sha256(bytes, n, digest);
	rill_hex(digest, sizeof digest, made.hex);
	snprintf(name, sizeof name, "blobs/sha256/%s", made.hex);
	put_in(path, name, bytes, n);
	snprintf(made.json, sizeof made.json,
		 "{\"mediaType\":\"%s\",\"digest\":\"sha256:%s\",\"size\":%zu}", type, made.hex, n);
	return made;
}

struct made make_text_blob(const char *path, const char *type, const char *text)
{
	return make_blob(path, type, text, strlen(text));
}

struct made make_config(const char *path, const char *os, const char *architecture,
			const char *variant, const struct made *layers, size_t n)
{
	struct made ids[16], config;
	char head[256], *text;

	assert_true(n <= 16);
	for (size_t i = 0; i < n; i++)
		snprintf(ids[i].json, sizeof ids[i].json, "\"sha256:%s\"", layers[i].hex);
	snprintf(head, sizeof head,
		 "{\"os\":\"%s\",\"architecture\":\"%s\",\"variant\":\"%s\","
		 "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[",
		 os, architecture, variant);
	text = join(head, ids, n, "]}}");
	config = make_text_blob(path, CONFIG, text);
	free(text);
	return config;
}

struct made make_manifest(const char *path, const struct made *config, const struct made *layers,
			  size_t n)
{
	struct made manifest;
	char head[640], *text;

	snprintf(head, sizeof head,
		 "{\"schemaVersion\":2,\"mediaType\":\"" MANIFEST "\",\"config\":%s,\"layers\":[",
		 config->json);
	text = join(head, layers, n, "]}");
	manifest = make_text_blob(path, MANIFEST, text);
	free(text);
	return manifest;
}

struct made make_index(const char *path, const struct made *manifests, size_t n)
{
	char *text = join("{\"schemaVersion\":2,\"mediaType\":\"" INDEX "\",\"manifests\":[",
			  manifests, n, "]}");
	struct made index = make_text_blob(path, INDEX, text);

	free(text);
	return index;
}

struct made make_image(const char *path, const char *architecture, const char *const *texts,
		       size_t n, struct made *layers)
{
	struct made own[16], config;

	assert_true(n <= 16);
	for (size_t i = 0; i < n; i++)
		own[i] = make_text_blob(path, LAYER_TAR, texts[i]);
	if (layers)
		memcpy(layers, own, n * sizeof *layers);
	config = make_config(path, "linux", architecture, "", own, n);
	return make_manifest(path, &config, own, n);
}

struct made with(struct made made, const char *more)
{
	size_t n = strlen(made.json) - 1;

	assert_true((size_t)snprintf(made.json + n, sizeof made.json - n, "%s}", more) <
		    sizeof made.json - n);
	return made;
}

struct made tagged(struct made made, const char *tag)
{
	char more[200];

	snprintf(more, sizeof more,
		 ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"%s\"}", tag);
	return with(made, more);
}

void compress_gzip(const void *bytes, size_t n, struct buffer *out)
{
	struct rill_error error;
	z_stream z = {0};

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_ok(buffer_reserve(out, deflateBound(&z, n), &error), &error);
	z.next_in = (uint8_t *)(uintptr_t)bytes;
	z.avail_in = (uInt)n;
	z.next_out = out->bytes + out->length;
	z.avail_out = (uInt)(out->capacity - out->length);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->length += z.total_out;
	deflateEnd(&z);
}

void compress_zstd(const void *bytes, size_t n, struct buffer *out)
{
	struct rill_error error;
	size_t made;

	assert_ok(buffer_reserve(out, ZSTD_compressBound(n), &error), &error);
	made = ZSTD_compress(out->bytes + out->length, out->capacity - out->length, bytes, n, 3);
	assert_false(ZSTD_isError(made));
	out->length += made;
}

void sign_header(uint8_t *block)
{
	unsigned sum = 0;

	memset(block + 148, ' ', 8);
	for (int i = 0; i < 512; i++)
		sum += block[i];
	snprintf((char *)block + 148, 8, "%06o", sum);
}

/* Without its NUL: a field may be full. */
static void put_text(char *field, const char *text)
{
	while (*text)
		*field++ = *text++;
}

void add_member(struct buffer *tar, const char *name, char type, const char *link,
		const void *bytes, size_t n)
{
	static const uint8_t zeros[512];
	struct rill_error error;
	char block[512] = "";

	assert_true(strlen(name) <= 100 && (!link || strlen(link) <= 100));
	put_text(block, name);
	snprintf(block + 100, 8, "%07o", 0644);
	snprintf(block + 124, 12, "%011zo", n);
	block[156] = type;
	put_text(block + 157, link ? link : "");
	put_text(block + 257, "ustar");
	put_text(block + 263, "00");
	sign_header((uint8_t *)block);
	assert_ok(buffer_append(tar, block, sizeof block, &error), &error);
	assert_ok(buffer_append(tar, bytes, n, &error), &error);
	assert_ok(buffer_append(tar, zeros, (512 - n % 512) % 512, &error), &error);
}

void end_tar(struct buffer *tar)
{
	static const uint8_t zeros[1024];
	struct rill_error error;

	assert_ok(buffer_append(tar, zeros, sizeof zeros, &error), &error);
}
