/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/host/image_make.h"

#include "host/tar.h"
#include <stdlib.h>
#include <string.h>

/* Walks all members; "NAME TYPE SIZE[ LINK]\n" of each, then how it ended. */
static char *walk(const struct buffer *tar)
{
	static struct tar_walker walker;
	struct tar_entry member;
	enum tar_result result;
	char *text = calloc(1, 1 << 16), *to = text;

	assert_non_null(text);
	tar_start(&walker, tar->bytes, tar->length);
	while ((result = tar_next(&walker, &member)) == TAR_MEMBER) {
		assert_true(member.header < member.data && member.data <= tar->length);
		assert_true(member.size <= tar->length - member.data);
		to += sprintf(to, "%s %c %zu%s%s\n", member.name, member.type, member.size,
			      *member.link ? " " : "", member.link);
	}
	sprintf(to, "%s", result == TAR_END ? "end" : walker.why);
	return text;
}

static void assert_walk(struct buffer *tar, const char *expected)
{
	char *text = walk(tar);

	assert_string_equal(text, expected);
	free(text);
	buffer_free(tar);
}

static void members_of_every_kind(void **state)
{
	struct buffer tar = {0};

	(void)state;
	add_member(&tar, "dir/", '5', NULL, NULL, 0);
	add_member(&tar, "dir/file", '0', NULL, "hello", 5);
	add_member(&tar, "old", 0, NULL, "x", 1);
	add_member(&tar, "hard", '1', "dir/file", NULL, 0);
	add_member(&tar, "soft", '2', "../x", NULL, 0);
	add_member(&tar, "null", '3', NULL, NULL, 0);
	add_member(&tar, "fifo", '6', NULL, NULL, 0);
	end_tar(&tar);
	assert_walk(&tar, "dir/ 5 0\ndir/file 0 5\nold 0 1\nhard 1 0 dir/file\nsoft 2 0 ../x\n"
			  "null 3 0\nfifo 6 0\nend");
}

static void long_names_of_gnu_and_pax(void **state)
{
	static const char name[] = "a/very/long/name", pax[] = "20 path=pax/is/long\n"
							       "15 linkpath=up\n";
	struct buffer tar = {0};

	(void)state;
	add_member(&tar, "././@LongLink", 'L', NULL, name, sizeof name);
	add_member(&tar, "././@LongLink", 'K', NULL, "target", 7);
	add_member(&tar, "a/very", '2', "tar", NULL, 0);
	add_member(&tar, "pax_global_header", 'g', NULL,
		   "52 comment=0123456789012345678901234567"
		   "890123456789\n",
		   52);
	add_member(&tar, "PaxHeaders/x", 'x', NULL, pax, sizeof pax - 1);
	add_member(&tar, "x", '0', NULL, "abc", 3);
	add_member(&tar, "plain", '0', NULL, "", 0);
	end_tar(&tar);
	assert_walk(&tar, "a/very/long/name 2 0 target\npax/is/long 0 3 up\nplain 0 0\nend");
}

static void a_prefix_stands_before_the_name(void **state)
{
	struct buffer tar = {0};

	(void)state;
	add_member(&tar, "name", '0', NULL, "", 0);
	memset(tar.bytes + 345, 'p', 155);
	sign_header(tar.bytes);
	assert_true(tar.length == 512);
	{
		char *text = walk(&tar);

		assert_int_equal(strlen(text), 155 + strlen("/name 0 0\nend"));
		free(text);
	}
	memcpy(tar.bytes + 257, "ustar  ", 8); /* GNU keeps times there */
	sign_header(tar.bytes);
	assert_walk(&tar, "name 0 0\nend");
}

static void sizes_in_base_256_and_pax(void **state)
{
	struct buffer tar = {0};

	(void)state;
	add_member(&tar, "big", '0', NULL, "0123456789", 10);
	memset(tar.bytes + 124, 0, 12);
	tar.bytes[124] = 0x80;
	tar.bytes[135] = 10;
	sign_header(tar.bytes);
	add_member(&tar, "h", 'x', NULL, "9 size=3\n", 9);
	add_member(&tar, "pax", '0', NULL, "abc", 3);
	memset(tar.bytes + tar.length - 1024 + 124, '0', 11);
	sign_header(tar.bytes + tar.length - 1024);
	assert_walk(&tar, "big 0 10\npax 0 3\nend");
}

