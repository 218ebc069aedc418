/* SPDX-License-Identifier: Apache-2.0
 *
 * Which boot of the device this is, and how long ago it began.
 */
#ifndef RILL_DEVICE_BOOT_H
#define RILL_DEVICE_BOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The kernel's random id of this boot; false, and "unknown", where /proc is not mounted. */
bool boot_id(char *text, size_t size);
/* Seconds since then, sleep included; nobody sets this clock. */
int64_t boot_seconds(void);

#endif
