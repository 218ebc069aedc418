/* SPDX-License-Identifier: Apache-2.0
 *
 * Passphrases of keys: from a file, from the environment, or asked for on the terminal.
 */
#ifndef RILL_HOST_PASSPHRASE_H
#define RILL_HOST_PASSPHRASE_H

#include "protocol/error.h"
#include <stdbool.h>

/* With the final NUL. */
#define PASSPHRASE_MAX 1024

/* The first line of a file. */
enum rill_code passphrase_read(const char *path, char passphrase[static PASSPHRASE_MAX],
			       struct rill_error *error);

/* Asks on the terminal, without echo; false when there is none, or nothing is typed. */
bool passphrase_ask(const char *prompt, char passphrase[static PASSPHRASE_MAX]);

#endif
