/* SPDX-License-Identifier: Apache-2.0
 *
 * When to try again: exponential back-off with jitter, so that a fleet that was cut off
 * together does not come back together. Pure: the caller brings the random numbers.
 */
#ifndef RILL_DEVICE_RETRY_H
#define RILL_DEVICE_RETRY_H

#include <stdint.h>

struct retry_policy {
	int64_t retries; /* after the first try, as long as nothing is gained */
	int64_t delay, delay_max; /* seconds: before the first retry; at most */
};

/* Milliseconds to wait after so many failures in a row, from 1: half of the back-off and a
 * random part of the other half. */
int64_t retry_wait_ms(const struct retry_policy *policy, unsigned failures, uint32_t random);

/* Seconds until the next poll: the interval, and a random part of the jitter. */
int64_t retry_poll(int64_t interval, int64_t jitter, uint32_t random);

/* From the system. */
uint32_t retry_random(void);

#endif
