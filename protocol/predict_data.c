/* SPDX-License-Identifier: Apache-2.0
 *
 * References in data: addresses (System V ABI: relocations, GOT, initialiser arrays,
 * symbols), .eh_frame and .eh_frame_hdr (Linux Standard Base Core, "Exception Frames"), and
 * tables of distances as compilers make them for switches. Every unit is read from the bytes
 * around it alone, so that a copy may begin anywhere.
 */
#include "protocol/reference.h"

#define LEAST_ADDRESS 0x1000u
#define FRAME_LENGTH_MAX 65536u

/* The 4 bytes at a base offset, or 0 outside the window. */
static uint32_t look32(const struct rill_window *window, uint64_t offset)
{
	if (!rill_window_has(window, offset, 4))
		return 0;
	return rill_load32(window->bytes + (offset - window->from));
}

static uint64_t look64(const struct rill_window *window, uint64_t offset)
{
	return look32(window, offset) | (uint64_t)look32(window, offset + 4) << 32;
}

static bool in_image(const struct rill_window *window, uint64_t address)
{
	return address >= LEAST_ADDRESS && address >= window->image->low &&
	       address < window->image->high;
}

static void read_pointer(const struct rill_window *window, uint64_t place, struct rill_unit *unit)
{
	uint64_t value;

	unit->kind = RILL_KIND_HALF;
	if ((place - window->region->start) % 8 != 0 || place + 8 > window->end)
		return;
	value = look64(window, place);
	if (!in_image(window, value))
		return;
	unit->kind = RILL_KIND_POINTER;
	unit->length = 8;
	unit->target = value;
}

/* Whether an FDE begins at `place`: a sane length, and a distance back to what begins as a
 * CIE does. That one is mostly out of the window. */
static bool is_fde(const struct rill_window *window, uint64_t place, uint64_t *cie)
{
	uint32_t length = look32(window, place), back = look32(window, place + 4);
	struct rill_error ignored;
	uint8_t bytes[8];

	if (place < window->from || length < 12 || length % 4 != 0 || length > FRAME_LENGTH_MAX ||
	    back == 0 || back % 4 != 0 || back > place + 4 - window->region->start)
		return false;
	*cie = place + 4 - back;
	if (rill_window_has(window, *cie, 8))
		return look32(window, *cie + 4) == 0;
	if (window->source->read(window->source->context, *cie, bytes, sizeof bytes, &ignored) !=
	    RILL_OK)
		return false;
	length = rill_load32(bytes);
	return rill_load32(bytes + 4) == 0 && length >= 8 && length < 256 && length % 4 == 0;
}

/* An FDE's pointer to its language-specific data comes after a length of one byte, which is
 * 4 then: it does not stand at a multiple of four. */
static bool read_handler(const struct rill_window *window, uint64_t place, struct rill_unit *unit)
{
	uint64_t cie, phase = (place - window->region->start) & 3, length_at = place - phase;
	const uint8_t *byte = window->bytes + (length_at - window->from);

	if (phase > 1 || length_at < window->from + 16 || place + 4 > window->end || *byte != 4 ||
	    !is_fde(window, length_at - 16, &cie))
		return false;
	unit->length = phase == 0 ? 1 : 4;
	if (phase == 0)
		return true;
	unit->kind = RILL_KIND_RELATIVE;
	unit->target = window->address + (place - window->from) +
		       rill_sign_extend(look32(window, place), 32);
	return true;
}

static void read_frame(const struct rill_window *window, uint64_t place, struct rill_unit *unit)
{
	uint64_t cie, here = window->address + (place - window->from);

	unit->kind = RILL_KIND_FRAME;
	if (!window->addressed || read_handler(window, place, unit) || unit->length != 4)
		return;
	if (is_fde(window, place - 4, &cie)) {
		unit->kind = RILL_KIND_BACK;
		unit->target = cie;
	} else if (is_fde(window, place - 8, &cie)) {
		unit->kind = RILL_KIND_RELATIVE;
		unit->target = here + rill_sign_extend(look32(window, place), 32);
	} else if (is_fde(window, place - 12, &cie)) {
		unit->kind = RILL_KIND_RANGE;
		unit->target = here - 4 + rill_sign_extend(look32(window, place - 4), 32) +
			       look32(window, place);
	}
}

static void read_table(const struct rill_window *window, uint64_t place, struct rill_unit *unit)
{
	if (unit->length != 4)
		return;
	unit->kind = RILL_KIND_TABLE;
	unit->target = window->region->origin[0].old + rill_sign_extend(look32(window, place), 32);
}

static void set_symbol_index(const struct rill_window *window, uint64_t place,
			     struct rill_unit *unit)
{
	uint32_t index = look32(window, place);

