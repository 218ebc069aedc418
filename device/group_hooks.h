/* SPDX-License-Identifier: Apache-2.0
 *
 * The hooks of a target around its switch. They get RILL_TARGET, RILL_KIND, RILL_PATH,
 * RILL_RELEASE, and in RILL_EVENT why they run: "may-switch", "activate", "health" or
 * "restore". Codes: hook.h.
 */
#ifndef RILL_DEVICE_GROUP_HOOKS_H
#define RILL_DEVICE_GROUP_HOOKS_H

#include "device/update.h"

/* Before the switch. */
enum rill_code hook_may_switch(const struct update *update, struct rill_error *error);
/* After it: puts the new version to use, then asks whether it works. */
enum rill_code hook_test(const struct update *update, struct rill_error *error);
/* The previous version is back: puts that to use again. A failure is printed, no more. */
void hook_restored(const struct update *update);

#endif
