/* SPDX-License-Identifier: Apache-2.0
 *
 * The health command of a target: a program that says, by its exit status 0, that the
 * new version works.
 */
#ifndef RILL_DEVICE_HEALTH_H
#define RILL_DEVICE_HEALTH_H

#include "protocol/error.h"
#include <stdint.h>

/* Runs command[0] with its arguments, its output going to ours. RILL_UNHEALTHY when it
 * cannot be run, fails, or is not done within `timeout` seconds (it is then killed with
 * all its process group). */
enum rill_code health_check(const char *const *command, int64_t timeout, struct rill_error *error);

#endif
