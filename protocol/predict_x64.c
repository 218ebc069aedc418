/* SPDX-License-Identifier: Apache-2.0
 *
 * References in x86-64 code (Intel 64 and IA-32 Architectures Software Developer's Manual,
 * volume 2, chapter 2 and appendix A): the length of an instruction by table, then its
 * rel32 or RIP-relative disp32. A piece may begin anywhere: reading begins some bytes before
 * it, and x86 code falls into step by itself within a few instructions.
 */
#include "protocol/reference.h"

/* What follows an opcode: . nothing, m ModRM, b imm8, w imm16, z imm32 (imm16 with prefix
 * 66), v imm64 with REX.W else z, o 8-byte address, e imm16 and imm8, B ModRM and imm8,
 * Z ModRM and z, f ModRM and for two of its groups imm8, F the same with z, R rel32,
 * i invalid. Prefixes and escapes are handled before the look-up. */
static const char one_byte[] = "mmmmbziimmmmbzii"
			       "mmmmbziimmmmbzii"
			       "mmmmbzpimmmmbzpi"
			       "mmmmbzpimmmmbzpi"
			       "iiiiiiiiiiiiiiii"
			       "................"
			       "iiimppppzZbB...."
			       "bbbbbbbbbbbbbbbb"
			       "BZiBmmmmmmmmmmmm"
			       "..........i....."
			       "oooo....bz......"
			       "bbbbbbbbvvvvvvvv"
			       "BBw.iiBZe.w..bi."
			       "mmmmiii.mmmmmmmm"
			       "bbbbbbbbRRib...."
			       "pipp..fF......mm";

static const char two_bytes[] = "mmmmi.....i.im.B"
				"mmmmmmmmmmmmmmmm"
				"mmmmiiiimmmmmmmm"
				"......i.iiiiiiii"
				"mmmmmmmmmmmmmmmm"
				"mmmmmmmmmmmmmmmm"
				"mmmmmmmmmmmmmmmm"
				"BBBBmmm.mmmmmmmm"
				"RRRRRRRRRRRRRRRR"
				"mmmmmmmmmmmmmmmm"
				"...mBmii...mBmmm"
				"mmmmmmmmmmBmmmmm"
				"mmBmBBBm........"
				"mmmmmmmmmmmmmmmm"
				"mmmmmmmmmmmmmmmm"
				"mmmmmmmmmmmmmmmm";

_Static_assert(sizeof one_byte == 257 && sizeof two_bytes == 257, "an opcode is missing");

struct instruction {
	const uint8_t *bytes;
	size_t n, at;
	bool short_operand, wide;
	char form;
	unsigned field; /* offset of a reference, 0: none */
};

/* Past the end it reads zeros; the length is cut to what is there in the end. */
static uint8_t next(struct instruction *i)
{
	uint8_t byte = i->at < i->n ? i->bytes[i->at] : 0;

	i->at++;
	return byte;
}

static uint8_t skip_prefixes(struct instruction *i)
{
	uint8_t byte = next(i);

	while (one_byte[byte] == 'p' && i->at < 14) {
		if (byte == 0x66)
			i->short_operand = true;
		byte = next(i);
	}
	if (byte >> 4 == 4) {
		i->wide = byte & 8;
		byte = next(i);
	}
	return byte;
}

/* VEX and EVEX: the map is in the first payload byte, except with C5. */
static void read_vector(struct instruction *i, uint8_t escape)
{
	uint8_t first = next(i), opcode;
	unsigned map = escape == 0xc5 ? 1 : escape == 0xc4 ? first & 31 : first & 7;

	if (escape != 0xc5)
		i->at += escape == 0xc4 ? 1 : 2;
	opcode = next(i);
	i->form = 'm';
	if (map == 1 && opcode == 0x77)
		i->form = '.';
	else if (map == 3 || (map == 1 && two_bytes[opcode] == 'B'))
		i->form = 'B';
}

static void read_opcode(struct instruction *i)
{
	uint8_t opcode = skip_prefixes(i);

	if (opcode == 0xc4 || opcode == 0xc5 || opcode == 0x62) {
		read_vector(i, opcode);
		return;
	}
	i->form = one_byte[opcode];
	if (opcode != 0x0f)
		return;
	opcode = next(i);
	i->form = two_bytes[opcode];
	if (opcode == 0x38 || opcode == 0x3a) {
		next(i);
		i->form = opcode == 0x38 ? 'm' : 'B';
	}
}

static bool has_modrm(char form)
{
	return form == 'm' || form == 'B' || form == 'Z' || form == 'f' || form == 'F';
}

