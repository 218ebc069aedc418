/* SPDX-License-Identifier: Apache-2.0 */
#include "device/dial.h"

#include "device/signals.h"
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <resolv.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ADDRESSES_MAX 16
/* RFC 8305, section 5: "Connection Attempt Delay". */
#define HEAD_START_MS 250
/* How long a signal may have to wait. */
#define STOP_MS 250

int64_t monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct race {
	const struct addrinfo *order[ADDRESSES_MAX];
	size_t count, next; /* addresses; the next to try */
	struct pollfd tries[ADDRESSES_MAX];
	size_t running;
	int64_t next_at; /* when the next try starts, unless all fail before */
	int failure; /* errno of the last one that failed */
};

/* The resolver's first family first (RFC 6724 is its job), then in turn. */
static void put_in_order(struct race *race, const struct addrinfo *list)
{
	const struct addrinfo *same = list, *other = list;

	while (race->count < ADDRESSES_MAX && (same || other)) {
		while (same && same->ai_family != list->ai_family)
			same = same->ai_next;
		while (other && other->ai_family == list->ai_family)
			other = other->ai_next;
		if (same) {
			race->order[race->count++] = same;
			same = same->ai_next;
		}
		if (other && race->count < ADDRESSES_MAX) {
			race->order[race->count++] = other;
			other = other->ai_next;
		}
	}
}

static void start_next(struct race *race)
{
	const struct addrinfo *to = race->order[race->next++];
	const int off = 0;
	int fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	race->next_at = monotonic_ms() + HEAD_START_MS;
	/* What is sent first acknowledges the server's answer as well. */
	if (fd >= 0)
		setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &off, sizeof off);
	if (fd < 0 || (connect(fd, to->ai_addr, to->ai_addrlen) != 0 && errno != EINPROGRESS)) {
		race->failure = errno;
		race->next_at = 0;
		if (fd >= 0)
			close(fd);
		return;
	}
	race->tries[race->running++] = (struct pollfd){.fd = fd, .events = POLLOUT};
}

/* A try that is decided: true when it won; otherwise it is taken out. */
static bool look_at(struct race *race, size_t i)
{
	int failure = 0;
	socklen_t n = sizeof failure;

	if (getsockopt(race->tries[i].fd, SOL_SOCKET, SO_ERROR, &failure, &n) != 0)
		failure = errno;
	if (failure == 0)
		return true;
	race->failure = failure;
	race->next_at = 0;
	close(race->tries[i].fd);
	race->tries[i] = race->tries[--race->running];
	return false;
}

/* The descriptor that won, or -1. */
static int run_race(struct race *race, int64_t deadline)
{
	while (race->running > 0 || race->next < race->count) {
		int64_t now = monotonic_ms(), until = deadline;

		if (now >= deadline || signals_stop()) {
			race->failure = ETIMEDOUT;
			break;
		}
		if (until > now + STOP_MS)
			until = now + STOP_MS;
		if (race->next < race->count && (race->running == 0 || now >= race->next_at)) {
			start_next(race);
			continue;
		}
		if (race->next < race->count && race->next_at < until)
			until = race->next_at;
		if (poll(race->tries, (nfds_t)race->running, (int)(until - now) + 1) <= 0)
			continue;
		for (size_t i = race->running; i-- > 0;) {
			if (race->tries[i].revents && look_at(race, i)) {
				int fd = race->tries[i].fd;

				race->tries[i] = race->tries[--race->running];
				return fd;
			}
		}
	}
	return -1;
}

enum rill_code dial(const char *host, const char *port, int64_t timeout, int *fd,
		    struct rill_error *error)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct race race = {.failure = ETIMEDOUT};
	struct addrinfo *list = NULL;
	int one = 1, result;
	sigset_t was;

	*fd = -1;
	res_init();
	signals_may_kill(&was);
	result = getaddrinfo(host, port, &hints, &list);
	signals_as_before(&was);
	if (result != 0)
		return rill_fail(error, RILL_NETWORK, "cannot look up %s: %s", host,
				 result == EAI_SYSTEM ? strerror(errno) : gai_strerror(result));
	put_in_order(&race, list);
	*fd = run_race(&race, monotonic_ms() + timeout * 1000);
	while (race.running > 0)
		close(race.tries[--race.running].fd);
	freeaddrinfo(list);
	if (*fd < 0 && signals_check(error) != RILL_OK)
		return error->code;
	if (*fd < 0)
		return rill_fail(error, RILL_NETWORK, "cannot connect to %s port %s: %s", host,
				 port, strerror(race.failure));
	setsockopt(*fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
	return RILL_OK;
}
