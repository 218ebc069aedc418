/* SPDX-License-Identifier: Apache-2.0
 *
 * What a context has seen, in one byte: a *bit history* (M. Mahoney, "Adaptive weighing of context
 * models for lossless data compression", 2005). It stands for how many decisions were 0 and how
 * many were 1, and for the last one where both have been. The more often one has been seen, the
 * less exactly the other is known; and what is seen now counts more than what was long ago: a 1
 * takes off some of many 0, and the other way round. So a history says much about what comes
 * next, with no law for how much: that is learnt (bit_model.h).
 *
 * The tables are computed, from nothing but the rules. They give 153 histories; number 0 is that of
 * nothing.
 */
#ifndef RILL_BIT_HISTORY_H
#define RILL_BIT_HISTORY_H

#include <stdint.h>

#define RILL_BIT_HISTORIES 256

struct rill_bit_history {
	uint8_t next[RILL_BIT_HISTORIES][2]; /* after one more decision */
	uint8_t seen[RILL_BIT_HISTORIES]; /* how many decisions it knows of */
	uint16_t likely[RILL_BIT_HISTORIES]; /* a 1, to begin with, in units of 2^-16 */
};

void rill_bit_history_setup(struct rill_bit_history *tables);

#endif
