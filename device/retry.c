/* SPDX-License-Identifier: Apache-2.0 */
#include "device/retry.h"

#include <sys/random.h>
#include <time.h>

/* `limit` times random / 2^32. */
static int64_t part_of(int64_t limit, uint32_t random)
{
	return (int64_t)(((uint64_t)limit * (random >> 8)) >> 24);
}

int64_t retry_wait_ms(const struct retry_policy *policy, unsigned failures, uint32_t random)
{
	int64_t wait = policy->delay * 1000, most = policy->delay_max * 1000;

	while (failures-- > 1 && wait < most)
		wait *= 2;
	if (wait > most)
		wait = most;
	return wait / 2 + part_of(wait - wait / 2, random);
}

int64_t retry_poll(int64_t interval, int64_t jitter, uint32_t random)
{
	return interval + part_of(jitter, random);
}

uint32_t retry_random(void)
{
	uint32_t random;

	/* Early after boot there may be none yet; to wait for it would be worse. */
	if (getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random) {
		struct timespec now;

		clock_gettime(CLOCK_MONOTONIC, &now);
		random = (uint32_t)now.tv_nsec * 2654435761u;
	}
	return random;
}