static void read_modrm(struct instruction *i)
{
	uint8_t modrm = next(i), mod = modrm >> 6, rm = modrm & 7;

	if ((i->form == 'f' || i->form == 'F') && (modrm >> 3 & 7) < 2)
		i->form = i->form == 'f' ? 'B' : 'Z';
	if (mod == 3)
		return;
	if (rm == 4 && (next(i) & 7) == 5 && mod == 0)
		i->at += 4;
	if (mod == 1)
		i->at += 1;
	if (mod == 2)
		i->at += 4;
	if (mod == 0 && rm == 5) {
		i->field = (unsigned)i->at;
		i->at += 4;
	}
}

static unsigned immediate_size(const struct instruction *i)
{
	switch (i->form) {
	case 'b':
	case 'B': return 1;
	case 'w': return 2;
	case 'e': return 3;
	case 'o': return 8;
	case 'R': return 4;
	case 'v': return i->wide ? 8 : i->short_operand ? 2 : 4;
	case 'z':
	case 'Z': return i->short_operand ? 2 : 4;
	default: return 0;
	}
}

bool rill_x64_complete(const uint8_t *bytes, size_t n)
{
	struct instruction i = {.bytes = bytes, .n = n};

	read_opcode(&i);
	if (i.form == 'i' || i.form == 'p')
		return true;
	if (has_modrm(i.form))
		read_modrm(&i);
	i.at += immediate_size(&i);
	return i.at <= n;
}

bool rill_x64_reference(const uint8_t *bytes, size_t n, unsigned *tail)
{
	struct instruction i = {.bytes = bytes, .n = n};

	*tail = 0;
	if (n == 0)
		return false;
	read_opcode(&i);
	if (i.form == 'R')
		return i.at == n && bytes[n - 1] == 0xe8;
	if (!has_modrm(i.form))
		return false;
	read_modrm(&i);
	*tail = immediate_size(&i);
	return i.field == n;
}

unsigned rill_x64_length(const uint8_t *bytes, size_t n, unsigned *field)
{
	struct instruction i = {.bytes = bytes, .n = n};

	*field = 0;
	read_opcode(&i);
	if (i.form == 'i' || i.form == 'p')
		return 1;
	if (has_modrm(i.form))
		read_modrm(&i);
	if (i.form == 'R')
		i.field = (unsigned)i.at;
	i.at += immediate_size(&i);
	if (i.at > n)
		return n < RILL_UNIT_MAX ? (unsigned)n : 1;
	if (i.at >= RILL_UNIT_MAX)
		return 1;
	*field = i.field;
	return (unsigned)i.at;
}

static size_t put_unit(const struct rill_window *window, struct rill_unit *unit, uint64_t start,
		       uint64_t end)
{
	if (start < window->start)
		start = window->start;
	if (end > window->end)
		end = window->end;
	if (start >= end)
		return 0;
	*unit = (struct rill_unit){.at = (uint16_t)(start - window->start),
				   .length = (uint8_t)(end - start),
				   .kind = RILL_KIND_X64};
	return 1;
}

/* The units of one instruction: what is before its reference, the reference, the rest. */
static size_t put_units(const struct rill_window *window, uint64_t at, unsigned length,
			unsigned field, struct rill_unit *unit)
{
	const uint8_t *bytes = window->bytes + (at - window->from);
	const struct rill_image *image = window->image;
	uint64_t target;
	size_t count;

	if (field == 0 || !window->addressed || at + field < window->start ||
	    at + field + 4 > window->end)
		return put_unit(window, unit, at, at + length);
	target = window->address + (at - window->from) + length +
		 rill_sign_extend(rill_load32(bytes + field), 32);
	if (target + 4096 < image->low || target > image->high + 4096)
		return put_unit(window, unit, at, at + length);
	count = put_unit(window, unit, at, at + field);
	unit += count;
	put_unit(window, unit, at + field, at + field + 4);
	unit->target = target;
	unit->tail = (uint8_t)(length - field - 4);
	unit->kind = bytes[field - 1] == 0xe8	      ? RILL_KIND_X64_CALL
		     : (bytes[field - 1] & 0xc7) == 5 ? RILL_KIND_X64_DATA
						      : RILL_KIND_X64_JUMP;
	return count + 1 + put_unit(window, unit + 1, at + field + 4, at + length);
}

size_t rill_read_x64(const struct rill_window *window, struct rill_unit *unit)
{
	uint64_t at = window->from;
	size_t count = 0;

	while (at < window->end && at < window->start + RILL_PIECE) {
		unsigned field;
		unsigned length = rill_x64_length(window->bytes + (at - window->from),
						  (size_t)(window->to - at), &field);

		if (at + length > window->start)
			count += put_units(window, at, length, field, unit + count);
		at += length;
	}
	return count;
}
