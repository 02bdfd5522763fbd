// AVX2 and FMA: 8 lanes, 16 registers.
#ifndef SLIPSTREAM_LANES_AVX2_H
#define SLIPSTREAM_LANES_AVX2_H

#include <immintrin.h>

#include "exponential.h"

namespace {

struct Avx2Lanes {
  using Vec = __m256;
  static constexpr int kWidth = 8;
  static constexpr int64_t kPairs = 3;  // 3 * 4 sums, which leaves 4 of 16 registers
  static constexpr int kChunks = 4;

  static Vec zero() { return _mm256_setzero_ps(); }
  static Vec fill(float x) { return _mm256_set1_ps(x); }
  static Vec load(const float* p) { return _mm256_loadu_ps(p); }
  static void store(float* p, Vec x) { _mm256_storeu_ps(p, x); }
  static Vec fma(Vec a, Vec b, Vec c) { return _mm256_fmadd_ps(a, b, c); }
  static Vec mul(Vec a, Vec b) { return _mm256_mul_ps(a, b); }
  static Vec add(Vec a, Vec b) { return _mm256_add_ps(a, b); }
  static Vec sub(Vec a, Vec b) { return _mm256_sub_ps(a, b); }
  static Vec max(Vec a, Vec b) { return _mm256_max_ps(a, b); }
  static Vec div(Vec a, Vec b) { return _mm256_div_ps(a, b); }
  static Vec minus_magnitude(Vec x) { return _mm256_or_ps(x, fill(-0.0f)); }
  static Vec select_negative(Vec x, Vec yes, Vec no) { return _mm256_blendv_ps(no, yes, x); }

  static float highest(Vec x) {
    __m128 y = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    y = _mm_max_ps(y, _mm_movehl_ps(y, y));
    return _mm_cvtss_f32(_mm_max_ss(y, _mm_movehdup_ps(y)));
  }

  static float sum(Vec x) {
    __m128 y = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    y = _mm_add_ps(y, _mm_movehl_ps(y, y));
    return _mm_cvtss_f32(_mm_add_ss(y, _mm_movehdup_ps(y)));
  }

  static void store_sums(float* p, Vec a, Vec b, Vec c, Vec d) {
    const Vec quads = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
    _mm_storeu_ps(p, _mm_add_ps(_mm256_castps256_ps128(quads), _mm256_extractf128_ps(quads, 1)));
  }

  static Vec exp2(Vec x) {
    const Vec counts = _mm256_cmp_ps(x, fill(kLeastPower), _CMP_NLT_UQ);
    const Vec whole = _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const Vec f = sub(x, whole);
    Vec p = fill(kExp2[6]);
    for (int i = 5; i >= 0; i--) {
      p = fma(p, f, fill(kExp2[i]));
    }
    // Where 2^whole cannot be built this way the mask takes the result out.
    const __m256i power = _mm256_slli_epi32(
        _mm256_add_epi32(_mm256_cvtps_epi32(whole), _mm256_set1_epi32(127)), 23);
    return _mm256_and_ps(counts, mul(p, _mm256_castsi256_ps(power)));
  }
};

}  // namespace

#endif
