/* SPDX-License-Identifier: Apache-2.0 */
#include "device/receive.h"

#include "device/signals.h"
#include <limits.h>
#include <string.h>

#define BLOCK 32768

enum rill_code receive_url(char *to, size_t size, const char *name, const uint8_t *sha256,
			   struct rill_error *error)
{
	const char *slash = strrchr(name, '/');
	int folders = slash ? (int)(slash + 1 - name) : 0;
	char hex[RILL_SHA256_HEX];

	rill_hex(sha256, RILL_SHA256_SIZE, hex);
	if (snprintf(to, size, "targets/%.*s%s.%s", folders, name, hex, name + folders) >=
	    (int)size)
		return rill_fail(error, RILL_UNSUPPORTED, "target %.64s...: its name is too long",
				 name);
	return RILL_OK;
}

/* The target as it comes in, and its hash so far. */
struct incoming {
	const struct receiver *receiver;
	struct rill_sha256 hash;
	uint64_t at, flushed;
};

static enum rill_code take_bytes(void *context, const uint8_t *bytes, size_t n,
				 struct rill_error *error)
{
	struct incoming *in = context;
	struct install *install = in->receiver->install;
	enum rill_code code = RILL_OK;

	/* In pieces, so that never more than one of them is not durable. */
	while (code == RILL_OK && n > 0) {
		uint64_t room = in->flushed + KIND_FLUSH - in->at;
		size_t take = n < room ? n : (size_t)room;

		rill_sha256_update(&in->hash, bytes, take);
		code = install->kind->write(install, 0, bytes, take, error);
		in->at += take;
		bytes += take;
		n -= take;
		if (code == RILL_OK && in->at == in->flushed + KIND_FLUSH) {
			code = install->kind->flush(install, error);
			in->flushed = in->at;
		}
	}
	progress_at(in->receiver->progress, in->at);
	return code;
}

/* Hashes what an earlier run left. */
static enum rill_code hash_kept(struct incoming *in, uint64_t kept, struct rill_error *error)
{
	struct install *install = in->receiver->install;
	uint8_t block[BLOCK];
	enum rill_code code = RILL_OK;

	while (code == RILL_OK && in->at < kept) {
		size_t n = kept - in->at < sizeof block ? (size_t)(kept - in->at) : sizeof block;

		code = install->kind->read_new(install, 0, in->at, block, n, error);
		if (code == RILL_OK)
			code = signals_check(error);
		if (code == RILL_OK)
			rill_sha256_update(&in->hash, block, n);
		in->at += n;
	}
	in->flushed = in->at;
	return code;
}

/* `*wrong`: all came, and it is not the target. */
static enum rill_code receive_once(const struct receiver *receiver, bool resume, uint64_t *kept,
				   bool *wrong, struct rill_error *error)
{
	struct incoming in = {.receiver = receiver};
	struct install *install = receiver->install;
	const struct rill_tuf_target *target = receiver->target;
	uint64_t length = (uint64_t)target->length;
	uint8_t digest[RILL_SHA256_SIZE];
	char url[PATH_MAX];
	enum rill_code code = receive_url(url, sizeof url, receiver->name, target->sha256, error);

	*kept = 0;
	rill_sha256_start(&in.hash);
	if (code == RILL_OK)
		code = resume ? install->kind->resume(install, length, kept, error)
			      : install->kind->begin(install, length, error);
	install->keep = true;
	if (code == RILL_OK)
		code = hash_kept(&in, *kept, error);
	if (code == RILL_OK && in.at < length)
		code = http_get_range(receiver->http, url, in.at, length, length, take_bytes, &in,
				      error);
	rill_sha256_finish(&in.hash, digest);
	*wrong = code == RILL_OK && memcmp(digest, target->sha256, sizeof digest) != 0;
	if (*wrong) {
		install->keep = false;
		code = rill_fail(error, RILL_CORRUPT, "%s: the server's file is not the signed one",
				 url);
	}
	return code;
}

enum rill_code receive_full(const struct receiver *receiver, bool resume, struct rill_error *error)
{
	uint64_t kept, requests = receiver->http->requests;
	bool wrong;
	enum rill_code code = receive_once(receiver, resume, &kept, &wrong, error);

	/* It may have been put together of two files: once more, all from one. */
	if (wrong && (kept > 0 || receiver->http->requests > requests + 1))
		code = receive_once(receiver, false, &kept, &wrong, error);
	return code;
}
