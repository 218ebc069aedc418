/* SPDX-License-Identifier: Apache-2.0
 *
 * Signatures by a command of the user's, for keys that never leave an HSM or a cloud KMS.
 */
#ifndef RILL_HOST_SIGN_COMMAND_H
#define RILL_HOST_SIGN_COMMAND_H

#include "protocol/error.h"
#include <stddef.h>
#include <stdint.h>

/* Runs `command` by /bin/sh with the message on standard input; what it prints on standard output
 * is the signature, at most `room` bytes. Its environment has MKDELTA_KEY (`file`), MKDELTA_KEYID
 * and MKDELTA_SCHEME. RILL_IO: it cannot be run, fails, or prints nothing or too much. */
enum rill_code sign_by_command(const char *command, const char *file, const char *keyid,
			       const char *scheme, const void *message, size_t length,
			       uint8_t *signature, size_t room, size_t *n,
			       struct rill_error *error);

#endif
