// Products with AVX-512 and VNNI, which multiplies and adds four bytes in each lane at once.
#include "lanes_avx512.h"
#include "product_kernel.h"

namespace {

struct Avx512Products {
  using Ints = __m512i;
  using Floats = __m512;
  static constexpr int64_t kWidth = 16;
  static constexpr int64_t kRows = 8;  // 2 * 8 sums and two weights of 32 registers

  static Floats zero() { return _mm512_setzero_ps(); }
  static Floats fill(float x) { return _mm512_set1_ps(x); }
  template <int power>
  static Ints times(const int32_t* x) {
    return _mm512_slli_epi32(_mm512_set1_epi32(*x), power);
  }
  static Ints load(const uint8_t* p) { return _mm512_loadu_si512(p); }
  static Floats load_floats(const float* p) { return _mm512_loadu_ps(p); }
  static Ints low(Ints x) { return _mm512_and_si512(x, _mm512_set1_epi8(15)); }
  static Ints high(Ints x) { return low(_mm512_srli_epi16(x, 4)); }
  template <int bits>
  static Ints dot(Ints sum, Ints weights, const int8_t* x) {
    // GCC 12 loads the four bytes into a register of their own first: twice the instructions.
    asm("vpdpbusd %2%{1to16%}, %1, %0"
        : "+v"(sum)
        : "v"(weights), "m"(*reinterpret_cast<const int8_t(*)[4]>(x)));
    return sum;
  }
  static Floats floats(Ints x) { return _mm512_cvtepi32_ps(x); }
  static Floats mul(Floats a, Floats b) { return _mm512_mul_ps(a, b); }
  static Floats fma(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }
  static void store(float* p, Floats x, int64_t count) {
    _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << count) - 1), x);
  }
};

void round(const float* x, int64_t size, Block* blocks, int64_t stride) {
  for (int64_t b = 0; b * kBlock < size; b++) {
    const int64_t left = size - b * kBlock;
    const uint32_t mask = left >= kBlock ? ~0u : (1u << left) - 1;
    const float* from = x + b * kBlock;
    const __m512 first = _mm512_maskz_loadu_ps(static_cast<__mmask16>(mask), from);
    const __m512 second = _mm512_maskz_loadu_ps(static_cast<__mmask16>(mask >> 16), from + 16);
    const __m512i magnitude = _mm512_max_epi32(
        _mm512_andnot_si512(_mm512_set1_epi32(kSign), _mm512_castps_si512(first)),
        _mm512_andnot_si512(_mm512_set1_epi32(kSign), _mm512_castps_si512(second)));
    const int32_t bits = _mm512_reduce_max_epi32(magnitude);
    Block& block = blocks[b * stride];
    if (without_steps(bits, &block)) {
      continue;
    }
    float most;
    memcpy(&most, &bits, sizeof(most));
    const __m512 inverse = _mm512_set1_ps(kMostStep / most);
    const __m512i low = _mm512_cvtps_epi32(_mm512_mul_ps(first, inverse));
    const __m512i high = _mm512_cvtps_epi32(_mm512_mul_ps(second, inverse));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(block.values), _mm512_cvtsepi32_epi8(low));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(block.values + 16), _mm512_cvtsepi32_epi8(high));
    block.scale = most / kMostStep;
    block.minus_sum = -_mm512_reduce_add_epi32(_mm512_add_epi32(low, high));
  }
}

}  // namespace

const ProductKernel kAvx512Product = {Avx512Products::kRows, round, multiply<Avx512Products>,
                                      normalise<Avx512Lanes>, activate<Avx512Lanes>};
