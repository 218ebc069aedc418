/* SPDX-License-Identifier: Apache-2.0 */
#include "device/wire.h"

#include "device/dial.h"
#include "device/signals.h"
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* How far a sender may run ahead of the rate. */
#define BURST_MS 250
#define TICK_MS 500

void wire_init(struct wire *wire, const struct wire_limits *limits)
{
	*wire = (struct wire){.limits = *limits, .fd = -1};
	/* What we slow down ourselves is no stall. */
	if (limits->rate > 0 && limits->rate / 2 < limits->min_rate)
		wire->limits.min_rate = limits->rate / 2;
}

void wire_open(struct wire *wire, int fd)
{
	int64_t rate = wire->limits.rate;

	wire->fd = fd;
	wire->state = WIRE_WELL;
	wire_expect(wire);
	if (rate > 0 && rate < 1 << 18) {
		/* Little may be under way that we have not asked for yet. */
		int room = rate < 1 << 14 ? 1 << 13 : (int)(rate / 2);

		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	}
}

void wire_close(struct wire *wire)
{
	if (wire->fd >= 0)
		close(wire->fd);
	wire->fd = -1;
}

void wire_expect(struct wire *wire)
{
	wire->waited = wire->came = 0;
}

static bool stop(struct wire *wire, enum wire_state state)
{
	wire->failure = errno;
	wire->state = state;
	return false;
}

/* Waits for the socket, for no longer than the window has left. */
static bool wait_for(struct wire *wire, short events)
{
	const struct wire_limits *limits = &wire->limits;
	struct pollfd poll_fd = {.fd = wire->fd, .events = events};

	for (;;) {
		int64_t left = limits->stall_timeout * 1000 - wire->waited;
		int64_t start = monotonic_ms();
		int ready;

		if (left <= 0) {
			if (wire->came < limits->min_rate * limits->stall_timeout ||
			    wire->came == 0)
				return stop(wire, WIRE_STALLED);
			wire_expect(wire);
			continue;
		}
		ready = poll(&poll_fd, 1, left < TICK_MS ? (int)left : TICK_MS);
		wire->waited += monotonic_ms() - start;
		if (wire->tick)
			wire->tick(wire->context);
		if (signals_stop())
			return stop(wire, WIRE_STOPPED);
		if (ready > 0)
			return true;
		if (ready < 0 && errno != EINTR)
			return stop(wire, WIRE_FAILED);
	}
}

/* Sleeps until the rate allows for more. */
static void keep_to_rate(struct wire *wire)
{
	int64_t ahead = wire->busy_until - monotonic_ms();

	if (wire->limits.rate > 0 && ahead > BURST_MS)
		signals_sleep(ahead - BURST_MS);
}

static bool may_pass(struct wire *wire, size_t *capacity)
{
	int64_t rate = wire->limits.rate;

	if (wire->state != WIRE_WELL)
		return false;
	if (wire->more && wire->allowance == 0)
		wire->allowance = wire->more(wire->context);
	if (wire->more && wire->allowance == 0)
		return stop(wire, WIRE_SPENT);
	if (wire->more && *capacity > wire->allowance)
		*capacity = (size_t)wire->allowance;
	if (rate > 0 && *capacity > (size_t)rate / 8 + 1)
		*capacity = (size_t)rate / 8 + 1;
	return true;
}

static void passed(struct wire *wire, size_t n)
{
	int64_t now = monotonic_ms();

	if (wire->more)
		wire->allowance -= n;
	if (wire->limits.rate <= 0)
		return;
	if (wire->busy_until < now)
		wire->busy_until = now;
	wire->busy_until += (int64_t)n * 1000 / wire->limits.rate;
}

/* What comes in need not be acknowledged at once: often the next request can do it. The kernel
 * forgets this whenever it had to. */
static void acknowledge_later(const struct wire *wire)
{
	const int off = 0;

	setsockopt(wire->fd, IPPROTO_TCP, TCP_QUICKACK, &off, sizeof off);
}

/* What was sent goes out now, in as few packets as hold it. */
static void push(const struct wire *wire)
{
	const int on = 1;

	setsockopt(wire->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

bool wire_receive(struct wire *wire, void *bytes, size_t capacity, size_t *n)
{
	ssize_t got;

	if (!may_pass(wire, &capacity))
		return false;
	push(wire);
	acknowledge_later(wire);
	keep_to_rate(wire);
	do {
		if (!wait_for(wire, POLLIN))
			return false;
		acknowledge_later(wire);
		got = recv(wire->fd, bytes, capacity, 0);
	} while (got < 0 && (errno == EINTR || errno == EAGAIN));
	if (got < 0)
		return stop(wire, WIRE_FAILED);
	if (got == 0)
		return stop(wire, WIRE_CLOSED);
	*n = (size_t)got;
	wire->received += *n;
	wire->came += got;
	passed(wire, *n);
	return true;
}

bool wire_send(struct wire *wire, const void *bytes, size_t capacity, size_t *n)
{
	ssize_t sent;

	if (!may_pass(wire, &capacity))
		return false;
	do {
		if (!wait_for(wire, POLLOUT))
			return false;
		sent = send(wire->fd, bytes, capacity, MSG_NOSIGNAL | MSG_MORE);
	} while (sent < 0 && (errno == EINTR || errno == EAGAIN));
	if (sent < 0)
		return stop(wire, WIRE_FAILED);
	*n = (size_t)sent;
	wire->sent += *n;
	passed(wire, *n);
	return true;
}

enum rill_code wire_failed(const struct wire *wire, const char *doing, struct rill_error *error)
{
	const struct wire_limits *limits = &wire->limits;

	switch (wire->state) {
	case WIRE_STALLED:
		if (wire->came == 0)
			return rill_fail(error, RILL_NETWORK,
					 "%s: the server is silent for %" PRId64 " s", doing,
					 limits->stall_timeout);
		return rill_fail(error, RILL_NETWORK,
				 "%s: %" PRId64 " bytes in %" PRId64 " s, below \"min_rate\"",
				 doing, wire->came, limits->stall_timeout);
	case WIRE_SPENT:
		return rill_fail(error, RILL_POLICY, "the byte budget of this release is used up");
	case WIRE_STOPPED: return signals_check(error);
	case WIRE_FAILED:
		return rill_fail(error, RILL_NETWORK, "%s: %s", doing, strerror(wire->failure));
	case WIRE_WELL:
	case WIRE_CLOSED: break;
	}
	return rill_fail(error, RILL_NETWORK, "%s: the server closed the connection", doing);
}
