/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes into the current folder deltas of files over 4 GiB, which are holes but for some islands
 * of code: far.base and far.delta, of which the output is small; long.base and long.delta, of which
 * the output is as long; and far.new.
 */
#include "tests/support/craft.h"
#include "tests/support/must.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define GIB (UINT64_C(1) << 30)
#define BASE (5 * GIB + 12345)
#define ISLAND 65536u
#define ISLANDS 5
#define LONG_SHA256 "54f7323f334fe121a130ae0ca35ef4d0bf4b9dec68137884574d14b0f34c2531"

/* Over the borders of 31 and 32 bits, and at the ends. */
static const uint64_t island[ISLANDS] = {0, 2 * GIB - ISLAND / 2, 4 * GIB - ISLAND / 2 - 1,
					 4 * GIB + 5 * ISLAND, BASE - ISLAND};

/* Branches of arm64 and, every fourth word, something else. */
static void fill_island(uint8_t *bytes, uint64_t seed)
{
	for (uint32_t i = 0; i < ISLAND; i += 4) {
		uint32_t word;

		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
		word = i % 16 == 0 ? (uint32_t)(seed >> 32)
				   : 0x94000000u | (uint32_t)(seed >> 50) % (ISLAND / 4);
		memcpy(bytes + i, &word, 4);
	}
}

/* The address space of base and output: untouched memory is zero and takes no room. */
static uint8_t *make_space(uint64_t output)
{
	uint8_t *space = mmap(NULL, (size_t)(BASE + output), PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	must(space != MAP_FAILED);
	for (uint64_t i = 0; i < ISLANDS; i++)
		fill_island(space + island[i], i + 1);
	return space;
}

static int create(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0666);

	must(fd >= 0);
	return fd;
}

static void write_base(const char *name, const uint8_t *space)
{
	int fd = create(name);

	for (unsigned i = 0; i < ISLANDS; i++)
		must(pwrite(fd, space + island[i], ISLAND, (off_t)island[i]) == ISLAND);
	must(ftruncate(fd, (off_t)BASE) == 0 && close(fd) == 0);
}

static void write_bytes(const char *name, const uint8_t *bytes, size_t n)
{
	int fd = create(name);

	must(write(fd, bytes, n) == (ssize_t)n && close(fd) == 0);
}

/* One image, loaded above 4 GiB, whose segments are the islands; each is code. */
static void make_layout(struct rill_layout *layout)
{
	struct rill_error error;

	must(rill_layout_new(layout, 3 * ISLANDS + 1, &error) == RILL_OK);
	layout->image_count = 1;
	layout->image[0] = (struct rill_image){
		.old_count = ISLANDS, .new_segment = ISLANDS, .new_count = ISLANDS};
	layout->segment_count = 2 * ISLANDS;
	layout->region_count = ISLANDS;
	for (uint64_t i = 0; i < ISLANDS; i++) {
		layout->segment[i] = (struct rill_segment){island[i], 7 * GIB + i * 2 * ISLAND,
							   ISLAND, 2 * ISLAND};
		layout->segment[ISLANDS + i] = (struct rill_segment){
			i * (ISLAND + 100), 9 * GIB + i * (ISLAND + 100), ISLAND, ISLAND};
		layout->region[i] = (struct rill_region){
			.start = island[i], .length = ISLAND, .class = RILL_REGION_A64};
	}
	rill_layout_finish(layout);
}

/* The islands, one after another, with something between them and changed in them. */
static void write_far(void)
{
	enum { OUTPUT = ISLANDS * (ISLAND + 100) };
	uint8_t *space = make_space(OUTPUT), *output = space + BASE;
	struct rill_copy copies[ISLANDS];
	struct rill_layout layout;
	struct craft *craft = craft_new(space);

	for (unsigned i = 0; i < ISLANDS; i++) {
		copies[i] = (struct rill_copy){i * (ISLAND + 100), island[i], ISLAND};
		memcpy(output + copies[i].output, space + island[i], ISLAND);
		memset(output + copies[i].output + ISLAND, (int)i, 100);
		for (unsigned k = 0; k < ISLAND; k += 1001)
			output[copies[i].output + k] ^= 1;
	}
	craft_base(craft, BASE);
	craft_output(craft, OUTPUT);
	make_layout(&layout);
	craft_encode_one(craft, &layout, copies, ISLANDS);
	craft_seal(craft);
	write_base("far.base", space);
	write_bytes("far.new", output, OUTPUT);
	write_bytes("far.delta", craft->delta, craft->n);
	rill_layout_free(&layout);
	craft_free(craft);
	munmap(space, (size_t)(BASE + OUTPUT));
}

/* The base up to over 4 GiB, in a copy of the greatest length and one over the border; in a second
 * group what the output has around 4 GiB and behind it, and the base's end. */
static void write_long(void)
{
	enum { TAIL = 4 * ISLAND };
	const uint64_t most = UINT32_MAX, first = 4 * GIB + 8 * ISLAND, output = first + TAIL;
	const struct rill_copy copies[] = {{0, 0, most}, {most, most, first - most}};
	const struct rill_copy tail[] = {
		{first, BASE + 4 * GIB - ISLAND, ISLAND + ISLAND / 2},
		{first + 2 * ISLAND, BASE + 4 * GIB + 5 * ISLAND, ISLAND},
		{first + 3 * ISLAND, BASE - ISLAND, ISLAND},
	};
	const struct rill_group groups[] = {{first, NULL, copies, 2}, {TAIL, NULL, tail, 3}};
	uint8_t *space = make_space(output), *at = space + BASE;
	struct craft *craft = craft_new(space);

	for (unsigned i = 0; i + 1 < ISLANDS; i++)
		memcpy(at + island[i], space + island[i], ISLAND);
	for (unsigned i = 0; i < 3; i++)
		memcpy(at + tail[i].output, space + tail[i].source, (size_t)tail[i].length);
	memset(at + first + ISLAND + ISLAND / 2, 7, ISLAND / 2);
	craft_base(craft, BASE);
	craft_output(craft, output);
	/* Known, as it takes a while; the decoder says whether it is right. */
	must(rill_unhex(LONG_SHA256, craft->header.output[0].sha256, RILL_SHA256_SIZE));
	craft_encode(craft, groups, 2);
	craft_seal(craft);
	write_base("long.base", space);
	write_bytes("long.delta", craft->delta, craft->n);
	craft_free(craft);
	munmap(space, (size_t)(BASE + output));
}

int main(void)
{
	write_far();
	write_long();
	return 0;
}
