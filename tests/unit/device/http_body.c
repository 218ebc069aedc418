/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "device/http_body.h"
#include <string.h>

/* Reads a body that comes in pieces of `step` bytes. Returns the bytes used, and the content
 * as text. */
static enum rill_code read_body(const struct http_head *head, const char *raw, size_t n,
				size_t step, char *text, size_t *used, bool *done,
				struct rill_error *error)
{
	struct http_body body;
	size_t fill = 0;

	http_body_start(&body, head);
	*used = 0;
	while (*used < n && body.state != HTTP_BODY_DONE) {
		size_t piece = n - *used < step ? n - *used : step, taken, content_n;
		const uint8_t *content;
		enum rill_code code = http_body_next(&body, (const uint8_t *)raw + *used, piece,
						     &taken, &content, &content_n, error);

		if (code != RILL_OK)
			return code;
		assert_true(taken > 0 && taken <= piece);
		if (content_n > 0)
			memcpy(text + fill, content, content_n);
		fill += content_n;
		*used += taken;
	}
	text[fill] = 0;
	*done = body.state == HTTP_BODY_DONE;
	return RILL_OK;
}

struct good {
	struct http_head head;
	const char *raw, *text;
	size_t rest; /* bytes behind the body */
	bool open; /* the end of the connection is the end */
};

static void good_bodies_are_read(void **state)
{
	static const struct good good[] = {
		{{.has_length = true, .length = 5}, "helloHTTP/1.1", "hello", 8, false},
		{{.has_length = true, .length = 0}, "HTTP/1.1", "", 8, false},
		{{.status = 200}, "hello", "hello", 0, true},
		{{.chunked = true}, "5\r\nhello\r\n0\r\n\r\n", "hello", 0, false},
		{{.chunked = true}, "0\r\n\r\nHTTP", "", 4, false},
		{{.chunked = true}, "3\r\nhel\r\n2\r\nlo\r\n00\r\n\r\n", "hello", 0, false},
		{{.chunked = true}, "A\r\n0123456789\r\n0\r\n\r\n", "0123456789", 0, false},
		{{.chunked = true},
		 "a ;x=\"y\"\r\n0123456789\r\n0;z\r\n\r\n",
		 "0123456789",
		 0,
		 false},
		{{.chunked = true},
		 "5\r\nhello\r\n0\r\nX-Sum: 1\r\nY: 2\r\n\r\nmore",
		 "hello",
		 4,
		 false},
	};
	char text[64];
	struct rill_error error;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		size_t n = strlen(good[i].raw), used;
		bool done;

		for (size_t step = 1; step <= n; step++) {
			assert_ok(read_body(&good[i].head, good[i].raw, n, step, text, &used, &done,
					    &error),
				  &error);
			assert_string_equal(text, good[i].text);
			assert_int_equal(used, n - good[i].rest);
			assert_int_equal(done, !good[i].open);
		}
	}
}

static void a_body_that_is_cut_off_is_not_done(void **state)
{
	static const char raw[] = "5\r\nhello\r\n0\r\nX: y\r\n\r\n";
	const struct http_head chunked = {.chunked = true};
	char text[64];
	struct rill_error error;
	size_t used;
	bool done;

	(void)state;
	for (size_t n = 0; n < sizeof raw - 1; n++) {
		done = false;
		assert_ok(read_body(&chunked, raw, n, 1, text, &used, &done, &error), &error);
		assert_false(done);
	}
}

static void malformed_chunks_are_refused(void **state)
{
	static const char *const bad[] = {
		"\r\n",
		"x\r\n",
		"-5\r\nhello\r\n",
		"0x5\r\nhello\r\n",
		" 5\r\nhello\r\n",
		"5\nhello\r\n",
		"5\rhello",
		"5\r\nhello5\r\n",
		"5\r\nhello\n",
		"5\r\nhello\r\r",
		"5;a\nb\r\n",
		"1000000000000\r\nx",
		"10000000000000000\r\nx",
		"0\r\nX: y\nZ\r\n\r\n",
		"0\r\nX: y\rZ\r\n\r\n",
		"0\r\n\rx",
	};
	const struct http_head chunked = {.chunked = true};
	char text[64];
	struct rill_error error;
	size_t used;
	bool done;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		enum rill_code code = read_body(&chunked, bad[i], strlen(bad[i]), 64, text, &used,
						&done, &error);

		/* The largest size is well formed, and is not waited for here. */
		if (strncmp(bad[i], "1000000000000\r", 14) == 0)
			assert_int_equal(code, RILL_OK);
		else
			assert_fails(code, RILL_NETWORK, &error, "chunked");
	}
}

static void lines_between_chunks_are_bounded(void **state)
{
	static char raw[2 * HTTP_TRAILERS_MAX];
	const struct http_head chunked = {.chunked = true};
	char text[64];
	struct rill_error error;
	size_t used;
	bool done;

	(void)state;
	memset(raw, 'x', sizeof raw);
	raw[0] = '5';
	raw[1] = ';';
	assert_fails(read_body(&chunked, raw, sizeof raw, 4096, text, &used, &done, &error),
		     RILL_NETWORK, &error, "chunked");
	raw[0] = '0';
	raw[1] = '\r';
	raw[2] = '\n';
	assert_fails(read_body(&chunked, raw, sizeof raw, 4096, text, &used, &done, &error),
		     RILL_NETWORK, &error, "chunked");
	memset(raw, '0', sizeof raw);
	assert_fails(read_body(&chunked, raw, sizeof raw, 4096, text, &used, &done, &error),
		     RILL_NETWORK, &error, "chunked");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_bodies_are_read),
		cmocka_unit_test(a_body_that_is_cut_off_is_not_done),
		cmocka_unit_test(malformed_chunks_are_refused),
		cmocka_unit_test(lines_between_chunks_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