static void the_map_of_a_sparse_file_is_passed(void **state)
{
	uint8_t map[512] = {0};
	struct buffer tar = {0};
	struct rill_error error;

	(void)state;
	add_member(&tar, "holes", 'S', NULL, NULL, 0);
	snprintf((char *)tar.bytes + 124, 12, "%011o", 512);
	tar.bytes[482] = 1;
	sign_header(tar.bytes);
	map[504] = 1;
	assert_ok(buffer_append(&tar, map, 512, &error), &error);
	map[504] = 0;
	assert_ok(buffer_append(&tar, map, 512, &error), &error);
	assert_ok(buffer_append(&tar, map, 512, &error), &error); /* content */
	add_member(&tar, "next", '0', NULL, "", 0);
	assert_walk(&tar, "holes S 512\nnext 0 0\nend");
}

static void ends_without_blocks_of_zeros(void **state)
{
	struct buffer tar = {0};

	(void)state;
	add_member(&tar, "a", '0', NULL, "abc", 3);
	tar.length -= 509; /* not even padding */
	assert_walk(&tar, "a 0 3\nend");
	assert_walk(&tar, "end");
	add_member(&tar, "a", '0', NULL, "abc", 3);
	end_tar(&tar);
	add_member(&tar, "behind the end", '0', NULL, "abc", 3);
	assert_walk(&tar, "a 0 3\nend");
}

static void damage_is_told(void **state)
{
	static const uint64_t sizes[] = {UINT64_MAX >> 1, UINT64_MAX >> 8, UINT64_MAX >> 9, 4};
	struct buffer tar = {0};

	(void)state;
	add_member(&tar, "a", '0', NULL, "abc", 3);
	tar.bytes[0] = 'b'; /* the checksum is another's */
	assert_walk(&tar, "no header of a tar member");
	add_member(&tar, "a", '0', NULL, "abc", 3);
	tar.length = 514;
	assert_walk(&tar, "a member that is longer than what follows: truncated");
	add_member(&tar, "a", '0', NULL, "abc", 3);
	tar.length = 100;
	assert_walk(&tar, "cut off inside a header");
	add_member(&tar, "n", 'L', NULL, "name", 4);
	assert_walk(&tar, "an extended header without its member");
	for (size_t i = 0; i < 4; i++) {
		add_member(&tar, "a", '0', NULL, NULL, 0);
		for (int j = 0; j < 8; j++)
			tar.bytes[128 + j] = (uint8_t)(sizes[i] >> (56 - 8 * j));
		memset(tar.bytes + 124, 0, 4);
		tar.bytes[124] = 0x80;
		sign_header(tar.bytes);
		{
			char *text = walk(&tar);

			assert_null(strstr(text, "end"));
			free(text);
		}
		buffer_free(&tar);
	}
	add_member(&tar, "a", '0', NULL, NULL, 0);
	memcpy(tar.bytes + 124, "9999", 5);
	sign_header(tar.bytes);
	assert_walk(&tar, "no header of a tar member");
	add_member(&tar, "holes", 'S', NULL, NULL, 0);
	tar.bytes[482] = 1;
	sign_header(tar.bytes);
	assert_walk(&tar, "cut off inside a header");
}

/* Records that lie about their length end the header; the member stays. */
static void hostile_pax_records(void **state)
{
	static const char *const records[] = {"99 path=x\n",
					      "0 path=x\n",
					      "path=x\n",
					      "10 path=xy",
					      "18446744073709551617 path=x\n",
					      "5 abc\n",
					      "3 \n",
					      " path=x\n"};
	struct buffer tar = {0};

	(void)state;
	for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
		add_member(&tar, "h", 'x', NULL, records[i], strlen(records[i]));
		add_member(&tar, "own", '0', NULL, "abc", 3);
		assert_walk(&tar, "own 0 3\nend");
	}
	/* An empty value is one: GNU tar and Go take it. */
	add_member(&tar, "h", 'x', NULL, "8 path=\n13 size=0003\n", 21);
	add_member(&tar, "own", '0', NULL, "abc", 3);
	assert_walk(&tar, " 0 3\nend");
}

static void a_name_that_is_too_long_is_none(void **state)
{
	char *name = malloc(5000);
	struct buffer tar = {0};

	(void)state;
	memset(name, 'n', 5000);
	add_member(&tar, "h", 'L', NULL, name, 5000);
	add_member(&tar, "own", '0', NULL, "abc", 3);
	assert_walk(&tar, " 0 3\nend");
	free(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_of_every_kind),
		cmocka_unit_test(long_names_of_gnu_and_pax),
		cmocka_unit_test(a_prefix_stands_before_the_name),
		cmocka_unit_test(sizes_in_base_256_and_pax),
		cmocka_unit_test(the_map_of_a_sparse_file_is_passed),
		cmocka_unit_test(ends_without_blocks_of_zeros),
		cmocka_unit_test(damage_is_told),
		cmocka_unit_test(hostile_pax_records),
		cmocka_unit_test(a_name_that_is_too_long_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
