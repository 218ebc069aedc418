/* SPDX-License-Identifier: Apache-2.0
 *
 * The inner loops of the mixer (bit_model.h), several probabilities or weights at a time: by
 * the vector instructions that every x86-64 and every arm64 machine has, else in plain C. All
 * give the same results for the values that the mixer has; RILL_LANES_PLAIN asks for the last.
 *
 *	gather	the probabilities, of 16 bits, of eight contexts, or of four and nothing
 *	stretch, half
 *		of them: stretched, and what is left of their distance from one half
 *	narrow	both of the first four
 *	adapt	moves probabilities by 1/64 of the distance to what happened
 *	scatter	puts them where they were
 *	load	the slots of four contexts
 *	inputs	of them: stretched probabilities and distances from one half
 *	learn	moves the slots by 1 / (n + 1.5) of the distance, which is one of 19 bits times
 *		`pace`; modulo 2^32, where the sum is right again
 *	store	puts slots where they were
 *	weigh   the sum of the products of inputs and two sets of weights
 *	move    adds pace * input / 2^14, rounded, to the weights, which stay in 16 bits;
 *		inputs are less than 2^12
 *
 * Stretched is log2(p / (1 - p)) in units of 1/128. Between powers of two the logarithm is linear
 * (J. N. Mitchell, "Computer multiplication and division using binary logarithms", 1962): then it
 * is the exponent and the mantissa of a floating-point number, and the conversion of an integer
 * that has room there is one instruction, and exact.
 *
 * A sum has at most RILL_LANES_MOST vectors of products; a fourth of it is less than 2^31, and
 * loses its lowest RILL_LANES_SHIFT bits before the fourths come together.
 */
#ifndef RILL_LANES_H
#define RILL_LANES_H

#include <stdint.h>

#define RILL_LANES 8
#define RILL_LANES_MOST 3
#define RILL_LANES_SHIFT 8

#if defined(__SSE2__) && !defined(RILL_LANES_PLAIN)
#include <emmintrin.h>

typedef __m128i rill_lanes, rill_slots;

static inline rill_lanes rill_lanes_gather(uint16_t *const p[8], unsigned n)
{
	__m128i lanes = _mm_cvtsi32_si128(*p[0]);

	lanes = _mm_insert_epi16(lanes, (int16_t)*p[1], 1);
	lanes = _mm_insert_epi16(lanes, (int16_t)*p[2], 2);
	lanes = _mm_insert_epi16(lanes, (int16_t)*p[3], 3);
	if (n == 4)
		return lanes;
	lanes = _mm_insert_epi16(lanes, (int16_t)*p[4], 4);
	lanes = _mm_insert_epi16(lanes, (int16_t)*p[5], 5);
	lanes = _mm_insert_epi16(lanes, (int16_t)*p[6], 6);
	return _mm_insert_epi16(lanes, (int16_t)*p[7], 7);
}

static inline void rill_lanes_scatter(rill_lanes lanes, uint16_t *const p[8], unsigned n)
{
	*p[0] = (uint16_t)_mm_extract_epi16(lanes, 0);
	*p[1] = (uint16_t)_mm_extract_epi16(lanes, 1);
	*p[2] = (uint16_t)_mm_extract_epi16(lanes, 2);
	*p[3] = (uint16_t)_mm_extract_epi16(lanes, 3);
	if (n == 4)
		return;
	*p[4] = (uint16_t)_mm_extract_epi16(lanes, 4);
	*p[5] = (uint16_t)_mm_extract_epi16(lanes, 5);
	*p[6] = (uint16_t)_mm_extract_epi16(lanes, 6);
	*p[7] = (uint16_t)_mm_extract_epi16(lanes, 7);
}

/* Of p and 1 - p. */
static inline __m128i rill_lanes_odds(__m128i p, __m128i q)
{
	p = _mm_castps_si128(_mm_cvtepi32_ps(p));
	q = _mm_castps_si128(_mm_cvtepi32_ps(q));
	return _mm_srai_epi32(_mm_sub_epi32(p, q), 16);
}

