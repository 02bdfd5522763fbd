// Products, norms and activations, written once for all instruction sets. What lanes there are
// changes how many outputs are computed side by side, never the order in which one is summed.
#ifndef SLIPSTREAM_PRODUCT_KERNEL_H
#define SLIPSTREAM_PRODUCT_KERNEL_H

#include <math.h>
#include <string.h>

#include "exponential.h"
#include "product.h"

namespace {

// Steps from zero to the largest magnitude of a block.
constexpr float kMostStep = 127.0f;

// Magnitudes as the bits of their floats, which order as these do, infinity and NaN last.
constexpr int32_t kSign = INT32_MIN;
constexpr int32_t kInfinity = 0x7f800000;
// From here on the scale is a normal number and its inverse a finite one: 127 * 2^-126.
constexpr int32_t kLeastMagnitude = 0x03fe0000;

// Makes a block of one without steps, whose largest magnitude is too small or no number: zeros, or
// NaN for all that comes of the row, which otherwise would be numbers that nobody computed.
inline bool without_steps(int32_t most, Block* block) {
  if (most >= kLeastMagnitude && most < kInfinity) {
    return false;
  }
  memset(block->values, 0, sizeof(block->values));
  block->scale = most < kLeastMagnitude ? 0.0f : NAN;
  block->minus_sum = 0;
  return true;
}

inline void round_plainly(const float* x, int64_t size, Block* blocks, int64_t stride) {
  for (int64_t b = 0; b * kBlock < size; b++) {
    const int64_t left = size - b * kBlock < kBlock ? size - b * kBlock : kBlock;
    const float* from = x + b * kBlock;
    int32_t bits = 0;
    for (int64_t i = 0; i < left; i++) {
      int32_t magnitude;
      memcpy(&magnitude, from + i, sizeof(magnitude));
      magnitude &= ~kSign;
      bits = magnitude > bits ? magnitude : bits;
    }
    Block& block = blocks[b * stride];
    if (without_steps(bits, &block)) {
      continue;
    }
    float most;
    memcpy(&most, &bits, sizeof(most));
    const float inverse = kMostStep / most;
    memset(block.values, 0, sizeof(block.values));
    int32_t sum = 0;
    for (int64_t i = 0; i < left; i++) {
      // To the nearest, halves to even: what adding and taking away 1.5 * 2^23 leaves.
      const float magic = 12582912.0f;
      const float scaled = from[i] * inverse;
      const float step = (scaled + magic) - magic;
      block.values[i] = static_cast<int8_t>(step);
      sum += block.values[i];
    }
    block.scale = most / kMostStep;
    block.minus_sum = -sum;
  }
}

// How far ahead of a few rows' products the weights are fetched, in bytes: the processor's own
// prefetching ends at each page. One row of 135M int4 parameters took 2.36 ms without, 2.34 with 512
// bytes, 2.01 with 2048 and 1.90 with 4096 (44 GB/s); int8 3.81 and 3.52.
constexpr int64_t kAhead = 4096;
constexpr int64_t kLine = 64;

// Some rows and as many outputs as there are lanes, of which the first is output `lane` of a panel.
template <class Lanes, int bits, int rows>
inline void tile(const uint8_t* panel, int64_t lane, int64_t blocks, const Block* x, float* output,
                 int64_t stride, int64_t outputs) {
  using Ints = typename Lanes::Ints;
  using Floats = typename Lanes::Floats;
  constexpr int64_t kValueBytes = kPanel * kBlock * bits / 8;
  constexpr int64_t kTileBytes = kValueBytes + kPanel * static_cast<int64_t>(sizeof(float));
  Floats sums[rows];
  for (int r = 0; r < rows; r++) {
    sums[r] = Lanes::zero();
  }
  for (int64_t b = 0; b < blocks; b++) {
    const uint8_t* values = panel + b * kTileBytes + 4 * lane;
    if constexpr (rows <= 4) {
      for (int64_t c = 0; c < kTileBytes; c += kLine) {
        __builtin_prefetch(values + kAhead + c, 0, 3);
      }
    }
    Ints dots[rows];
    for (int r = 0; r < rows; r++) {
      dots[r] = Lanes::template times<bits == 4 ? 3 : 7>(&x[b * rows + r].minus_sum);
    }
#pragma GCC unroll 8
    for (int64_t i = 0; i < kValueBytes / (4 * kPanel); i++) {
      const Ints packed = Lanes::load(values + i * 4 * kPanel);
      if constexpr (bits == 4) {
        const Ints low = Lanes::low(packed);
        const Ints high = Lanes::high(packed);
        for (int r = 0; r < rows; r++) {
          dots[r] = Lanes::template dot<4>(dots[r], low, x[b * rows + r].values + 4 * i);
        }
        for (int r = 0; r < rows; r++) {
          dots[r] = Lanes::template dot<4>(dots[r], high, x[b * rows + r].values + 4 * (i + 4));
        }
      } else {
        for (int r = 0; r < rows; r++) {
          dots[r] = Lanes::template dot<8>(dots[r], packed, x[b * rows + r].values + 4 * i);
        }
      }
    }
    const Floats scales = Lanes::load_floats(
        reinterpret_cast<const float*>(panel + b * kTileBytes + kValueBytes) + lane);
    for (int r = 0; r < rows; r++) {
      const Floats scale = Lanes::mul(scales, Lanes::fill(x[b * rows + r].scale));
      sums[r] = Lanes::fma(Lanes::floats(dots[r]), scale, sums[r]);
    }
  }
  for (int r = 0; r < rows; r++) {
    Lanes::store(output + r * stride, sums[r], outputs);
  }
}

template <class Lanes, int bits>
void some_rows(const uint8_t* panel, int64_t lane, int64_t blocks, const Block* x, int64_t rows,
               float* output, int64_t stride, int64_t outputs) {
  switch (rows) {
    case 1: return tile<Lanes, bits, 1>(panel, lane, blocks, x, output, stride, outputs);
    case 2: return tile<Lanes, bits, 2>(panel, lane, blocks, x, output, stride, outputs);
    case 3: return tile<Lanes, bits, 3>(panel, lane, blocks, x, output, stride, outputs);
    case 4: return tile<Lanes, bits, 4>(panel, lane, blocks, x, output, stride, outputs);
    default: break;
  }
  if constexpr (Lanes::kRows == 8) {
    switch (rows) {
      case 5: return tile<Lanes, bits, 5>(panel, lane, blocks, x, output, stride, outputs);
      case 6: return tile<Lanes, bits, 6>(panel, lane, blocks, x, output, stride, outputs);
      case 7: return tile<Lanes, bits, 7>(panel, lane, blocks, x, output, stride, outputs);
      default: return tile<Lanes, bits, 8>(panel, lane, blocks, x, output, stride, outputs);
    }
  }
}

template <class Lanes, int bits>
void panels(const Matrix& matrix, const Block* x, int64_t rows, int64_t first, int64_t last,
            float* output, int64_t stride) {
  const int64_t blocks = matrix.blocks();
  for (int64_t p = first; p < last; p++) {
    const uint8_t* panel = matrix.panel(p);
    for (int64_t lane = 0; lane < kPanel; lane += Lanes::kWidth) {
      const int64_t at = p * kPanel + lane;
      const int64_t left = matrix.outputs - at;
      if (left <= 0) {
        break;
      }
      const int64_t outputs = left < Lanes::kWidth ? left : Lanes::kWidth;
      for (int64_t r = 0; r < rows; r += Lanes::kRows) {
        const int64_t some = rows - r < Lanes::kRows ? rows - r : Lanes::kRows;
        some_rows<Lanes, bits>(panel, lane, blocks, x + r * blocks, some, output + r * stride + at,
                               stride, outputs);
      }
    }
  }
}

template <class Lanes>
void multiply(const Matrix& matrix, const Block* x, int64_t rows, int64_t first, int64_t last,
              float* output, int64_t stride) {
  if (matrix.bits == 4) {
    panels<Lanes, 4>(matrix, x, rows, first, last, output, stride);
  } else {
    panels<Lanes, 8>(matrix, x, rows, first, last, output, stride);
  }
}

template <class Lanes>
void normalise(const float* x, const float* branch, const float* weight, float epsilon, int64_t size,
               float* sum, float* normed) {
  using Vec = typename Lanes::Vec;
  const int64_t whole = size - size % Lanes::kWidth;
  Vec squares = Lanes::zero();
  for (int64_t i = 0; i < whole; i += Lanes::kWidth) {
    Vec value = Lanes::load(x + i);
    if (branch != nullptr) {
      value = Lanes::add(value, Lanes::load(branch + i));
      Lanes::store(sum + i, value);
    }
    squares = Lanes::fma(value, value, squares);
  }
  float total = Lanes::sum(squares);
  for (int64_t i = whole; i < size; i++) {
    const float value = branch != nullptr ? x[i] + branch[i] : x[i];
    if (branch != nullptr) {
      sum[i] = value;
    }
    total += value * value;
  }
  const float factor = 1.0f / sqrtf(total / static_cast<float>(size) + epsilon);
  const float* from = branch != nullptr ? sum : x;
  for (int64_t i = 0; i < whole; i += Lanes::kWidth) {
    const Vec scaled = Lanes::mul(Lanes::load(from + i), Lanes::fill(factor));
    Lanes::store(normed + i, Lanes::mul(scaled, Lanes::load(weight + i)));
  }
  for (int64_t i = whole; i < size; i++) {
    normed[i] = from[i] * factor * weight[i];
  }
}

// gate * sigmoid(gate) * up; the exponent is never positive, so that nothing overflows.
template <class Lanes>
inline typename Lanes::Vec activated(typename Lanes::Vec gate, typename Lanes::Vec up) {
  using Vec = typename Lanes::Vec;
  const Vec one = Lanes::fill(1.0f);
  const Vec e = Lanes::exp2(Lanes::mul(Lanes::minus_magnitude(gate), Lanes::fill(kLog2E)));
  const Vec above = Lanes::select_negative(gate, e, one);
  return Lanes::mul(Lanes::mul(gate, Lanes::div(above, Lanes::add(one, e))), up);
}

template <class Lanes>
void activate(float* gate, const float* up, int64_t size) {
  constexpr int64_t kWidth = Lanes::kWidth;
  const int64_t whole = size - size % kWidth;
  for (int64_t i = 0; i < whole; i += kWidth) {
    Lanes::store(gate + i, activated<Lanes>(Lanes::load(gate + i), Lanes::load(up + i)));
  }
  if (whole < size) {
    float last[2][kWidth] = {};
    const size_t bytes = static_cast<size_t>(size - whole) * sizeof(float);
    memcpy(last[0], gate + whole, bytes);
    memcpy(last[1], up + whole, bytes);
    Lanes::store(last[0], activated<Lanes>(Lanes::load(last[0]), Lanes::load(last[1])));
    memcpy(gate + whole, last[0], bytes);
  }
}

}  // namespace

#endif
