/* SPDX-License-Identifier: Apache-2.0
 *
 * The inner loops of the mixer (bit_model.h) on numbers of 16 bits, eight at a time: by the
 * vector instructions that every x86-64 and every arm64 machine has, else in plain C. All
 * give the same results for the values that the mixer has; RILL_LANES_PLAIN asks for the last.
 *
 *	gather  the inputs of four contexts: stretched probabilities, then what is left of them
 *		at half a distance from one half
 *	weigh   the sum of the products of weights and inputs, in 32 bits
 *	move    adds pace * input / 2^14, rounded, to the weights, which stay in 16 bits;
 *		inputs are less than 2^12
 */
#ifndef RILL_LANES_H
#define RILL_LANES_H

#include <stdint.h>

#define RILL_LANES 8

#if defined(__SSE2__) && !defined(RILL_LANES_PLAIN)
#include <emmintrin.h>

typedef __m128i rill_lanes;

static inline rill_lanes rill_lanes_gather(uint32_t *const slot[4], const int16_t *stretch)
{
	uint32_t a = *slot[0], b = *slot[1], c = *slot[2], d = *slot[3];
	__m128i s = _mm_set_epi32((int)d, (int)c, (int)b, (int)a);
	__m128i x = _mm_set_epi32(stretch[d >> 20], stretch[c >> 20], stretch[b >> 20],
				  stretch[a >> 20]);

	s = _mm_sub_epi32(_mm_srli_epi32(s, 20), _mm_set1_epi32(2048));
	return _mm_packs_epi32(x, _mm_srai_epi32(s, 1));
}

static inline int32_t rill_lanes_weigh(const int16_t *weight, const rill_lanes *input,
				       unsigned groups)
{
	__m128i sum = _mm_madd_epi16(_mm_loadu_si128((const __m128i *)weight), input[0]);

	for (unsigned i = 1; i < groups; i++)
		sum = _mm_add_epi32(
			sum,
			_mm_madd_epi16(_mm_loadu_si128((const __m128i *)weight + i), input[i]));
	sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
	sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1));
	return _mm_cvtsi128_si32(sum);
}

static inline void rill_lanes_move(int16_t *weight, const rill_lanes *input, int16_t pace,
				   unsigned groups)
{
	const __m128i paces = _mm_set1_epi16(pace), one = _mm_set1_epi16(1);

	for (unsigned i = 0; i < groups; i++) {
		__m128i *place = (__m128i *)weight + i;
		__m128i move = _mm_mulhi_epi16(_mm_slli_epi16(input[i], 3), paces);

		move = _mm_srai_epi16(_mm_add_epi16(move, one), 1);
		_mm_storeu_si128(place, _mm_adds_epi16(_mm_loadu_si128(place), move));
	}
}

#elif defined(__aarch64__) && defined(__ARM_NEON) && !defined(RILL_LANES_PLAIN)
#include <arm_neon.h>

typedef int16x8_t rill_lanes;

static inline rill_lanes rill_lanes_gather(uint32_t *const slot[4], const int16_t *stretch)
{
	uint32x4_t s = vdupq_n_u32(*slot[0]);
	int16x4_t x = vdup_n_s16(stretch[*slot[0] >> 20]), half;

	s = vld1q_lane_u32(slot[1], s, 1);
	x = vld1_lane_s16(&stretch[*slot[1] >> 20], x, 1);
	s = vld1q_lane_u32(slot[2], s, 2);
	x = vld1_lane_s16(&stretch[*slot[2] >> 20], x, 2);
	s = vld1q_lane_u32(slot[3], s, 3);
	x = vld1_lane_s16(&stretch[*slot[3] >> 20], x, 3);
	half = vsub_s16(vreinterpret_s16_u16(vmovn_u32(vshrq_n_u32(s, 20))), vdup_n_s16(2048));
	return vcombine_s16(x, vshr_n_s16(half, 1));
}

static inline int32_t rill_lanes_weigh(const int16_t *weight, const rill_lanes *input,
				       unsigned groups)
{
	int32x4_t sum = vdupq_n_s32(0);

	for (unsigned i = 0; i < groups; i++) {
		int16x8_t w = vld1q_s16(weight + i * RILL_LANES);

		sum = vmlal_s16(sum, vget_low_s16(w), vget_low_s16(input[i]));
		sum = vmlal_high_s16(sum, w, input[i]);
	}
	return vaddvq_s32(sum);
}

static inline void rill_lanes_move(int16_t *weight, const rill_lanes *input, int16_t pace,
				   unsigned groups)
{
	const int16x8_t paces = vdupq_n_s16(pace);

	/* The high half of the doubled product is that of 8 * input and pace. */
	for (unsigned i = 0; i < groups; i++) {
		int16_t *place = weight + i * RILL_LANES;
		int16x8_t move = vqdmulhq_s16(vshlq_n_s16(input[i], 2), paces);

		vst1q_s16(place, vqaddq_s16(vld1q_s16(place), vrshrq_n_s16(move, 1)));
	}
}

#else

typedef struct {
	int16_t lane[RILL_LANES];
} rill_lanes;

static inline rill_lanes rill_lanes_gather(uint32_t *const slot[4], const int16_t *stretch)
{
	rill_lanes lanes;

	for (unsigned i = 0; i < 4; i++) {
		uint32_t p = *slot[i] >> 20;

		lanes.lane[i] = stretch[p];
		lanes.lane[4 + i] = (int16_t)(((int32_t)p - 2048) >> 1);
	}
	return lanes;
}

static inline int32_t rill_lanes_weigh(const int16_t *weight, const rill_lanes *input,
				       unsigned groups)
{
	int32_t sum = 0;

	for (unsigned i = 0; i < groups * RILL_LANES; i++)
		sum += weight[i] * input[i / RILL_LANES].lane[i % RILL_LANES];
	return sum;
}

static inline void rill_lanes_move(int16_t *weight, const rill_lanes *input, int16_t pace,
				   unsigned groups)
{
	for (unsigned i = 0; i < groups * RILL_LANES; i++) {
		int32_t move = pace * input[i / RILL_LANES].lane[i % RILL_LANES];
		int32_t w = weight[i] + ((move + (1 << 13)) >> 14);

		weight[i] = (int16_t)(w > INT16_MAX ? INT16_MAX : w < INT16_MIN ? INT16_MIN : w);
	}
}

#endif
#endif
