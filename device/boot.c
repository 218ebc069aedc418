/* SPDX-License-Identifier: Apache-2.0 */
#include "device/boot.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

void boot_id(char *text, size_t size)
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

	snprintf(text, size, "unknown");
	if (file && fgets(text, (int)size, file))
		text[strcspn(text, "\n")] = 0;
	if (file)
		fclose(file);
}

int64_t boot_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec;
}
