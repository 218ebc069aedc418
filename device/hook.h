/* SPDX-License-Identifier: Apache-2.0
 *
 * Programs that the configuration names: may something be done now, do it, is it well?
 */
#ifndef RILL_DEVICE_HOOK_H
#define RILL_DEVICE_HOOK_H

#include "protocol/error.h"
#include <stddef.h>
#include <stdint.h>

/* The exit status that asks to come back later, as Mender has it. */
#define HOOK_LATER 21

/* Runs command[0] with its arguments and with `environment` ("NAME=VALUE"..., NULL at the end;
 * or NULL) added to ours, its output going to standard error. RILL_OK: exit status 0.
 * RILL_POLICY: HOOK_LATER. RILL_UNHEALTHY: it cannot be run, fails, or is not done within
 * `timeout` seconds. RILL_BUSY: we are told to stop (signals.h). In the last two cases it is
 * killed with all its process group, if it still runs. */
enum rill_code hook_run(const char *const *command, int64_t timeout, char *const *environment,
			struct rill_error *error);

/* The same, with what it prints on standard output: `answer` gets the first line of it, cut
 * off at `size`. */
enum rill_code hook_ask(const char *const *command, int64_t timeout, char *answer, size_t size,
			struct rill_error *error);

#endif
