/* SPDX-License-Identifier: Apache-2.0
 *
 * An answer, at the start of any bytes: its head, then its body in pieces of any size.
 */
#include "device/http_body.h"
#include "device/url.h"
#include "tests/fuzz/must.h"

#include <string.h>

static void read_body(const struct http_head *head, const uint8_t *bytes, size_t n)
{
	size_t step = n > 0 ? 1 + bytes[0] % 7 : 1;
	struct http_body body;
	uint64_t total = 0;

	http_body_start(&body, head);
	while (n > 0 && body.state != HTTP_BODY_DONE) {
		size_t piece = n < step ? n : step, used, content_n;
		const uint8_t *content = NULL;
		struct rill_error error;
		enum rill_code code = http_body_next(&body, bytes, piece, &used, &content,
						     &content_n, &error);

		must(code == RILL_OK || code == RILL_NETWORK);
		if (code != RILL_OK)
			return;
		must(used > 0 && used <= piece && content_n <= used);
		must(content_n == 0 || (content >= bytes && content + content_n <= bytes + used));
		total += content_n;
		must(!head->has_length || total <= head->length);
		bytes += used;
		n -= used;
	}
}

static void follow(const char *location)
{
	const struct url base = {"a.example", "443", "/folder/file?x"};
	struct url url;
	struct rill_error error;
	enum rill_code code = url_resolve(&url, &base, location, &error);

	must(code == RILL_OK || code == RILL_NETWORK || code == RILL_SECURITY);
	if (code == RILL_OK)
		must(url.path[0] == '/' && url.host[0] && url.port[0] &&
		     !strpbrk(url.path, " \r\n\t") && !strpbrk(url.host, " \r\n\t/@"));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	size_t length = http_head_length(bytes, n);
	struct http_head head;
	struct rill_error error;
	uint8_t *exact;

	if (length == 0)
		return 0;
	must(length <= n && http_head_length(bytes, length - 1) == 0);
	exact = malloc(length);
	must(exact);
	memcpy(exact, bytes, length);
	if (http_head_parse(&head, exact, length, &error) == RILL_OK) {
		must(head.status >= 0 && head.status <= 999 && head.length <= 999999999999999 &&
		     (head.has_length || head.length == 0) &&
		     (!head.has_range || (head.first <= head.last && head.last < head.total)));
		must(http_head_retry_after(&head, 0) >= 0);
		follow(head.location);
		read_body(&head, bytes + length, n - length);
	} else {
		must(error.code == RILL_NETWORK);
	}
	free(exact);
	return 0;
}
