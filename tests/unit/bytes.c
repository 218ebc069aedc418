/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "protocol/bytes.h"
#include <string.h>

static const uint64_t edges[] = {0,
				 1,
				 127,
				 128,
				 16383,
				 16384,
				 UINT32_MAX,
				 (uint64_t)UINT32_MAX + 1,
				 INT64_MAX,
				 UINT64_MAX,
				 UINT64_C(1) << 63};

static void varints_come_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
		uint8_t bytes[RILL_VARINT_MAX];
		struct rill_writer writer = rill_writer(bytes, sizeof bytes);
		struct rill_reader reader;
		uint64_t value = ~edges[i];

		rill_put_varint(&writer, edges[i]);
		assert_false(writer.full);
		reader = rill_reader(bytes, rill_writer_length(&writer));
		assert_true(rill_get_varint(&reader, &value));
		assert_true(value == edges[i]);
		assert_int_equal(rill_reader_left(&reader), 0);
		/* Cut short by one byte it is no number, and the cursor stays. */
		reader = rill_reader(bytes, rill_writer_length(&writer) - 1);
		assert_false(rill_get_varint(&reader, &value));
		assert_int_equal(rill_reader_offset(&reader), 0);
	}
}

static void longer_forms_are_refused(void **state)
{
	static const struct {
		uint8_t bytes[12];
		size_t n;
	} bad[] = {
		{{0x80, 0x00}, 2},
		{{0x81, 0x80, 0x00}, 3},
		{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02}, 10},
		{{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01}, 11},
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct rill_reader reader = rill_reader(bad[i].bytes, bad[i].n);
		uint64_t value;

		assert_false(rill_get_varint(&reader, &value));
	}
}

static void zigzag_keeps_every_number(void **state)
{
	static const int64_t numbers[] = {0, -1, 1, -2, INT64_MAX, INT64_MIN};

	(void)state;
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		assert_true(rill_unzigzag(rill_zigzag(numbers[i])) == numbers[i]);
	assert_int_equal(rill_zigzag(-1), 1);
	assert_int_equal(rill_zigzag(1), 2);
}

static void a_full_writer_stays_full(void **state)
{
	uint8_t bytes[4] = {0};
	struct rill_writer writer = rill_writer(bytes, sizeof bytes);

	(void)state;
	rill_put_u32(&writer, 0x04030201);
	assert_memory_equal(bytes, "\1\2\3\4", 4);
	assert_false(writer.full);
	rill_put_u8(&writer, 5);
	assert_true(writer.full);
	rill_put_bytes(&writer, bytes, 0);
	assert_true(writer.full);
	assert_int_equal(rill_writer_length(&writer), 4);
}

static void sums_that_do_not_fit_are_seen(void **state)
{
	uint64_t sum;

	(void)state;
	assert_true(rill_add(UINT64_MAX - 1, 1, &sum));
	assert_true(sum == UINT64_MAX);
	assert_false(rill_add(UINT64_MAX, 1, &sum));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(varints_come_back),
		cmocka_unit_test(longer_forms_are_refused),
		cmocka_unit_test(zigzag_keeps_every_number),
		cmocka_unit_test(a_full_writer_stays_full),
		cmocka_unit_test(sums_that_do_not_fit_are_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
