/* SPDX-License-Identifier: Apache-2.0
 *
 * Usage: deflate_again FILE...
 *
 * For tests and measurements: finds how each deflate stream in gzip and zip files was made,
 * makes it again from its plain bytes in pieces of odd lengths, and compares. Prints a
 * line for each: the recipe, lengths of stream and plain bytes, seconds, the file. A file
 * that is neither is taken for a deflate stream. Ends with 1 when a recipe that was found
 * fails, or a trailer does not fit.
 */
#include "host/deflate_find.h"
#include "host/file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

static const char *const kinds[RILL_DEFLATE_KINDS] = {"stored", "zlib", "pigz", "gzip", "zip"};

static void fail(const char *path, const char *what)
{
	fprintf(stderr, "%s: %s\n", path, what);
	exit(1);
}

static uint32_t get(const uint8_t *bytes, unsigned n)
{
	uint32_t value = 0;

	while (n-- > 0)
		value = value << 8 | bytes[n];
	return value;
}

struct expected {
	const uint8_t *at, *end;
};

static enum rill_code compare(void *context, const uint8_t *bytes, size_t n,
			      struct rill_error *error)
{
	struct expected *expected = context;

	if (n > (size_t)(expected->end - expected->at) || memcmp(bytes, expected->at, n) != 0)
		return rill_fail(error, RILL_CORRUPT, "made again it differs");
	expected->at += n;
	return RILL_OK;
}

/* As if read back from a delta: the recipe coded and parsed. */
static struct rill_deflate_recipe carried(const struct rill_deflate_recipe *recipe)
{
	uint8_t bytes[RILL_DEFLATE_RECIPE_MAX];
	struct rill_writer writer = rill_writer(bytes, sizeof bytes);
	struct rill_deflate_recipe read = {0};
	struct rill_reader reader;
	struct rill_error error;

	rill_deflate_recipe_put(recipe, &writer);
	reader = rill_reader(bytes, rill_writer_length(&writer));
	if (writer.full || rill_deflate_recipe_parse(&read, &reader, &error) != RILL_OK)
		fail("recipe", "does not come back");
	return read;
}

static void make_again(const char *path, const uint8_t *bytes, const struct deflate_found *found)
{
	struct expected expected = {bytes, bytes + found->length};
	struct rill_deflate_recipe recipe = carried(&found->recipe);
	struct rill_deflate *made;
	struct rill_error error;
	z_stream z = {.next_in = (uint8_t *)(uintptr_t)bytes, .avail_in = (unsigned)found->length};
	uint8_t plain[50000];
	int code = Z_OK;

	if (inflateInit2(&z, -15) != Z_OK ||
	    rill_deflate_new(&made, &recipe, (struct rill_deflate_sink){&expected, compare},
			     &error) != RILL_OK)
		fail(path, "no memory");
	for (unsigned piece = 1; code == Z_OK; piece = piece * 3 % 49999) {
		z.next_out = plain;
		z.avail_out = piece;
		code = inflate(&z, Z_NO_FLUSH);
		if (rill_deflate_feed(made, plain, piece - z.avail_out, &error) != RILL_OK)
			fail(path, error.text);
	}
	if (rill_deflate_finish(made, &error) != RILL_OK)
		fail(path, error.text);
	if (code != Z_STREAM_END || expected.at != expected.end)
		fail(path, "made again it is too short");
	inflateEnd(&z);
	rill_deflate_free(made);
}

static void look_at(const char *path, const uint8_t *bytes, size_t n, struct deflate_hint hint,
		    struct deflate_found *found)
{
	const struct rill_deflate_recipe *r = &found->recipe;
	clock_t start = clock();
	struct rill_error error;

	if (deflate_find(bytes, n, hint, found, &error) != RILL_OK)
		fail(path, error.text);
	start = clock() - start;
	if (found->found) {
		make_again(path, bytes, found);
		printf("%s", kinds[r->kind]);
		if (r->level)
			printf(" -%u", r->level);
		if (r->memory)
			printf(" memory %u window %u strategy %u", r->memory, r->window,
			       r->strategy);
		if (r->block)
			printf(" block %u", r->block);
		printf("%s%s", r->separate ? " separate" : "", r->joined ? " joined" : "");
	} else {
		printf("none");
	}
	printf("\t%" PRIu64 "\t%" PRIu64 "\t%.3f\t%s\n", found->length, found->plain_length,
	       (double)start / CLOCKS_PER_SEC, path);
}

/* One member (RFC 1952, 2.3) at the start of `bytes`; returns its length. */
static size_t look_at_gzip(const char *path, const uint8_t *bytes, size_t n)
{
	struct deflate_hint hint = deflate_hint_gzip(bytes[8], bytes[9]);
	struct deflate_found found;
	size_t at = 10;

	if (bytes[3] & 4)
		at += 2 + (size_t)get(bytes + at, 2);
	for (unsigned names = (bytes[3] >> 3 & 1) + (bytes[3] >> 4 & 1); names > 0; names--)
		while (at < n && bytes[at++])
			;
	at += bytes[3] & 2;
	if (at + 8 > n)
		fail(path, "cut short");
	look_at(path, bytes + at, n - at, hint, &found);
	at += (size_t)found.length;
	if (at + 8 > n || get(bytes + at, 4) != found.crc32 ||
	    get(bytes + at + 4, 4) != (uint32_t)found.plain_length)
		fail(path, "the trailer does not fit");
	return at + 8;
}

/* One local file (APPNOTE.TXT 4.3.7); returns the length to the next header. */
static size_t look_at_zip(const char *path, const uint8_t *bytes, size_t n)
{
	struct deflate_hint hint = deflate_hint_zip((uint16_t)get(bytes + 6, 2));
	struct deflate_found found = {.length = get(bytes + 18, 4)};
	size_t at = 30 + (size_t)get(bytes + 26, 2) + get(bytes + 28, 2);

	if (at > n)
		fail(path, "cut short");
	if (get(bytes + 8, 2) == 8)
		look_at(path, bytes + at, n - at, hint, &found);
	at += (size_t)found.length;
	while (at + 30 <= n && (memcmp(bytes + at, "PK", 2) != 0 || bytes[at + 2] % 2 == 0 ||
				bytes[at + 3] != bytes[at + 2] + 1))
		at++;
	return at < n ? at : n;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct input input = {0};
		struct rill_error error;
		size_t some;

		if (input_open(&input, argv[i], &error) != RILL_OK)
			fail(argv[i], error.text);
		for (size_t at = 0, n; (n = input.length - at) > 0; at += some) {
			const uint8_t *bytes = input.bytes + at;
			struct deflate_found found;

			some = n;
			if (n >= 18 && memcmp(bytes, "\x1f\x8b\x08", 3) == 0)
				some = look_at_gzip(argv[i], bytes, n);
			else if (n >= 30 && memcmp(bytes, "PK\3\4", 4) == 0)
				some = look_at_zip(argv[i], bytes, n);
			else if (at == 0)
				look_at(argv[i], bytes, n, (struct deflate_hint){0}, &found);
		}
		input_close(&input);
	}
	return 0;
}
