/* SPDX-License-Identifier: Apache-2.0 */
#include "device/http_head.h"

#include <string.h>
#include <strings.h>

size_t http_head_length(const uint8_t *bytes, size_t n)
{
	const uint8_t *end = memmem(bytes, n, "\r\n\r\n", 4);

	return end ? (size_t)(end - bytes) + 4 : 0;
}

/* A field's name or value: not ended by NUL. */
struct text {
	const char *at;
	size_t n;
};

static struct text trim(struct text text)
{
	while (text.n > 0 && (*text.at == ' ' || *text.at == '\t')) {
		text.at++;
		text.n--;
	}
	while (text.n > 0 && (text.at[text.n - 1] == ' ' || text.at[text.n - 1] == '\t'))
		text.n--;
	return text;
}

static bool same(struct text text, const char *word)
{
	return text.n == strlen(word) && strncasecmp(text.at, word, text.n) == 0;
}

/* True when a list, with commas between its members, has the word. */
static bool lists(struct text list, const char *word)
{
	for (;;) {
		const char *comma = memchr(list.at, ',', list.n);
		struct text member = {list.at, comma ? (size_t)(comma - list.at) : list.n};

		if (same(trim(member), word))
			return true;
		if (!comma)
			return false;
		list.n -= member.n + 1;
		list.at = comma + 1;
	}
}

static bool parse_length(struct text value, uint64_t *length)
{
	*length = 0;
	if (value.n == 0 || value.n > 15)
		return false;
	for (size_t i = 0; i < value.n; i++) {
		if (value.at[i] < '0' || value.at[i] > '9')
			return false;
		*length = *length * 10 + (uint64_t)(value.at[i] - '0');
	}
	return true;
}

static enum rill_code take_field(struct http_head *head, struct text name, struct text value,
				 struct rill_error *error)
{
	if (same(name, "content-length")) {
		uint64_t length;

		if (!parse_length(value, &length) || (head->has_length && length != head->length))
			return rill_fail(error, RILL_NETWORK, "a malformed Content-Length");
		head->length = length;
		head->has_length = true;
	} else if (same(name, "connection")) {
		head->close |= lists(value, "close");
	} else if (same(name, "transfer-encoding") || same(name, "content-encoding")) {
		head->coded |= !same(value, "identity");
	}
	return RILL_OK;
}

static enum rill_code parse_field(struct http_head *head, struct text line,
				  struct rill_error *error)
{
	const char *colon = memchr(line.at, ':', line.n);
	struct text name, value;

	/* No space before the colon, no continued lines: RFC 9112, sections 5.1 and 5.2. */
	if (!colon || colon == line.at || memchr(line.at, ' ', (size_t)(colon - line.at)) ||
	    memchr(line.at, '\t', (size_t)(colon - line.at)) || memchr(line.at, 0, line.n) ||
	    memchr(line.at, '\r', line.n) || memchr(line.at, '\n', line.n))
		return rill_fail(error, RILL_NETWORK, "a malformed header field");
	name = (struct text){line.at, (size_t)(colon - line.at)};
	value = trim((struct text){colon + 1, line.n - name.n - 1});
	return take_field(head, name, value, error);
}

static bool parse_status(struct http_head *head, struct text line)
{
	if (line.n < 12 || memcmp(line.at, "HTTP/1.", 7) != 0 || line.at[8] != ' ' ||
	    (line.n > 12 && line.at[12] != ' '))
		return false;
	head->close = line.at[7] == '0';
	head->status = 0;
	for (int i = 9; i < 12; i++) {
		if (line.at[i] < '0' || line.at[i] > '9')
			return false;
		head->status = head->status * 10 + line.at[i] - '0';
	}
	return line.at[7] == '0' || line.at[7] == '1';
}

enum rill_code http_head_parse(struct http_head *head, const uint8_t *bytes, size_t n,
			       struct rill_error *error)
{
	const char *at = (const char *)bytes, *end = at + n - 2; /* before the empty line */
	enum rill_code code = RILL_OK;
	bool first = true;

	memset(head, 0, sizeof *head);
	while (code == RILL_OK && at < end) {
		const char *line_end = memmem(at, (size_t)(end - at), "\r\n", 2);
		struct text line = {at, (size_t)(line_end - at)};

		if (!first)
			code = parse_field(head, line, error);
		else if (!parse_status(head, line))
			code = rill_fail(error, RILL_NETWORK, "not an answer of HTTP/1.1");
		first = false;
		at = line_end + 2;
	}
	return code;
}
