/* SPDX-License-Identifier: Apache-2.0 */
#include "device/tls.h"

#include "device/tls_session.h"
#include "device/tls_verify.h"
#include <mbedtls/error.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/version.h>
#include <stdlib.h>
#include <string.h>
#if MBEDTLS_VERSION_MAJOR >= 3
#include <psa/crypto.h>
#endif

static enum rill_code failed(const struct tls *tls, const char *doing, int result,
			     struct rill_error *error)
{
	char text[160];

	if (tls->wire->state != WIRE_WELL)
		return wire_failed(tls->wire, doing, error);
	mbedtls_strerror(result, text, sizeof text);
	return rill_fail(error, RILL_NETWORK, "%s: %s", doing, text);
}

static int wire_write(void *context, const unsigned char *bytes, size_t n)
{
	size_t sent;

	return wire_send(context, bytes, n, &sent) ? (int)sent : MBEDTLS_ERR_NET_SEND_FAILED;
}

static int wire_read(void *context, unsigned char *bytes, size_t capacity)
{
	struct wire *wire = context;
	size_t n;

	if (wire_receive(wire, bytes, capacity, &n))
		return (int)n;
	return wire->state == WIRE_CLOSED ? 0 : MBEDTLS_ERR_NET_RECV_FAILED;
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

static int parse_key(struct tls *tls, const char *path)
{
#if MBEDTLS_VERSION_MAJOR < 3
	return mbedtls_pk_parse_keyfile(&tls->key, path, NULL);
#else
	return mbedtls_pk_parse_keyfile(&tls->key, path, NULL, mbedtls_ctr_drbg_random,
					&tls->random);
#endif
}

static enum rill_code load_files(struct tls *tls, struct rill_error *error)
{
	const struct tls_settings *settings = tls->settings;
	/* A positive result counts certificates that could not be read; the others serve. */
	int result = mbedtls_x509_crt_parse_file(&tls->authorities, settings->ca);

	if (result < 0 || tls->authorities.version == 0)
		return rill_fail(error, RILL_CONFIG, "%s: no certificates could be read (-0x%04x)",
				 settings->ca, (unsigned)-result);
	if (!settings->certificate)
		return RILL_OK;
	result = mbedtls_x509_crt_parse_file(&tls->certificate, settings->certificate);
	if (result != 0)
		return rill_fail(error, RILL_CONFIG, "%s: not a certificate in PEM (-0x%04x)",
				 settings->certificate, (unsigned)-result);
	result = parse_key(tls, settings->key);
	if (result != 0)
		return rill_fail(error, RILL_CONFIG, "%s: not a private key in PEM (-0x%04x)",
				 settings->key, (unsigned)-result);
	result = mbedtls_ssl_conf_own_cert(&tls->config, &tls->certificate, &tls->key);
	return result == 0 ? RILL_OK : failed(tls, "TLS", result, error);
}

static enum rill_code load_pins(struct tls *tls, struct rill_error *error)
{
	const char *const *pins = tls->settings->pins;
	size_t count = 0;

	while (pins && pins[count])
		count++;
	if (count == 0)
		return RILL_OK;
	tls->pins = calloc(count, sizeof *tls->pins);
	if (!tls->pins)
		return rill_fail(error, RILL_MEMORY, "no memory for pins");
	for (; tls->pin_count < count; tls->pin_count++)
		if (!tls_parse_pin(pins[tls->pin_count], tls->pins[tls->pin_count]))
			return rill_fail(
				error, RILL_CONFIG,
				"key \"pins\": \"%.80s\" is neither \"sha256//\" and base64 "
				"nor \"sha256:\" and hexadecimal of 32 bytes",
				pins[tls->pin_count]);
	return RILL_OK;
}

static enum rill_code start_random(struct tls *tls, struct rill_error *error)
{
#if MBEDTLS_VERSION_MAJOR >= 3 /* TLS 1.3 computes by it */
	if (psa_crypto_init() != PSA_SUCCESS)
		return rill_fail(error, RILL_INTERNAL, "the crypto library does not start");
#endif
	if (mbedtls_ctr_drbg_seed(&tls->random, mbedtls_entropy_func, &tls->entropy, NULL, 0) != 0)
		return rill_fail(error, RILL_INTERNAL, "the machine gives no random numbers");
	return RILL_OK;
}

static void configure(struct tls *tls)
{
	/* Forward secrecy and authenticated encryption (RFC 9325, section 4.2); the one first that
	 * is fast without a processor's help. The 150 others that mbedTLS would offer are bytes. */
	static const int suites[] = {
#if MBEDTLS_VERSION_MAJOR >= 3
		MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
		MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
		MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
#endif
		MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
		MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
		MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		0,
	};

	require_tls_1_2(&tls->config);
	mbedtls_ssl_conf_ciphersuites(&tls->config, suites);
	mbedtls_ssl_conf_authmode(&tls->config, MBEDTLS_SSL_VERIFY_REQUIRED);
	mbedtls_ssl_conf_ca_chain(&tls->config, &tls->authorities, NULL);
	mbedtls_ssl_conf_verify(&tls->config, tls_verify, tls);
	mbedtls_ssl_conf_rng(&tls->config, mbedtls_ctr_drbg_random, &tls->random);
#if defined(MBEDTLS_SSL_SESSION_TICKETS)
	mbedtls_ssl_conf_session_tickets(&tls->config, MBEDTLS_SSL_SESSION_TICKETS_ENABLED);
#endif
#if MBEDTLS_VERSION_NUMBER >= 0x03060100 && defined(MBEDTLS_SSL_PROTO_TLS1_3) &&                   \
	defined(MBEDTLS_SSL_SESSION_TICKETS)
	mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(
		&tls->config, MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED);
#endif
}

enum rill_code tls_init(struct tls *tls, const struct tls_settings *settings, struct wire *wire,
			struct rill_error *error)
{
	enum rill_code code;

	memset(tls, 0, sizeof *tls);
	tls->settings = settings;
	tls->wire = wire;
	mbedtls_entropy_init(&tls->entropy);
	mbedtls_ctr_drbg_init(&tls->random);
	mbedtls_x509_crt_init(&tls->authorities);
	mbedtls_x509_crt_init(&tls->certificate);
	mbedtls_pk_init(&tls->key);
	mbedtls_ssl_config_init(&tls->config);
	mbedtls_ssl_init(&tls->session);
	mbedtls_ssl_session_init(&tls->last);
	code = start_random(tls, error);
	if (code == RILL_OK && mbedtls_ssl_config_defaults(&tls->config, MBEDTLS_SSL_IS_CLIENT,
							   MBEDTLS_SSL_TRANSPORT_STREAM,
							   MBEDTLS_SSL_PRESET_DEFAULT) != 0)
		code = rill_fail(error, RILL_MEMORY, "no memory for TLS");
	if (code == RILL_OK)
		code = load_files(tls, error);
	if (code == RILL_OK)
		code = load_pins(tls, error);
	if (code == RILL_OK) {
		configure(tls);
		tls_session_read(tls);
	}
	return code;
}

void tls_free(struct tls *tls)
{
	tls_disconnect(tls);
	tls_session_write(tls);
	free(tls->pins);
	mbedtls_ssl_session_free(&tls->last);
	mbedtls_ssl_free(&tls->session);
	mbedtls_ssl_config_free(&tls->config);
	mbedtls_pk_free(&tls->key);
	mbedtls_x509_crt_free(&tls->certificate);
	mbedtls_x509_crt_free(&tls->authorities);
	mbedtls_ctr_drbg_free(&tls->random);
	mbedtls_entropy_free(&tls->entropy);
}

/* Server Name Indication is for names only (RFC 6066, section 3); what an address must match
 * is looked at in tls_verify(). */
static int prepare(struct tls *tls, const char *host, const char *port)
{
	int result = mbedtls_ssl_setup(&tls->session, &tls->config);

	if (result == 0)
		result = mbedtls_ssl_set_hostname(&tls->session,
						  tls->address_length > 0 ? NULL : host);
	if (result != 0)
		return result;
	mbedtls_ssl_set_bio(&tls->session, tls->wire, wire_write, wire_read, NULL);
	tls_session_offer(tls, host, port);
	return 0;
}

static enum rill_code shake_hands(struct tls *tls, struct rill_error *error)
{
	uint32_t flags;
	int result;

	do {
		result = mbedtls_ssl_handshake(&tls->session);
	} while (result == MBEDTLS_ERR_SSL_WANT_READ || result == MBEDTLS_ERR_SSL_WANT_WRITE);
	if (result == 0)
		return RILL_OK;
	/* A wrong purpose has another error than a wrong name; all have flags. */
	flags = mbedtls_ssl_get_verify_result(&tls->session);
	if (tls->verified && flags != 0 && flags != UINT32_MAX)
		return tls_refused(tls, error);
	return failed(tls, "TLS handshake", result, error);
}

enum rill_code tls_start(struct tls *tls, const char *host, const char *port,
			 struct rill_error *error)
{
	enum rill_code code;
	int result;

	tls_verify_start(tls, host);
	result = prepare(tls, host, port);
	tls->connected = true;
	code = result == 0 ? shake_hands(tls, error) : failed(tls, "TLS", result, error);
	if (code == RILL_OK) {
		tls_session_take(tls);
	} else {
		tls_session_failed(tls);
		tls_disconnect(tls);
	}
	return code;
}

void tls_disconnect(struct tls *tls)
{
	if (tls->connected && tls->wire->state == WIRE_WELL)
		mbedtls_ssl_close_notify(&tls->session);
	if (tls->connected) {
		mbedtls_ssl_free(&tls->session);
		mbedtls_ssl_init(&tls->session);
	}
	wire_close(tls->wire);
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
			return failed(tls, "send", result, error);
		at += result;
		n -= (size_t)result;
	}
	return RILL_OK;
}

static bool try_again(struct tls *tls, int result)
{
#if defined(MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) /* TLS 1.3 */
	if (result == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) {
		tls_session_take(tls);
		return true;
	}
#endif
	(void)tls;
	return result == MBEDTLS_ERR_SSL_WANT_READ || result == MBEDTLS_ERR_SSL_WANT_WRITE;
}

enum rill_code tls_read(struct tls *tls, void *bytes, size_t capacity, size_t *n,
			struct rill_error *error)
{
	int result;

	do {
		result = mbedtls_ssl_read(&tls->session, bytes, capacity);
	} while (try_again(tls, result));
	*n = result > 0 ? (size_t)result : 0;
	if (result > 0 || result == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
		return RILL_OK;
	return failed(tls, "receive", result, error);
}
