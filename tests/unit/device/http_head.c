/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "device/http_head.h"
#include <stdlib.h>
#include <string.h>

static enum rill_code parse(struct http_head *head, const char *text, size_t n,
			    struct rill_error *error)
{
	/* Of its exact size, so that ASan sees a read beyond it. */
	uint8_t *copy = malloc(n);
	enum rill_code code;

	assert_non_null(copy);
	memcpy(copy, text, n);
	assert_int_equal(http_head_length(copy, n), n);
	code = http_head_parse(head, copy, n, error);
	free(copy);
	return code;
}

static void good_heads_are_read(void **state)
{
	static const struct {
		const char *text;
		struct http_head head;
	} good[] = {
		{"HTTP/1.1 200 OK\r\n\r\n", {.status = 200}},
		{"HTTP/1.1 200\r\n\r\n", {.status = 200}},
		{"HTTP/1.1 200 \r\n\r\n", {.status = 200}},
		{"HTTP/1.1 404 Not Found at all\r\n\r\n", {.status = 404}},
		{"HTTP/1.1 503 Unavailable\r\n\r\n", {.status = 503}},
		{"HTTP/1.0 200 OK\r\n\r\n", {.status = 200, .close = true}},
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
		 {.status = 200, .has_length = true, .length = 5}},
		{"HTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\n",
		 {.status = 200, .has_length = true, .length = 0}},
		{"HTTP/1.1 200 OK\r\nCONTENT-LENGTH: \t 007 \t \r\n\r\n",
		 {.status = 200, .has_length = true, .length = 7}},
		{"HTTP/1.1 200 OK\r\nContent-Length: 999999999999999\r\n\r\n",
		 {.status = 200, .has_length = true, .length = 999999999999999}},
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
		 {.status = 200, .has_length = true, .length = 5}},
		{"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", {.status = 200, .close = true}},
		{"HTTP/1.1 200 OK\r\ncONNECTION: CLOSE\r\n\r\n", {.status = 200, .close = true}},
		{"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n", {.status = 200}},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n",
		 {.status = 200, .chunked = true}},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
		 {.status = 200, .coded = true}},
		{"HTTP/1.1 206 Partial\r\nContent-Range: bytes 5-9/10\r\n\r\n",
		 {.status = 206, .has_range = true, .first = 5, .last = 9, .total = 10}},
		{"HTTP/1.1 206 Partial\r\nContent-Range: Bytes 0-0/1\r\n\r\n",
		 {.status = 206, .has_range = true, .total = 1}},
		{"HTTP/1.1 206 Partial\r\nContent-Range: bytes 5-9/*\r\n\r\n", {.status = 206}},
		{"HTTP/1.1 206 Partial\r\nContent-Range: lines 5-9/10\r\n\r\n", {.status = 206}},
		{"HTTP/1.1 416 No\r\nContent-Range: bytes */10\r\n\r\n", {.status = 416}},
		{"HTTP/1.1 301 Moved\r\nLocation: /x y\r\n\r\n",
		 {.status = 301, .location = "/x y"}},
		{"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\n",
		 {.status = 200, .coded = true, .has_length = true, .length = 5}},
		{"HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\n\r\n", {.status = 200}},
		{"HTTP/1.1 200 OK\r\nX-Empty:\r\nServer: a: b, c\r\nX-Content-Length: 9\r\n\r\n",
		 {.status = 200}},
		{"HTTP/1.1 200 OK\r\nX-Text: caf\xc3\xa9\r\n\r\n", {.status = 200}},
	};
	struct http_head head;
	struct rill_error error;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		const struct http_head *want = &good[i].head;
		enum rill_code code = parse(&head, good[i].text, strlen(good[i].text), &error);

		if (code != RILL_OK)
			fail_msg("%s: %s", good[i].text, error.text);
		if (head.status != want->status || head.close != want->close ||
		    head.coded != want->coded || head.has_length != want->has_length ||
		    head.length != want->length || head.chunked != want->chunked ||
		    head.has_range != want->has_range ||
		    strcmp(head.location, want->location) != 0 ||
		    (want->has_range && (head.first != want->first || head.last != want->last ||
					 head.total != want->total)))
			fail_msg("read otherwise: %s", good[i].text);
	}
}

