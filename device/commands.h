/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands of rill-agent, one file each.
 */
#ifndef RILL_DEVICE_COMMANDS_H
#define RILL_DEVICE_COMMANDS_H

#include "device/config.h"

struct options {
	const char *config, *target; /* target: NULL for all */
	bool json, quiet;
	bool now; /* whatever the policy says of the time and the link */
	bool progress; /* with `json`: a line a second */
};

/* Fetches, verifies and installs what is new. Each target that fails says so on standard
 * error; the code is that of the first. */
enum rill_code command_update(const struct options *options, struct rill_error *error);
/* Shows what the journal knows and what is on the device. */
enum rill_code command_status(const struct options *options, struct rill_error *error);
enum rill_code command_version(const struct options *options, struct rill_error *error);

#endif
