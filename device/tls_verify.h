/* SPDX-License-Identifier: Apache-2.0
 *
 * What tls.c asks of a server's chain beyond what mbedTLS looks at: addresses, pins, and
 * dates when the clock is not trusted.
 */
#ifndef RILL_DEVICE_TLS_VERIFY_H
#define RILL_DEVICE_TLS_VERIFY_H

#include "device/tls.h"

void tls_verify_start(struct tls *tls, const char *host);

/* mbedTLS's callback, for each certificate of the chain from the authority down. */
int tls_verify(void *context, mbedtls_x509_crt *certificate, int depth, uint32_t *flags);

/* Records why a chain was refused, on one line: RILL_SECURITY. */
enum rill_code tls_refused(const struct tls *tls, struct rill_error *error);

/* "sha256//BASE64", as curl writes pins, or "sha256:HEX". */
bool tls_parse_pin(const char *text, uint8_t pin[static RILL_SHA256_SIZE]);

#endif
