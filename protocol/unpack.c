/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/unpack.h"

#include <string.h>

static enum rill_code corrupt(const struct rill_unpack *unpack, const char *what,
			      struct rill_error *error)
{
	return rill_fail(error, RILL_CORRUPT, "%s section, offset %llu: %s",
			 unpack->section.kind == RILL_SECTION_COPIES ? "copies" : "data",
			 (unsigned long long)unpack->coded, what);
}

enum rill_code rill_unpack_start(struct rill_unpack *unpack, const struct rill_section *section,
				 struct rill_error *error)
{
	memset(unpack, 0, sizeof *unpack);
	unpack->section = *section;
	if (section->codec == RILL_CODEC_ZLIB && inflateInit(&unpack->zlib) != Z_OK)
		return rill_fail(error, RILL_MEMORY, "no memory for zlib");
	return RILL_OK;
}

/* zlib's part: `*taken` and `*made` are limits at first, then what it did. */
static enum rill_code inflate_some(struct rill_unpack *unpack, const uint8_t *in, size_t *taken,
				   uint8_t *out, size_t *made, struct rill_error *error)
{
	z_stream *z = &unpack->zlib;
	int result;

	z->next_in = (uint8_t *)(uintptr_t)in;
	z->avail_in = (uInt)*taken;
	z->next_out = out;
	z->avail_out = (uInt)*made;
	result = inflate(z, Z_NO_FLUSH);
	*taken -= z->avail_in;
	*made -= z->avail_out;
	if (result == Z_MEM_ERROR)
		return rill_fail(error, RILL_MEMORY, "no memory for zlib");
	if (result == Z_STREAM_END) {
		if (unpack->coded + *taken != unpack->section.coded_length)
			return corrupt(unpack, "it ends before its coded length", error);
		unpack->ended = true;
	} else if (result != Z_OK && result != Z_BUF_ERROR) {
		return corrupt(unpack, "not a zlib stream", error);
	}
	return RILL_OK;
}

enum rill_code rill_unpack(struct rill_unpack *unpack, struct rill_reader *in, uint8_t *out,
			   size_t capacity, size_t *produced, struct rill_error *error)
{
	uint64_t coded_left = unpack->section.coded_length - unpack->coded;
	size_t taken = rill_reader_left(in), made = capacity;
	enum rill_code code = RILL_OK;

	if (taken > coded_left)
		taken = (size_t)coded_left;
	if (unpack->section.codec == RILL_CODEC_ZLIB) {
		code = inflate_some(unpack, in->at, &taken, out, &made, error);
	} else {
		if (taken > made)
			taken = made;
		if (taken)
			memcpy(out, in->at, taken);
		made = taken;
	}
	in->at += taken;
	unpack->coded += taken;
	unpack->raw += made;
	*produced = made;
	if (code == RILL_OK && unpack->raw > unpack->section.raw_length)
		code = corrupt(unpack, "more than its raw length", error);
	return code;
}

enum rill_code rill_unpack_finish(const struct rill_unpack *unpack, struct rill_error *error)
{
	if (unpack->raw != unpack->section.raw_length ||
	    (unpack->section.codec == RILL_CODEC_ZLIB && !unpack->ended))
		return corrupt(unpack, "it is cut off", error);
	return RILL_OK;
}

void rill_unpack_end(struct rill_unpack *unpack)
{
	if (unpack->section.codec == RILL_CODEC_ZLIB)
		inflateEnd(&unpack->zlib);
}
