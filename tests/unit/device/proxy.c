/* SPDX-License-Identifier: Apache-2.0
 *
 * Which proxy is chosen; the tunnel itself is tested with squid in tests/net.
 */
#include "tests/unit/support.h"

#include "device/proxy.h"
#include <stdlib.h>

static const struct url to = {"a.example", "443", "/"};

static void proxies_are_taken_apart(void **state)
{
	static const struct {
		const char *text, *host, *port, *credentials;
	} good[] = {
		{"http://p.example:3128", "p.example", "3128", ""},
		{"http://p.example:3128/", "p.example", "3128", ""},
		{"p.example:3128", "p.example", "3128", ""},
		{"http://p.example", "p.example", "80", ""},
		{"http://p.example:80/", "p.example", "80", ""},
		{"HTTP://[::1]:3128", "::1", "3128", ""},
		/* RFC 7617, section 2 */
		{"http://Aladdin:open%20sesame@p.example:3128", "p.example", "3128",
		 "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
		{"http://us%40er:pa%3Ass@p.example", "p.example", "80", "dXNAZXI6cGE6c3M="},
		{"http://user@p.example", "p.example", "80", "dXNlcjo="},
		{"none", "", "", ""},
	};
	struct proxy proxy;
	struct rill_error error;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_ok(proxy_choose(&proxy, good[i].text, "", &to, &error), &error);
		assert_string_equal(proxy.host, good[i].host);
		assert_string_equal(proxy.port, good[i].port);
		assert_string_equal(proxy.credentials, good[i].credentials);
	}
}

static void proxies_that_cannot_be_used_are_refused(void **state)
{
	static const char *const bad[] = {
		"https://p.example",	  "socks5://p.example",	   "http://",
		"http://p.example:0",	  "http://p.example:x",	   "http://p.example/path",
		"http://u:%zz@p.example", "http://u:%2@p.example", "http://p example",
	};
	struct proxy proxy;
	struct rill_error error;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_fails(proxy_choose(&proxy, bad[i], "", &to, &error), RILL_CONFIG, &error,
			     "proxy");
}

static void hosts_may_be_excepted(void **state)
{
	static const char *const yes[] = {
		"*",	    "a.example",    "A.EXAMPLE",   ".a.example",   "example",
		".example", "x, a.example", "x a.example", ",,a.example,,"};
	static const char *const no[] = {"",  "b.example", "x.a.example",  "ample",
					 "a", ".",	   "a.example.org"};

	(void)state;
	for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
		assert_true(proxy_is_excepted(yes[i], "a.example"));
	for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
		assert_false(proxy_is_excepted(no[i], "a.example"));
}

static void the_environment_counts_where_nothing_is_configured(void **state)
{
	struct proxy proxy;
	struct rill_error error;

	(void)state;
	setenv("HTTPS_PROXY", "http://upper:1", 1);
	assert_ok(proxy_choose(&proxy, NULL, NULL, &to, &error), &error);
	assert_string_equal(proxy.host, "upper");
	setenv("https_proxy", "http://lower:1", 1);
	assert_ok(proxy_choose(&proxy, NULL, NULL, &to, &error), &error);
	assert_string_equal(proxy.host, "lower");
	assert_ok(proxy_choose(&proxy, "http://configured:1", NULL, &to, &error), &error);
	assert_string_equal(proxy.host, "configured");
	assert_ok(proxy_choose(&proxy, "none", NULL, &to, &error), &error);
	assert_string_equal(proxy.host, "");
	setenv("no_proxy", "b.example,example", 1);
	assert_ok(proxy_choose(&proxy, NULL, NULL, &to, &error), &error);
	assert_string_equal(proxy.host, "");
	assert_ok(proxy_choose(&proxy, NULL, "", &to, &error), &error);
	assert_string_equal(proxy.host, "lower");
	unsetenv("https_proxy");
	unsetenv("HTTPS_PROXY");
	unsetenv("no_proxy");
	assert_ok(proxy_choose(&proxy, NULL, NULL, &to, &error), &error);
	assert_string_equal(proxy.host, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proxies_are_taken_apart),
		cmocka_unit_test(proxies_that_cannot_be_used_are_refused),
		cmocka_unit_test(hosts_may_be_excepted),
		cmocka_unit_test(the_environment_counts_where_nothing_is_configured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
