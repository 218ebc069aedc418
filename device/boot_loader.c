/* SPDX-License-Identifier: Apache-2.0 */
#include "device/boot_loader.h"

#include "device/hook.h"
#include <string.h>

/* Runs the program with up to three more words; its first line goes to `answer`, if wanted. */
static enum rill_code call(const struct target_config *target, const char *verb, const char *slot,
			   const char *state, char *answer, size_t size, struct rill_error *error)
{
	const char *words[BOOT_WORDS_MAX + 4] = {NULL};
	const char *const more[] = {verb, slot, state, NULL};
	char *environment[] = {NULL};
	size_t count = 0;
	enum rill_code code;

	while (count < BOOT_WORDS_MAX && target->boot[count]) {
		words[count] = target->boot[count];
		count++;
	}
	for (size_t i = 0; more[i]; i++)
		words[count++] = more[i];
	code = answer ? hook_ask(words, target->hook_timeout, answer, size, error)
		      : hook_run(words, target->hook_timeout, environment, error);
	if (code == RILL_OK || code == RILL_BUSY)
		return code;
	rill_error_in(error, "\"boot\" %s%s%s", verb, slot ? " " : "", slot ? slot : "");
	return error->code = RILL_IO;
}

static enum rill_code slot_called(const struct target_config *target, const char *verb,
				  const char *name, int *slot, struct rill_error *error)
{
	for (*slot = 0; *slot < 2; ++*slot)
		if (strcmp(name, target->slots[*slot].name) == 0)
			return RILL_OK;
	return rill_fail(error, RILL_CONFIG,
			 "\"boot\" %s: prints \"%.32s\"; \"slots\" has %s and %s", verb, name,
			 target->slots[0].name, target->slots[1].name);
}

enum rill_code boot_loader_primary(const struct target_config *target, int *slot,
				   struct rill_error *error)
{
	char answer[SLOT_NAME_MAX];
	enum rill_code code = call(target, "get-primary", NULL, NULL, answer, sizeof answer, error);

	return code == RILL_OK ? slot_called(target, "get-primary", answer, slot, error) : code;
}

enum rill_code boot_loader_current(const struct target_config *target, int *slot,
				   struct rill_error *error)
{
	char answer[SLOT_NAME_MAX];
	enum rill_code code = call(target, "get-current", NULL, NULL, answer, sizeof answer, error);

	*slot = -1;
	if (code == RILL_BUSY)
		return code;
	return code == RILL_OK ? slot_called(target, "get-current", answer, slot, error) : RILL_OK;
}

enum rill_code boot_loader_is_bad(const struct target_config *target, int slot, bool *bad,
				  struct rill_error *error)
{
	const char *name = target->slots[slot].name;
	char answer[SLOT_NAME_MAX];
	enum rill_code code = call(target, "get-state", name, NULL, answer, sizeof answer, error);

	if (code != RILL_OK)
		return code;
	*bad = strcmp(answer, "bad") == 0;
	if (!*bad && strcmp(answer, "good") != 0)
		return rill_fail(error, RILL_IO,
				 "\"boot\" get-state %s: prints \"%.32s\", neither good nor bad",
				 name, answer);
	return RILL_OK;
}

enum rill_code boot_loader_set_primary(const struct target_config *target, int slot,
				       struct rill_error *error)
{
	return call(target, "set-primary", target->slots[slot].name, NULL, NULL, 0, error);
}

enum rill_code boot_loader_set_state(const struct target_config *target, int slot, bool good,
				     struct rill_error *error)
{
	return call(target, "set-state", target->slots[slot].name, good ? "good" : "bad", NULL, 0,
		    error);
}