static inline rill_lanes rill_lanes_stretch(rill_lanes lanes)
{
	const __m128i one = _mm_set1_epi32(1 << 16);
	__m128i low = _mm_unpacklo_epi16(lanes, _mm_setzero_si128());
	__m128i high = _mm_unpackhi_epi16(lanes, _mm_setzero_si128());

	return _mm_packs_epi32(rill_lanes_odds(low, _mm_sub_epi32(one, low)),
			       rill_lanes_odds(high, _mm_sub_epi32(one, high)));
}

static inline rill_lanes rill_lanes_half(rill_lanes lanes)
{
	return _mm_srai_epi16(_mm_xor_si128(lanes, _mm_set1_epi16(INT16_MIN)), 5);
}

static inline rill_lanes rill_lanes_narrow(rill_lanes lanes)
{
	__m128i low = _mm_unpacklo_epi16(lanes, _mm_setzero_si128());

	low = rill_lanes_odds(low, _mm_sub_epi32(_mm_set1_epi32(1 << 16), low));
	return _mm_unpacklo_epi64(_mm_packs_epi32(low, low), rill_lanes_half(lanes));
}

static inline rill_lanes rill_lanes_adapt(rill_lanes lanes, unsigned bit)
{
	const __m128i ones = _mm_set1_epi16((int16_t) - (int)bit);

	lanes = _mm_xor_si128(lanes, ones);
	lanes = _mm_sub_epi16(lanes, _mm_srli_epi16(lanes, 6));
	return _mm_xor_si128(lanes, ones);
}

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
	__m128i half = _mm_sub_epi32(_mm_srli_epi32(slots, 20), _mm_set1_epi32(2048));

	return _mm_packs_epi32(rill_lanes_odds(p, _mm_sub_epi32(_mm_set1_epi32(1 << 23), p)),
			       _mm_srai_epi32(half, 1));
}

static inline int32_t rill_lanes_weigh(const int16_t *a, const int16_t *b, const rill_lanes *input,
				       unsigned n)
{
	__m128i sum = _mm_setzero_si128();

	for (unsigned i = 0; i < n; i++) {
		__m128i x = _mm_loadu_si128((const __m128i *)a + i);
		__m128i y = _mm_loadu_si128((const __m128i *)b + i);

		sum = _mm_add_epi32(sum, _mm_madd_epi16(x, input[i]));
		sum = _mm_add_epi32(sum, _mm_madd_epi16(y, input[i]));
	}
	sum = _mm_srai_epi32(sum, RILL_LANES_SHIFT);
	sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
	sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1));
	return _mm_cvtsi128_si32(sum);
}