	if (index == 0 || unit->length != 4)
		return;
	unit->kind = RILL_KIND_INDEX;
	unit->target = window->region->origin[0].old + (uint64_t)index * RILL_SYMBOL_SIZE;
}

/* Offset, type and symbol, addend. */
static void read_relocation(const struct rill_window *window, uint64_t place,
			    struct rill_unit *unit)
{
	switch ((place - window->region->start) % 24) {
	case 0:
	case 16: read_pointer(window, place, unit); break;
	case 12: set_symbol_index(window, place, unit); break;
	default: unit->kind = RILL_KIND_HALF; break;
	}
}

/* The buckets of .gnu.hash, which hold symbol numbers, come after its header of four words,
 * of which the third is the number of filter words. */
static void read_hash(const struct rill_window *window, uint64_t place, struct rill_unit *unit)
{
	uint64_t start = window->region->start;
	struct rill_error ignored;
	uint8_t header[16];
	uint32_t filters;

	unit->kind = RILL_KIND_HALF;
	if (window->region->length < sizeof header ||
	    window->source->read(window->source->context, start, header, sizeof header, &ignored) !=
		    RILL_OK)
		return;
	filters = rill_load32(header + 8);
	start += sizeof header + (uint64_t)filters * 8;
	if (place >= start && place - start < (uint64_t)rill_load32(header) * 4)
		set_symbol_index(window, place, unit);
}

static void read_symbol(const struct rill_window *window, uint64_t place, struct rill_unit *unit)
{
	uint64_t value = look64(window, place);

	switch ((place - window->region->start) % 24) {
	case 0:
		if (unit->length != 4)
			break;
		unit->kind = RILL_KIND_NAME;
		unit->target = window->region->origin[0].old + look32(window, place);
		break;
	case 8:
		if (place + 8 > window->end || !in_image(window, value))
			break;
		unit->kind = RILL_KIND_POINTER;
		unit->length = 8;
		unit->target = value;
		break;
	case 16:
		if (place + 8 > window->end || value == 0 || value > window->image->high)
			break;
		unit->kind = RILL_KIND_SIZE;
		unit->length = 8;
		unit->target = look64(window, place - 8) + value;
		break;
	default: break;
	}
}

/* An entry of a switch table is the distance of a label from the table's start; from the
 * entry itself it is a little less, which leads near the label and moves as it does. */
static void read_offset(const struct rill_window *window, uint64_t place, struct rill_unit *unit)
{
	uint32_t value = look32(window, place);
	uint64_t here = window->address + (place - window->from);

	if (unit->length != 4 || !window->addressed || value >> 31 == 0 || value > 0xffffff00u)
		return;
	if (here + rill_sign_extend(value, 32) < window->image->low)
		return;
	unit->kind = RILL_KIND_RELATIVE;
	unit->target = here + rill_sign_extend(value, 32);
}

size_t rill_read_data(const struct rill_window *window, struct rill_unit *unit)
{
	size_t count = 0;

	for (uint64_t place = window->start; place < window->end;) {
		struct rill_unit *u = &unit[count];
		unsigned length = 4 - (unsigned)((place - window->region->start) & 3);

		if (place - window->start >= RILL_PIECE)
			break;
		if (length > window->end - place)
			length = (unsigned)(window->end - place);
		*u = (struct rill_unit){.at = (uint16_t)(place - window->start),
					.length = (uint8_t)length};
		switch (window->region->class) {
		case RILL_REGION_POINTERS: read_pointer(window, place, u); break;
		case RILL_REGION_FRAMES: read_frame(window, place, u); break;
		case RILL_REGION_TABLE: read_table(window, place, u); break;
		case RILL_REGION_SYMBOLS: read_symbol(window, place, u); break;
		case RILL_REGION_RELOCATIONS: read_relocation(window, place, u); break;
		case RILL_REGION_HASH: read_hash(window, place, u); break;
		case RILL_REGION_OFFSETS: read_offset(window, place, u); break;
		default: break;
		}
		place += u->length;
		count++;
	}
	return count;
}

size_t rill_read_units(const struct rill_window *window, struct rill_unit *unit)
{
	switch (window->region->class) {
	case RILL_REGION_A64: return rill_read_a64(window, unit);
	case RILL_REGION_X64: return rill_read_x64(window, unit);
	case RILL_REGION_GO_FUNCTIONS: return rill_read_go(window, unit);
	case RILL_REGION_GO_FUNCDATA:
	case RILL_REGION_GO_TYPES: return rill_read_go_data(window, unit);
	default: return rill_read_data(window, unit);
	}
}
