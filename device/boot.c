/* SPDX-License-Identifier: Apache-2.0 */
#include "device/boot.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

bool boot_id(char *text, size_t size)
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	bool known = file && fgets(text, (int)size, file);

	if (known)
		text[strcspn(text, "\n")] = 0;
	else
		snprintf(text, size, "unknown");
	if (file)
		fclose(file);
	return known;
}

int64_t boot_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec;
}
