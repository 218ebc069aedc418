/* SPDX-License-Identifier: Apache-2.0 */
#include "host/tar.h"

#include <string.h>

/* Offsets and sizes of the fields of a header block. */
enum {
	NAME = 0,
	NAME_SIZE = 100,
	SIZE = 124,
	SIZE_SIZE = 12,
	CHECKSUM = 148,
	CHECKSUM_SIZE = 8,
	TYPE = 156,
	LINK = 157,
	MAGIC = 257,
	PREFIX = 345,
	PREFIX_SIZE = 155,
	GNU_EXTENDED = 482, /* of a sparse file's header: more blocks of its map follow */
	GNU_MORE = 504, /* the same of such a block */
};

/* What extended headers say of the member behind them. */
struct extension {
	bool name, link, sized;
	uint64_t size;
};

static enum tar_result damaged(struct tar_walker *walker, const char *why)
{
	walker->why = why;
	return TAR_DAMAGED;
}

/* Octal, or GNU's base-256 with the top bit of the first byte set. */
static bool get_number(const uint8_t *field, size_t n, uint64_t *value)
{
	size_t i = 0;

	*value = 0;
	if (field[0] & 0x80) {
		*value = field[0] & 0x7f;
		for (i = 1; i < n; i++) {
			if (*value >> 55)
				return false;
			*value = *value << 8 | field[i];
		}
		return true;
	}
	while (i < n && field[i] == ' ')
		i++;
	for (; i < n && field[i] >= '0' && field[i] <= '7'; i++)
		*value = *value << 3 | (uint64_t)(field[i] - '0'); /* 12 digits at most */
	return i == n || field[i] == 0 || field[i] == ' ';
}

static bool checksum_holds(const uint8_t *block)
{
	uint64_t said;
	uint32_t plain = 0, with_signs = 0; /* some old tars summed signed characters */

	for (size_t i = 0; i < TAR_BLOCK; i++) {
		bool inside = i >= CHECKSUM && i < CHECKSUM + CHECKSUM_SIZE;
		uint8_t byte = inside ? ' ' : block[i];

		plain += byte;
		with_signs += byte < 0x80 ? byte : byte - 0x100u;
	}
	return get_number(block + CHECKSUM, CHECKSUM_SIZE, &said) &&
	       (said == plain || said == with_signs);
}

static void copy_name(char *to, const uint8_t *from, size_t n)
{
	n = strnlen((const char *)from, n);
	if (n > TAR_NAME_MAX)
		n = 0;
	memcpy(to, from, n);
	to[n] = 0;
}

/* Decimal digits, and nothing else. */
static bool get_decimal(const uint8_t *at, size_t n, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < n; i++) {
		if (at[i] < '0' || at[i] > '9' || *value > UINT64_MAX / 10 - 1)
			return false;
		*value = *value * 10 + (uint64_t)(at[i] - '0');
	}
	return n > 0;
}

static void take_record(struct tar_walker *walker, const uint8_t *key, size_t key_length,
			const uint8_t *value, size_t n, struct extension *extension)
{
#define IS(name) (key_length == sizeof(name) - 1 && memcmp(key, name, sizeof(name) - 1) == 0)
	if (IS("path") || IS("GNU.sparse.name")) {
		copy_name(walker->name, value, n);
		extension->name = true;
	} else if (IS("linkpath")) {
		copy_name(walker->link, value, n);
		extension->link = true;
	} else if (IS("size")) {
		extension->sized = get_decimal(value, n, &extension->size);
	}
#undef IS
}

/* The records of a pax header: "LENGTH KEY=VALUE\n". What does not parse ends them. */
static void take_records(struct tar_walker *walker, const uint8_t *at, size_t left,
			 struct extension *extension)
{
	while (left > 0) {
		const uint8_t *space = memchr(at, ' ', left < 20 ? left : 20);
		const uint8_t *equal;
		uint64_t n;
		size_t digits;

		if (!space)
			return;
		digits = (size_t)(space - at);
		if (!get_decimal(at, digits, &n) || n > left || n < digits + 3 || at[n - 1] != '\n')
			return;
		equal = memchr(space + 1, '=', (size_t)n - digits - 2);
		if (!equal)
			return;
		take_record(walker, space + 1, (size_t)(equal - space) - 1, equal + 1,
			    (size_t)(at + n - equal) - 2, extension);
		at += n;
		left -= (size_t)n;
	}
}

