/* SPDX-License-Identifier: Apache-2.0
 *
 * References: fields of old code and data that hold an address, or a distance to one. A
 * reader of references (predict_a64.c, predict_x64.c, predict_data.c) divides a piece of
 * the base into units and says for each what it holds and where that leads, from the old
 * bytes alone. What a unit becomes in the output, predict.h computes.
 */
#ifndef RILL_REFERENCE_H
#define RILL_REFERENCE_H

#include "protocol/bytes.h"
#include "protocol/layout.h"

enum rill_kind {
	RILL_KIND_PLAIN, /* bytes without a reference */
	RILL_KIND_A64, /* an instruction without one */
	RILL_KIND_A64_BRANCH, /* B, BL: imm26 */
	RILL_KIND_A64_CONDITION, /* B.cond, CBZ, CBNZ: imm19 */
	RILL_KIND_A64_LITERAL, /* LDR literal: imm19 */
	RILL_KIND_A64_TEST, /* TBZ, TBNZ: imm14 */
	RILL_KIND_A64_NEAR, /* ADR: imm21 */
	RILL_KIND_A64_PAGE, /* ADRP: imm21, pages */
	RILL_KIND_A64_LOW_ADD, /* ADD that completes an ADRP */
	RILL_KIND_A64_LOW_MEMORY, /* LDR or STR that completes one: scaled */
	RILL_KIND_X64, /* an instruction or the part of it beside its reference */
	RILL_KIND_X64_CALL, /* rel32 of CALL */
	RILL_KIND_X64_JUMP, /* rel32 of JMP, Jcc */
	RILL_KIND_X64_DATA, /* disp32 relative to RIP */
	RILL_KIND_POINTER, /* 8-byte address */
	RILL_KIND_HALF, /* 4 bytes in a region of pointers */
	RILL_KIND_TABLE, /* 4-byte distance from the region's origin */
	RILL_KIND_RELATIVE, /* 4-byte distance from itself */
	RILL_KIND_RANGE, /* 4-byte length of what the reference before it begins */
	RILL_KIND_SIZE, /* the same in 8 bytes */
	RILL_KIND_BACK, /* 4-byte distance back within the file (FDE to CIE) */
	RILL_KIND_NAME, /* 4-byte offset in the region's string table */
	RILL_KIND_FRAME, /* other bytes of .eh_frame */
	RILL_KIND_INDEX, /* 4-byte number of a symbol in the region's table */
	RILL_KIND_INNER, /* 4-byte distance from an origin, within the file */
	RILL_KINDS
};

struct rill_unit {
	uint64_t target; /* old address, or old offset in the base for BACK, NAME, INNER */
	uint16_t at; /* from the start of the piece */
	uint8_t length; /* 1 to RILL_UNIT_MAX */
	uint8_t kind;
	/* x86-64: bytes of the instruction behind the field; TABLE, NAME, INNER: which origin */
	uint8_t tail;
};

#define RILL_UNIT_MAX 16
#define RILL_SYMBOL_SIZE 24u
/* A piece is this long, or up to RILL_UNIT_MAX longer to end with a unit. */
#define RILL_PIECE 2048u
#define RILL_UNITS_MAX (RILL_PIECE + RILL_UNIT_MAX)
/* What readers may look at around a piece, within its region. */
#define RILL_LOOK_BEHIND 128u
#define RILL_LOOK_AHEAD 96u
#define RILL_WINDOW (RILL_PIECE + RILL_UNIT_MAX + RILL_LOOK_BEHIND + RILL_LOOK_AHEAD)

/* Reads of the address space of sources. */
struct rill_source {
	void *context;
	enum rill_code (*read)(void *context, uint64_t offset, uint8_t *bytes, size_t n,
			       struct rill_error *error);
};

/* A piece of the base, all in one region, and what lies around it. */
struct rill_window {
	const uint8_t *bytes; /* of base offsets from .. to */
	uint64_t from, to;
	uint64_t start, end; /* the piece: units begin before start + RILL_PIECE */
	uint64_t address; /* of `from`, when `addressed` */
	bool addressed;
	const struct rill_region *region;
	const struct rill_image *image;
	const struct rill_source
		*source; /* for the rare look further away; fails outside the sources */
};

/* Whether the window has the `n` bytes of base offset `offset`, which may be any number. */
static inline bool rill_window_has(const struct rill_window *window, uint64_t offset, size_t n)
{
	return offset >= window->from && offset <= window->to && n <= window->to - offset;
}

/* Each fills `unit` and returns the number of units, which cover the piece from its start
 * without gaps, at most to window->end. */
size_t rill_read_a64(const struct rill_window *window, struct rill_unit *unit);
size_t rill_read_x64(const struct rill_window *window, struct rill_unit *unit);
size_t rill_read_data(const struct rill_window *window, struct rill_unit *unit);
size_t rill_read_go(const struct rill_window *window, struct rill_unit *unit);
size_t rill_read_go_data(const struct rill_window *window, struct rill_unit *unit);
/* Whichever the region's class asks for. */
size_t rill_read_units(const struct rill_window *window, struct rill_unit *unit);

/* Puts the field for `target` into an arm64 instruction at address `place`; returns it
 * unchanged when the target cannot be expressed. */
uint32_t rill_a64_put(enum rill_kind kind, uint32_t word, uint64_t place, uint64_t target);
/* What a field really leads to; false when the instruction is of another kind. A page for
 * PAGE, an offset in a page for LOW_*. */
bool rill_a64_get(enum rill_kind kind, uint32_t word, uint64_t place, uint64_t *target);

/* An arm64 instruction with its target as a distance from zero instead of from `place`, if it is a
 * BL or an ADRP: then it is the same wherever it stands. And back. */
uint32_t rill_a64_absolute(uint32_t word, uint64_t place);
uint32_t rill_a64_relative(uint32_t word, uint64_t place);

/* Length of the instruction at `bytes`, at most `n` (> 0); 1 where there is none. `*field` is
 * the offset of a 4-byte field relative to the instruction's end, or 0. */
unsigned rill_x64_length(const uint8_t *bytes, size_t n, unsigned *field);

/* Whether `n` bytes are a whole instruction, when what follows is not known. */
bool rill_x64_complete(const uint8_t *bytes, size_t n);
/* Whether the `n` bytes of an instruction are all of it before its 4-byte reference of a CALL or
 * relative to RIP; `*tail` is how many come behind that. */
bool rill_x64_reference(const uint8_t *bytes, size_t n, unsigned *tail);

/* The low `bits` of `value` as a signed number, in 64 bits modulo 2^64. */
static inline uint64_t rill_sign_extend(uint64_t value, unsigned bits)
{
	uint64_t sign = UINT64_C(1) << (bits - 1);

	value &= (sign << 1) - 1;
	return (value ^ sign) - sign;
}

#endif
