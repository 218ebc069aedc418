/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/range_coder.h"

#include <string.h>

void rill_coder_encode(struct rill_coder *coder, void (*put)(void *context, uint8_t byte),
		       void *context)
{
	memset(coder, 0, sizeof *coder);
	coder->encoding = true;
	coder->range = UINT32_MAX;
	coder->put = put;
	coder->context = context;
}

static void drop(void *context, uint8_t byte)
{
	(void)context;
	(void)byte;
}

void rill_coder_learn(struct rill_coder *coder)
{
	rill_coder_encode(coder, drop, NULL);
}

/* Zeros are held back: those at the end are not written. */
static void put_byte(struct rill_coder *coder, uint8_t byte)
{
	if (byte == 0) {
		coder->zeros++;
		return;
	}
	for (; coder->zeros > 0; coder->zeros--)
		coder->put(coder->context, 0);
	coder->put(coder->context, byte);
}

/* Takes the highest byte of `low`, once no carry can reach it any more. */
static void shift_low(struct rill_coder *coder)
{
	if (coder->low < 0xff000000u || coder->low > UINT32_MAX) {
		uint8_t carry = (uint8_t)(coder->low >> 32);

		if (coder->holds)
			put_byte(coder, (uint8_t)(coder->held + carry));
		for (; coder->pending > 0; coder->pending--)
			put_byte(coder, (uint8_t)(0xff + carry));
		coder->held = (uint8_t)(coder->low >> 24);
		coder->holds = true;
	} else {
		coder->pending++;
	}
	coder->low = (coder->low & 0x00ffffffu) << 8;
}

void rill_coder_finish(struct rill_coder *coder)
{
	uint64_t last = coder->low + coder->range - 1;

	/* Of the values that decode right, the one with the most zeros at its end. */
	for (unsigned bits = 32; bits > 0; bits--) {
		uint64_t value = last >> bits << bits;

		if (value >= coder->low) {
			coder->low = value;
			break;
		}
	}
	for (unsigned i = 0; i < 5; i++)
		shift_low(coder);
}

void rill_coder_decode(struct rill_coder *coder, const uint8_t *at, const uint8_t *end)
{
	memset(coder, 0, sizeof *coder);
	coder->range = UINT32_MAX;
	coder->at = at;
	coder->end = end;
	for (unsigned i = 0; i < 4; i++)
		coder->code = coder->code << 8 | rill_coder_next(coder);
}

void rill_encode_bit(struct rill_coder *coder, uint32_t bound, unsigned bit)
{
	if (bit) {
		coder->range = bound;
	} else {
		coder->low += bound;
		coder->range -= bound;
	}
	while (coder->range < RILL_CODER_TOP) {
		shift_low(coder);
		coder->range <<= 8;
	}
}

uint32_t rill_code_plain(struct rill_coder *coder, unsigned count, uint32_t value)
{
	coder->range >>= count;
	if (coder->encoding) {
		coder->low += (uint64_t)coder->range * value;
		while (coder->range < RILL_CODER_TOP) {
			shift_low(coder);
			coder->range <<= 8;
		}
		return value;
	}
	value = coder->code / coder->range;
	if (value >> count) /* only in a damaged section */
		value = (1u << count) - 1;
	coder->code -= coder->range * value;
	while (coder->range < RILL_CODER_TOP) {
		coder->code = coder->code << 8 | rill_coder_next(coder);
		coder->range <<= 8;
	}
	return value;
}
