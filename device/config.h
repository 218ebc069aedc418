/* SPDX-License-Identifier: Apache-2.0
 *
 * The agent's configuration: one JSON file, by cJSON. rill-agent.json(5) documents every
 * key; one that is not known, or stands twice, is refused by its name.
 */
#ifndef RILL_DEVICE_CONFIG_H
#define RILL_DEVICE_CONFIG_H

#include "device/http.h"
#include "protocol/error.h"
#include "protocol/release.h"
#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

enum full_policy { FULL_NEVER, FULL_WITHIN_BUDGET, FULL_ALWAYS };

#define SLOT_NAME_MAX 32
#define BOOT_WORDS_MAX 16

/* One of two partitions, of which one runs. */
struct slot_config {
	const char *name, *device;
};

/* A thing on the device that is kept current. */
struct target_config {
	const char *name; /* of the target in the repository */
	const char *kind_name;
	const char *path; /* of a file; for a slot it is `name` */
	struct slot_config slots[2];
	const char **boot; /* program that speaks for the boot loader, and up to BOOT_WORDS_MAX
			    * words in all; NULL but for slots */
	const char *state; /* folder, as in struct config */
	const char *group; /* the targets that have this one switch together; or NULL */
	const char *within; /* folder that the path may not lead out of; or NULL */
	/* Hooks: command and arguments, NULL at the end; or NULL */
	const char **may_switch, **activate, **health;
	int64_t hook_timeout, health_timeout; /* seconds; the first for both others */
	const char *commit_name; /* "automatic" or "manual" */
	bool manual; /* `rill-agent commit` is waited for, */
	int64_t commit_timeout; /* for so many seconds */
	const char *exact_name; /* of kind image: "config" or "manifest"; or NULL */
	bool exact; /* "manifest": layers are to be stored as they were published */
	enum rill_kind kind;
};

struct config {
	const char *root, *state, *board, *hardware, *full_name;
	int64_t memory; /* bytes that a decoder may have */
	int64_t budget; /* bytes over the wire for a release of a target; 0: no limit */
	struct http_settings http; /* but for the clock */
	const char **pins, **hours, **may_fetch, **reboot;
	int64_t poll_interval, poll_jitter; /* seconds */
	enum full_policy full;
	struct target_config *targets;
	size_t target_count;
	cJSON *json; /* owns the texts */
};

/* Reads a file. RILL_CONFIG names the key and what it should be. Release with
 * config_free(), also after a failure. */
enum rill_code config_read(struct config *config, const char *path, struct rill_error *error);
void config_free(struct config *config);

#endif
