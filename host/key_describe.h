/* SPDX-License-Identifier: Apache-2.0
 *
 * What key.c and key_file.c share.
 */
#ifndef RILL_HOST_KEY_DESCRIBE_H
#define RILL_HOST_KEY_DESCRIBE_H

#include "host/key.h"

/* Sets the keyid from the kind and the public value. */
enum rill_code key_describe(struct key *key, struct rill_error *error);

#endif
