/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "protocol/hash.h"
#include <stdlib.h>
#include <string.h>

static void assert_digest(const uint8_t *digest, const char *hex)
{
	char text[RILL_SHA256_HEX];

	rill_hex(digest, RILL_SHA256_SIZE, text);
	assert_string_equal(text, hex);
}

/* The examples of FIPS 180-2, appendix B, and the digest of nothing. */
static void the_standards_examples_come_out(void **state)
{
	static const struct {
		const char *text, *hex;
	} examples[] = {
		{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
	};
	uint8_t digest[RILL_SHA256_SIZE];
	uint8_t *million = malloc(1000000);

	(void)state;
	for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
		rill_sha256(examples[i].text, strlen(examples[i].text), digest);
		assert_digest(digest, examples[i].hex);
	}
	assert_non_null(million);
	memset(million, 'a', 1000000);
	rill_sha256(million, 1000000, digest);
	assert_digest(digest, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	free(million);
}

static void pieces_of_any_size_make_the_same_digest(void **state)
{
	uint8_t bytes[1000], whole[RILL_SHA256_SIZE], pieces[RILL_SHA256_SIZE];
	uint64_t seed = 1;

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)next_random(&seed);
	rill_sha256(bytes, sizeof bytes, whole);
	for (size_t size = 1; size <= 130; size++) {
		struct rill_sha256 hash;

		rill_sha256_start(&hash);
		for (size_t at = 0; at < sizeof bytes; at += size) {
			rill_sha256_update(&hash, bytes + at,
					   size < sizeof bytes - at ? size : sizeof bytes - at);
			rill_sha256_update(&hash, NULL, 0);
		}
		rill_sha256_finish(&hash, pieces);
		assert_memory_equal(pieces, whole, sizeof whole);
	}
}

static void a_copy_of_a_running_hash_goes_its_own_way(void **state)
{
	struct rill_sha256 trunk, fork;
	uint8_t digest[RILL_SHA256_SIZE], wanted[RILL_SHA256_SIZE];

	(void)state;
	rill_sha256_start(&trunk);
	rill_sha256_update(&trunk, "ab", 2);
	fork = trunk;
	rill_sha256_update(&fork, "d", 1);
	rill_sha256_finish(&fork, digest);
	rill_sha256("abd", 3, wanted);
	assert_memory_equal(digest, wanted, sizeof digest);
	rill_sha256_update(&trunk, "c", 1);
	rill_sha256_finish(&trunk, digest);
	rill_sha256("abc", 3, wanted);
	assert_memory_equal(digest, wanted, sizeof digest);
}

static void hexadecimal_comes_back(void **state)
{
	uint8_t bytes[256], back[256];
	char text[2 * 256 + 1];

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)i;
	rill_hex(bytes, sizeof bytes, text);
	assert_int_equal(strlen(text), 512);
	assert_memory_equal(text, "000102030405060708090a0b0c0d0e0f1011", 36);
	assert_string_equal(text + 508, "feff");
	assert_true(rill_unhex(text, back, sizeof back));
	assert_memory_equal(back, bytes, sizeof bytes);
	rill_hex(bytes, 0, text);
	assert_string_equal(text, "");
	assert_true(rill_unhex("", back, 0));
}

static void only_lower_case_digits_of_that_length_are_read(void **state)
{
	static const char *const bad[] = {"",	  "0",	  "00f",     "00ff0", "00ff00", "00FF",
					  "00fF", "00fg", "00 f",    "+0ff",  "0x0f",	"00f/",
					  "00f:", "`0ff", "00f\xff", "00f\n"};
	uint8_t bytes[2];

	(void)state;
	assert_true(rill_unhex("00ff", bytes, sizeof bytes));
	assert_memory_equal(bytes, "\x00\xff", 2);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (rill_unhex(bad[i], bytes, sizeof bytes))
			fail_msg("\"%s\" was read", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_standards_examples_come_out),
		cmocka_unit_test(pieces_of_any_size_make_the_same_digest),
		cmocka_unit_test(a_copy_of_a_running_hash_goes_its_own_way),
		cmocka_unit_test(hexadecimal_comes_back),
		cmocka_unit_test(only_lower_case_digits_of_that_length_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
