/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line that the public conformance suite of The Update Framework drives
 * (theupdateframework/tuf-conformance, CLIENT-CLI.md), around the agent's own trust.c:
 *
 *	tuf-client --metadata-dir D init ROOT
 *	tuf-client --metadata-dir D --metadata-url U refresh
 *	tuf-client --metadata-dir D --metadata-url U --target-name T... --target-dir TD
 *		--target-base-url TU download
 *
 * Exit status 0 or 1. The time is libc's, so that faketime can set it. Unlike the agent it
 * speaks plain HTTP, which is what the suite serves, on loopback.
 */
#include "device/durable.h"
#include "device/trust.h"
#include "tests/interop/plain_http.h"

#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TARGET_MAX (64 << 20)
#define NAMES_MAX 64

struct client {
	const char *metadata_dir, *metadata_url, *target_dir, *target_url;
	const char *names[NAMES_MAX];
	size_t name_count;
	struct trust trust;
};

/* Percent-encodes all but unreserved characters, and '/' where it may stay. */
static void encode(const char *from, bool keep_slash, char *to, size_t size)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~";
	size_t n = 0;

	for (; *from && n + 4 < size; from++) {
		bool stays = strchr(plain, *from) || (keep_slash && *from == '/');

		n += (size_t)snprintf(to + n, size - n, stays ? "%c" : "%%%02X",
				      stays ? *from : (uint8_t)*from);
	}
	to[n] = 0;
}

static void join(char *url, size_t size, const char *base, const char *rest)
{
	size_t n = strlen(base);

	snprintf(url, size, "%s%s%s", base, n && base[n - 1] == '/' ? "" : "/", rest);
}

static enum rill_code get_metadata(void *context, int64_t version, const char *role, uint64_t limit,
				   trust_sink sink, void *sink_context, bool *found,
				   struct rill_error *error)
{
	const struct client *client = context;
	char name[3 * RILL_TUF_NAME_MAX + 1], file[sizeof name + 32], url[2048];

	encode(role, false, name, sizeof name);
	if (version)
		snprintf(file, sizeof file, "%lld.%s.json", (long long)version, name);
	else
		snprintf(file, sizeof file, "%s.json", name);
	join(url, sizeof url, client->metadata_url, file);
	return plain_get(url, limit, sink, sink_context, found, error);
}

static enum rill_code init(const struct client *client, const char *root, struct rill_error *error)
{
	struct rill_tuf tuf;
	char *bytes;
	size_t n;
	enum rill_code code = durable_read(root, rill_tuf_length_max(RILL_TUF_ROOT), &bytes, &n,
					   error);

	if (code == RILL_OK && !bytes)
		code = rill_fail(error, RILL_IO, "%s: there is no such file", root);
	if (code != RILL_OK)
		return code;
	rill_tuf_init(&tuf, 0);
	code = rill_tuf_root(&tuf, bytes, n, error);
	rill_tuf_free(&tuf);
	if (code == RILL_OK)
		code = durable_write(client->metadata_dir, "root.json", bytes, n, error);
	free(bytes);
	return code;
}

/* Bytes of a target in memory: the suite's are small. */
struct body {
	char *bytes;
	size_t n, capacity;
};

static enum rill_code append(void *context, const uint8_t *bytes, size_t n,
			     struct rill_error *error)
{
	struct body *body = context;

	if (n > body->capacity - body->n)
		return rill_fail(error, RILL_INTERNAL, "more bytes than were allowed");
	memcpy(body->bytes + body->n, bytes, n);
	body->n += n;
	return RILL_OK;
}

static bool is_target(const struct rill_tuf_target *target, const void *bytes, size_t n)
{
	uint8_t digest[RILL_SHA512_SIZE];

	if ((int64_t)n != target->length)
		return false;
	rill_sha256(bytes, n, digest);
	if (target->hashes.has_sha256 &&
	    memcmp(digest, target->hashes.sha256, RILL_SHA256_SIZE) != 0)
		return false;
	rill_sha512(bytes, n, digest);
	return !target->hashes.has_sha512 ||
	       memcmp(digest, target->hashes.sha512, RILL_SHA512_SIZE) == 0;
}

