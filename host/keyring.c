/* SPDX-License-Identifier: Apache-2.0 */
#include "host/keyring.h"

#include <stdlib.h>

enum rill_code keyring_open(struct keyring *keyring, const struct text_list *files,
			    const struct key_access *access, struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	*keyring = (struct keyring){.keys = calloc(files->count + 1, sizeof *keyring->keys)};
	if (!keyring->keys)
		return rill_fail(error, RILL_MEMORY, "no memory");
	for (size_t i = 0; code == RILL_OK && i < files->count; i++)
		code = key_open(&keyring->keys[keyring->count++], files->items[i], access, error);
	return code;
}

void keyring_close(struct keyring *keyring)
{
	for (size_t i = 0; i < keyring->count; i++)
		key_close(&keyring->keys[i]);
	free(keyring->keys);
	*keyring = (struct keyring){0};
}