static void take_header_names(struct tar_walker *walker, const uint8_t *block,
			      const struct extension *extension)
{
	if (!extension->link)
		copy_name(walker->link, block + LINK, NAME_SIZE);
	if (extension->name)
		return;
	walker->name[0] = 0;
	/* GNU has other things in the place of the prefix. */
	if (memcmp(block + MAGIC, "ustar\0", 6) == 0 && block[PREFIX]) {
		copy_name(walker->name, block + PREFIX, PREFIX_SIZE);
		strcat(walker->name, "/"); // NOLINT: at most 155 + 1 + 100 bytes
	}
	copy_name(walker->name + strlen(walker->name), block + NAME, NAME_SIZE);
}

/* Behind the blocks that go on with a GNU sparse file's map. */
static bool skip_sparse_map(const struct tar_walker *walker, size_t *at)
{
	bool more = walker->bytes[*at - TAR_BLOCK + GNU_EXTENDED] != 0;

	while (more) {
		if (walker->length - *at < TAR_BLOCK)
			return false;
		more = walker->bytes[*at + GNU_MORE] != 0;
		*at += TAR_BLOCK;
	}
	return true;
}

/* Go's archive/tar and GNU tar agree: these have no content, whatever their size says. */
static bool has_no_content(char type)
{
	return type >= '1' && type <= '6';
}

static bool is_extension(char type)
{
	return type == 'x' || type == 'g' || type == 'L' || type == 'K';
}

static void take_extension(struct tar_walker *walker, const struct tar_entry *member,
			   struct extension *extension)
{
	const uint8_t *data = walker->bytes + member->data;

	if (member->type == 'x') {
		take_records(walker, data, member->size, extension);
	} else if (member->type == 'L') {
		copy_name(walker->name, data, member->size);
		extension->name = true;
	} else if (member->type == 'K') {
		copy_name(walker->link, data, member->size);
		extension->link = true;
	}
}

/* One header and where its content lies; moves behind both. */
static enum tar_result get_header(struct tar_walker *walker, const struct extension *extension,
				  struct tar_entry *member)
{
	static const uint8_t zeros[TAR_BLOCK];
	const uint8_t *block = walker->bytes + walker->at;
	size_t left = walker->length - walker->at, at = walker->at + TAR_BLOCK;
	uint64_t size;

	if (left == 0)
		return TAR_END;
	if (left < TAR_BLOCK)
		return damaged(walker, "cut off inside a header");
	if (memcmp(block, zeros, TAR_BLOCK) == 0)
		return TAR_END;
	if (!checksum_holds(block) || !get_number(block + SIZE, SIZE_SIZE, &size))
		return damaged(walker, "no header of a tar member");
	member->type = block[TYPE] ? (char)block[TYPE] : '0';
	if (extension->sized && !is_extension(member->type))
		size = extension->size;
	if (has_no_content(member->type))
		size = 0;
	if (member->type == 'S' && !skip_sparse_map(walker, &at))
		return damaged(walker, "cut off inside a header");
	if (size > walker->length - at)
		return damaged(walker, "a member that is longer than what follows: truncated");
	member->data = at;
	member->size = (size_t)size;
	left = walker->length - at - member->size;
	walker->at = at + member->size;
	size = (TAR_BLOCK - member->size % TAR_BLOCK) % TAR_BLOCK; /* padding may be cut off */
	walker->at += size < left ? (size_t)size : left;
	return TAR_MEMBER;
}

void tar_start(struct tar_walker *walker, const void *bytes, size_t length)
{
	walker->bytes = bytes;
	walker->length = length;
	walker->at = 0;
	walker->why = "";
}

enum tar_result tar_next(struct tar_walker *walker, struct tar_entry *member)
{
	size_t start = walker->at;
	struct extension extension = {0};

	for (;;) {
		size_t header = walker->at;
		enum tar_result result = get_header(walker, &extension, member);

		if (result != TAR_MEMBER) {
			if (result == TAR_END && header != start)
				return damaged(walker, "an extended header without its member");
			return result;
		}
		if (is_extension(member->type)) {
			take_extension(walker, member, &extension);
			continue;
		}
		take_header_names(walker, walker->bytes + header, &extension);
		member->header = start;
		member->name = walker->name;
		member->link = walker->link;
		return TAR_MEMBER;
	}
}
