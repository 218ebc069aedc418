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
		{"https://[2001:db8::1]/", "2001:db8::1", "443", "/"},
		{"https://[::1]:8443/a", "::1", "8443", "/a/"},
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
		"https://[2001:db8::1/",
		"https://[]/",
		"https://[2001:db8::1]x/",
		"https://[192.0.2.7]/",
		"https://[2001:db8::1%25eth0]/",
		"https://2001:db8::1/",
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

static void check_append(const char *base, const char *name, const char *path)
{
	struct url url;
	struct rill_error error;

	snprintf(url.path, sizeof url.path, "%s", base);
	assert_ok(url_append(&url, name, &error), &error);
	assert_string_equal(url.path, path);
}

static void names_are_percent_encoded(void **state)
{
	(void)state;
	check_append("/base/", "aZ09-._~/x", "/base/aZ09-._~/x");
	check_append("/", "a b?c#d%e+f:g@h&i\r\n\xc3\xa4\x7f",
		     "/a%20b%3Fc%23d%25e%2Bf%3Ag%40h%26i%0D%0A%C3%A4%7F");
	check_append("/", "", "/");
}

static void names_that_do_not_fit_are_refused(void **state)
{
	struct url url = {.path = "/"};
	struct rill_error error;
	char name[sizeof url.path];

	(void)state;
	memset(name, 'n', sizeof name);
	name[sizeof url.path - 5] = 0; /* one byte, and room for an encoded one */
	assert_ok(url_append(&url, name, &error), &error);
	assert_int_equal(strlen(url.path), sizeof url.path - 4);
	assert_ok(url_append(&url, " ", &error), &error);
	assert_int_equal(strlen(url.path), sizeof url.path - 1);
	assert_fails(url_append(&url, "n", &error), RILL_UNSUPPORTED, &error, "URL");
}

/* RFC 3986, section 5.4.1, as far as redirects need it. */
static void redirects_are_resolved(void **state)
{
	static const struct {
		const char *location, *host, *port, *path;
	} good[] = {
		{"https://b.example/x?y=z", "b.example", "443", "/x?y=z"},
		{"HTTPS://b.example:8443", "b.example", "8443", "/"},
		{"https://b.example?q", "b.example", "443", "/?q"},
		{"https://[::1]:444/x", "::1", "444", "/x"},
		{"//b.example/x", "b.example", "443", "/x"},
		{"/x/y?z#frag", "a.example", "8000", "/x/y?z"},
		{"x", "a.example", "8000", "/folder/x"},
		{"../x", "a.example", "8000", "/folder/../x"},
		{"?b=c", "a.example", "8000", "/folder/file?b=c"},
		{"x:y/z", NULL, NULL, NULL},
	};
	const struct url base = {"a.example", "8000", "/folder/file?old=1/2"};
	struct url url;
	struct rill_error error;

	(void)state;
	for (size_t i = 0; good[i].host; i++) {
		assert_ok(url_resolve(&url, &base, good[i].location, &error), &error);
		assert_string_equal(url.host, good[i].host);
		assert_string_equal(url.port, good[i].port);
		assert_string_equal(url.path, good[i].path);
	}
}

static void redirects_away_from_https_are_refused(void **state)
{
	static const char *const away[] = {"http://a.example/", "ftp://a.example/x", "javascript:1",
					   "HTTP://a.example/", "x:y/z"};
	static const char *const odd[] = {
		"",	     " /x",	    "/x y",	    "/x\r\nHost: b",
		"/\xc3\xa4", "https://",    "https://u@b/", "https://b:0/",
		"//",	     "https://b c/"};
	const struct url base = {"a.example", "443", "/"};
	struct url url;
	struct rill_error error;

	(void)state;
	for (size_t i = 0; i < sizeof away / sizeof away[0]; i++)
		assert_fails(url_resolve(&url, &base, away[i], &error), RILL_SECURITY, &error,
			     "away from https");
	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
		assert_fails(url_resolve(&url, &base, odd[i], &error), RILL_NETWORK, &error, "\"");
}

static void origins_are_compared(void **state)
{
	const struct url a = {"a.example", "443", "/x"}, same = {"A.Example", "443", "/y"};
	const struct url host = {"b.example", "443", "/x"}, port = {"a.example", "444", "/x"};

	(void)state;
	assert_true(url_same_origin(&a, &same));
	assert_false(url_same_origin(&a, &host));
	assert_false(url_same_origin(&a, &port));
}

static void authorities_are_printed(void **state)
{
	const struct url name = {"a.example", "443", "/"}, address = {"::1", "8443", "/"};
	char text[URL_AUTHORITY_SIZE];

	(void)state;
	url_authority(&name, false, text);
	assert_string_equal(text, "a.example");
	url_authority(&name, true, text);
	assert_string_equal(text, "a.example:443");
	url_authority(&address, false, text);
	assert_string_equal(text, "[::1]:8443");
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
		cmocka_unit_test(redirects_are_resolved),
		cmocka_unit_test(redirects_away_from_https_are_refused),
		cmocka_unit_test(origins_are_compared),
		cmocka_unit_test(authorities_are_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
