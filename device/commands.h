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
	bool daemon; /* `run`: reports what changed or failed, no more */
};

/* Stays, and does what `update` does whenever it is due, until SIGTERM. */
enum rill_code command_run(const struct options *options, struct rill_error *error);

/* Fetches, verifies and installs what is new. Each target that fails says so on standard
 * error; the code is that of the first. */
enum rill_code command_update(const struct options *options, struct rill_error *error);
/* The same up to where something would change: is there anything, and can it be had? */
enum rill_code command_check(const struct options *options, struct rill_error *error);
/* What is being tested is good; what is installed is to go. */
enum rill_code command_commit(const struct options *options, struct rill_error *error);
enum rill_code command_rollback(const struct options *options, struct rill_error *error);
/* Shows what the journal knows and what is on the device. */
enum rill_code command_status(const struct options *options, struct rill_error *error);
enum rill_code command_version(const struct options *options, struct rill_error *error);

#endif
