/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "host/engine.h"
#include "protocol/delta_decoder.h"
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#define CODE 12288
#define DATA 4096
#define FILE_SIZE (CODE + DATA)

struct bytes {
	uint8_t *at;
	size_t n;
};

struct store {
	struct bytes old;
	uint8_t *out;
	size_t filled, size;
};

static enum rill_code read_store(void *context, size_t object, uint64_t offset, uint8_t *bytes,
				 size_t n, struct rill_error *error)
{
	const struct store *store = context;
	size_t length = object ? store->filled : store->old.n;

	/* The decoder promises to read only what is there. */
	assert_true(object <= 1 && offset <= length && n <= length - offset);
	(void)error;
	memcpy(bytes, (object ? store->out : store->old.at) + offset, n);
	return RILL_OK;
}

static enum rill_code write_store(void *context, size_t object, const uint8_t *bytes, size_t n,
				  struct rill_error *error)
{
	struct store *store = context;

	assert_true(object == 1 && n <= store->size - store->filled);
	(void)error;
	memcpy(store->out + store->filled, bytes, n);
	store->filled += n;
	return RILL_OK;
}

/* Decodes, fed `piece` bytes at a time. */
static enum rill_code decode(struct store *store, const struct growing *delta, size_t piece,
			     struct rill_error *error)
{
	struct rill_delta_header *header = calloc(1, sizeof *header);
	struct rill_decoder_io io = {.context = store, .read = read_store, .write = write_store};
	struct rill_decoder *decoder = NULL;
	uint32_t length;
	enum rill_code code = rill_delta_header_length(delta->bytes, delta->n, &length, error);

	store->filled = 0;
	if (code == RILL_OK && length > delta->n)
		code = RILL_CORRUPT;
	if (code == RILL_OK)
		code = rill_delta_header_parse(header, delta->bytes, length, error);
	if (code == RILL_OK && header->output_length > store->size)
		code = RILL_MEMORY;
	if (code == RILL_OK)
		code = rill_decoder_new(&decoder, header, 64u << 20, io, error);
	for (size_t at = length; code == RILL_OK && at < delta->n; at += piece)
		code = rill_decoder_feed(decoder, delta->bytes + at,
					 delta->n - at < piece ? delta->n - at : piece, error);
	if (code == RILL_OK)
		code = rill_decoder_finish(decoder, error);
	rill_decoder_free(decoder);
	free(header);
	return code;
}

static void make(struct bytes old, struct bytes new, struct growing *delta)
{
	const uint64_t old_n = old.n, new_n = new.n;
	const struct sources sources = {.old = old.at,
					.new = new.at,
					.old_n = old_n,
					.new_n = new_n,
					.old_object = &old_n,
					.new_object = &new_n,
					.old_objects = 1,
					.new_objects = 1};
	struct rill_error error = {0};

	*delta = (struct growing){0};
	assert_ok(encode_delta(&sources, &ENGINE_DEFAULTS, delta, NULL, &error), &error);
}

/* There and back; returns the delta's length. */
static size_t check(struct bytes old, struct bytes new, size_t piece)
{
	struct store store = {.old = old, .out = malloc(new.n + 1), .size = new.n};
	struct rill_error error = {0};
	struct growing delta;
	size_t n;

	make(old, new, &delta);
	assert_ok(decode(&store, &delta, piece, &error), &error);
	assert_int_equal(store.filled, new.n);
	assert_memory_equal(store.out, new.at, new.n);
	n = delta.n;
	growing_free(&delta);
	free(store.out);
	return n;
}

static struct bytes allocate(size_t n)
{
	struct bytes bytes = {.at = calloc(1, n + 1), .n = n};

	assert_non_null(bytes.at);
	return bytes;
}

static void fill_random(struct bytes bytes, uint64_t seed)
{
	for (size_t i = 0; i < bytes.n; i++)
		bytes.at[i] = (uint8_t)(next_random(&seed) >> 56);
}

static void store64(uint8_t *at, uint64_t value)
{
	memcpy(at, &value, sizeof value);
}

/* A small executable without sections: code with calls, then addresses. In the new one
 * something was put into the code at `gap`, so that all that follows moved. */
static struct bytes make_executable(uint16_t machine, size_t gap)
{
	struct bytes file = allocate(FILE_SIZE);
	Elf64_Ehdr header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
			     .e_type = ET_DYN,
			     .e_machine = machine,
			     .e_phoff = sizeof header,
			     .e_phentsize = sizeof(Elf64_Phdr),
			     .e_phnum = 2};
	Elf64_Phdr program[2] = {
		{.p_type = PT_LOAD, .p_flags = PF_X, .p_filesz = CODE, .p_memsz = CODE},
		{.p_type = PT_LOAD,
		 .p_offset = CODE,
		 .p_vaddr = CODE + 0x10000,
		 .p_filesz = DATA,
		 .p_memsz = DATA + 4096}};
	uint64_t random = machine;

	memcpy(file.at, &header, sizeof header);
	memcpy(file.at + sizeof header, program, sizeof program);
	for (size_t i = 256; i + 8 <= CODE; i += 8) {
		size_t at = i < gap ? i : i + 16;
		uint64_t r = next_random(&random);
		size_t target = 256 + r % 1000 * 8, place = at;

		if (at + 8 > CODE)
			break;
		target += target < gap ? 0 : 16;
		if (machine == EM_AARCH64) {
			store64(file.at + at,
				0x94000000u | ((uint32_t)(target - place) >> 2 & 0x3ffffff) |
					(r & 0xff000000) << 32 | UINT64_C(0xd2) << 56);
		} else {
			file.at[at] = 0xe8;
			store64(file.at + at + 1, (uint32_t)(target - place - 5));
			file.at[at + 5] = 0xb0;
			file.at[at + 6] = (uint8_t)(r >> 32);
			file.at[at + 7] = 0x90;
		}
	}
	for (size_t i = 0; i < DATA; i += 8) {
		size_t target = 256 + next_random(&random) % 1000 * 8;

		store64(file.at + CODE + i, target + 4096 + (target < gap ? 0 : 16));
	}
	return file;
}