static void malformed_heads_are_refused(void **state)
{
#define BYTES(text) (text), sizeof(text) - 1
	static const struct {
		const char *text;
		size_t n;
	} bad[] = {
		{BYTES("\r\n\r\n")},
		{BYTES("HTTP/0.9 200 OK\r\n\r\n")},
		{BYTES("HTTP/2.0 200 OK\r\n\r\n")},
		{BYTES("HTTP/2 200\r\n\r\n")},
		{BYTES("HTTP/1.2 200 OK\r\n\r\n")},
		{BYTES("HTTP/11.1 200 OK\r\n\r\n")},
		{BYTES("http/1.1 200 OK\r\n\r\n")},
		{BYTES(" HTTP/1.1 200 OK\r\n\r\n")},
		{BYTES("HTTP/1.1  200 OK\r\n\r\n")},
		{BYTES("HTTP/1.1\t200 OK\r\n\r\n")},
		{BYTES("HTTP/1.1 20 OK\r\n\r\n")},
		{BYTES("HTTP/1.1 2000 OK\r\n\r\n")},
		{BYTES("HTTP/1.1 200OK\r\n\r\n")},
		{BYTES("HTTP/1.1 -20 OK\r\n\r\n")},
		{BYTES("HTTP/1.1 2x0 OK\r\n\r\n")},
		{BYTES("HTTP/1.1\r\n\r\n")},
		{BYTES("ICY 200 OK\r\n\r\n")},
		{BYTES("<html>\r\n\r\n")},
		/* Fields */
		{BYTES("HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\n")},
		{BYTES("HTTP/1.1 200 OK\r\nContent-Length\t: 5\r\n\r\n")},
		{BYTES("HTTP/1.1 200 OK\r\nX-A: b\r\n Content-Length: 5\r\n\r\n")},
		{BYTES("HTTP/1.1 200 OK\r\nX-A: b\r\n\tfolded\r\n\r\n")},
		{BYTES("HTTP/1.1 200 OK\r\nX-A: b\r\n folded: too\r\n\r\n")},
		{BYTES("HTTP/1.1 200 OK\r\n: no name\r\n\r\n")},
		{BYTES("HTTP/1.1 200 OK\r\nno colon\r\n\r\n")},
		{BYTES("HTTP/1.1 200 OK\r\nX-A: b\0c\r\n\r\n")},
		{BYTES("HTTP/1.1 200 OK\r\nX\0A: b\r\n\r\n")},
		{BYTES("HTTP/1.1 200 OK\r\nContent-Length: 5\0\r\n\r\n")},
		/* Lengths */
		{BYTES("HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n")},
		{BYTES("HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n")},
		{BYTES("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n")},
		{BYTES("HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n")},
		{BYTES("HTTP/1.1 200 OK\r\nContent-Length: 5 5\r\n\r\n")},
		{BYTES("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n")},
		{BYTES("HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\n")},
		{BYTES("HTTP/1.1 200 OK\r\nContent-Length: 5.0\r\n\r\n")},
		{BYTES("HTTP/1.1 200 OK\r\nContent-Length: 1000000000000000\r\n\r\n")},
		{BYTES("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551621\r\n\r\n")},
		{BYTES("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n")},
		{BYTES("HTTP/1.1 200 OK\r\nContent-Length: 0\r\ncontent-length: 6\r\n\r\n")},
		{BYTES("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: "
		       "chunked\r\n\r\n")},
		/* Ranges */
		{BYTES("HTTP/1.1 206 OK\r\nContent-Range: bytes 5-4/10\r\n\r\n")},
		{BYTES("HTTP/1.1 206 OK\r\nContent-Range: bytes 5-10/10\r\n\r\n")},
		{BYTES("HTTP/1.1 206 OK\r\nContent-Range: bytes 5-9\r\n\r\n")},
		{BYTES("HTTP/1.1 206 OK\r\nContent-Range: bytes -9/10\r\n\r\n")},
		{BYTES("HTTP/1.1 206 OK\r\nContent-Range: bytes 5-9/10x\r\n\r\n")},
		{BYTES("HTTP/1.1 206 OK\r\nContent-Range: bytes 5-9/1000000000000000\r\n\r\n")},
		{BYTES("HTTP/1.1 206 OK\r\nContent-Range: bytes 5-9/10\r\nContent-Range: bytes "
		       "5-9/10\r\n\r\n")},
		{BYTES("HTTP/1.1 301 OK\r\nLocation: /a\r\nLocation: /b\r\n\r\n")},
	};
	struct http_head head;
	struct rill_error error;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		enum rill_code code = parse(&head, bad[i].text, bad[i].n, &error);

		if (code == RILL_OK)
			fail_msg("taken: %s", bad[i].text);
		assert_int_equal(code, RILL_NETWORK);
	}
}

