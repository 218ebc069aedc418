/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes the files NAME.old and NAME.new of pairs that a test may diff, into the current folder.
 */
#include "tests/support/must.h"
#include "tests/support/sample_elf.h"

#include <stdio.h>
#include <string.h>

#define COPIES 12

static void write_file(const char *name, const uint8_t *bytes, size_t n)
{
	FILE *file = fopen(name, "wb");

	must(file && fwrite(bytes, 1, n, file) == n && fclose(file) == 0);
}

/* The sample, and after it more of its parts, so that there is something to match. */
static void write_elf(const char *name, uint16_t machine, uint64_t base, unsigned edits)
{
	struct elf *elf = elf_make(machine, base);
	uint8_t *bytes = malloc((1 + COPIES) * ELF_SIZE), *end = bytes;

	must(elf && bytes);
	for (unsigned i = 0; i <= COPIES; i++) {
		size_t from = i == 0 ? 0 : i * 331 % ELF_SIZE;
		size_t n = ELF_SIZE - from - (i > 0 && i < edits ? i * 4 : 0);

		memcpy(end, elf->bytes + from, n);
		for (size_t k = 100 * i; edits && k < n; k += 997)
			end[k] = (uint8_t)(end[k] + k + i);
		end += n;
	}
	write_file(name, bytes, (size_t)(end - bytes));
	free(bytes);
	free(elf);
}

/* Of one sort for 9000 bytes, then of the next: noise, text, numbers that count up. */
static uint8_t plain_byte(size_t i, uint64_t random)
{
	static const char text[] = "the update ";

	switch (i / 9000 % 3) {
	case 0: return (uint8_t)(random >> 56);
	case 1: return (uint8_t)text[(random >> 62) * 2 + i % 4];
	default: return (uint8_t)(i / 4 >> 8 * (i % 4));
	}
}

static void write_plain(const char *name, size_t n, uint64_t seed)
{
	uint8_t *bytes = malloc(n);
	uint64_t state = 7;

	must(bytes);
	for (size_t i = 0; i < n; i++) {
		state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
		if (i == n / 2)
			state += seed; /* from here on another file */
		bytes[i] = plain_byte(i, state);
	}
	write_file(name, bytes, n);
	free(bytes);
}

int main(void)
{
	write_elf("arm64.old", EM_AARCH64, 0x1000, 0);
	write_elf("arm64.new", EM_AARCH64, 0x1100, 5);
	write_elf("x86-64.old", EM_X86_64, 0x1000, 0);
	write_elf("x86-64.new", EM_X86_64, 0x31240, 9);
	write_plain("plain.old", 150000, 0);
	write_plain("plain.new", 160000, 1);
	return 0;
}
