/* SPDX-License-Identifier: Apache-2.0
 *
 * What passes over sockets: counted, held to a rate, stopped when too little comes or when
 * an allowance is used up. Under TLS, so that handshakes and headers count like content.
 */
#ifndef RILL_DEVICE_WIRE_H
#define RILL_DEVICE_WIRE_H

#include "protocol/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire_limits {
	/* Within every `stall_timeout` seconds of waiting, `min_rate` bytes a second must come;
	 * an answer that is complete earlier may be shorter. The time that we take ourselves,
	 * for decoding or to keep to `rate`, does not count. */
	int64_t stall_timeout, min_rate;
	int64_t rate; /* bytes a second at most; 0: no limit */
};

enum wire_state {
	WIRE_WELL,
	WIRE_CLOSED, /* by the other side, without an error */
	WIRE_FAILED, /* errno in `failure` */
	WIRE_STALLED,
	WIRE_SPENT, /* no allowance left */
	WIRE_STOPPED, /* by a signal */
};

struct wire {
	struct wire_limits limits;
	int fd; /* -1 when there is none */
	uint64_t received, sent; /* bytes since the start, over all connections */

	/* Bytes, of both directions, that may pass until `more` is asked for more; it returns
	 * 0 when there are none. NULL: no limit. */
	uint64_t allowance;
	uint64_t (*more)(void *context);
	void (*tick)(void *context); /* called now and then while it waits; or NULL */
	void *context;

	enum wire_state state;
	int failure;
	int64_t waited, came; /* milliseconds and bytes of this window */
	int64_t busy_until; /* when all that came has been paid for at `rate` */
};

void wire_init(struct wire *wire, const struct wire_limits *limits);
/* Takes the socket of a new connection; wire_close() closes it. */
void wire_open(struct wire *wire, int fd);
void wire_close(struct wire *wire);

/* Starts a new window: something was asked for, and an answer is due. */
void wire_expect(struct wire *wire);

/* Move some bytes, at least one; false: `state` says why not. */
bool wire_receive(struct wire *wire, void *bytes, size_t capacity, size_t *n);
bool wire_send(struct wire *wire, const void *bytes, size_t capacity, size_t *n);

/* Records what `state` means, while "DOING": RILL_NETWORK, or RILL_POLICY when the allowance
 * is used up, or RILL_BUSY when we are told to stop. */
enum rill_code wire_failed(const struct wire *wire, const char *doing, struct rill_error *error);

#endif
