/* SPDX-License-Identifier: Apache-2.0
 *
 * References in Go's data: the names in inline trees (a record of 16 bytes: funcID, name,
 * parent's pc, start line), and in the type descriptors of package reflect, where a name's
 * offset is followed by a type's, and in lists of methods by those of two functions (the
 * runtime's type.go). What is a name is seen by looking where it leads.
 */
#include "protocol/reference.h"

#define NAME_LEAST 64u /* smaller numbers mostly are no names */
#define NAME_FLAGS 0x0fu

enum what { NOTHING, NAME, TYPE, FUNCTION };

static bool read_bytes(const struct rill_window *window, uint64_t offset, uint8_t *bytes, size_t n)
{
	struct rill_error ignored;

	if (rill_window_has(window, offset, n)) {
		for (size_t i = 0; i < n; i++)
			bytes[i] = window->bytes[offset - window->from + i];
		return true;
	}
	return window->source->read(window->source->context, offset, bytes, n, &ignored) == RILL_OK;
}

/* A name of a function begins behind the zero that ends the one before it. */
static bool is_function_name(const struct rill_window *window, uint32_t value)
{
	uint64_t names = window->region->origin[0].old;
	uint8_t bytes[2];

	return value >= NAME_LEAST && value < window->region->start - names &&
	       read_bytes(window, names + value - 1, bytes, 2) && bytes[0] == 0 && bytes[1] > 32;
}

/* A name of a type: flags, length, letters. */
static bool is_type_name(const struct rill_window *window, uint32_t value)
{
	const struct rill_region *region = window->region;
	uint64_t offset = region->origin[2].old + value;
	uint8_t bytes[3];

	return value >= NAME_LEAST && offset - region->start < region->length &&
	       region->length - (offset - region->start) >= 3 &&
	       read_bytes(window, offset, bytes, 3) && bytes[0] <= NAME_FLAGS && bytes[1] > 0 &&
	       bytes[1] < 0xf0 && bytes[2] > 32 && bytes[2] < 0xf0;
}

/* What a word of the types is, when the two before it are known. */
static enum what type_word(const struct rill_window *window, uint32_t value, enum what last,
			   enum what before)
{
	uint64_t types = window->region->origin[0].old;

	if (value % 16 == 0 && value > 0 && value < UINT32_MAX - 16) {
		if (last == NAME && types + value < window->image->high)
			return TYPE;
		if ((last == TYPE && before == NAME) || (last == FUNCTION && before == TYPE))
			return FUNCTION;
	}
	return is_type_name(window, value) ? NAME : NOTHING;
}

static void set(const struct rill_window *window, struct rill_unit *unit, enum what what,
		uint32_t value)
{
	unsigned origin = what == FUNCTION ? 1 : 0;

	if (what == NOTHING)
		return;
	unit->kind = RILL_KIND_TABLE;
	if (window->region->class == RILL_REGION_GO_FUNCDATA)
		unit->kind = RILL_KIND_INNER;
	unit->tail = (uint8_t)origin;
	unit->target = window->region->origin[origin].old + value;
}

/* An address takes two words: none of them is anything else. */
static bool is_pointer(const struct rill_window *window, uint64_t place, uint64_t *value)
{
	if (window->region->class != RILL_REGION_GO_TYPES || place % 8 != 0 ||
	    place + 8 > window->to)
		return false;
	*value = rill_load64(window->bytes + (place - window->from));
	return *value >= window->image->low && *value<window->image->high && * value> UINT16_MAX;
}

size_t rill_read_go_data(const struct rill_window *window, struct rill_unit *unit)
{
	uint64_t place = window->start - window->from > 16 ? window->start - 16 : window->from;
	enum what last = NOTHING, before = NOTHING;
	size_t count = 0;

	for (place += (window->start - place) & 3; place < window->end;) {
		unsigned length = 4 - (unsigned)(place & 3);
		struct rill_unit u = {.kind = RILL_KIND_HALF};
		enum what what = NOTHING;
		uint64_t pointer;

		if (place >= window->start + RILL_PIECE)
			break;
		if (length > window->end - place)
			length = (unsigned)(window->end - place);
		if (length == 4 && is_pointer(window, place, &pointer) &&
		    place + 8 <= window->end) {
			u.kind = RILL_KIND_POINTER;
			u.target = pointer;
			length = 8;
		} else if (length == 4) {
			uint32_t value = rill_load32(window->bytes + (place - window->from));

			if (window->region->class == RILL_REGION_GO_TYPES)
				what = type_word(window, value, last, before);
			else if (is_function_name(window, value))
				what = NAME;
			set(window, &u, what, value);
		}
		before = last;
		last = what;
		if (place >= window->start) {
			u.at = (uint16_t)(place - window->start);
			u.length = (uint8_t)length;
			unit[count++] = u;
		}
		place += place < window->start ? 4 : length;
	}
	return count;
}
