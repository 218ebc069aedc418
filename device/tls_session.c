/* SPDX-License-Identifier: Apache-2.0 */
#include "device/tls_session.h"

#include "device/durable.h"
#include <limits.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/version.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if MBEDTLS_VERSION_MAJOR < 3
#define MBEDTLS_PRIVATE(member) member
#endif

#define FILE_NAME "session"
#define FILE_MAX 65536
/* Seconds. Without the server's word: RFC 5246, section F.1.4; with it at most: RFC 8446,
 * section 4.6.1. */
#define LIFETIME 86400
#define LIFETIME_MAX (7 * 86400)

/* The file begins with this, as it is in memory; mbedTLS's form of the session follows. */
struct header {
	uint8_t server[RILL_SHA256_SIZE];
	int64_t since, until; /* seconds since 1970 */
};

static void hash_chain(struct rill_sha256 *hash, const mbedtls_x509_crt *certificate)
{
	for (; certificate && certificate->raw.p; certificate = certificate->next)
		rill_sha256_update(hash, certificate->raw.p, certificate->raw.len);
	rill_sha256_update(hash, "", 1);
}

/* A server, and all that it was trusted by. */
static void name_server(struct tls *tls, const char *host, const char *port)
{
	struct rill_sha256 hash;

	rill_sha256_start(&hash);
	rill_sha256_update(&hash, host, strlen(host) + 1);
	rill_sha256_update(&hash, port, strlen(port) + 1);
	hash_chain(&hash, &tls->authorities);
	hash_chain(&hash, &tls->certificate);
	if (tls->pin_count > 0)
		rill_sha256_update(&hash, tls->pins, tls->pin_count * sizeof *tls->pins);
	rill_sha256_finish(&hash, tls->server);
}

static bool file_path(const struct tls *tls, char path[PATH_MAX])
{
	const char *folder = tls->settings->folder;

	return folder && snprintf(path, PATH_MAX, "%s/" FILE_NAME, folder) < PATH_MAX;
}

void tls_session_read(struct tls *tls)
{
	int64_t now = tls->settings->clock.now;
	char path[PATH_MAX], *bytes;
	struct rill_error ignored;
	struct header header;
	size_t n;

	if (!file_path(tls, path) || tls->settings->clock.behind)
		return;
	if (durable_read(path, FILE_MAX, &bytes, &n, &ignored) != RILL_OK || !bytes)
		return;
	if (n > sizeof header) {
		memcpy(&header, bytes, sizeof header);
		if (header.since <= now && now < header.until &&
		    mbedtls_ssl_session_load(&tls->last, (unsigned char *)bytes + sizeof header,
					     n - sizeof header) == 0)
			memcpy(tls->last_server, header.server, sizeof header.server);
	}
	mbedtls_platform_zeroize(bytes, n);
	free(bytes);
}

void tls_session_offer(struct tls *tls, const char *host, const char *port)
{
	name_server(tls, host, port);
	if (memcmp(tls->server, tls->last_server, sizeof tls->server) == 0)
		mbedtls_ssl_set_session(&tls->session, &tls->last);
}

static void forget(struct tls *tls)
{
	mbedtls_ssl_session_free(&tls->last);
	mbedtls_ssl_session_init(&tls->last);
	memset(tls->last_server, 0, sizeof tls->last_server);
}

void tls_session_failed(struct tls *tls)
{
	char path[PATH_MAX];

	if (memcmp(tls->server, tls->last_server, sizeof tls->server) == 0 && file_path(tls, path))
		unlink(path);
	forget(tls);
}

/* How long it may be resumed; 0: it cannot be. */
static int64_t lifetime(const mbedtls_ssl_session *session)
{
#if defined(MBEDTLS_SSL_SESSION_TICKETS)
	int64_t hint = session->MBEDTLS_PRIVATE(ticket_lifetime);

	if (session->MBEDTLS_PRIVATE(ticket_len) > 0 && hint > 0)
		return hint < LIFETIME_MAX ? hint : LIFETIME_MAX;
	if (session->MBEDTLS_PRIVATE(ticket_len) > 0)
		return LIFETIME;
#endif
	return session->MBEDTLS_PRIVATE(id_len) > 0 ? LIFETIME : 0;
}

static void drop(struct tls *tls)
{
	if (tls->kept)
		mbedtls_platform_zeroize(tls->kept, tls->kept_length);
	free(tls->kept);
	tls->kept = NULL;
	tls->kept_length = 0;
}

/* Makes the file of the session, to be written when there is time. */
static void serialize(struct tls *tls)
{
	struct header header = {.since = tls->settings->clock.now};
	size_t n = 0;

	header.until = header.since + lifetime(&tls->last);
	if (header.until > tls->valid_until)
		header.until = tls->valid_until;
	memcpy(header.server, tls->server, sizeof header.server);
	mbedtls_ssl_session_save(&tls->last, NULL, 0, &n);
	drop(tls);
	tls->kept = n < FILE_MAX ? malloc(sizeof header + n) : NULL;
	if (!tls->kept)
		return;
	memcpy(tls->kept, &header, sizeof header);
	if (mbedtls_ssl_session_save(&tls->last, tls->kept + sizeof header, n, &n) == 0)
		tls->kept_length = sizeof header + n;
}

void tls_session_take(struct tls *tls)
{
	static const uint8_t none[RILL_SHA256_SIZE];

	forget(tls);
	if (mbedtls_ssl_get_session(&tls->session, &tls->last) != 0 || lifetime(&tls->last) == 0)
		return;
	memcpy(tls->last_server, tls->server, sizeof tls->server);
	if (memcmp(tls->first_server, none, sizeof none) == 0)
		memcpy(tls->first_server, tls->server, sizeof tls->server);
	/* A resumed session does not live longer by it. */
	if (tls->verified && memcmp(tls->first_server, tls->server, sizeof tls->server) == 0)
		serialize(tls);
}

void tls_session_write(struct tls *tls)
{
	struct rill_error ignored;

	if (tls->settings->folder && tls->kept_length > 0)
		durable_write_secret(tls->settings->folder, FILE_NAME, tls->kept, tls->kept_length,
				     &ignored);
	drop(tls);
}
