/* SPDX-License-Identifier: Apache-2.0
 *
 * What the agent asks of the boot loader and tells it, by the program that a target's "boot"
 * names. It is called as RAUC calls its "custom" backend (RAUC's manual, section "Custom"):
 *
 *	get-primary              prints the slot that the next boot starts
 *	set-primary SLOT         the next boot starts SLOT, on trial: unless set-state says good
 *	                         in time, the boot loader goes back to the other
 *	get-state SLOT           prints good or bad
 *	set-state SLOT good|bad  good: SLOT is kept as it is now; bad: it is not to be started
 *	get-current              prints the slot that runs; may fail when it does not know
 *
 * Of the program it is wanted that each call takes effect whole or not at all, whenever the power
 * goes.
 */
#ifndef RILL_DEVICE_BOOT_LOADER_H
#define RILL_DEVICE_BOOT_LOADER_H

#include "device/config.h"

/* `slot` is one of the target's two, 0 or 1. Each: RILL_IO when the program fails, or prints
 * neither good nor bad; RILL_CONFIG when it prints another slot than these; RILL_BUSY when we are
 * told to stop. */
enum rill_code boot_loader_primary(const struct target_config *target, int *slot,
				   struct rill_error *error);
enum rill_code boot_loader_set_primary(const struct target_config *target, int slot,
				       struct rill_error *error);
enum rill_code boot_loader_is_bad(const struct target_config *target, int slot, bool *bad,
				  struct rill_error *error);
enum rill_code boot_loader_set_state(const struct target_config *target, int slot, bool good,
				     struct rill_error *error);
/* The same, but -1 when the program fails: it does not know. */
enum rill_code boot_loader_current(const struct target_config *target, int *slot,
				   struct rill_error *error);

#endif
