/* SPDX-License-Identifier: Apache-2.0
 *
 * The inner loops of the mixer (bit_model.h), four slots or eight numbers of 16 bits at a time: by
 * the vector instructions that every x86-64 and every arm64 machine has, else in plain C. All
 * give the same results for the values that the mixer has; RILL_LANES_PLAIN asks for the last.
 *
 *	load	the slots of four contexts
 *	inputs	of them: stretched probabilities, then what is left of them at half a distance
 *		from one half
 *	weigh   the sum of the products of weights and inputs, in 32 bits
 *	move    adds pace * input / 2^14, rounded, to the weights, which stay in 16 bits;
 *		inputs are less than 2^12
 *	learn	moves the slots by 1 / (n + 1.5) of the distance, which is one of 19 bits times
 *		`pace`; modulo 2^32, where the sum is right again
 *	store	puts slots where they were
 *
 * Stretched is log2(p / (1 - p)) in units of 1/128. Between powers of two the logarithm is linear
 * (J. N. Mitchell, "Computer multiplication and division using binary logarithms", 1962): then it
 * is the exponent and the mantissa of a floating-point number, and the conversion of an integer
 * that has room there is one instruction, and exact.
 */
#ifndef RILL_LANES_H
#define RILL_LANES_H

#include <stdint.h>

#define RILL_LANES 8

#if defined(__SSE2__) && !defined(RILL_LANES_PLAIN)
#include <emmintrin.h>

typedef __m128i rill_lanes, rill_slots;

static inline rill_slots rill_lanes_load(uint32_t *const slot[4])
{
	return _mm_set_epi32((int)*slot[3], (int)*slot[2], (int)*slot[1], (int)*slot[0]);
}

static inline void rill_lanes_store(rill_slots slots, uint32_t *const slot[4])
{
	*slot[0] = (uint32_t)_mm_cvtsi128_si32(slots);
	*slot[1] = (uint32_t)_mm_cvtsi128_si32(_mm_shuffle_epi32(slots, 0x55));
	*slot[2] = (uint32_t)_mm_cvtsi128_si32(_mm_shuffle_epi32(slots, 0xaa));
	*slot[3] = (uint32_t)_mm_cvtsi128_si32(_mm_shuffle_epi32(slots, 0xff));
}

