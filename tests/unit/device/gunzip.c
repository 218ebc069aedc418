/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers are decompressed as GNU gzip does it, and every damage is noticed.
 */
#include "tests/unit/folder.h"

#include "device/gunzip.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define PLAIN 200000 /* bytes of a member: several pieces of the reader */

struct file {
	uint8_t bytes[2 * PLAIN];
	size_t n;
};

static void fill(uint8_t *plain)
{
	uint32_t seed = 7;

	/* It shrinks to about half. */
	for (size_t i = 0; i < PLAIN; i++)
		plain[i] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 28);
}

static void add_member(struct file *file, const uint8_t *plain, size_t n)
{
	z_stream z = {.next_in = (uint8_t *)(uintptr_t)plain,
		      .avail_in = (unsigned)n,
		      .next_out = file->bytes + file->n,
		      .avail_out = (unsigned)(sizeof file->bytes - file->n)};

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	file->n += z.total_out;
	deflateEnd(&z);
}

static enum rill_code run(void *state, const struct file *file, int flags, uint8_t *sha256,
			  struct rill_error *error)
{
	const char *from = folder_path(state, "from"), *to = folder_path(state, "to");
	enum rill_code code;
	int in, out;

	put_file(from, file->bytes, file->n);
	put_file(to, "", 0);
	in = open(from, O_RDONLY);
	out = open(to, flags);
	assert_true(in >= 0 && out >= 0);
	code = gunzip(in, out, "layer", sha256, error);
	close(in);
	close(out);
	return code;
}

static void assert_plain(void *state, const struct file *file, const uint8_t *plain, size_t n)
{
	uint8_t sha256[RILL_SHA256_SIZE], wanted[RILL_SHA256_SIZE];
	struct rill_error error;

	assert_ok(run(state, file, O_WRONLY, sha256, &error), &error);
	assert_file(folder_path(state, "to"), plain, n);
	rill_sha256(plain, n, wanted);
	assert_memory_equal(sha256, wanted, sizeof wanted);
}

static void members_come_one_after_another(void **state)
{
	static struct file file;
	static uint8_t plain[PLAIN];

	file.n = 0;
	fill(plain);
	add_member(&file, plain, PLAIN);
	assert_plain(*state, &file, plain, PLAIN);
	file.n = 0;
	add_member(&file, plain, 100);
	add_member(&file, plain, 0);
	add_member(&file, plain + 100, PLAIN - 100);
	assert_plain(*state, &file, plain, PLAIN);
	file.n = 0;
	add_member(&file, plain, 0);
	assert_plain(*state, &file, plain, 0);
}

/* Zeros of a tape, or anything else that begins like no member. */
static void what_follows_the_last_member_is_passed_over(void **state)
{
	static struct file file;
	static uint8_t plain[PLAIN];

	file.n = 0;
	fill(plain);
	add_member(&file, plain, PLAIN);
	memset(file.bytes + file.n, 0, 100000);
	file.n += 100000;
	assert_plain(*state, &file, plain, PLAIN);
	file.n -= 100000;
	memcpy(file.bytes + file.n, "\x1fnone", 5);
	file.n += 5;
	assert_plain(*state, &file, plain, PLAIN);
}

static void assert_damaged(void *state, const struct file *file)
{
	uint8_t sha256[RILL_SHA256_SIZE];
	struct rill_error error;

	assert_fails(run(state, file, O_WRONLY, sha256, &error), RILL_CORRUPT, &error,
		     "layer: a damaged gzip file");
}

static void damage_is_noticed(void **state)
{
	static struct file file;
	static uint8_t plain[PLAIN];
	size_t whole, first;

	file.n = 0;
	assert_damaged(*state, &file);
	memcpy(file.bytes, "not a gzip file", file.n = 15);
	assert_damaged(*state, &file);
	file.n = 0;
	fill(plain);
	add_member(&file, plain, PLAIN);
	first = file.n;
	add_member(&file, plain, PLAIN);
	whole = file.n;
	/* Cut off: in the header, in the stream, in the trailer, in the second member. */
	for (size_t i = 0; i < 6; i++) {
		const size_t cuts[] = {5, 1000, first - 1, first - 8, first + 1000, whole - 1};

		file.n = cuts[i];
		assert_damaged(*state, &file);
	}
	file.n = whole;
	/* Flipped: in the stream, in the CRC, in the length. */
	for (size_t i = 0; i < 3; i++) {
		const size_t places[] = {first / 2, first - 8, whole - 1};

		file.bytes[places[i]] ^= 0x10;
		assert_damaged(*state, &file);
		file.bytes[places[i]] ^= 0x10;
	}
	assert_int_equal(file.n, whole);
}

static void what_cannot_be_written_is_an_error(void **state)
{
	static struct file file;
	static const uint8_t plain[100];
	uint8_t sha256[RILL_SHA256_SIZE];
	struct rill_error error;

	file.n = 0;
	add_member(&file, plain, sizeof plain);
	assert_fails(run(*state, &file, O_RDONLY, sha256, &error), RILL_IO, &error,
		     "layer: cannot write");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(members_come_one_after_another),
		in_folder(what_follows_the_last_member_is_passed_over),
		in_folder(damage_is_noticed),
		in_folder(what_cannot_be_written_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
