// No instructions beyond the architecture's first: eight lanes as plain C++, products rounded
// before they are added. For processors without AVX2; slow, and the plainest to read.
#ifndef SLIPSTREAM_LANES_SCALAR_H
#define SLIPSTREAM_LANES_SCALAR_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "exponential.h"

namespace {

struct PlainLanes {
  struct Vec {
    float lane[8];
  };
  static constexpr int kWidth = 8;
  static constexpr int64_t kPairs = 3;
  static constexpr int kChunks = 1;

  template <class Operation>
  static Vec each(Operation operation) {
    Vec result;
    for (int i = 0; i < kWidth; i++) {
      result.lane[i] = operation(i);
    }
    return result;
  }

  static Vec zero() { return fill(0.0f); }
  static Vec fill(float x) {
    return each([&](int) { return x; });
  }
  static Vec load(const float* p) {
    return each([&](int i) { return p[i]; });
  }
  static void store(float* p, Vec x) { memcpy(p, x.lane, sizeof(x.lane)); }
  static Vec fma(Vec a, Vec b, Vec c) {
    return each([&](int i) { return a.lane[i] * b.lane[i] + c.lane[i]; });
  }
  static Vec mul(Vec a, Vec b) {
    return each([&](int i) { return a.lane[i] * b.lane[i]; });
  }
  static Vec add(Vec a, Vec b) {
    return each([&](int i) { return a.lane[i] + b.lane[i]; });
  }
  static Vec sub(Vec a, Vec b) {
    return each([&](int i) { return a.lane[i] - b.lane[i]; });
  }
  static Vec max(Vec a, Vec b) {
    return each([&](int i) { return a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i]; });
  }
  static Vec div(Vec a, Vec b) {
    return each([&](int i) { return a.lane[i] / b.lane[i]; });
  }
  static Vec minus_magnitude(Vec x) {
    return each([&](int i) { return -fabsf(x.lane[i]); });
  }
  static Vec select_negative(Vec x, Vec yes, Vec no) {
    return each([&](int i) { return signbit(x.lane[i]) ? yes.lane[i] : no.lane[i]; });
  }

  static float highest(Vec x) {
    float result = x.lane[0];
    for (int i = 1; i < kWidth; i++) {
      result = x.lane[i] > result ? x.lane[i] : result;
    }
    return result;
  }

  static float sum(Vec x) {
    float result = x.lane[0];
    for (int i = 1; i < kWidth; i++) {
      result += x.lane[i];
    }
    return result;
  }

  static void store_sums(float* p, Vec a, Vec b, Vec c, Vec d) {
    p[0] = sum(a);
    p[1] = sum(b);
    p[2] = sum(c);
    p[3] = sum(d);
  }

  static float exp2(float x) {
    if (x < kLeastPower) {
      return 0.0f;
    }
    if (!(x <= 0.0f)) {
      return NAN;
    }
    const int whole = static_cast<int>(x - 0.5f);
    const float f = x - static_cast<float>(whole);
    float p = kExp2[6];
    for (int i = 5; i >= 0; i--) {
      p = p * f + kExp2[i];
    }
    const uint32_t bits = static_cast<uint32_t>(whole + 127) << 23;
    float power;
    memcpy(&power, &bits, sizeof(power));
    return p * power;
  }

  static Vec exp2(Vec x) {
    return each([&](int i) { return exp2(x.lane[i]); });
  }
};

}  // namespace

#endif
