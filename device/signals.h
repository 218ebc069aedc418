/* SPDX-License-Identifier: Apache-2.0
 *
 * Signals without handlers: they are held back, and looked for where work can end well.
 */
#ifndef RILL_DEVICE_SIGNALS_H
#define RILL_DEVICE_SIGNALS_H

#include "protocol/error.h"
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* Holds back SIGTERM, SIGINT and SIGHUP from now on; SIGPIPE is ignored. */
void signals_hold(void);
/* In a child, before it becomes another program: undoes that. */
void signals_release(void);

/* True when SIGTERM or SIGINT has come: what is at hand is ended, nothing new begun. */
bool signals_stop(void);
/* RILL_BUSY when it has, which says so; RILL_OK otherwise. */
enum rill_code signals_check(struct rill_error *error);

/* Sleeps, but no longer than until SIGTERM or SIGINT. */
void signals_sleep(int64_t ms);
/* Waits for so long, or for one of the three signals, which it takes and returns; 0: the
 * time is over. */
int signals_wait(int64_t ms);

/* Lets SIGTERM and SIGINT end the process right there, for what cannot be interrupted; then back
 * to how it was. */
void signals_may_kill(sigset_t *was);
void signals_as_before(const sigset_t *was);

#endif
