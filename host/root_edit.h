/* SPDX-License-Identifier: Apache-2.0
 *
 * Changes of a root's body: who signs for which role.
 */
#ifndef RILL_HOST_ROOT_EDIT_H
#define RILL_HOST_ROOT_EDIT_H

#include "host/draft.h"

/* Names a key for a role; once is enough. */
void root_add_key(cJSON *root, enum rill_tuf_role role, const struct key *key);
/* No longer names it; and forgets the key when no role has it. False: it was not named. */
bool root_remove_key(cJSON *root, enum rill_tuf_role role, const char *keyid);
void root_set_threshold(cJSON *root, enum rill_tuf_role role, int64_t threshold);

/* RILL_USAGE when a role has not enough keys for its threshold. */
enum rill_code root_check(const cJSON *root, struct rill_error *error);

#endif
