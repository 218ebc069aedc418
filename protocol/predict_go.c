/* SPDX-License-Identifier: Apache-2.0
 *
 * References in Go's function table (golang.org/s/go12symtab as changed by Go 1.16, 1.18 and
 * 1.20; the runtime's symtab.go). The region begins with the functab: pairs of a function's
 * entry and the offset of its record, sorted by both, and one more entry at the end. The
 * records follow:
 *
 *	0 entry  4 name  8 args  12 deferreturn  16 pcsp  20 pcfile  24 pcln  28 npcdata
 *	32 cuOffset  36 startLine  40 funcID, flag, pad, nfuncdata  44 pcdata[], funcdata[]
 *
 * Origins: 0 the text's address, 1 the offset of the names, 2 of the pc-value tables, 3 of
 * the region itself, 4 the address that funcdata counts from, 5 offset of the unit table.
 */
#include "protocol/reference.h"

#define RECORD 44u
#define NONE UINT32_MAX
#define COUNT_MAX 256u

enum { TEXT, NAMES, TABLES, SELF, FUNCDATA, UNITS };

/* The record at work: its place and the numbers of its lists. */
struct record {
	uint64_t index, start, next;
	uint32_t pcdata, funcdata;
};

static bool read32(const struct rill_window *window, uint64_t offset, uint32_t *value)
{
	struct rill_error ignored;
	uint8_t bytes[4];

	if (rill_window_has(window, offset, 4)) {
		*value = rill_load32(window->bytes + (offset - window->from));
		return true;
	}
	if (offset - window->region->start >= window->region->length ||
	    window->region->length - (offset - window->region->start) < 4 ||
	    window->source->read(window->source->context, offset, bytes, 4, &ignored) != RILL_OK)
		return false;
	*value = rill_load32(bytes);
	return true;
}

/* Where the record of a functab entry begins; the region's end when there is none. */
static uint64_t record_start(const struct rill_window *window, uint64_t index, uint64_t functions)
{
	uint32_t offset;

	if (index >= functions || !read32(window, window->region->start + index * 8 + 4, &offset) ||
	    offset >= window->region->length)
		return window->region->start + window->region->length;
	return window->region->start + offset;
}

static void open_record(const struct rill_window *window, struct record *record, uint64_t functions)
{
	uint32_t flags;

	record->start = record_start(window, record->index, functions);
	record->next = record_start(window, record->index + 1, functions);
	if (!read32(window, record->start + 28, &record->pcdata) ||
	    !read32(window, record->start + 40, &flags))
		record->pcdata = flags = 0;
	record->funcdata = flags >> 24;
	if (record->pcdata > COUNT_MAX)
		record->pcdata = 0;
}

/* The record that holds `place`, by the functab's order. */
static void find_record(const struct rill_window *window, uint64_t place, uint64_t functions,
			struct record *record)
{
	uint64_t low = 0, high = functions;

	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;

		if (record_start(window, middle, functions) <= place)
			low = middle;
		else
			high = middle;
	}
	record->index = low;
	open_record(window, record, functions);
}

static void set(const struct rill_window *window, struct rill_unit *unit, unsigned origin,
		uint32_t value)
{
	unit->kind = origin == TEXT || origin == FUNCDATA ? RILL_KIND_TABLE : RILL_KIND_INNER;
	unit->tail = (uint8_t)origin;
	unit->target = window->region->origin[origin].old + value;
}

static void read_field(const struct rill_window *window, const struct record *record,
		       uint64_t place, struct rill_unit *unit)
{
	uint64_t at = place - record->start;
	uint32_t value;

	if (!read32(window, place, &value) || value == NONE)
		return;
	if (at == 0)
		set(window, unit, TEXT, value);
	else if (at == 4)
		set(window, unit, NAMES, value);
	else if ((at >= 16 && at <= 24) || (at >= RECORD && at < RECORD + 4 * record->pcdata)) {
		if (value != 0)
			set(window, unit, TABLES, value);
	} else if (at >= RECORD && at < RECORD + 4 * (record->pcdata + record->funcdata))
		set(window, unit, FUNCDATA, value);
}

size_t rill_read_go(const struct rill_window *window, struct rill_unit *unit)
{
	uint64_t start = window->region->start, functions = 0;
	struct record record = {.next = 0};
	uint32_t first;
	size_t count = 0;

	if (read32(window, start + 4, &first))
		functions = first / 8;
	for (uint64_t place = window->start; place < window->end;) {
		struct rill_unit *u = &unit[count];
		unsigned length = 4 - (unsigned)((place - start) & 3);

		if (place - window->start >= RILL_PIECE)
			break;
		if (length > window->end - place)
			length = (unsigned)(window->end - place);
		*u = (struct rill_unit){.at = (uint16_t)(place - window->start),
					.length = (uint8_t)length,
					.kind = RILL_KIND_HALF};
		if (length == 4 && place - start < functions * 8) {
			uint32_t value;

			if (read32(window, place, &value))
				set(window, u, (place - start) % 8 ? SELF : TEXT, value);
		} else if (length == 4 && functions > 0) {
			if (record.next == 0)
				find_record(window, place, functions, &record);
			/* One step for a unit is enough, and bounds what a bad table costs. */
			if (place >= record.next && record.index + 1 < functions) {
				record.index++;
				open_record(window, &record, functions);
			}
			read_field(window, &record, place, u);
		}
		place += length;
		count++;
	}
	return count;
}
