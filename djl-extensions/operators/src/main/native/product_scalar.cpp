// Products in plain C++.
#include "lanes_scalar.h"
#include "product_kernel.h"

namespace {

struct PlainProducts {
  static constexpr int64_t kWidth = 8;
  static constexpr int64_t kRows = 4;

  struct Ints {
    int32_t lane[kWidth];
  };
  using Floats = PlainLanes::Vec;

  template <class Operation>
  static Ints each(Operation operation) {
    Ints result;
    for (int i = 0; i < kWidth; i++) {
      result.lane[i] = operation(i);
    }
    return result;
  }

  static Floats zero() { return PlainLanes::zero(); }
  static Floats fill(float x) { return PlainLanes::fill(x); }
  template <int power>
  static Ints times(const int32_t* x) {
    return each([&](int) { return *x * (1 << power); });
  }
  static Ints load(const uint8_t* p) {
    Ints result;
    memcpy(result.lane, p, sizeof(result.lane));
    return result;
  }
  static Floats load_floats(const float* p) { return PlainLanes::load(p); }
  static Ints low(Ints x) {
    return each([&](int i) { return x.lane[i] & 0x0f0f0f0f; });
  }
  static Ints high(Ints x) {
    return each([&](int i) { return x.lane[i] >> 4 & 0x0f0f0f0f; });
  }
  template <int bits>
  static Ints dot(Ints sum, Ints weights, const int8_t* x) {
    return each([&](int i) {
      int32_t result = sum.lane[i];
      for (int j = 0; j < 4; j++) {
        result += (weights.lane[i] >> 8 * j & 255) * x[j];
      }
      return result;
    });
  }
  static Floats floats(Ints x) {
    Floats result;
    for (int i = 0; i < kWidth; i++) {
      result.lane[i] = static_cast<float>(x.lane[i]);
    }
    return result;
  }
  static Floats mul(Floats a, Floats b) { return PlainLanes::mul(a, b); }
  static Floats fma(Floats a, Floats b, Floats c) { return PlainLanes::fma(a, b, c); }
  static void store(float* p, Floats x, int64_t count) {
    memcpy(p, x.lane, static_cast<size_t>(count) * sizeof(float));
  }
};

}  // namespace

const ProductKernel kScalarProduct = {PlainProducts::kRows, round_plainly, multiply<PlainProducts>,
                                      normalise<PlainLanes>, activate<PlainLanes>};