static inline void rill_lanes_move(int16_t *weight, const rill_lanes *input, int16_t pace,
				   unsigned n)
{
	const __m128i paces = _mm_set1_epi16(pace), one = _mm_set1_epi16(1);

	for (unsigned i = 0; i < n; i++) {
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

static inline rill_lanes rill_lanes_gather(uint16_t *const p[8], unsigned n)
{
	uint16x8_t lanes = vdupq_n_u16(0);

	lanes = vld1q_lane_u16(p[0], lanes, 0);
	lanes = vld1q_lane_u16(p[1], lanes, 1);
	lanes = vld1q_lane_u16(p[2], lanes, 2);
	lanes = vld1q_lane_u16(p[3], lanes, 3);
	if (n == 4)
		return vreinterpretq_s16_u16(lanes);
	lanes = vld1q_lane_u16(p[4], lanes, 4);
	lanes = vld1q_lane_u16(p[5], lanes, 5);
	lanes = vld1q_lane_u16(p[6], lanes, 6);
	return vreinterpretq_s16_u16(vld1q_lane_u16(p[7], lanes, 7));
}

static inline void rill_lanes_scatter(rill_lanes moved, uint16_t *const p[8], unsigned n)
{
	uint16x8_t lanes = vreinterpretq_u16_s16(moved);

	vst1q_lane_u16(p[0], lanes, 0);
	vst1q_lane_u16(p[1], lanes, 1);
	vst1q_lane_u16(p[2], lanes, 2);
	vst1q_lane_u16(p[3], lanes, 3);
	if (n == 4)
		return;
	vst1q_lane_u16(p[4], lanes, 4);
	vst1q_lane_u16(p[5], lanes, 5);
	vst1q_lane_u16(p[6], lanes, 6);
	vst1q_lane_u16(p[7], lanes, 7);
}

/* Of p and 1 - p. */
static inline int16x4_t rill_lanes_odds(uint32x4_t p, uint32x4_t q)
{
	p = vreinterpretq_u32_f32(vcvtq_f32_u32(p));
	q = vreinterpretq_u32_f32(vcvtq_f32_u32(q));
	return vshrn_n_s32(vreinterpretq_s32_u32(vsubq_u32(p, q)), 16);
}

static inline rill_lanes rill_lanes_stretch(rill_lanes lanes)
{
	const uint32x4_t one = vdupq_n_u32(1 << 16);
	uint16x8_t p = vreinterpretq_u16_s16(lanes);
	uint32x4_t low = vmovl_u16(vget_low_u16(p)), high = vmovl_u16(vget_high_u16(p));

	return vcombine_s16(rill_lanes_odds(low, vsubq_u32(one, low)),
			    rill_lanes_odds(high, vsubq_u32(one, high)));
}

static inline rill_lanes rill_lanes_half(rill_lanes lanes)
{
	return vshrq_n_s16(veorq_s16(lanes, vdupq_n_s16(INT16_MIN)), 5);
}

static inline rill_lanes rill_lanes_narrow(rill_lanes lanes)
{
	uint32x4_t low = vmovl_u16(vget_low_u16(vreinterpretq_u16_s16(lanes)));

	return vcombine_s16(rill_lanes_odds(low, vsubq_u32(vdupq_n_u32(1 << 16), low)),
			    vget_low_s16(rill_lanes_half(lanes)));
}

static inline rill_lanes rill_lanes_adapt(rill_lanes lanes, unsigned bit)
{
	const uint16x8_t ones = vdupq_n_u16((uint16_t)-bit);
	uint16x8_t p = veorq_u16(vreinterpretq_u16_s16(lanes), ones);

	p = vsubq_u16(p, vshrq_n_u16(p, 6));
	return vreinterpretq_s16_u16(veorq_u16(p, ones));
}

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
	int16x4_t half = vsub_s16(vreinterpret_s16_u16(vmovn_u32(vshrq_n_u32(slots, 20))),
				  vdup_n_s16(2048));

	return vcombine_s16(rill_lanes_odds(p, vsubq_u32(vdupq_n_u32(1 << 23), p)),
			    vshr_n_s16(half, 1));
}

/* The pairs of products that x86-64 adds. */
static inline int32_t rill_lanes_weigh(const int16_t *a, const int16_t *b, const rill_lanes *input,
				       unsigned n)
{
	int32x4_t low = vdupq_n_s32(0), high = vdupq_n_s32(0);

	for (unsigned i = 0; i < n; i++) {
		int16x8_t x = vld1q_s16(a + i * RILL_LANES), y = vld1q_s16(b + i * RILL_LANES);

		low = vmlal_s16(low, vget_low_s16(x), vget_low_s16(input[i]));
		low = vmlal_s16(low, vget_low_s16(y), vget_low_s16(input[i]));
		high = vmlal_high_s16(high, x, input[i]);
		high = vmlal_high_s16(high, y, input[i]);
	}
	return vaddvq_s32(vshrq_n_s32(vpaddq_s32(low, high), RILL_LANES_SHIFT));
}

static inline void rill_lanes_move(int16_t *weight, const rill_lanes *input, int16_t pace,
				   unsigned n)
{
	const int16x8_t paces = vdupq_n_s16(pace);

	/* The high half of the doubled product is that of 8 * input and pace. */
	for (unsigned i = 0; i < n; i++) {
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

static inline rill_lanes rill_lanes_gather(uint16_t *const p[8], unsigned n)
{
	rill_lanes lanes = {{0}};

	for (unsigned i = 0; i < n; i++)
		lanes.lane[i] = (int16_t)*p[i];
	return lanes;
}

static inline void rill_lanes_scatter(rill_lanes lanes, uint16_t *const p[8], unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		*p[i] = (uint16_t)lanes.lane[i];
}

/* In units of 2^-23; of 1 to 2^23 - 1. */
static inline int32_t rill_lanes_log2(uint32_t x)
{
	unsigned n = 31 - (unsigned)__builtin_clz(x);

	return (int32_t)((n << 23) + (x << (23 - n)));
}

/* Of p and 1 - p. */
static inline int16_t rill_lanes_odds(uint32_t p, uint32_t q)
{
	return (int16_t)((rill_lanes_log2(p) - rill_lanes_log2(q)) >> 16);
}

static inline int16_t rill_lanes_half_of(int16_t lane)
{
	return (int16_t)((int16_t)(lane ^ INT16_MIN) >> 5);
}

static inline rill_lanes rill_lanes_stretch(rill_lanes lanes)
{
	for (unsigned i = 0; i < RILL_LANES; i++) {
		uint32_t p = (uint16_t)lanes.lane[i];

		lanes.lane[i] = rill_lanes_odds(p, (UINT32_C(1) << 16) - p);
	}
	return lanes;
}

static inline rill_lanes rill_lanes_half(rill_lanes lanes)
{
	for (unsigned i = 0; i < RILL_LANES; i++)
		lanes.lane[i] = rill_lanes_half_of(lanes.lane[i]);
	return lanes;
}

static inline rill_lanes rill_lanes_narrow(rill_lanes lanes)
{
	for (unsigned i = 0; i < 4; i++) {
		uint32_t p = (uint16_t)lanes.lane[i];

		lanes.lane[4 + i] = rill_lanes_half_of(lanes.lane[i]);
		lanes.lane[i] = rill_lanes_odds(p, (UINT32_C(1) << 16) - p);
	}
	return lanes;
}

static inline rill_lanes rill_lanes_adapt(rill_lanes lanes, unsigned bit)
{
	for (unsigned i = 0; i < RILL_LANES; i++) {
		uint16_t p = (uint16_t)(lanes.lane[i] ^ -(int)bit);

		p = (uint16_t)(p - (p >> 6));
		lanes.lane[i] = (int16_t)(p ^ -(int)bit);
	}
	return lanes;
}

static inline rill_slots rill_lanes_load(uint32_t *const slot[4])
{
	return (rill_slots){{*slot[0], *slot[1], *slot[2], *slot[3]}};
}

static inline void rill_lanes_store(rill_slots slots, uint32_t *const slot[4])
{
	for (unsigned i = 0; i < 4; i++)
		*slot[i] = slots.slot[i];
}

static inline rill_lanes rill_lanes_inputs(rill_slots slots)
{
	rill_lanes lanes;

	for (unsigned i = 0; i < 4; i++) {
		uint32_t p = slots.slot[i] >> 9 | 1;

		lanes.lane[i] = rill_lanes_odds(p, (UINT32_C(1) << 23) - p);
		lanes.lane[4 + i] = (int16_t)(((int32_t)(slots.slot[i] >> 20) - 2048) >> 1);
	}
	return lanes;
}

static inline int32_t rill_lanes_weigh(const int16_t *a, const int16_t *b, const rill_lanes *input,
				       unsigned n)
{
	int32_t sum[4] = {0};

	for (unsigned i = 0; i < n * RILL_LANES; i++)
		sum[i % RILL_LANES / 2] += (a[i] + b[i]) *
					   input[i / RILL_LANES].lane[i % RILL_LANES];
	return (sum[0] >> RILL_LANES_SHIFT) + (sum[1] >> RILL_LANES_SHIFT) +
	       (sum[2] >> RILL_LANES_SHIFT) + (sum[3] >> RILL_LANES_SHIFT);
}

static inline void rill_lanes_move(int16_t *weight, const rill_lanes *input, int16_t pace,
				   unsigned n)
{
	for (unsigned i = 0; i < n * RILL_LANES; i++) {
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
