/* SPDX-License-Identifier: Apache-2.0
 *
 * Deflate streams (RFC 1951) made again, bit for bit, from their plain bytes. The format
 * leaves the compressor free where to match, where to end blocks and how to build trees,
 * but a compressor is deterministic: a recipe of 1 to 6 bytes says which one it was and how
 * it was set, host/deflate_find.h finds the recipe of a stream that is there.
 *
 * Known are zlib at all its settings; pigz, which is zlib block by block; GNU gzip and
 * Info-ZIP's zip, whose own deflate made most gzip files of Linux distributions and most zip files;
 * and streams of stored blocks. Only the raw deflate stream is meant: headers and trailers
 * of gzip (RFC 1952), zlib (RFC 1950) and zip are plain bytes to the caller.
 *
 * What it guarantees: the same bytes on every machine, however the plain bytes are cut into
 * pieces; RILL_DEFLATE_MEMORY bytes are allocated in rill_deflate_new(), nothing later; any
 * recipe that was parsed and any plain bytes are safe.
 *
 * What it does not: the kinds ZLIB and PIGZ are made by the libz that is linked. Streams of
 * all versions of zlib met so far come back with 1.2.13; its replacements (zlib-ng) decide
 * otherwise, and are refused by the name in their version. The caller checks the result
 * by its hash.
 */
#ifndef RILL_DEFLATE_RECIPE_H
#define RILL_DEFLATE_RECIPE_H

#include "protocol/bytes.h"
#include "protocol/error.h"

/* Bytes that one re-creation needs, and the longest coded recipe. */
#define RILL_DEFLATE_MEMORY (400u << 10)
#define RILL_DEFLATE_RECIPE_MAX 8

enum rill_deflate_kind {
	RILL_DEFLATE_STORED,
	RILL_DEFLATE_ZLIB,
	RILL_DEFLATE_PIGZ,
	RILL_DEFLATE_GZIP, /* GNU gzip 1.2.4 to 1.13 */
	RILL_DEFLATE_ZIP, /* Info-ZIP zip 2 and 3 */
	RILL_DEFLATE_KINDS
};

/* A field that the kind does not name is 0. */
struct rill_deflate_recipe {
	enum rill_deflate_kind kind;
	/* 1 to 9. All but STORED. */
	uint8_t level;
	/* ZLIB: memLevel 1 to 9, windowBits 9 to 15. */
	uint8_t memory, window;
	/* ZLIB, PIGZ: zlib's strategy, 0 to 4. */
	uint8_t strategy;
	/* STORED: an empty last block follows. PIGZ: --independent. */
	bool separate;
	/* PIGZ: one stream of zlib's with the ends of blocks in it, as with --processes 1. */
	bool joined;
	/* Plain bytes in a block. STORED: 1 to 65535. PIGZ: 32768 to 2^30; zlib starts afresh
	 * there, with the 32 KiB before as dictionary unless `separate`. */
	uint32_t block;
};

/* Writes the recipe, which must be one that can be parsed. */
void rill_deflate_recipe_put(const struct rill_deflate_recipe *recipe, struct rill_writer *writer);

/* Reads a recipe. RILL_CORRUPT: cut short, or a field out of range. RILL_UNSUPPORTED: a kind
 * that this build does not know. */
enum rill_code rill_deflate_recipe_parse(struct rill_deflate_recipe *recipe,
					 struct rill_reader *reader, struct rill_error *error);

/* Takes the deflate stream in pieces. What is not RILL_OK ends the re-creation, and is returned by
 * the call that was under way. */
struct rill_deflate_sink {
	void *context;
	enum rill_code (*write)(void *context, const uint8_t *bytes, size_t n,
				struct rill_error *error);
};

struct rill_deflate;

/* Begins a stream. RILL_MEMORY: no memory. RILL_UNSUPPORTED: libz is not zlib, or
 * refuses the recipe. */
enum rill_code rill_deflate_new(struct rill_deflate **deflate,
				const struct rill_deflate_recipe *recipe,
				struct rill_deflate_sink sink, struct rill_error *error);

/* Takes the next `n` plain bytes. After a failure only rill_deflate_free() is allowed. */
enum rill_code rill_deflate_feed(struct rill_deflate *deflate, const uint8_t *bytes, size_t n,
				 struct rill_error *error);

/* Ends the stream: writes what is left of it. */
enum rill_code rill_deflate_finish(struct rill_deflate *deflate, struct rill_error *error);

/* Takes NULL too. */
void rill_deflate_free(struct rill_deflate *deflate);

#endif