/* RFC 9110, section 5.5: a recipient must refuse CR and LF in a value, or replace them. */
static void lone_line_ends_in_a_field_are_refused(void **state)
{
	static const char *const bad[] = {
		"HTTP/1.1 200 OK\r\nX-A: b\nContent-Length: 5\r\n\r\n",
		"HTTP/1.1 200 OK\r\nX-A: b\rContent-Length: 5\r\n\r\n",
	};
	struct http_head head;
	struct rill_error error;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_fails(parse(&head, bad[i], strlen(bad[i]), &error), RILL_NETWORK, &error,
			     "malformed");
}

/* RFC 9110, section 7.6.1: Connection is a list. */
static void close_may_stand_among_other_connection_options(void **state)
{
	static const char *const texts[] = {
		"HTTP/1.1 200 OK\r\nConnection: close, TE\r\n\r\n",
		"HTTP/1.1 200 OK\r\nConnection: upgrade,close\r\n\r\n",
	};
	struct http_head head;
	struct rill_error error;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_ok(parse(&head, texts[i], strlen(texts[i]), &error), &error);
		assert_true(head.close);
	}
}

static void retry_after_is_seconds_or_a_date(void **state)
{
#define DATE "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
	static const struct {
		const char *text;
		int64_t wait; /* at 784111777, which is that date */
	} cases[] = {
		{"HTTP/1.1 503 No\r\n\r\n", 0},
		{"HTTP/1.1 503 No\r\nRetry-After: 120\r\n\r\n", 120},
		{"HTTP/1.1 503 No\r\nRetry-After: -1\r\n\r\n", 0},
		{"HTTP/1.1 503 No\r\nRetry-After: soon\r\n\r\n", 0},
		{"HTTP/1.1 503 No\r\nRetry-After: 9999999999999999\r\n\r\n", 0},
		{"HTTP/1.1 503 No\r\nRetry-After: Sun, 06 Nov 1994 08:50:37 GMT\r\n\r\n", 60},
		{"HTTP/1.1 503 No\r\nRetry-After: Sun, 06 Nov 1994 08:48:37 GMT\r\n\r\n", 0},
		{"HTTP/1.1 503 No\r\n" DATE "Retry-After: Sunday, 06-Nov-94 08:49:47 "
		 "GMT\r\n\r\n",
		 10},
	};
	struct http_head head;
	struct rill_error error;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_ok(parse(&head, cases[i].text, strlen(cases[i].text), &error), &error);
		assert_int_equal(http_head_retry_after(&head, 784111777), cases[i].wait);
	}
	/* The server's own Date counts, not a clock at 1970. */
	assert_int_equal(http_head_retry_after(&head, 0), 10);
}

static void a_head_ends_with_its_empty_line(void **state)
{
	static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody\r\n\r\n";
	const size_t length = sizeof text - 1 - 8;

	(void)state;
	for (size_t n = 0; n < sizeof text; n++)
		assert_int_equal(http_head_length((const uint8_t *)text, n),
				 n < length ? 0 : length);
}

static void lines_that_end_with_lf_alone_are_no_head(void **state)
{
	static const char text[] = "HTTP/1.1 200 OK\nContent-Length: 4\n\nbody";

	(void)state;
	assert_int_equal(http_head_length((const uint8_t *)text, sizeof text - 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_heads_are_read),
		cmocka_unit_test(malformed_heads_are_refused),
		cmocka_unit_test(lone_line_ends_in_a_field_are_refused),
		cmocka_unit_test(close_may_stand_among_other_connection_options),
		cmocka_unit_test(retry_after_is_seconds_or_a_date),
		cmocka_unit_test(a_head_ends_with_its_empty_line),
		cmocka_unit_test(lines_that_end_with_lf_alone_are_no_head),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
