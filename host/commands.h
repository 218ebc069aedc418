/* SPDX-License-Identifier: Apache-2.0
 *
 * The subcommands of mkdelta: one function and one file each. argv[0] is the name.
 */
#ifndef RILL_HOST_COMMANDS_H
#define RILL_HOST_COMMANDS_H

#include "protocol/error.h"

enum rill_code command_diff(int argc, char **argv, struct rill_error *error);
enum rill_code command_patch(int argc, char **argv, struct rill_error *error);
enum rill_code command_info(int argc, char **argv, struct rill_error *error);
enum rill_code command_key(int argc, char **argv, struct rill_error *error);
enum rill_code command_repo(int argc, char **argv, struct rill_error *error);

#endif
