/* SPDX-License-Identifier: Apache-2.0
 *
 * The layout table: what the encoder knows about executables inside sources and output, so that
 * the decoder needs no parser of their formats. It lists images; for each the segments of
 * its old file (in the sources) and of its new one (in the output), which give addresses to
 * bytes, and the regions of the old file whose bytes hold references of one class.
 *
 * Nothing in it is trusted: a wrong table makes wrong predictions, which cost bytes.
 *
 * It is coded as a list of entries, each a tag and its numbers
 * (number_model.h), most of them as differences from the entry before or from the old
 * segment of the same rank. An image comes before what belongs to it. Regions are in
 * the order of the sources and do not overlap.
 */
#ifndef RILL_LAYOUT_H
#define RILL_LAYOUT_H

#include "protocol/error.h"
#include "protocol/number_model.h"

#define RILL_LAYOUT_MAX 65536
/* Of one file. They are searched one by one. */
#define RILL_SEGMENTS_MAX 24

enum rill_region_class {
	RILL_REGION_PLAIN,
	RILL_REGION_A64, /* arm64 instructions */
	RILL_REGION_X64, /* x86-64 instructions */
	RILL_REGION_POINTERS, /* 8-byte addresses, aligned, among other things */
	RILL_REGION_FRAMES, /* .eh_frame */
	RILL_REGION_TABLE, /* 4-byte distances from an address: the origin */
	RILL_REGION_SYMBOLS, /* ELF64 symbols; origin: offset of their string table */
	RILL_REGION_OFFSETS, /* 4-byte distances from the table they stand in */
	RILL_REGION_RELOCATIONS, /* ELF64 RELA; origin: offset of their symbols */
	RILL_REGION_HASH, /* .gnu.hash; origin: offset of its symbols */
	RILL_REGION_GO_FUNCTIONS, /* Go's functab and what it leads to; origins: predict_go.c */
	RILL_REGION_GO_FUNCDATA, /* inline trees; origin: offset of the functions' names */
	RILL_REGION_GO_TYPES, /* origins: addresses of types and text, offset of the types */
	RILL_REGION_CLASSES
};

struct rill_segment {
	uint64_t offset; /* in the sources, or in the output */
	uint64_t address, file_size, memory_size;
};

struct rill_image {
	uint32_t old_segment, old_count, new_segment, new_count; /* in rill_layout.segment */
	uint64_t low, high; /* addresses of the old file */
};

/* What distances in a region count from, in the old file and in the new one: an address, or
 * an offset in base and output, as the class says. */
struct rill_origin {
	uint64_t old, new;
};

#define RILL_ORIGINS_MAX 6

struct rill_region {
	uint64_t start, length; /* in the sources */
	struct rill_origin origin[RILL_ORIGINS_MAX];
	uint32_t image;
	enum rill_region_class class;
};

struct rill_layout {
	struct rill_image *image;
	struct rill_segment *segment;
	struct rill_region *region;
	size_t image_count, segment_count, region_count;
};

/* How many origins a class has. */
unsigned rill_region_origins(enum rill_region_class class);

/* What rill_layout_code() allocates for `entries` entries. */
uint64_t rill_layout_memory(uint64_t entries);
enum rill_code rill_layout_new(struct rill_layout *layout, uint64_t entries,
			       struct rill_error *error);
void rill_layout_free(struct rill_layout *layout);
/* Empties it; the room stays. */
void rill_layout_clear(struct rill_layout *layout);

/* The number of entries. */
uint64_t rill_layout_entries(const struct rill_layout *layout);

/* Codes the whole table in steps, one entry each, so that a decoder can wait for more code:
 * call it `entries` times with a zeroed cursor. RILL_CORRUPT: an entry outside an image or
 * regions out of order. */
struct rill_layout_cursor {
	size_t image, segment, region; /* begun so far */
	uint64_t end; /* of the last region */
	uint32_t tag;
	int64_t moved, moved_address; /* of the last new segment */
};
enum rill_code rill_layout_code(struct rill_layout *layout, struct rill_layout_cursor *cursor,
				struct rill_number_model *numbers,
				const struct rill_bit_tables *tables, struct rill_coder *coder,
				uint64_t sources_length, struct rill_error *error);

/* Must be called once when all entries are there. */
void rill_layout_finish(struct rill_layout *layout);

/* The region that holds an offset in the sources, or the next one behind it; NULL when there
 * is none. */
const struct rill_region *rill_layout_region(const struct rill_layout *layout, uint64_t offset);

/* The address of byte `offset` by the given segments; false when no segment loads it. */
bool rill_segment_address(const struct rill_segment *segment, uint32_t count, uint64_t offset,
			  uint64_t *address);
/* The segment that holds an address, its zero-filled tail included; NULL when none does. */
const struct rill_segment *rill_segment_at(const struct rill_segment *segment, uint32_t count,
					   uint64_t address);

#endif
