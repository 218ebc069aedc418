/* SPDX-License-Identifier: Apache-2.0 */
#include "host/tar_walk.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 512u
#define PATH_MOST 65536u

/* Fields of a header. */
enum {
	NAME = 0,
	NAME_SIZE = 100,
	SIZE = 124,
	CHECKSUM = 148,
	TYPE = 156,
	MAGIC = 257,
	PREFIX = 345
};

/* A number in octal digits, or in base 256 (GNU). */
static uint64_t number(const uint8_t *field, size_t n)
{
	uint64_t value = 0;

	if (field[0] & 0x80) {
		for (size_t i = 1; i < n; i++)
			value = value << 8 | field[i];
		return value;
	}
	for (size_t i = 0; i < n && value >> 60 == 0; i++)
		if (field[i] >= '0' && field[i] <= '7')
			value = value * 8 + (uint64_t)(field[i] - '0');
		else if (field[i] != ' ' || value > 0)
			break;
	return value;
}

static bool is_header(const uint8_t *block)
{
	uint64_t sum = 0;

	if (memcmp(block + MAGIC, "ustar", 5) != 0)
		return false;
	for (unsigned i = 0; i < BLOCK; i++)
		sum += i - CHECKSUM < 8 ? (unsigned)' ' : block[i];
	return number(block + CHECKSUM, 8) == sum;
}

/* What extension headers said about the member that follows them. */
struct extension {
	const uint8_t *path;
	size_t path_n;
	uint64_t size;
	bool has_size;
};

/* Records of a pax header: "length key=value\n". */
static void read_pax(struct extension *extension, const uint8_t *bytes, size_t n)
{
	size_t at = 0;

	while (at < n) {
		size_t length = 0, i = at;
		const uint8_t *end;

		for (; i < n && isdigit(bytes[i]) && length < n; i++)
			length = length * 10 + (size_t)(bytes[i] - '0');
		if (i == n || bytes[i] != ' ' || length <= i + 1 - at || length > n - at)
			return;
		end = bytes + at + length - 1; /* of the value */
		i++;
		if ((size_t)(end - bytes) > i + 5 && memcmp(bytes + i, "path=", 5) == 0) {
			extension->path = bytes + i + 5;
			extension->path_n = (size_t)(end - extension->path);
		} else if ((size_t)(end - bytes) > i + 5 && memcmp(bytes + i, "size=", 5) == 0) {
			extension->size = 0;
			extension->has_size = true;
			for (const uint8_t *d = bytes + i + 5; d < end && isdigit(*d); d++)
				extension->size = extension->size * 10 + (uint64_t)(*d - '0');
		}
		at += length;
	}
}

/* FNV-1a (G. Fowler, L. C. Noll, K.-P. Vo), for the three names at once. */
void tar_name(struct tar_member *member, const char *path, size_t n)
{
	const uint64_t start = UINT64_C(0xcbf29ce484222325), prime = UINT64_C(0x100000001b3);

	while (n >= 2 && path[0] == '.' && path[1] == '/') {
		path += 2;
		n -= 2;
	}
	member->path = member->name = member->stem = start;
	for (size_t i = 0; i < n; i++) {
		uint8_t c = (uint8_t)path[i];

		member->path = (member->path ^ c) * prime;
		member->name = c == '/' ? start : (member->name ^ c) * prime;
		if (c == '/')
			member->stem = start;
		else if (!isdigit(c))
			member->stem = (member->stem ^ c) * prime;
	}
}

static size_t text_length(const uint8_t *field, size_t most)
{
	const uint8_t *end = memchr(field, 0, most);

	return end ? (size_t)(end - field) : most;
}

static void name_member(struct tar_member *member, const uint8_t *header,
			const struct extension *extension)
{
	char path[PREFIX + NAME_SIZE];
	size_t n = 0, prefix = text_length(header + PREFIX, 155);

	if (extension->path) {
		tar_name(member, (const char *)extension->path, extension->path_n);
		return;
	}
	if (memcmp(header + MAGIC, "ustar", 6) == 0 && prefix > 0) { /* GNU's ends with a blank */
		memcpy(path, header + PREFIX, prefix);
		path[prefix] = '/';
		n = prefix + 1;
	}
	prefix = text_length(header + NAME, NAME_SIZE);
	memcpy(path + n, header + NAME, prefix);
	tar_name(member, path, n + prefix);
}

enum rill_code tar_list_add(struct tar_list *list, const struct tar_member *member,
			    struct rill_error *error)
{
	if (list->n == list->capacity) {
		size_t capacity = list->capacity * 2 + 256;
		struct tar_member *larger = realloc(list->member, capacity * sizeof *larger);

		if (!larger)
			return rill_fail(error, RILL_MEMORY, "no memory for a tar's members");
		list->member = larger;
		list->capacity = capacity;
	}
	list->member[list->n++] = *member;
	return RILL_OK;
}

/* The length of what follows a header, padding included; no more than there is. */
static uint64_t padded(uint64_t size, uint64_t most)
{
	uint64_t length = size > most ? most : (size + BLOCK - 1) / BLOCK * BLOCK;

	return length < most ? length : most;
}

enum rill_code tar_walk(struct tar_list *list, const uint8_t *bytes, uint64_t n, uint64_t base,
			struct rill_error *error)
{
	struct extension extension = {0};
	uint64_t at = 0, start = 0;
	enum rill_code code = RILL_OK;

	while (code == RILL_OK && n - at >= BLOCK) {
		const uint8_t *header = bytes + at;
		uint64_t left = n - at - BLOCK, size, length;
		struct tar_member member;
		char type;

		if (!is_header(header)) { /* the end, or something else: on to the next one */
			if (at == 0)
				return RILL_OK;
			at += BLOCK;
			continue;
		}
		type = (char)header[TYPE];
		size = number(header + SIZE, 12);
		if (extension.has_size && type != 'x' && type != 'g')
			size = extension.size;
		/* Links, devices and folders have a size, but nothing that follows. */
		if (type >= '1' && type <= '6')
			size = 0;
		length = padded(size, left);
		if (type == 'L' || type == 'x' || type == 'g' || type == 'K') {
			size_t some = (size_t)(size < left ? size : left);

			if (type == 'L' && some > 0 && some < PATH_MOST) {
				extension.path = header + BLOCK;
				extension.path_n = text_length(header + BLOCK, some);
			} else if (type == 'x') {
				read_pax(&extension, header + BLOCK, some);
			}
			at += BLOCK + length;
			continue;
		}
		member = (struct tar_member){.start = base + start,
					     .data = base + at + BLOCK,
					     .size = size < left ? size : left,
					     .end = base + at + BLOCK + length};
		name_member(&member, header, &extension);
		code = tar_list_add(list, &member, error);
		at += BLOCK + length;
		start = at;
		extension = (struct extension){0};
	}
	return code;
}

void tar_list_free(struct tar_list *list)
{
	free(list->member);
	*list = (struct tar_list){0};
}
