/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "device/url.h"
#include <string.h>

static void good_urls_are_taken_apart(void **state)
{
	static const struct {
		const char *text, *host, *port, *path;
	} good[] = {
		{"https://example.com", "example.com", "443", "/"},
		{"https://example.com/", "example.com", "443", "/"},
		{"https://example.com/a/b", "example.com", "443", "/a/b/"},
		{"https://example.com/a/b/", "example.com", "443", "/a/b/"},
		{"https://example.com:8443/a", "example.com", "8443", "/a/"},
		{"https://example.com:8443", "example.com", "8443", "/"},
		{"https://example.com:1", "example.com", "1", "/"},
		{"https://example.com:65535/", "example.com", "65535", "/"},
		{"https://192.0.2.7/a%20b/", "192.0.2.7", "443", "/a%20b/"},
		{"https://a-b.example/~x/@y:z/", "a-b.example", "443", "/~x/@y:z/"},
	};
	struct url url;
	struct rill_error error;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		if (url_parse(&url, good[i].text, &error) != RILL_OK)
			fail_msg("%s: %s", good[i].text, error.text);
		assert_string_equal(url.host, good[i].host);
		assert_string_equal(url.port, good[i].port);
		assert_string_equal(url.path, good[i].path);
	}
}

static void check_refused(const char *const *bad, size_t count)
{
	struct url url;
	struct rill_error error;

	for (size_t i = 0; i < count; i++) {
		enum rill_code code = url_parse(&url, bad[i], &error);

		if (code == RILL_OK)
			fail_msg("taken: %s (host \"%s\", port \"%s\")", bad[i], url.host,
				 url.port);
		assert_fails(code, RILL_CONFIG, &error, "\"");
	}
}

static void urls_that_cannot_be_used_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"https:/",
		"https://",
		"https:///path",
		"http://example.com/",
		"HTTPS-example.com",
		"ftp://example.com/",
		"example.com/",
		" https://example.com/",
		"https://user@example.com/",
		"https://user:word@example.com/",
		"https://[2001:db8::1]/",
		"https://[2001:db8::1]:8443/",
		"https://example.com:/",
		"https://example.com:x/",
		"https://example.com:80x/",
		"https://example.com:-1/",
		"https://example.com:+1/",
		"https://example.com:443:443/",
		"https://example.com:123456/",
		"https://example.com:0000443/",
		"https://:443/",
		"https://example.com/a?b=c",
		"https://example.com/a#b",
		"https://example.com/a b",
		"https://example.com/a\r\nHost: other/",
		"https://example.com/a\tb",
	};

	(void)state;
	check_refused(bad, sizeof bad / sizeof bad[0]);
}

/* The host goes into a request as it is. */
static void hosts_that_are_no_names_are_refused(void **state)
{
	static const char *const bad[] = {
		"https://example.com?b=c",
		"https://example.com#b",
		"https://example.com\r\nX-Header: y/",
		"https://exam ple.com/",
		"https://example.com\t/",
		"https://example.com\\.other.com/",
		"https://exam%70le.com/",
	};

	(void)state;
	check_refused(bad, sizeof bad / sizeof bad[0]);
}

static void ports_are_from_1_to_65535(void **state)
{
	static const char *const bad[] = {
		"https://example.com:0/",
		"https://example.com:65536/",
		"https://example.com:99999/",
	};

	(void)state;
	check_refused(bad, sizeof bad / sizeof bad[0]);
}

/* "https://", `host` letters, "/" and `path` letters. */
static void make_url(char text[2048], size_t host, size_t path)
{
	size_t n = (size_t)snprintf(text, 2048, "https://");

	memset(text + n, 'h', host);
	text[n + host] = '/';
	memset(text + n + host + 1, 'p', path);
	text[n + host + 1 + path] = 0;
}

static void long_parts_are_refused(void **state)
{
	char text[2048];
	struct url url;
	struct rill_error error;

	(void)state;
	make_url(text, 255, 0);
	assert_ok(url_parse(&url, text, &error), &error);
	assert_int_equal(strlen(url.host), 255);
	make_url(text, 256, 0);
	assert_fails(url_parse(&url, text, &error), RILL_CONFIG, &error, "host");
	make_url(text, 1, 1021);
	assert_ok(url_parse(&url, text, &error), &error);
	assert_int_equal(strlen(url.path), 1023);
	make_url(text, 1, 1022);
	assert_fails(url_parse(&url, text, &error), RILL_CONFIG, &error, "too long");
}

static void names_are_percent_encoded(void **state)
{
	char path[128] = "/base/";
	struct rill_error error;

	(void)state;
	assert_ok(url_append(path, sizeof path, "aZ09-._~/x", &error), &error);
	assert_string_equal(path, "/base/aZ09-._~/x");
	strcpy(path, "/");
	assert_ok(url_append(path, sizeof path, "a b?c#d%e+f:g@h&i\r\n\xc3\xa4\x7f", &error),
		  &error);
	assert_string_equal(path, "/a%20b%3Fc%23d%25e%2Bf%3Ag%40h%26i%0D%0A%C3%A4%7F");
	strcpy(path, "/");
	assert_ok(url_append(path, sizeof path, "", &error), &error);
	assert_string_equal(path, "/");
}

static void names_that_do_not_fit_are_refused(void **state)
{
	struct rill_error error;

	(void)state;
	for (size_t size = 3; size < 40; size++) {
		char path[48];
		enum rill_code code;

		memset(path, '!', sizeof path);
		strcpy(path, "/");
		code = url_append(path, size, "a\x80\x81/bcd\x82 e", &error);
		assert_true(strlen(path) < size);
		for (size_t i = size; i < sizeof path; i++)
			assert_int_equal(path[i], '!');
		if (code == RILL_OK)
			assert_string_equal(path, "/a%80%81/bcd%82%20e");
		else
			assert_fails(code, RILL_UNSUPPORTED, &error, "URL");
		if (size > strlen("/a%80%81/bcd%82%20e") + 3)
			assert_int_equal(code, RILL_OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_urls_are_taken_apart),
		cmocka_unit_test(urls_that_cannot_be_used_are_refused),
		cmocka_unit_test(hosts_that_are_no_names_are_refused),
		cmocka_unit_test(ports_are_from_1_to_65535),
		cmocka_unit_test(long_parts_are_refused),
		cmocka_unit_test(names_are_percent_encoded),
		cmocka_unit_test(names_that_do_not_fit_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