static void any_two_files(void **state)
{
	static const size_t sizes[] = {0, 1, 2, 3, 7, 100, 5000, 70000};

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
		for (size_t j = 0; j < sizeof sizes / sizeof sizes[0]; j++) {
			struct bytes old = allocate(sizes[i]), new = allocate(sizes[j]);
			size_t n;

			fill_random(old, i + 1);
			fill_random(new, j + 100);
			n = check(old, new, 1000);
			assert_true(n < new.n + 200 + new.n / 500);
			if (old.n > 0 && new.n > old.n)
				memcpy(new.at + new.n - old.n, old.at, old.n);
			check(old, new, 70000);
			free(old.at);
			free(new.at);
		}
}

static void executables_whose_code_moved(void **state)
{
	static const uint16_t machines[] = {EM_AARCH64, EM_X86_64};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct bytes old = make_executable(machines[i], CODE);
		struct bytes new = make_executable(machines[i], 3000);

		/* All references are predicted: what is left is the header and little more. */
		assert_true(check(old, new, 1) < 700);
		check(new, old, 65536);
		free(old.at);
		free(new.at);
	}
}

/* Makes the hashes of the chunks right again, as a hostile publisher would. */
static void mend_chunks(struct growing *delta, uint32_t header_length)
{
	size_t n = delta->n - header_length, chunks = (n + RILL_DELTA_CHUNK - 1) / RILL_DELTA_CHUNK;

	for (size_t i = 0; i < chunks; i++) {
		size_t at = i * RILL_DELTA_CHUNK;
		uint8_t digest[RILL_SHA256_SIZE];

		rill_sha256(delta->bytes + header_length + at,
			    n - at < RILL_DELTA_CHUNK ? n - at : RILL_DELTA_CHUNK, digest);
		memcpy(delta->bytes + header_length - (chunks - i) * RILL_CHUNK_HASH_SIZE, digest,
		       RILL_CHUNK_HASH_SIZE);
	}
}

/* Damage gives an error, or by chance the right result; never anything else. */
static void damaged_deltas(void **state)
{
	static const uint16_t machines[] = {EM_AARCH64, EM_X86_64};
	uint64_t random = 42;

	(void)state;
	for (size_t m = 0; m < 2; m++) {
		struct bytes old = make_executable(machines[m], CODE);
		struct bytes new = make_executable(machines[m], 3000);
		struct store store = {.old = old, .out = malloc(FILE_SIZE), .size = FILE_SIZE};
		struct growing delta, damaged = {0};
		struct rill_error error = {0};
		uint32_t length;

		for (size_t i = 5000; i < 5400; i++)
			new.at[i] = (uint8_t)next_random(&random);
		make(old, new, &delta);
		assert_ok(rill_delta_header_length(delta.bytes, delta.n, &length, &error), &error);
		for (unsigned round = 0; round < 400; round++) {
			unsigned count = 1 + (unsigned)next_random(&random) % 4;

			damaged.n = 0;
			growing_put(&damaged, delta.bytes, delta.n);
			for (unsigned i = 0; i < count; i++) {
				uint64_t r = next_random(&random);
				/* A body within the header is its end. */
				size_t body = delta.n > length ? length : 100;
				size_t from = round % 4 ? body : 10;

				damaged.bytes[from + r % (delta.n - from)] ^= (uint8_t)(1u << (r >>
											       61));
			}
			mend_chunks(&damaged, length);
			if (decode(&store, &damaged, 5000, &error) == RILL_OK)
				assert_memory_equal(store.out, new.at, new.n);
		}
		growing_free(&delta);
		growing_free(&damaged);
		free(store.out);
		free(old.at);
		free(new.at);
	}
}

static void damage_is_seen_before_it_is_decoded(void **state)
{
	struct bytes old = allocate(20000), new = allocate(20000);
	struct store store = {.old = old, .out = malloc(20000), .size = 20000};
	struct rill_error error = {0};
	struct growing delta;

	(void)state;
	fill_random(new, 5);
	make(old, new, &delta);
	delta.bytes[delta.n - 100] ^= 1;
	assert_int_equal(decode(&store, &delta, 5000, &error), RILL_CORRUPT);
	assert_non_null(strstr(error.text, "chunk 0"));
	assert_int_equal(store.filled, 0);
	delta.bytes[delta.n - 100] ^= 1;
	delta.n -= 1;
	assert_int_equal(decode(&store, &delta, 5000, &error), RILL_CORRUPT);
	growing_free(&delta);
	free(store.out);
	free(old.at);
	free(new.at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_two_files),
		cmocka_unit_test(executables_whose_code_moved),
		cmocka_unit_test(damaged_deltas),
		cmocka_unit_test(damage_is_seen_before_it_is_decoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
