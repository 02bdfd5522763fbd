// Products with matrices of integers in blocks of 32, and what stands beside them in a decoder: what
// the operators and the instruction sets' kernels say to each other.
#ifndef SLIPSTREAM_PRODUCT_H
#define SLIPSTREAM_PRODUCT_H

#include <stdint.h>

// Inputs that share a scale.
constexpr int64_t kBlock = 32;

// Outputs whose weights lie together: one lane each of the widest registers.
constexpr int64_t kPanel = 16;

// A matrix [outputs, inputs] as panels of 16 outputs, a panel as tiles of one block of inputs each:
// first the values, dword by dword, of each output four inputs; then 16 scales. With 4 bits, byte j
// of dword i holds inputs 4 i + j (low) and 16 + 4 i + j (high). A value is stored with half of its
// range added, so that all are unsigned.
struct Matrix {
  const uint8_t* tiles;
  int64_t outputs;
  int64_t inputs;
  int bits;  // 4 or 8

  int64_t blocks() const { return (inputs + kBlock - 1) / kBlock; }
  int64_t panels() const { return (outputs + kPanel - 1) / kPanel; }
  int64_t value_bytes() const { return kPanel * kBlock * bits / 8; }
  int64_t tile_bytes() const { return value_bytes() + kPanel * static_cast<int64_t>(sizeof(float)); }
  const uint8_t* panel(int64_t index) const { return tiles + index * blocks() * tile_bytes(); }
};

// A block of a row of activations, rounded to signed bytes.
struct Block {
  int8_t values[kBlock];
  float scale;
  int32_t minus_sum;  // of the values
};

struct ProductKernel {
  // Rows whose blocks lie side by side, and that share what is loaded of the weights: block b of row r
  // is the one at (r - r % rows) * blocks + b * n + r % rows, of n = rows but for the last few.
  int64_t rows;

  // Rounds `size` floats to blocks that are `stride` apart; what the last one lacks is zeros. A
  // block depends on its floats alone. One below 1.5e-36 is zeros; the scale of one with an infinity
  // or NaN is NaN.
  void (*round)(const float* x, int64_t size, Block* blocks, int64_t stride);

  // output[r, o] = sum of x[r, i] * matrix[o, i], for the outputs of panels [first, last). The bits of
  // one depend on its row and its output alone: blocks are added in their order, in one chain.
  void (*multiply)(const Matrix& matrix, const Block* x, int64_t rows, int64_t first, int64_t last,
                   float* output, int64_t stride);

  // Root mean square norm (Zhang and Sennrich, 2019): sum = x + branch, where there is a branch;
  // normed = sum / sqrt(mean of its squares + epsilon) * weight. Without a branch sum is not written.
  void (*normalise)(const float* x, const float* branch, const float* weight, float epsilon,
                    int64_t size, float* sum, float* normed);

  // gate = gate / (1 + exp(-gate)) * up.
  void (*activate)(float* gate, const float* up, int64_t size);
};

extern const ProductKernel kAvx512Product;
extern const ProductKernel kAvx2Product;
extern const ProductKernel kScalarProduct;

#endif
