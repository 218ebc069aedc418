/* SPDX-License-Identifier: Apache-2.0 */
#include "device/http_body.h"

void http_body_start(struct http_body *body, const struct http_head *head)
{
	*body = (struct http_body){.left = head->length};
	if (head->chunked)
		body->state = HTTP_BODY_CHUNK_SIZE;
	else if (!head->has_length)
		body->state = HTTP_BODY_TO_THE_END;
	else
		body->state = head->length > 0 ? HTTP_BODY_LENGTH : HTTP_BODY_DONE;
}

static int digit_of(uint8_t byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	if (byte >= 'A' && byte <= 'F')
		return byte - 'A' + 10;
	return -1;
}

/* The line with a chunk's size: false when it is malformed. */
static bool take_size(struct http_body *body, uint8_t byte)
{
	int digit = digit_of(byte);

	if (++body->line > HTTP_CHUNK_LINE_MAX)
		return false;
	if (digit >= 0 && body->state != HTTP_BODY_CHUNK_EXTENSION) {
		if (body->state == HTTP_BODY_CHUNK_SIZE)
			body->left = 0;
		else if (body->left >> 48)
			return false;
		body->left = body->left << 4 | (uint64_t)digit;
		body->state = HTTP_BODY_CHUNK_DIGITS;
		return true;
	}
	if (body->state == HTTP_BODY_CHUNK_SIZE || byte == 0 || byte == '\n')
		return false;
	if (body->state == HTTP_BODY_CHUNK_DIGITS && byte != '\r' && byte != ';' && byte != ' ' &&
	    byte != '\t')
		return false;
	body->state = byte == '\r' ? HTTP_BODY_CHUNK_LF : HTTP_BODY_CHUNK_EXTENSION;
	return true;
}

static bool take_trailer(struct http_body *body, uint8_t byte)
{
	if (++body->line > HTTP_TRAILERS_MAX || byte == 0 || byte == '\n')
		return false;
	if (byte == '\r')
		body->state = body->state == HTTP_BODY_TRAILER_START ? HTTP_BODY_END_LF
								     : HTTP_BODY_TRAILER_LF;
	else
		body->state = HTTP_BODY_TRAILER;
	return true;
}

static void end_size_line(struct http_body *body)
{
	body->state = body->left > 0 ? HTTP_BODY_CHUNK_DATA : HTTP_BODY_TRAILER_START;
	body->line = 0;
}

/* A byte that is not content. */
static bool take_byte(struct http_body *body, uint8_t byte)
{
	switch (body->state) {
	case HTTP_BODY_CHUNK_SIZE:
	case HTTP_BODY_CHUNK_DIGITS:
	case HTTP_BODY_CHUNK_EXTENSION: return take_size(body, byte);
	case HTTP_BODY_CHUNK_LF: end_size_line(body); return byte == '\n';
	case HTTP_BODY_DATA_CR: body->state = HTTP_BODY_DATA_LF; return byte == '\r';
	case HTTP_BODY_DATA_LF: body->state = HTTP_BODY_CHUNK_SIZE; return byte == '\n';
	case HTTP_BODY_TRAILER_START:
	case HTTP_BODY_TRAILER: return take_trailer(body, byte);
	case HTTP_BODY_TRAILER_LF: body->state = HTTP_BODY_TRAILER_START; return byte == '\n';
	case HTTP_BODY_END_LF: body->state = HTTP_BODY_DONE; return byte == '\n';
	case HTTP_BODY_LENGTH:
	case HTTP_BODY_CHUNK_DATA:
	case HTTP_BODY_TO_THE_END:
	case HTTP_BODY_DONE: break;
	}
	return false;
}

static void take_content(struct http_body *body, size_t n)
{
	if (body->state == HTTP_BODY_TO_THE_END)
		return;
	body->left -= n;
	if (body->left == 0)
		body->state = body->state == HTTP_BODY_LENGTH ? HTTP_BODY_DONE : HTTP_BODY_DATA_CR;
}

enum rill_code http_body_next(struct http_body *body, const uint8_t *bytes, size_t n, size_t *used,
			      const uint8_t **content, size_t *content_n, struct rill_error *error)
{
	*used = 0;
	*content_n = 0;
	while (*used < n && body->state != HTTP_BODY_DONE) {
		if (body->state == HTTP_BODY_LENGTH || body->state == HTTP_BODY_CHUNK_DATA ||
		    body->state == HTTP_BODY_TO_THE_END) {
			*content = bytes + *used;
			*content_n = n - *used;
			if (body->state != HTTP_BODY_TO_THE_END && *content_n > body->left)
				*content_n = (size_t)body->left;
			take_content(body, *content_n);
			*used += *content_n;
			return RILL_OK;
		}
		if (!take_byte(body, bytes[(*used)++]))
			return rill_fail(error, RILL_NETWORK, "malformed chunked coding");
	}
	return RILL_OK;
}
