/* SPDX-License-Identifier: Apache-2.0
 *
 * Three bytes of hints, then any bytes, perhaps a deflate stream. A recipe that is found must make
 * the stream again.
 */
#include "host/deflate_find.h"
#include "tests/support/must.h"

#include <string.h>
#include <zlib.h>

struct expected {
	const uint8_t *at, *end;
};

static enum rill_code compare(void *context, const uint8_t *bytes, size_t n,
			      struct rill_error *error)
{
	struct expected *expected = context;

	(void)error;
	must(n <= (size_t)(expected->end - expected->at) && memcmp(bytes, expected->at, n) == 0);
	expected->at += n;
	return RILL_OK;
}

static void make_again(const struct deflate_found *found, const uint8_t *bytes)
{
	struct expected expected = {bytes, bytes + found->length};
	z_stream z = {.next_in = (uint8_t *)(uintptr_t)bytes, .avail_in = (unsigned)found->length};
	struct rill_deflate *made;
	struct rill_error error;
	uint8_t *plain = malloc(found->plain_length + 1);

	must(plain && inflateInit2(&z, -15) == Z_OK);
	z.next_out = plain;
	z.avail_out = (unsigned)found->plain_length + 1;
	must(inflate(&z, Z_FINISH) == Z_STREAM_END && z.total_out == found->plain_length);
	must(crc32(0, plain, (unsigned)found->plain_length) == found->crc32);
	must(rill_deflate_new(&made, &found->recipe, (struct rill_deflate_sink){&expected, compare},
			      &error) == RILL_OK);
	must(rill_deflate_feed(made, plain, found->plain_length, &error) == RILL_OK);
	must(rill_deflate_finish(made, &error) == RILL_OK && expected.at == expected.end);
	rill_deflate_free(made);
	inflateEnd(&z);
	free(plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct deflate_found found;
	struct rill_error error;
	struct deflate_hint hint;
	enum rill_code code;

	if (n < 3 || n > 1500)
		return 0;
	hint = bytes[0] & 1 ? deflate_hint_gzip(bytes[1], bytes[2]) : deflate_hint_zip(bytes[1]);
	code = deflate_find(bytes + 3, n - 3, hint, &found, &error);
	must(code == RILL_OK || code == RILL_CORRUPT);
	if (code != RILL_OK)
		return 0;
	must(found.length > 0 && found.length <= n - 3);
	if (found.found)
		make_again(&found, bytes + 3);
	return 0;
}
