/* SPDX-License-Identifier: Apache-2.0
 *
 * References in arm64 code (Arm Architecture Reference Manual, C4.1 "A64 instruction set
 * encoding"). An address that takes two instructions, ADRP and an ADD, load or store that
 * adds the low 12 bits, is put together, so that both halves are predicted from all of it.
 */
#include "protocol/reference.h"

#define PAIR_DISTANCE 16 /* instructions from an ADRP to the one that completes it */
#define PAGE_MASK UINT64_C(0xfff)

struct pages {
	uint64_t page[32];
	uint64_t place[32]; /* base offset of the ADRP; 0: none */
};

static bool is_adrp(uint32_t word)
{
	return (word & 0x9f000000u) == 0x90000000u;
}

static bool is_add_low(uint32_t word)
{
	return (word & 0xffc00000u) == 0x91000000u;
}

static bool is_memory_low(uint32_t word)
{
	return (word & 0x3b000000u) == 0x39000000u;
}

static unsigned memory_scale(uint32_t word)
{
	if ((word & 0x04800000u) == 0x04800000u && word >> 30 == 0)
		return 4; /* 128-bit SIMD */
	return word >> 30;
}

static uint64_t adr_offset(uint32_t word)
{
	return rill_sign_extend((word >> 5 & 0x7ffff) << 2 | (word >> 29 & 3), 21);
}

static uint32_t put_adr_offset(uint32_t word, uint64_t value)
{
	return (word & 0x9f00001fu) | (uint32_t)(value & 3) << 29 |
	       (uint32_t)(value >> 2 & 0x7ffff) << 5;
}

static bool fits(uint64_t value, unsigned bits)
{
	return rill_sign_extend(value, bits) == value;
}

/* Moves where a BL or an ADRP leads, modulo what its field can hold. */
static uint32_t move_target(uint32_t word, uint64_t words, uint64_t pages)
{
	if (word >> 26 == 0x25)
		return (word & 0xfc000000u) | (uint32_t)((word + words) & 0x3ffffff);
	return is_adrp(word) ? put_adr_offset(word, adr_offset(word) + pages) : word;
}

uint32_t rill_a64_absolute(uint32_t word, uint64_t place)
{
	return move_target(word, place >> 2, place >> 12);
}

uint32_t rill_a64_relative(uint32_t word, uint64_t place)
{
	return move_target(word, 0 - (place >> 2), 0 - (place >> 12));
}

uint32_t rill_a64_put(enum rill_kind kind, uint32_t word, uint64_t place, uint64_t target)
{
	uint64_t distance = target - place;
	uint64_t words = rill_sign_extend(distance >> 2, 62);
	uint64_t pages = rill_sign_extend((target >> 12) - (place >> 12), 52);
	unsigned scale;

	switch (kind) {
	case RILL_KIND_A64_BRANCH:
		if (distance % 4 == 0 && fits(words, 26))
			return (word & 0xfc000000u) | (uint32_t)(words & 0x3ffffff);
		break;
	case RILL_KIND_A64_CONDITION:
	case RILL_KIND_A64_LITERAL:
		if (distance % 4 == 0 && fits(words, 19))
			return (word & 0xff00001fu) | (uint32_t)(words & 0x7ffff) << 5;
		break;
	case RILL_KIND_A64_TEST:
		if (distance % 4 == 0 && fits(words, 14))
			return (word & 0xfff8001fu) | (uint32_t)(words & 0x3fff) << 5;
		break;
	case RILL_KIND_A64_NEAR:
		if (fits(distance, 21))
			return put_adr_offset(word, distance);
		break;
	case RILL_KIND_A64_PAGE:
		if (fits(pages, 21))
			return put_adr_offset(word, pages);
		break;
	case RILL_KIND_A64_LOW_ADD:
		return (word & 0xffc003ffu) | (uint32_t)(target & PAGE_MASK) << 10;
	case RILL_KIND_A64_LOW_MEMORY:
		scale = memory_scale(word);
		if ((target & ((1u << scale) - 1)) == 0)
			return (word & 0xffc003ffu) | (uint32_t)((target & PAGE_MASK) >> scale)
							      << 10;
		break;
	default: break;
	}
	return word;
}

/* The kind by the instruction alone; the LOW_ kinds only make sense behind an ADRP. */
static enum rill_kind kind_of(uint32_t word)
{
	switch (word >> 24 & 0x1f) {
	case 0x14:
	case 0x15:
	case 0x16:
	case 0x17:
		if ((word & 0x7c000000u) == 0x14000000u)
			return RILL_KIND_A64_BRANCH;
		if ((word & 0xff000010u) == 0x54000000u || (word & 0x7e000000u) == 0x34000000u)
			return RILL_KIND_A64_CONDITION;
		if ((word & 0x7e000000u) == 0x36000000u)
			return RILL_KIND_A64_TEST;
		break;
	case 0x18:
	case 0x1c:
		if ((word & 0x3b000000u) == 0x18000000u)
			return RILL_KIND_A64_LITERAL;
		break;
	case 0x10:
		if (is_adrp(word))
			return RILL_KIND_A64_PAGE;
		if ((word & 0x9f000000u) == 0x10000000u)
			return RILL_KIND_A64_NEAR;
		break;
	case 0x11:
		if (is_add_low(word))
			return RILL_KIND_A64_LOW_ADD;
		break;
	case 0x19:
	case 0x1d:
		if (is_memory_low(word))
			return RILL_KIND_A64_LOW_MEMORY;
		break;
	default: break;
	}
	return RILL_KIND_A64;
}

