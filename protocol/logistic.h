/* SPDX-License-Identifier: Apache-2.0
 *
 * The logistic function in integers. Predictions are mixed in the logistic domain ("stretched":
 * ln(p / (1 - p)), M. Mahoney, "Adaptive weighing of context models for lossless data compression",
 * 2005), and what comes of that is in units of 1/256, within RILL_STRETCH_MAX. Probabilities are in
 * units of 1/65536.
 *
 * The table is computed from integers alone, so it is the same on every machine.
 */
#ifndef RILL_LOGISTIC_H
#define RILL_LOGISTIC_H

#include <stdint.h>

#define RILL_STRETCH_MAX 2800

struct rill_logistic {
	uint16_t squash[2 * RILL_STRETCH_MAX + 1];
};

void rill_logistic_setup(struct rill_logistic *tables);

static inline int32_t rill_clamp_stretched(int32_t x)
{
	if (x > RILL_STRETCH_MAX)
		return RILL_STRETCH_MAX;
	return x < -RILL_STRETCH_MAX ? -RILL_STRETCH_MAX : x;
}

/* The probability, 1 to 65535, of a stretched value within the limits. */
static inline uint32_t rill_squash(const struct rill_logistic *tables, int32_t x)
{
	return tables->squash[x + RILL_STRETCH_MAX];
}

#endif
