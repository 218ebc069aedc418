/* SPDX-License-Identifier: Apache-2.0 */
#include "device/notify.h"

#include "device/dial.h"
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define INTERVAL_MAX 3600000

void notify(const char *format, ...)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char text[256];
	va_list arguments;
	size_t length = name ? strlen(name) : 0;
	int fd, n;

	if (length == 0 || length >= sizeof address.sun_path)
		return;
	memcpy(address.sun_path, name, length);
	if (name[0] == '@') /* an abstract name */
		address.sun_path[0] = 0;
	va_start(arguments, format);
	n = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	/* Nobody to tell if that fails. */
	(void)!sendto(fd, text, n < (int)sizeof text ? (size_t)n : sizeof text - 1, MSG_NOSIGNAL,
		      (struct sockaddr *)&address,
		      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
	close(fd);
}

int notify_interval_ms(void)
{
	const char *wanted = getenv("WATCHDOG_USEC"), *who = getenv("WATCHDOG_PID");
	long long us = wanted ? strtoll(wanted, NULL, 10) : 0;

	if (us <= 0 || (who && strtol(who, NULL, 10) != (long)getpid()))
		return INTERVAL_MAX;
	return us / 3000 < 1 ? 1 : us / 3000 > INTERVAL_MAX ? INTERVAL_MAX : (int)(us / 3000);
}

void notify_alive(void)
{
	static int64_t last; /* when it was said; a supervisor must not be flooded */
	int64_t now;

	if (!getenv("WATCHDOG_USEC"))
		return;
	now = monotonic_ms();
	if (last != 0 && now - last < notify_interval_ms())
		return;
	last = now;
	notify("WATCHDOG=1");
}