bool rill_a64_get(enum rill_kind kind, uint32_t word, uint64_t place, uint64_t *target)
{
	if (kind_of(word) != kind)
		return false;
	switch (kind) {
	case RILL_KIND_A64_BRANCH: *target = place + rill_sign_extend(word, 26) * 4; return true;
	case RILL_KIND_A64_CONDITION:
	case RILL_KIND_A64_LITERAL:
		*target = place + rill_sign_extend(word >> 5, 19) * 4;
		return true;
	case RILL_KIND_A64_TEST: *target = place + rill_sign_extend(word >> 5, 14) * 4; return true;
	case RILL_KIND_A64_NEAR: *target = place + adr_offset(word); return true;
	case RILL_KIND_A64_PAGE:
		*target = (place & ~PAGE_MASK) + adr_offset(word) * 4096;
		return true;
	case RILL_KIND_A64_LOW_ADD: *target = word >> 10 & PAGE_MASK; return true;
	case RILL_KIND_A64_LOW_MEMORY:
		*target = (word >> 10 & PAGE_MASK) << memory_scale(word);
		return true;
	default: return false;
	}
}

/* Instructions that write the register in their lowest five bits: not stores, not branches. */
static bool writes_low_register(uint32_t word)
{
	if ((word & 0x1c000000u) == 0x14000000u)
		return false; /* branches and system */
	if ((word & 0x0a000000u) == 0x08000000u) /* loads and stores */
		return (word & 0x04000000u) == 0 && (word & 0x3b000000u) != 0x29000000u &&
		       (word & 0x00c00000u) != 0;
	if ((word & 0x0e000000u) == 0x0e000000u)
		return false; /* floating point and SIMD */
	return true;
}

/* Looks ahead in the old code for the instruction that completes an ADRP, and gives the
 * whole target; the page alone when there is none. */
static uint64_t complete(const struct rill_window *window, uint64_t at, uint32_t adrp,
			 uint64_t page)
{
	uint32_t reg = adrp & 31;

	for (unsigned i = 1; i <= PAIR_DISTANCE && at + 4 * i + 4 <= window->to; i++) {
		uint32_t word = rill_load32(window->bytes + (at + 4 * i - window->from));

		if ((word >> 5 & 31) == reg && is_add_low(word))
			return page + (word >> 10 & PAGE_MASK);
		if ((word >> 5 & 31) == reg && is_memory_low(word))
			return page + ((word >> 10 & PAGE_MASK) << memory_scale(word));
		if ((word & 31) == reg && writes_low_register(word))
			break;
	}
	return page;
}

/* What one instruction holds, keeping track of which registers hold a page. */
static void read_word(const struct rill_window *window, struct pages *pages, uint64_t at,
		      uint32_t word, struct rill_unit *unit)
{
	uint64_t place = window->address + (at - window->from), target = 0;
	enum rill_kind kind = kind_of(word);
	uint32_t base = word >> 5 & 31, low = word & 31;
	bool paired = pages->place[base] && at - pages->place[base] <= 4 * PAIR_DISTANCE;

	switch (kind) {
	case RILL_KIND_A64_LOW_ADD:
	case RILL_KIND_A64_LOW_MEMORY:
		if (paired) {
			rill_a64_get(kind, word, place, &target);
			target += pages->page[base];
		} else {
			kind = RILL_KIND_A64;
		}
		if (writes_low_register(word))
			pages->place[low] = 0;
		break;
	case RILL_KIND_A64_PAGE:
		rill_a64_get(kind, word, place, &target);
		if (target + PAGE_MASK < window->image->low || target >= window->image->high) {
			kind = RILL_KIND_A64;
			pages->place[low] = 0;
			break;
		}
		pages->page[low] = target;
		pages->place[low] = at;
		target = complete(window, at, word, target);
		break;
	case RILL_KIND_A64:
		if (writes_low_register(word))
			pages->place[low] = 0;
		break;
	default: rill_a64_get(kind, word, place, &target); break;
	}
	unit->kind = (uint8_t)kind;
	unit->target = target;
}

size_t rill_read_a64(const struct rill_window *window, struct rill_unit *unit)
{
	uint64_t phase = window->region->start & 3;
	struct pages pages = {0};
	size_t count = 0;

	/* The instructions before the piece say which registers hold a page. */
	for (uint64_t at = window->from + ((phase - window->from) & 3);
	     at < window->start && at + 4 <= window->to && window->addressed; at += 4) {
		struct rill_unit ignored;

		read_word(window, &pages, at, rill_load32(window->bytes + (at - window->from)),
			  &ignored);
	}
	for (uint64_t place = window->start; place < window->end;) {
		struct rill_unit *u = &unit[count];
		unsigned length = 4 - (unsigned)((place - phase) & 3);

		if (place - window->start >= RILL_PIECE)
			break;
		*u = (struct rill_unit){.at = (uint16_t)(place - window->start),
					.kind = RILL_KIND_A64};
		if (length > window->end - place)
			length = (unsigned)(window->end - place);
		if (length == 4 && window->addressed)
			read_word(window, &pages, place,
				  rill_load32(window->bytes + (place - window->from)), u);
		u->length = (uint8_t)length;
		place += length;
		count++;
	}
	return count;
}
