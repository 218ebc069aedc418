/* SPDX-License-Identifier: Apache-2.0 */
#include "device/gunzip.h"

#include "device/durable.h"
#include "device/signals.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#define PIECE 32768

struct gunzip {
	z_stream z;
	struct rill_sha256 hash;
	const char *path;
	int from, to;
	off_t at;
	bool ended; /* nothing more to read */
	uint8_t in[PIECE], out[PIECE];
};

/* Fills the input; `ended` when nothing comes. */
static enum rill_code refill(struct gunzip *g, struct rill_error *error)
{
	ssize_t n;

	do
		n = pread(g->from, g->in, PIECE, g->at);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return system_failed(g->path, "read", error);
	g->at += n;
	g->z.next_in = g->in;
	g->z.avail_in = (unsigned)n;
	g->ended = n == 0;
	return signals_check(error);
}

/* One member, or what begins like none: then `*more` is false. */
static enum rill_code inflate_member(struct gunzip *g, bool first, bool *more,
				     struct rill_error *error)
{
	enum rill_code code = RILL_OK;
	int result = Z_OK;

	*more = true;
	while (code == RILL_OK && result != Z_STREAM_END) {
		size_t made;

		if (g->z.avail_in == 0)
			code = refill(g, error);
		if (code != RILL_OK)
			break;
		g->z.next_out = g->out;
		g->z.avail_out = PIECE;
		result = inflate(&g->z, Z_NO_FLUSH);
		made = PIECE - g->z.avail_out;
		if (g->z.total_out == 0 && !first && (g->ended || result == Z_DATA_ERROR)) {
			*more = false;
			return RILL_OK;
		}
		if ((result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) ||
		    (g->ended && made == 0 && result != Z_STREAM_END))
			return rill_fail(error, RILL_CORRUPT, "%s: a damaged gzip file: %s",
					 g->path, g->z.msg ? g->z.msg : "it is cut short");
		rill_sha256_update(&g->hash, g->out, made);
		code = write_fully(g->to, g->path, g->out, made, error);
	}
	return code;
}

static enum rill_code inflate_all(struct gunzip *g, struct rill_error *error)
{
	enum rill_code code = RILL_OK;
	bool more = true;

	for (bool first = true; code == RILL_OK && more; first = false) {
		code = inflate_member(g, first, &more, error);
		inflateReset(&g->z);
	}
	return code;
}

enum rill_code gunzip(int from, int to, const char *path, uint8_t *sha256, struct rill_error *error)
{
	struct gunzip *g = calloc(1, sizeof *g);
	enum rill_code code;

	if (!g)
		return rill_fail(error, RILL_MEMORY, "no memory to decompress");
	g->from = from;
	g->to = to;
	g->path = path;
	rill_sha256_start(&g->hash);
	if (inflateInit2(&g->z, 15 + 16) == Z_OK)
		code = inflate_all(g, error);
	else
		code = rill_fail(error, RILL_MEMORY, "no memory to decompress");
	rill_sha256_finish(&g->hash, sha256);
	inflateEnd(&g->z);
	free(g);
	return code;
}
