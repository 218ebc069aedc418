/* SPDX-License-Identifier: Apache-2.0
 *
 * Tells a supervisor how we are, by systemd's protocol: a datagram of NAME=VALUE lines to the
 * socket in NOTIFY_SOCKET (sd_notify(3), sd_watchdog_enabled(3)). Without one, nothing happens.
 */
#ifndef RILL_DEVICE_NOTIFY_H
#define RILL_DEVICE_NOTIFY_H

/* "READY=1", "STATUS=...", "STOPPING=1". */
void notify(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "WATCHDOG=1", if WATCHDOG_USEC asks for it, and no more often than needed: to be called from
 * whatever takes long. */
void notify_alive(void);
/* Milliseconds between two calls that a wait may take. */
int notify_interval_ms(void);

#endif
