/* SPDX-License-Identifier: Apache-2.0
 *
 * Results as JSON on standard output, by cJSON.
 */
#ifndef RILL_HOST_REPORT_H
#define RILL_HOST_REPORT_H

#include <cjson/cJSON.h>
#include <stdint.h>

/* cJSON keeps numbers as doubles; these keep every digit of 64 bits. */
cJSON *report_add_number(cJSON *object, const char *name, uint64_t value);
/* SHA-256 as 64 digits. */
cJSON *report_add_digest(cJSON *object, const char *name, const uint8_t *digest);
/* Prints the object on a line of its own and deletes it. */
void report_print(cJSON *object);

#endif
