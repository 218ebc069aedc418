/* SPDX-License-Identifier: Apache-2.0
 *
 * The decoder of deltas: the only one, for the agent and for `mkdelta patch`. It takes
 * the body as it arrives, in pieces of any size, and writes the outputs in one forward
 * pass; reads at random go to the base and to output already written.
 *
 * What it guarantees, for any bytes: it returns success or one error; it takes no more than
 * rill_decoder_memory() bytes, which the caller's budget bounds, all in rill_decoder_new()
 * but for what makes deflate streams again (deflate_recipe.h); it never reads outside the objects
 * that the header names; no byte of the body is looked at before the hash of its 64 KiB chunk
 * was found right; after success every output has the length and the SHA-256 of the header.
 *
 * What it does not: it does not hash the base (the caller does, before use: with another
 * base the outputs' hashes are wrong at the end, no more), nor the header.
 *
 * The body (delta_body.h) is decoded as far as the code at hand goes, but for RILL_BODY_STEP
 * bytes that wait for more.
 */
#ifndef RILL_DELTA_DECODER_H
#define RILL_DELTA_DECODER_H

#include "protocol/delta_header.h"

/* The caller's storage. Objects are numbered as in the header: bases, then outputs.
 * Both functions move exactly `n` bytes or fail with a code of their own; reads lie
 * within an object, and in an output only where it was written; writes come in order,
 * output by output, without gaps. `n` is at most 32 KiB. */
struct rill_decoder_io {
	void *context;
	enum rill_code (*read)(void *context, size_t object, uint64_t offset, uint8_t *bytes,
			       size_t n, struct rill_error *error);
	enum rill_code (*write)(void *context, size_t object, const uint8_t *bytes, size_t n,
				struct rill_error *error);
};

struct rill_decoder;

/* Bytes that the decoder will need, the parsed header and its chunk hashes included. */
uint64_t rill_decoder_memory(const struct rill_delta_header *header);

/* RILL_MEMORY: that is more than `budget`. */
enum rill_code rill_decoder_check_memory(const struct rill_delta_header *header, uint64_t budget,
					 struct rill_error *error);

/* Makes a decoder. `header` must outlive it. RILL_MEMORY: the header asks for more than
 * `budget` bytes. */
enum rill_code rill_decoder_new(struct rill_decoder **decoder,
				const struct rill_delta_header *header, uint64_t budget,
				struct rill_decoder_io io, struct rill_error *error);

/* Has `watch` called before each step of the body (delta_body.h), with the offset in the body of
 * the next byte of code, or that of its end. */
struct rill_body;
void rill_decoder_watch(struct rill_decoder *decoder,
			void (*watch)(void *context, struct rill_body *body, uint64_t offset),
			void *context);

/* Takes the next `n` bytes of the body. RILL_CORRUPT names chunk or offset;
 * otherwise what the caller's functions return. After a failure only rill_decoder_free()
 * is allowed. */
enum rill_code rill_decoder_feed(struct rill_decoder *decoder, const uint8_t *bytes, size_t n,
				 struct rill_error *error);

/* Bytes of output written so far, for progress. */
uint64_t rill_decoder_written(const struct rill_decoder *decoder);

/* RILL_OK when the body was complete and every output is right. */
enum rill_code rill_decoder_finish(struct rill_decoder *decoder, struct rill_error *error);

/* Takes NULL too. */
void rill_decoder_free(struct rill_decoder *decoder);

#endif
