/* SPDX-License-Identifier: Apache-2.0 */
#include "device/proxy.h"

#include "device/http_head.h"
#include <mbedtls/base64.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char scheme[] = "http://";

bool proxy_is_excepted(const char *except, const char *host)
{
	size_t host_length = strlen(host);

	while (*except) {
		size_t n = strcspn(except, ", \t");
		const char *entry = except;

		except += n + strspn(except + n, ", \t");
		if (n == 1 && *entry == '*')
			return true;
		if (n > 0 && *entry == '.') { /* ".domain" and "domain" mean the same */
			entry++;
			n--;
		}
		if (n == 0 || n > host_length || strncasecmp(host + host_length - n, entry, n) != 0)
			continue;
		if (n == host_length || host[host_length - n - 1] == '.')
			return true;
	}
	return false;
}

static const char *from_environment(const char *lower, const char *upper)
{
	const char *value = getenv(lower);

	return value ? value : getenv(upper);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* USER[:PASSWORD], percent-encoded, to base64. */
static bool encode_credentials(struct proxy *proxy, const char *text, size_t n)
{
	unsigned char plain[256] = {0};
	size_t length = 0, written;

	for (size_t i = 0; i < n; i++) {
		if (length + 2 > sizeof plain)
			return false;
		plain[length] = (unsigned char)text[i];
		if (text[i] == '%') {
			int high = i + 2 < n ? hex_digit(text[i + 1]) : -1;
			int low = i + 2 < n ? hex_digit(text[i + 2]) : -1;

			if (i + 2 >= n || high < 0 || low < 0)
				return false;
			plain[length] = (unsigned char)(high << 4 | low);
			i += 2;
		}
		length++;
	}
	if (!memchr(plain, ':', length))
		plain[length++] = ':';
	return mbedtls_base64_encode((unsigned char *)proxy->credentials, sizeof proxy->credentials,
				     &written, plain, length) == 0;
}

static enum rill_code parse_proxy(struct proxy *proxy, const char *text, struct rill_error *error)
{
	const char *at, *rest = text;
	struct url url;
	char https[320];
	struct rill_error ignored;
	size_t n;

	if (strncasecmp(rest, scheme, sizeof scheme - 1) == 0)
		rest += sizeof scheme - 1;
	else if (strstr(rest, "://"))
		return rill_fail(error, RILL_CONFIG,
				 "the proxy should begin with http:// (other kinds are not known)");
	n = strcspn(rest, "/");
	at = memrchr(rest, '@', n);
	if (at && !encode_credentials(proxy, rest, (size_t)(at - rest)))
		return rill_fail(error, RILL_CONFIG, "the proxy's user and password: malformed");
	if (at) {
		n -= (size_t)(at + 1 - rest);
		rest = at + 1;
	}
	/* Host and port are written as in any other URL. */
	if (n + sizeof "https:///" > sizeof https || rest[n + (rest[n] == '/')])
		n = 0;
	snprintf(https, sizeof https, "https://%.*s/", (int)n, rest);
	if (url_parse(&url, https, &ignored) != RILL_OK)
		return rill_fail(error, RILL_CONFIG, "the proxy should be http://HOST[:PORT]");
	snprintf(proxy->host, sizeof proxy->host, "%s", url.host);
	snprintf(proxy->port, sizeof proxy->port, "%s",
		 memchr(rest, ':', n) && strcmp(url.port, "443") != 0 ? url.port : "80");
	return RILL_OK;
}

enum rill_code proxy_choose(struct proxy *proxy, const char *configured, const char *except,
			    const struct url *to, struct rill_error *error)
{
	*proxy = (struct proxy){.host = ""};
	if (!configured)
		configured = from_environment("https_proxy", "HTTPS_PROXY");
	if (!except)
		except = from_environment("no_proxy", "NO_PROXY");
	if (!configured || !*configured || strcmp(configured, "none") == 0 ||
	    (except && proxy_is_excepted(except, to->host)))
		return RILL_OK;
	return parse_proxy(proxy, configured, error);
}

static enum rill_code send_connect(const struct proxy *proxy, struct wire *wire,
				   const struct url *to, struct rill_error *error)
{
	char host[URL_AUTHORITY_SIZE], request[2 * URL_AUTHORITY_SIZE + 768];
	size_t length, n;

	url_authority(to, true, host);
	length = (size_t)snprintf(request, sizeof request,
				  "CONNECT %s HTTP/1.1\r\nHost: %s\r\n"
				  "User-Agent: rill-agent/" RILL_VERSION "\r\n%s%s%s\r\n",
				  host, host,
				  proxy->credentials[0] ? "Proxy-Authorization: Basic " : "",
				  proxy->credentials, proxy->credentials[0] ? "\r\n" : "");
	for (size_t at = 0; at < length; at += n)
		if (!wire_send(wire, request + at, length - at, &n))
			return wire_failed(wire, "send to the proxy", error);
	return RILL_OK;
}

enum rill_code proxy_tunnel(const struct proxy *proxy, struct wire *wire, const struct url *to,
			    bool *again, struct rill_error *error)
{
	uint8_t bytes[HTTP_HEAD_MAX];
	struct http_head head;
	size_t n = 0, got, length = 0;
	enum rill_code code = send_connect(proxy, wire, to, error);

	while (code == RILL_OK && length == 0) {
		if (n == sizeof bytes)
			return rill_fail(error, RILL_NETWORK, "the proxy's answer is too long");
		if (!wire_receive(wire, bytes + n, sizeof bytes - n, &got))
			return wire_failed(wire, "receive from the proxy", error);
		n += got;
		length = http_head_length(bytes, n);
	}
	if (code == RILL_OK)
		code = http_head_parse(&head, bytes, length, error);
	if (code != RILL_OK)
		return code;
	*again = head.status >= 500 || head.status == 429;
	if (head.status / 100 != 2)
		return rill_fail(error, RILL_NETWORK, "the proxy answers %d%s", head.status,
				 head.status == 407 ? ": it wants a user and password" : "");
	if (length < n)
		return rill_fail(error, RILL_NETWORK, "the proxy sends more than its answer");
	wire_expect(wire);
	return RILL_OK;
}
