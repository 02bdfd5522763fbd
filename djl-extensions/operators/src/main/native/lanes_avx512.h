// AVX-512: 16 lanes, 32 registers.
#ifndef SLIPSTREAM_LANES_AVX512_H
#define SLIPSTREAM_LANES_AVX512_H

#include <immintrin.h>

#include "exponential.h"

namespace {

struct Avx512Lanes {
  using Vec = __m512;
  static constexpr int kWidth = 16;
  static constexpr int64_t kPairs = 6;  // 6 * 4 sums and 4 keys or values of 32 registers
  static constexpr int kChunks = 4;

  static Vec zero() { return _mm512_setzero_ps(); }
  static Vec fill(float x) { return _mm512_set1_ps(x); }
  static Vec load(const float* p) { return _mm512_loadu_ps(p); }
  static void store(float* p, Vec x) { _mm512_storeu_ps(p, x); }
  static Vec fma(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }
  static Vec mul(Vec a, Vec b) { return _mm512_mul_ps(a, b); }
  static Vec add(Vec a, Vec b) { return _mm512_add_ps(a, b); }
  static Vec sub(Vec a, Vec b) { return _mm512_sub_ps(a, b); }
  static Vec max(Vec a, Vec b) { return _mm512_max_ps(a, b); }
  static Vec div(Vec a, Vec b) { return _mm512_div_ps(a, b); }
  static Vec minus_magnitude(Vec x) { return _mm512_or_ps(x, fill(-0.0f)); }
  static Vec select_negative(Vec x, Vec yes, Vec no) {
    return _mm512_mask_blend_ps(_mm512_movepi32_mask(_mm512_castps_si512(x)), no, yes);
  }
  static float highest(Vec x) { return _mm512_reduce_max_ps(x); }
  static float sum(Vec x) { return _mm512_reduce_add_ps(x); }

  static void store_sums(float* p, Vec a, Vec b, Vec c, Vec d) {
    const Vec ab = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
    const Vec cd = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
    const __m512d x = _mm512_castps_pd(ab);
    const __m512d y = _mm512_castps_pd(cd);
    const Vec quads = _mm512_add_ps(_mm512_castpd_ps(_mm512_unpacklo_pd(x, y)),
                                    _mm512_castpd_ps(_mm512_unpackhi_pd(x, y)));
    const __m256 pairs =
        _mm256_add_ps(_mm512_castps512_ps256(quads), _mm512_extractf32x8_ps(quads, 1));
    _mm_storeu_ps(p, _mm_add_ps(_mm256_castps256_ps128(pairs), _mm256_extractf128_ps(pairs, 1)));
  }

  static Vec exp2(Vec x) {
    const __mmask16 counts = _mm512_cmp_ps_mask(x, fill(kLeastPower), _CMP_NLT_UQ);
    const Vec whole = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const Vec f = sub(x, whole);
    Vec p = fill(kExp2[6]);
    for (int i = 5; i >= 0; i--) {
      p = fma(p, f, fill(kExp2[i]));
    }
    return _mm512_maskz_scalef_ps(counts, p, whole);
  }
};

}  // namespace

#endif
