/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/logistic.h"

/* exp(-1/256) in units of 2^-32. */
#define DECAY UINT64_C(4278222805)

void rill_logistic_setup(struct rill_logistic *tables)
{
	uint64_t power = UINT64_C(1) << 32; /* exp(-i/256) in units of 2^-32 */

	for (int i = 0; i <= RILL_STRETCH_MAX; i++) {
		uint64_t p = (UINT64_C(1) << 48) / ((UINT64_C(1) << 32) + power);

		if (p > 65535)
			p = 65535;
		tables->squash[RILL_STRETCH_MAX + i] = (uint16_t)p;
		tables->squash[RILL_STRETCH_MAX - i] = (uint16_t)(65536 - p);
		power = power * DECAY >> 32;
	}
}
