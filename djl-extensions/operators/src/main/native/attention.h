// What the operator and the instruction sets' kernels say to each other.
#ifndef SLIPSTREAM_ATTENTION_H
#define SLIPSTREAM_ATTENTION_H

#include <stdint.h>

// Largest size of a head: bounds the kernel's scratch memory on the stack.
constexpr int64_t kMaxHeadSize = 256;

// (row, query head) pairs that one call of attend works on, sharing what it loads of keys and
// values. A multiple of every kernel's register tile.
constexpr int64_t kPairs = 48;

// What the new rows of a sequence see.
enum Mode : int32_t {
  kCausal,   // all that is held, and each other up to themselves
  kSighted,  // all that is held, and each other by a mask
  kKeeping,  // the same, and what they read of what is held is kept
  kReusing,  // the same, but what was kept stands for what is held, which is not read
  kModeCount
};

// One run of the operator.
struct Attention {
  int64_t heads;
  int64_t kv_heads;
  int64_t head_size;
  int64_t window;  // keys that a row sees, its own the last; negative: all
  float scale;
  const float* query;  // row r at query + r * query_stride; the same for key and value
  const float* key;
  const float* value;
  int64_t query_stride;
  int64_t kv_stride;
  const float* cos;  // [positions, head_size / 2]
  const float* sin;
  const int32_t* places;  // [rows]: where a row stands, counted from what its sequence holds
  const uint64_t* sights;  // [rows, words]: bit j of word w is new row 64 * w + j of the sequence
  int64_t words;           // places and sights are of rows that are not causal
  float* output;  // [rows, heads, head_size]
};

// The rows of one sequence and what it holds.
struct Sequence {
  int64_t first_row;
  int64_t rows;
  int64_t past;
  int64_t capacity;
  Mode mode;
  float* keys;  // [kv_heads, capacity, head_size] of the layer; the last rows hold what is kept
  float* values;
};

// How a residual stream u stands to itself behind a branch, h = u + out.
struct Turn {
  float uu;
  float uh;
  float hh;
};

struct Kernel {
  const char* name;
  int64_t head_multiple;  // the kernel takes heads whose size is a multiple of this

  // Writes rows [first, last) of a sequence, counted from its first one, to its keys and values.
  void (*append)(const Attention&, const Sequence&, int64_t first, int64_t last);

  // Attention of pairs [first, last), at most kPairs, of one key/value head. Pair i is row i / g
  // of the sequence and query head i % g of the g that share the key/value head.
  void (*attend)(const Attention&, const Sequence&, int64_t kv_head, int64_t first, int64_t last);

  // The inner products of a row of the stream and what a branch adds to it.
  Turn (*turn)(const float* u, const float* out, int64_t size);
};

extern const Kernel kAvx512Kernel;
extern const Kernel kAvx2Kernel;
extern const Kernel kScalarKernel;

#endif
