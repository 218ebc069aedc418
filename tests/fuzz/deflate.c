/* SPDX-License-Identifier: Apache-2.0
 *
 * A recipe, then plain bytes, each repeated so that windows fill and blocks end. Whatever the
 * recipe, pieces of any length give one stream, and it inflates to the plain bytes.
 */
#include "protocol/deflate_recipe.h"
#include "tests/support/must.h"

#include <string.h>
#include <zlib.h>

#define PLAIN_MAX (200u << 10)
#define STREAM_MAX (8u << 20) /* blocks of one byte */

struct stream {
	uint8_t *at;
	size_t n;
};

static enum rill_code append(void *context, const uint8_t *bytes, size_t n,
			     struct rill_error *error)
{
	struct stream *stream = context;

	(void)error;
	must(n > 0 && n <= STREAM_MAX - stream->n);
	memcpy(stream->at + stream->n, bytes, n);
	stream->n += n;
	return RILL_OK;
}

static struct stream make(const struct rill_deflate_recipe *recipe, const uint8_t *plain, size_t n,
			  size_t piece)
{
	struct stream stream = {.at = malloc(STREAM_MAX)};
	struct rill_deflate *made;
	struct rill_error error;

	must(stream.at &&
	     rill_deflate_new(&made, recipe, (struct rill_deflate_sink){&stream, append}, &error) ==
		     RILL_OK);
	for (size_t at = 0, some; at < n; at += some) {
		some = n - at < piece ? n - at : piece;
		must(rill_deflate_feed(made, plain + at, some, &error) == RILL_OK);
	}
	must(rill_deflate_finish(made, &error) == RILL_OK);
	rill_deflate_free(made);
	return stream;
}

static void check(const struct rill_deflate_recipe *recipe, const uint8_t *plain, size_t n)
{
	struct stream whole = make(recipe, plain, n, PLAIN_MAX);
	struct stream pieces = make(recipe, plain, n, 1021);
	uint8_t *again = malloc(n + 1);
	z_stream z = {.next_in = whole.at, .avail_in = (unsigned)whole.n};

	must(again && whole.n == pieces.n && memcmp(whole.at, pieces.at, whole.n) == 0);
	z.next_out = again;
	z.avail_out = (unsigned)n + 1;
	must(inflateInit2(&z, -15) == Z_OK && inflate(&z, Z_FINISH) == Z_STREAM_END);
	must(z.total_out == n && z.avail_in == 0 && (n == 0 || memcmp(again, plain, n) == 0));
	inflateEnd(&z);
	free(again);
	free(whole.at);
	free(pieces.at);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct rill_reader reader = rill_reader(bytes, n);
	struct rill_deflate_recipe recipe;
	struct rill_error error;
	uint8_t *plain;
	size_t length = 0;

	if (rill_deflate_recipe_parse(&recipe, &reader, &error) != RILL_OK) {
		must(error.code == RILL_CORRUPT || error.code == RILL_UNSUPPORTED);
		return 0;
	}
	plain = malloc(PLAIN_MAX);
	must(plain);
	/* Runs: a count, then how many bytes to take, then those. */
	for (uint8_t count, some; rill_get_u8(&reader, &count) && rill_get_u8(&reader, &some);) {
		const uint8_t *run;

		if (!rill_get_bytes(&reader, some, &run))
			break;
		for (unsigned i = 0; i <= count && some <= PLAIN_MAX - length; i++) {
			memcpy(plain + length, run, some);
			length += some;
		}
	}
	check(&recipe, plain, length);
	free(plain);
	return 0;
}
