/* SPDX-License-Identifier: Apache-2.0 */
#include "device/tls.h"

#include <mbedtls/error.h>
#include <mbedtls/version.h>
#include <string.h>

static enum rill_code failed(const char *doing, int result, struct rill_error *error)
{
	char text[160];

	if (result == MBEDTLS_ERR_SSL_TIMEOUT)
		return rill_fail(error, RILL_NETWORK, "%s: the server is silent", doing);
	if (result == 0 || result == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
		return rill_fail(error, RILL_NETWORK, "%s: the server closed the connection",
				 doing);
	mbedtls_strerror(result, text, sizeof text);
	return rill_fail(error, RILL_NETWORK, "%s: %s", doing, text);
}

static void require_tls_1_2(mbedtls_ssl_config *config)
{
#if MBEDTLS_VERSION_MAJOR < 3 /* 2.28 would go down to TLS 1.0 */
	mbedtls_ssl_conf_min_version(config, MBEDTLS_SSL_MAJOR_VERSION_3,
				     MBEDTLS_SSL_MINOR_VERSION_3);
#else
	mbedtls_ssl_conf_min_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_2);
#endif
}

enum rill_code tls_init(struct tls *tls, const char *ca_file, int64_t stall_timeout,
			struct rill_error *error)
{
	int result;

	memset(tls, 0, sizeof *tls);
	mbedtls_entropy_init(&tls->entropy);
	mbedtls_ctr_drbg_init(&tls->random);
	mbedtls_x509_crt_init(&tls->authorities);
	mbedtls_ssl_config_init(&tls->config);
	mbedtls_ssl_init(&tls->session);
	mbedtls_net_init(&tls->socket);
	if (mbedtls_ctr_drbg_seed(&tls->random, mbedtls_entropy_func, &tls->entropy, NULL, 0) != 0)
		return rill_fail(error, RILL_INTERNAL, "the machine gives no random numbers");
	/* A positive result counts certificates that could not be read; the others serve. */
	result = mbedtls_x509_crt_parse_file(&tls->authorities, ca_file);
	if (result < 0 || tls->authorities.version == 0)
		return rill_fail(error, RILL_CONFIG, "%s: no certificates could be read (-0x%04x)",
				 ca_file, (unsigned)-result);
	result = mbedtls_ssl_config_defaults(&tls->config, MBEDTLS_SSL_IS_CLIENT,
					     MBEDTLS_SSL_TRANSPORT_STREAM,
					     MBEDTLS_SSL_PRESET_DEFAULT);
	if (result != 0)
		return failed("TLS", result, error);
	require_tls_1_2(&tls->config);
	mbedtls_ssl_conf_authmode(&tls->config, MBEDTLS_SSL_VERIFY_REQUIRED);
	mbedtls_ssl_conf_ca_chain(&tls->config, &tls->authorities, NULL);
	mbedtls_ssl_conf_rng(&tls->config, mbedtls_ctr_drbg_random, &tls->random);
	mbedtls_ssl_conf_read_timeout(&tls->config, (uint32_t)(stall_timeout * 1000));
	return RILL_OK;
}

void tls_free(struct tls *tls)
{
	tls_disconnect(tls);
	mbedtls_ssl_free(&tls->session);
	mbedtls_ssl_config_free(&tls->config);
	mbedtls_x509_crt_free(&tls->authorities);
	mbedtls_ctr_drbg_free(&tls->random);
	mbedtls_entropy_free(&tls->entropy);
}

/* Why a certificate was refused, on one line. */
static enum rill_code refused(const struct tls *tls, struct rill_error *error)
{
	char why[256];
	int n = mbedtls_x509_crt_verify_info(why, sizeof why, "",
					     mbedtls_ssl_get_verify_result(&tls->session));

	for (int i = 0; i < n; i++)
		if (why[i] == '\n')
			why[i] = i + 1 < n ? ';' : 0;
	return rill_fail(error, RILL_SECURITY, "the server's certificate: %s",
			 n > 0 ? why : "not acceptable");
}

static enum rill_code handshake(struct tls *tls, const char *host, struct rill_error *error)
{
	int result = mbedtls_ssl_setup(&tls->session, &tls->config);

	if (result == 0)
		result = mbedtls_ssl_set_hostname(&tls->session, host);
	if (result != 0)
		return failed("TLS", result, error);
	mbedtls_ssl_set_bio(&tls->session, &tls->socket, mbedtls_net_send, NULL,
			    mbedtls_net_recv_timeout);
	do {
		result = mbedtls_ssl_handshake(&tls->session);
	} while (result == MBEDTLS_ERR_SSL_WANT_READ || result == MBEDTLS_ERR_SSL_WANT_WRITE);
	if (result == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED)
		return refused(tls, error);
	return result == 0 ? RILL_OK : failed("TLS handshake", result, error);
}

enum rill_code tls_connect(struct tls *tls, const char *host, const char *port,
			   struct rill_error *error)
{
	enum rill_code code;
	int result = mbedtls_net_connect(&tls->socket, host, port, MBEDTLS_NET_PROTO_TCP);

	if (result != 0)
		return failed("connect", result, error);
	tls->connected = true;
	code = handshake(tls, host, error);
	if (code != RILL_OK)
		tls_disconnect(tls);
	return code;
}

void tls_disconnect(struct tls *tls)
{
	if (!tls->connected)
		return;
	mbedtls_ssl_close_notify(&tls->session);
	mbedtls_net_free(&tls->socket);
	mbedtls_ssl_free(&tls->session);
	mbedtls_ssl_init(&tls->session);
	tls->connected = false;
}

enum rill_code tls_write(struct tls *tls, const void *bytes, size_t n, struct rill_error *error)
{
	const unsigned char *at = bytes;

	while (n > 0) {
		int result = mbedtls_ssl_write(&tls->session, at, n);

		if (result == MBEDTLS_ERR_SSL_WANT_READ || result == MBEDTLS_ERR_SSL_WANT_WRITE)
			continue;
		if (result <= 0)
			return failed("send", result, error);
		at += result;
		n -= (size_t)result;
	}
	return RILL_OK;
}

enum rill_code tls_read(struct tls *tls, void *bytes, size_t capacity, size_t *n,
			struct rill_error *error)
{
	int result;

	do {
		result = mbedtls_ssl_read(&tls->session, bytes, capacity);
	} while (result == MBEDTLS_ERR_SSL_WANT_READ || result == MBEDTLS_ERR_SSL_WANT_WRITE);
	if (result <= 0)
		return failed("receive", result, error);
	*n = (size_t)result;
	return RILL_OK;
}
