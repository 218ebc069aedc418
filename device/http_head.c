/* SPDX-License-Identifier: Apache-2.0 */
#include "device/http_head.h"

#include "device/http_date.h"
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

/* Takes decimal digits, at most 15, off the front of `text`. */
static bool take_number(struct text *text, uint64_t *number)
{
	size_t digits = 0;

	*number = 0;
	while (digits < text->n && text->at[digits] >= '0' && text->at[digits] <= '9') {
		if (digits == 15)
			return false;
		*number = *number * 10 + (uint64_t)(text->at[digits++] - '0');
	}
	text->at += digits;
	text->n -= digits;
	return digits > 0;
}

static bool take_word(struct text *text, const char *word)
{
	size_t n = strlen(word);

	if (text->n < n || strncasecmp(text->at, word, n) != 0)
		return false;
	text->at += n;
	text->n -= n;
	return true;
}

static enum rill_code malformed(const char *field, struct rill_error *error)
{
	return rill_fail(error, RILL_NETWORK, "a malformed %s", field);
}

static enum rill_code take_length(struct http_head *head, struct text value,
				  struct rill_error *error)
{
	uint64_t length;

	if (!take_number(&value, &length) || value.n > 0 ||
	    (head->has_length && length != head->length))
		return malformed("Content-Length", error);
	head->length = length;
	head->has_length = true;
	return RILL_OK;
}

/* "bytes FIRST-LAST/TOTAL". Other units, an unknown total, and what goes with 416 (no range
 * at all) count as none. */
static enum rill_code take_range(struct http_head *head, struct text value,
				 struct rill_error *error)
{
	if (head->has_range)
		return malformed("Content-Range", error);
	if (!take_word(&value, "bytes ") || take_word(&value, "*"))
		return RILL_OK;
	if (!take_number(&value, &head->first) || !take_word(&value, "-") ||
	    !take_number(&value, &head->last) || !take_word(&value, "/") ||
	    head->last < head->first)
		return malformed("Content-Range", error);
	if (same(value, "*"))
		return RILL_OK;
	if (!take_number(&value, &head->total) || value.n > 0 || head->last >= head->total)
		return malformed("Content-Range", error);
	head->has_range = true;
	return RILL_OK;
}

static enum rill_code take_location(struct http_head *head, struct text value,
				    struct rill_error *error)
{
	if (head->location[0] || value.n >= sizeof head->location)
		return malformed("Location", error);
	memcpy(head->location, value.at, value.n);
	head->location[value.n] = 0;
	return RILL_OK;
}

/* What cannot be read here only makes the client wait less well: not an error. */
static void take_retry_after(struct http_head *head, struct text value)
{
	uint64_t seconds;
	struct text number = value;

	if (take_number(&number, &seconds) && number.n == 0)
		head->retry_after = (int64_t)seconds;
	else
		http_date_parse(value.at, value.n, &head->retry_date);
}

static enum rill_code take_field(struct http_head *head, struct text name, struct text value,
				 struct rill_error *error)
{
	if (same(name, "content-length"))
		return take_length(head, value, error);
	if (same(name, "content-range"))
		return take_range(head, value, error);
	if (same(name, "location"))
		return take_location(head, value, error);
	if (same(name, "connection"))
		head->close |= lists(value, "close");
	else if (same(name, "transfer-encoding") && same(value, "chunked") && !head->chunked)
		head->chunked = true;
	else if (same(name, "transfer-encoding") || same(name, "content-encoding"))
		head->coded |= !same(value, "identity");
	else if (same(name, "retry-after"))
		take_retry_after(head, value);
	else if (same(name, "date"))
		http_date_parse(value.at, value.n, &head->date);
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
	head->retry_after = head->retry_date = head->date = -1;
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
	/* RFC 9112, section 6.1: what could be read in two ways is not read. */
	if (code == RILL_OK && head->chunked && head->has_length)
		code = rill_fail(error, RILL_NETWORK, "both a length and chunked coding");
	return code;
}

int64_t http_head_retry_after(const struct http_head *head, int64_t now)
{
	int64_t from = head->date >= 0 ? head->date : now;

	if (head->retry_after >= 0)
		return head->retry_after;
	return head->retry_date > from ? head->retry_date - from : 0;
}
