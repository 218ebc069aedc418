/* SPDX-License-Identifier: Apache-2.0 */
#include "host/root_edit.h"

#include "host/report.h"
#include <string.h>

static cJSON *get(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

static cJSON *rule_of(cJSON *root, enum rill_tuf_role role)
{
	cJSON *roles = get(root, "roles"), *rule = get(roles, rill_tuf_role_name(role));

	if (!rule) {
		rule = cJSON_AddObjectToObject(roles, rill_tuf_role_name(role));
		cJSON_AddArrayToObject(rule, "keyids");
	}
	return rule;
}

void root_add_key(cJSON *root, enum rill_tuf_role role, const struct key *key)
{
	cJSON *keys = get(root, "keys"), *rule = rule_of(root, role);

	if (!get(keys, key->id))
		cJSON_AddItemToObject(keys, key->id, key_to_tuf(key));
	if (!root_names(root, role, key->id))
		cJSON_AddItemToArray(get(rule, "keyids"), cJSON_CreateString(key->id));
}

bool root_remove_key(cJSON *root, enum rill_tuf_role role, const char *keyid)
{
	cJSON *keyids = get(rule_of(root, role), "keyids"), *item;
	bool found = false, used = false;

	cJSON_ArrayForEach(item, keyids)
	{
		if (cJSON_IsString(item) && strcmp(item->valuestring, keyid) == 0) {
			cJSON_Delete(cJSON_DetachItemViaPointer(keyids, item));
			found = true;
			break;
		}
	}
	for (int other = 0; other < RILL_TUF_ROLES; other++)
		used = used || root_names(root, (enum rill_tuf_role)other, keyid);
	if (!used)
		cJSON_DeleteItemFromObjectCaseSensitive(get(root, "keys"), keyid);
	return found;
}

void root_set_threshold(cJSON *root, enum rill_tuf_role role, int64_t threshold)
{
	cJSON *rule = rule_of(root, role);

	cJSON_DeleteItemFromObjectCaseSensitive(rule, "threshold");
	cJSON_AddNumberToObject(rule, "threshold", (double)threshold);
}

enum rill_code root_check(const cJSON *root, struct rill_error *error)
{
	for (int i = 0; i < RILL_TUF_ROLES; i++) {
		enum rill_tuf_role role = (enum rill_tuf_role)i;
		int count = cJSON_GetArraySize(root_keyids(root, role));
		int threshold = root_threshold(root, role);

		if (threshold < 1 || count < threshold)
			return rill_fail(error, RILL_USAGE,
					 "%s would have %d keys for a threshold of %d",
					 rill_tuf_role_name(role), count, threshold);
	}
	return RILL_OK;
}
