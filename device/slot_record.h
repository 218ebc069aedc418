/* SPDX-License-Identifier: Apache-2.0
 *
 * What the agent knows of the content of a target's two slots: how much was written of how
 * much, and the SHA-256 of what was read back whole. A file of the state folder, a line a slot,
 * replaced whole.
 */
#ifndef RILL_DEVICE_SLOT_RECORD_H
#define RILL_DEVICE_SLOT_RECORD_H

#include "device/config.h"

struct slot_record {
	uint64_t length, written; /* bytes from the start of the slot */
	char sha256[RILL_SHA256_HEX]; /* "-" until it was read back */
};

/* All zero when nothing is known, or the file is damaged. But what cannot be read just now is an
 * error: without its length, an image may look like another one. */
enum rill_code slot_record_read(const struct target_config *target, int slot,
				struct slot_record *record, struct rill_error *error);
enum rill_code slot_record_write(const struct target_config *target, int slot,
				 const struct slot_record *record, struct rill_error *error);

#endif
