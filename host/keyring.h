/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys that a command line names, to sign what each of them may.
 */
#ifndef RILL_HOST_KEYRING_H
#define RILL_HOST_KEYRING_H

#include "host/key.h"

struct keyring {
	struct key *keys;
	size_t count;
};

/* Opens every file. Release with keyring_close(), also after a failure. */
enum rill_code keyring_open(struct keyring *keyring, const struct text_list *files,
			    const struct key_access *access, struct rill_error *error);
void keyring_close(struct keyring *keyring);

#endif
