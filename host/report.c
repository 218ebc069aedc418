/* SPDX-License-Identifier: Apache-2.0 */
#include "host/report.h"

#include "protocol/hash.h"
#include <inttypes.h>
#include <stdio.h>

cJSON *report_add_number(cJSON *object, const char *name, uint64_t value)
{
	char digits[24];

	snprintf(digits, sizeof digits, "%" PRIu64, value);
	return cJSON_AddRawToObject(object, name, digits);
}

cJSON *report_add_digest(cJSON *object, const char *name, const uint8_t *digest)
{
	char hex[RILL_SHA256_HEX];

	rill_hex(digest, RILL_SHA256_SIZE, hex);
	return cJSON_AddStringToObject(object, name, hex);
}

void report_print(cJSON *object)
{
	char *text = cJSON_PrintUnformatted(object);

	if (text)
		printf("%s\n", text);
	cJSON_free(text);
	cJSON_Delete(object);
}
