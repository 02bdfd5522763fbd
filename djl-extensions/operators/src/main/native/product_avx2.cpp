// Products with AVX2: bytes are multiplied to pairs of 16 bits, and these added to 32.
#include "lanes_avx2.h"
#include "product_kernel.h"

namespace {

struct Avx2Products {
  using Ints = __m256i;
  using Floats = __m256;
  static constexpr int64_t kWidth = 8;
  static constexpr int64_t kRows = 4;  // 2 * 4 sums of 16 registers

  static Floats zero() { return _mm256_setzero_ps(); }
  static Floats fill(float x) { return _mm256_set1_ps(x); }
  template <int power>
  static Ints times(const int32_t* x) {
    return _mm256_slli_epi32(_mm256_set1_epi32(*x), power);
  }
  static Ints load(const uint8_t* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  static Floats load_floats(const float* p) { return _mm256_loadu_ps(p); }
  static Ints low(Ints x) { return _mm256_and_si256(x, _mm256_set1_epi8(15)); }
  static Ints high(Ints x) { return low(_mm256_srli_epi16(x, 4)); }

  template <int bits>
  static Ints dot(Ints sum, Ints weights, const int8_t* x) {
    int32_t four;
    memcpy(&four, x, sizeof(four));
    const Ints steps = _mm256_set1_epi32(four);
    if constexpr (bits == 4) {
      // 2 * 15 * 127 is far from what 16 bits hold.
      const Ints pairs = _mm256_maddubs_epi16(weights, steps);
      return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
    } else {
      // 2 * 255 * 127 is not, so bytes become 16 bits first, the even and the odd ones.
      const Ints even = _mm256_madd_epi16(_mm256_and_si256(weights, _mm256_set1_epi16(255)),
                                          _mm256_srai_epi16(_mm256_slli_epi16(steps, 8), 8));
      const Ints odd =
          _mm256_madd_epi16(_mm256_srli_epi16(weights, 8), _mm256_srai_epi16(steps, 8));
      return _mm256_add_epi32(sum, _mm256_add_epi32(even, odd));
    }
  }
  static Floats floats(Ints x) { return _mm256_cvtepi32_ps(x); }
  static Floats mul(Floats a, Floats b) { return _mm256_mul_ps(a, b); }
  static Floats fma(Floats a, Floats b, Floats c) { return _mm256_fmadd_ps(a, b, c); }
  static void store(float* p, Floats x, int64_t count) {
    if (count == kWidth) {
      return _mm256_storeu_ps(p, x);
    }
    float lanes[kWidth];
    _mm256_storeu_ps(lanes, x);
    memcpy(p, lanes, static_cast<size_t>(count) * sizeof(float));
  }
};

}  // namespace

const ProductKernel kAvx2Product = {Avx2Products::kRows, round_plainly, multiply<Avx2Products>,
                                    normalise<Avx2Lanes>, activate<Avx2Lanes>};