static inline rill_lanes rill_lanes_inputs(rill_slots slots)
{
	__m128i p = _mm_or_si128(_mm_srli_epi32(slots, 9), _mm_set1_epi32(1));
	__m128i q = _mm_sub_epi32(_mm_set1_epi32(1 << 23), p);
	__m128i half = _mm_sub_epi32(_mm_srli_epi32(slots, 20), _mm_set1_epi32(2048));

	p = _mm_castps_si128(_mm_cvtepi32_ps(p));
	q = _mm_castps_si128(_mm_cvtepi32_ps(q));
	return _mm_packs_epi32(_mm_srai_epi32(_mm_sub_epi32(p, q), 16), _mm_srai_epi32(half, 1));
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

static inline rill_slots rill_lanes_learn(rill_slots slots, const uint16_t *pace, uint32_t limit,
					  int32_t target)
{
	__m128i count = _mm_and_si128(slots, _mm_set1_epi32(1023)), even, odd, move;
	__m128i distance = _mm_srai_epi32(
		_mm_sub_epi32(_mm_set1_epi32(target), _mm_srli_epi32(slots, 10)), 3);

	/* There are products of every other lane only. */
	even = _mm_set_epi32(0, pace[_mm_extract_epi16(count, 4)], 0,
			     pace[_mm_extract_epi16(count, 0)]);
	odd = _mm_set_epi32(0, pace[_mm_extract_epi16(count, 6)], 0,
			    pace[_mm_extract_epi16(count, 2)]);
	even = _mm_mul_epu32(distance, even);
	odd = _mm_mul_epu32(_mm_srli_epi64(distance, 32), odd);
	move = _mm_unpacklo_epi32(_mm_shuffle_epi32(even, 0x08), _mm_shuffle_epi32(odd, 0x08));
	slots = _mm_add_epi32(slots, _mm_andnot_si128(_mm_set1_epi32(1023), move));
	return _mm_sub_epi32(slots, _mm_cmplt_epi32(count, _mm_set1_epi32((int)limit)));
}

#elif defined(__aarch64__) && defined(__ARM_NEON) && !defined(RILL_LANES_PLAIN)
#include <arm_neon.h>

typedef int16x8_t rill_lanes;
typedef uint32x4_t rill_slots;

static inline rill_slots rill_lanes_load(uint32_t *const slot[4])
{
	uint32x4_t slots = vdupq_n_u32(*slot[0]);

	slots = vld1q_lane_u32(slot[1], slots, 1);
	slots = vld1q_lane_u32(slot[2], slots, 2);
	return vld1q_lane_u32(slot[3], slots, 3);
}

static inline void rill_lanes_store(rill_slots slots, uint32_t *const slot[4])
{
	vst1q_lane_u32(slot[0], slots, 0);
	vst1q_lane_u32(slot[1], slots, 1);
	vst1q_lane_u32(slot[2], slots, 2);
	vst1q_lane_u32(slot[3], slots, 3);
}

static inline rill_lanes rill_lanes_inputs(rill_slots slots)
{
	uint32x4_t p = vorrq_u32(vshrq_n_u32(slots, 9), vdupq_n_u32(1));
	uint32x4_t q = vsubq_u32(vdupq_n_u32(1 << 23), p);
	int16x4_t half = vsub_s16(vreinterpret_s16_u16(vmovn_u32(vshrq_n_u32(slots, 20))),
				  vdup_n_s16(2048));

	p = vreinterpretq_u32_f32(vcvtq_f32_u32(p));
	q = vreinterpretq_u32_f32(vcvtq_f32_u32(q));
	return vcombine_s16(vshrn_n_s32(vreinterpretq_s32_u32(vsubq_u32(p, q)), 16),
			    vshr_n_s16(half, 1));
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

static inline rill_slots rill_lanes_learn(rill_slots slots, const uint16_t *pace, uint32_t limit,
					  int32_t target)
{
	uint32x4_t count = vandq_u32(slots, vdupq_n_u32(1023)), move;
	int32x4_t distance = vshrq_n_s32(
		vsubq_s32(vdupq_n_s32(target), vreinterpretq_s32_u32(vshrq_n_u32(slots, 10))), 3);
	uint16x4_t paces = vdup_n_u16(pace[vgetq_lane_u32(count, 0)]);

	paces = vld1_lane_u16(&pace[vgetq_lane_u32(count, 1)], paces, 1);
	paces = vld1_lane_u16(&pace[vgetq_lane_u32(count, 2)], paces, 2);
	paces = vld1_lane_u16(&pace[vgetq_lane_u32(count, 3)], paces, 3);
	move = vmulq_u32(vreinterpretq_u32_s32(distance), vmovl_u16(paces));
	slots = vaddq_u32(slots, vbicq_u32(move, vdupq_n_u32(1023)));
	return vsubq_u32(slots, vcltq_u32(count, vdupq_n_u32(limit)));
}

#else

typedef struct {
	int16_t lane[RILL_LANES];
} rill_lanes;

typedef struct {
	uint32_t slot[4];
} rill_slots;

static inline rill_slots rill_lanes_load(uint32_t *const slot[4])
{
	return (rill_slots){{*slot[0], *slot[1], *slot[2], *slot[3]}};
}

static inline void rill_lanes_store(rill_slots slots, uint32_t *const slot[4])
{
	for (unsigned i = 0; i < 4; i++)
		*slot[i] = slots.slot[i];
}

/* In units of 2^-23; of 1 to 2^23 - 1. */
static inline int32_t rill_lanes_log2(uint32_t x)
{
	unsigned n = 31 - (unsigned)__builtin_clz(x);

	return (int32_t)(((n - 1) << 23) + (x << (23 - n)));
}

static inline rill_lanes rill_lanes_inputs(rill_slots slots)
{
	rill_lanes lanes;

	for (unsigned i = 0; i < 4; i++) {
		uint32_t p = slots.slot[i] >> 9 | 1;

		lanes.lane[i] = (int16_t)((rill_lanes_log2(p) -
					   rill_lanes_log2((UINT32_C(1) << 23) - p)) >>
					  16);
		lanes.lane[4 + i] = (int16_t)(((int32_t)(slots.slot[i] >> 20) - 2048) >> 1);
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

static inline rill_slots rill_lanes_learn(rill_slots slots, const uint16_t *pace, uint32_t limit,
					  int32_t target)
{
	for (unsigned i = 0; i < 4; i++) {
		uint32_t slot = slots.slot[i], count = slot & 1023;
		uint32_t distance = (uint32_t)((target - (int32_t)(slot >> 10)) >> 3);

		slot += distance * pace[count] & ~UINT32_C(1023);
		slots.slot[i] = slot + (count < limit);
	}
	return slots;
}

#endif
#endif
