/* SPDX-License-Identifier: Apache-2.0 */
#include "device/slot_record.h"

#include "device/durable.h"
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX 1024

static void file_name(const struct target_config *target, char name[static 64])
{
	char digest[DURABLE_NAME];

	durable_name(digest, target->name);
	snprintf(name, 64, "slots.%s", digest);
}

static bool parse_line(const char *line, const char *slot, struct slot_record *record)
{
	size_t n = strlen(slot);
	char *end;

	if (strncmp(line, slot, n) != 0 || line[n] != ' ')
		return false;
	record->length = strtoull(line + n, &end, 10);
	record->written = strtoull(end, &end, 10);
	if (*end == ' ' && record->written <= record->length) {
		snprintf(record->sha256, sizeof record->sha256, "%.*s", (int)strcspn(end + 1, "\n"),
			 end + 1);
		return true;
	}
	*record = (struct slot_record){.length = 0};
	return false;
}

enum rill_code slot_record_read(const struct target_config *target, int slot,
				struct slot_record *record, struct rill_error *error)
{
	char path[PATH_MAX], name[64], *text, *line;
	size_t n;
	enum rill_code code;

	*record = (struct slot_record){.length = 0};
	file_name(target, name);
	snprintf(path, sizeof path, "%s/%s", target->state, name);
	code = durable_read(path, FILE_MAX, &text, &n, error);
	line = text;
	while (line && !parse_line(line, target->slots[slot].name, record)) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	free(text);
	return code;
}

enum rill_code slot_record_write(const struct target_config *target, int slot,
				 const struct slot_record *record, struct rill_error *error)
{
	struct slot_record records[2];
	char name[64], text[FILE_MAX];
	int n = 0;
	enum rill_code code = slot_record_read(target, !slot, &records[!slot], error);

	if (code != RILL_OK)
		return code;
	file_name(target, name);
	records[slot] = *record;
	for (int i = 0; i < 2; i++)
		n += snprintf(text + n, sizeof text - (size_t)n, "%s %" PRIu64 " %" PRIu64 " %s\n",
			      target->slots[i].name, records[i].length, records[i].written,
			      records[i].sha256[0] ? records[i].sha256 : "-");
	return durable_write(target->state, name, text, (size_t)n, error);
}
