/* SPDX-License-Identifier: Apache-2.0
 *
 * The logistic function and its inverse in integers. Predictions are mixed in the logistic
 * domain ("stretched": ln(p / (1 - p)), M. Mahoney, "Adaptive weighing of context models for
 * lossless data compression", 2005), here in units of 1/256, within RILL_STRETCH_MAX.
 * Probabilities are in units of 1/65536.
 *
 * The tables are computed from integers alone, so they are the same on every machine.
 */
#ifndef RILL_LOGISTIC_H
#define RILL_LOGISTIC_H

#include <stdint.h>

#define RILL_STRETCH_MAX 2800

struct rill_logistic {
	uint16_t squash[2 * RILL_STRETCH_MAX + 1];
	int16_t stretch[4096]; /* by p / 16 */
};

void rill_logistic_setup(struct rill_logistic *tables);

/* The probability, 1 to 65535, of a stretched value, which is clamped. */
static inline uint32_t rill_squash(const struct rill_logistic *tables, int32_t x)
{
	if (x > RILL_STRETCH_MAX)
		x = RILL_STRETCH_MAX;
	if (x < -RILL_STRETCH_MAX)
		x = -RILL_STRETCH_MAX;
	return tables->squash[x + RILL_STRETCH_MAX];
}

/* The stretched value of a probability, at most 65535. */
static inline int32_t rill_stretch(const struct rill_logistic *tables, uint32_t p)
{
	return tables->stretch[p >> 4];
}

#endif
