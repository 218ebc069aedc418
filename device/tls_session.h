/* SPDX-License-Identifier: Apache-2.0
 *
 * Sessions of TLS that are resumed, without certificates on the wire (RFC 5077, RFC 8446 section
 * 4.6.1): within a run, and from one run to the next by the file FOLDER/session, which only its
 * owner can read. A session is for one host and port, and for the authorities, pins and
 * certificate of this client that it was made with: when one of them changes, or a certificate
 * of the chain expires, hands are shaken anew. A file that cannot be used counts as none.
 */
#ifndef RILL_DEVICE_TLS_SESSION_H
#define RILL_DEVICE_TLS_SESSION_H

#include "device/tls.h"

/* Reads what an earlier run kept. */
void tls_session_read(struct tls *tls);
/* The connection at hand is to this server: resumes its session if there is one. */
void tls_session_offer(struct tls *tls, const char *host, const char *port);
/* Hands were shaken, or the server sent a ticket. */
void tls_session_take(struct tls *tls);
/* Hands could not be shaken: perhaps for the session's sake, which is not offered again. */
void tls_session_failed(struct tls *tls);
/* Keeps the session of the run's first server, if it is a new one, and drops it from memory. */
void tls_session_write(struct tls *tls);

#endif
