/* SPDX-License-Identifier: Apache-2.0 */
#include "device/tls_verify.h"

#include "device/url.h"
#include <mbedtls/base64.h>
#include <string.h>
#include <time.h>

void tls_verify_start(struct tls *tls, const char *host)
{
	tls->host = host;
	tls->address_length = url_address(host, tls->address);
	tls->verified = tls->pinned = false;
	tls->valid_until = INT64_MAX;
	tls->refusal[0] = 0;
}

bool tls_has_address(const mbedtls_x509_crt *certificate, const unsigned char *address, size_t n)
{
	/* RFC 5280, section 4.2.1.6: iPAddress [7], octets in network order. */
	const int ip = MBEDTLS_ASN1_CONTEXT_SPECIFIC | 7;
	const mbedtls_x509_sequence *name = &certificate->subject_alt_names;

	for (; name; name = name->next)
		if (name->buf.tag == ip && name->buf.len == n &&
		    memcmp(name->buf.p, address, n) == 0)
			return true;
	return false;
}

static bool is_pinned(const struct tls *tls, const mbedtls_x509_crt *certificate)
{
	uint8_t digest[RILL_SHA256_SIZE];

	rill_sha256(certificate->pk_raw.p, certificate->pk_raw.len, digest);
	for (size_t i = 0; i < tls->pin_count; i++)
		if (memcmp(tls->pins[i], digest, sizeof digest) == 0)
			return true;
	return false;
}

static int64_t seconds_of(const mbedtls_x509_time *time)
{
	struct tm tm = {.tm_year = time->year - 1900,
			.tm_mon = time->mon - 1,
			.tm_mday = time->day,
			.tm_hour = time->hour,
			.tm_min = time->min,
			.tm_sec = time->sec};

	return (int64_t)timegm(&tm);
}

static void judge_dates(const struct device_clock *clock, const mbedtls_x509_crt *certificate,
			uint32_t *flags)
{
	if (clock->trusted)
		return;
	*flags &= ~(uint32_t)MBEDTLS_X509_BADCERT_FUTURE;
	if (seconds_of(&certificate->valid_to) < clock->now)
		*flags |= MBEDTLS_X509_BADCERT_EXPIRED;
}

/* Which certificate, and its dates: "expired" alone helps nobody. */
static void describe_dates(struct tls *tls, const mbedtls_x509_crt *certificate, uint32_t flags)
{
	const mbedtls_x509_time *from = &certificate->valid_from, *to = &certificate->valid_to;
	char subject[160];

	if (!(flags & (MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE)))
		return;
	if (mbedtls_x509_dn_gets(subject, sizeof subject, &certificate->subject) < 0)
		subject[0] = 0;
	snprintf(tls->refusal, sizeof tls->refusal,
		 "\"%s\" is valid from %04d-%02d-%02d to %04d-%02d-%02d", subject, from->year,
		 from->mon, from->day, to->year, to->mon, to->day);
}

int tls_verify(void *context, mbedtls_x509_crt *certificate, int depth, uint32_t *flags)
{
	struct tls *tls = context;

	tls->verified = true;
	if (seconds_of(&certificate->valid_to) < tls->valid_until)
		tls->valid_until = seconds_of(&certificate->valid_to);
	judge_dates(&tls->settings->clock, certificate, flags);
	describe_dates(tls, certificate, *flags);
	tls->pinned |= is_pinned(tls, certificate);
	if (depth > 0)
		return 0;
	if (tls->address_length > 0) {
		*flags &= ~(uint32_t)MBEDTLS_X509_BADCERT_CN_MISMATCH;
		if (!tls_has_address(certificate, tls->address, tls->address_length))
			*flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
	}
	if (tls->pin_count > 0 && !tls->pinned) {
		*flags |= MBEDTLS_X509_BADCERT_OTHER;
		snprintf(tls->refusal, sizeof tls->refusal,
			 "none of the chain's public keys is in \"pins\"");
	}
	return 0;
}

enum rill_code tls_refused(const struct tls *tls, struct rill_error *error)
{
	uint32_t flags = mbedtls_ssl_get_verify_result(&tls->session);
	char why[256];
	int n;

	if (flags == MBEDTLS_X509_BADCERT_OTHER)
		return rill_fail(error, RILL_SECURITY, "the server's certificate: %s",
				 tls->refusal);
	n = mbedtls_x509_crt_verify_info(why, sizeof why, "", flags);
	for (int i = 0; i < n; i++)
		if (why[i] == '\n')
			why[i] = i + 1 < n ? ';' : 0;
	return rill_fail(error, RILL_SECURITY, "the server's certificate: %s%s%s%s",
			 n > 0 ? why : "not acceptable", tls->refusal[0] ? " (" : "", tls->refusal,
			 tls->refusal[0] ? ")" : "");
}

bool tls_parse_pin(const char *text, uint8_t pin[static RILL_SHA256_SIZE])
{
	size_t n = 0;

	if (strncmp(text, "sha256:", 7) == 0 && strlen(text + 7) == 2 * RILL_SHA256_SIZE)
		return rill_unhex(text + 7, pin, RILL_SHA256_SIZE);
	return strncmp(text, "sha256//", 8) == 0 &&
	       mbedtls_base64_decode(pin, RILL_SHA256_SIZE, &n, (const unsigned char *)text + 8,
				     strlen(text + 8)) == 0 &&
	       n == RILL_SHA256_SIZE;
}