static void target_url(const struct client *client, const char *path,
		       const struct rill_tuf_target *target, char *url, size_t size)
{
	char name[1024], encoded[2048], hex[2 * RILL_SHA512_SIZE + 1];
	const char *slash = strrchr(path, '/');
	int folders = slash ? (int)(slash + 1 - path) : 0;

	if (target->hashes.has_sha256)
		rill_hex(target->hashes.sha256, RILL_SHA256_SIZE, hex);
	else
		rill_hex(target->hashes.sha512, RILL_SHA512_SIZE, hex);
	if (client->trust.tuf.consistent)
		snprintf(name, sizeof name, "%.*s%s.%s", folders, path, hex, path + folders);
	else
		snprintf(name, sizeof name, "%s", path);
	encode(name, true, encoded, sizeof encoded);
	join(url, size, client->target_url, encoded);
}

static enum rill_code fetch_target(const struct client *client, const char *path, const char *file,
				   const struct rill_tuf_target *target, struct rill_error *error)
{
	struct body body = {0};
	char url[4096];
	bool found;
	enum rill_code code;

	if (target->length > TARGET_MAX)
		return rill_fail(error, RILL_UNSUPPORTED, "%s: over %d bytes", path, TARGET_MAX);
	body.capacity = (size_t)target->length;
	body.bytes = malloc(body.capacity + 1);
	if (!body.bytes)
		return rill_fail(error, RILL_MEMORY, "no memory");
	target_url(client, path, target, url, sizeof url);
	code = plain_get(url, body.capacity, append, &body, &found, error);
	if (code == RILL_OK && !found)
		code = rill_fail(error, RILL_NETWORK, "%s: not there", url);
	if (code == RILL_OK && !is_target(target, body.bytes, body.n))
		code = rill_fail(error, RILL_CORRUPT, "%s: not what was signed", url);
	if (code == RILL_OK)
		code = durable_write(client->target_dir, file, body.bytes, body.n, error);
	free(body.bytes);
	return code;
}

static enum rill_code download(struct client *client, const char *path, struct rill_error *error)
{
	struct rill_tuf_target target;
	char file[NAME_MAX], kept[PATH_MAX];
	char *bytes;
	size_t n;
	bool have;
	enum rill_code code = trust_target(&client->trust, path, &target, error);

	if (code == RILL_OK)
		code = trust_encode_name(path, file, error);
	if (code != RILL_OK)
		return code;
	snprintf(kept, sizeof kept, "%s/%s", client->target_dir, file);
	code = durable_read(kept, TARGET_MAX, &bytes, &n, error);
	if (code != RILL_OK)
		return code;
	have = bytes && is_target(&target, bytes, n);
	free(bytes);
	return have ? RILL_OK : fetch_target(client, path, file, &target, error);
}

static enum rill_code refresh(struct client *client, struct rill_error *error)
{
	const struct trust_source source = {get_metadata, client};
	enum rill_code code;

	rill_tuf_init(&client->trust.tuf, (int64_t)time(NULL));
	client->trust.source = &source;
	client->trust.folder = client->metadata_dir;
	code = trust_refresh(&client->trust, error);
	for (size_t i = 0; code == RILL_OK && i < client->name_count; i++)
		code = download(client, client->names[i], error);
	rill_tuf_free(&client->trust.tuf);
	return code;
}

static const struct option options[] = {
	{"metadata-dir", required_argument, NULL, 'd'},
	{"metadata-url", required_argument, NULL, 'u'},
	{"target-name", required_argument, NULL, 'n'},
	{"target-dir", required_argument, NULL, 'D'},
	{"target-base-url", required_argument, NULL, 'U'},
	{NULL, 0, NULL, 0},
};

static enum rill_code run(struct client *client, int argc, char **argv, struct rill_error *error)
{
	const char *command = argc > 0 ? argv[0] : "";

	if (strcmp(command, "init") == 0 && argc == 2 && client->metadata_dir)
		return init(client, argv[1], error);
	if (argc == 1 && client->metadata_dir && client->metadata_url &&
	    (strcmp(command, "refresh") == 0 ||
	     (strcmp(command, "download") == 0 && client->name_count && client->target_dir &&
	      client->target_url)))
		return refresh(client, error);
	return rill_fail(error, RILL_USAGE,
			 "usage: tuf-client OPTION... init ROOT | refresh | download");
}

int main(int argc, char **argv)
{
	static struct client client;
	struct rill_error error;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'd': client.metadata_dir = optarg; break;
		case 'u': client.metadata_url = optarg; break;
		case 'D': client.target_dir = optarg; break;
		case 'U': client.target_url = optarg; break;
		case 'n':
			if (client.name_count == NAMES_MAX)
				return 1;
			client.names[client.name_count++] = optarg;
			break;
		default: return 1;
		}
	}
	if (run(&client, argc - optind, argv + optind, &error) == RILL_OK)
		return 0;
	fprintf(stderr, "tuf-client: %s\n", error.text);
	return 1;
}
