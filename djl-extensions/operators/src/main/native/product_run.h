// How a run of products is cut into parts for threads, and the memory that they work in.
#ifndef SLIPSTREAM_PRODUCT_RUN_H
#define SLIPSTREAM_PRODUCT_RUN_H

#include "operators.h"
#include "product.h"

namespace {

// Rows that go through all of a node before the next ones, where there are that many: what lies
// between its products stays in the second-level cache, and threads meet once.
constexpr int64_t kGroup = 32;

// What a thread should at least get to do, in nanoseconds: below, waking another one costs more.
constexpr int64_t kWorthwhile = 6000;

// Panels whose outputs fill a block, so that whoever computes them can round them too.
constexpr int64_t kPanelsOfBlock = kBlock / kPanel;

struct Quantized {
  const OrtApi* api;
  const ProductKernel* kernel;
  const char* name;
  int64_t outputs;
  int64_t neurons;
  float epsilon;
};

const ProductKernel* product_kernel(const Kernel* kernel) {
  if (kernel == &kScalarKernel) {
    return &kScalarProduct;
  }
  // AVX-512 without VNNI has nothing that AVX2 has not.
  return kernel == &kAvx512Kernel && __builtin_cpu_supports("avx512vnni") ? &kAvx512Product
                                                                           : &kAvx2Product;
}

// Memory for one part of a run, given on to the next: what a run needs is the same in each layer, and
// fresh pages from the system cost more than the work on them.
class Scratch {
 public:
  explicit Scratch(size_t bytes) {
    for (void*& slot : slots_) {
      void* kept = __atomic_exchange_n(&slot, nullptr, __ATOMIC_ACQ_REL);
      if (kept != nullptr && size(kept) >= bytes) {
        memory_ = kept;
        return;
      }
      free(kept);
    }
    const size_t whole = (bytes + kHeader + kHeader - 1) / kHeader * kHeader;
    memory_ = aligned_alloc(kHeader, whole);
    if (memory_ != nullptr) {
      size(memory_) = whole - kHeader;
    }
  }
  ~Scratch() {
    for (void*& slot : slots_) {
      void* none = nullptr;
      if (memory_ == nullptr || __atomic_compare_exchange_n(&slot, &none, memory_, false,
                                                            __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
        return;
      }
    }
    free(memory_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  bool there() const { return memory_ != nullptr; }
  char* data() const { return static_cast<char*>(memory_) + kHeader; }

  // Frees what is kept.
  static void drop() {
    for (void*& slot : slots_) {
      free(__atomic_exchange_n(&slot, nullptr, __ATOMIC_ACQ_REL));
    }
  }

 private:
  static constexpr size_t kHeader = 64;
  static size_t& size(void* memory) { return *static_cast<size_t*>(memory); }
  static void* slots_[16];
  void* memory_ = nullptr;
};

void* Scratch::slots_[16] = {};

// A run of one of the operators that multiply.
struct Run {
  const Quantized* op;
  int64_t rows;
  int64_t inputs;
  const float* x;
  const float* branch;  // null: none
  const float* weight;  // of the norm; null: no norm
  float* sum;
  float* output;
  Matrix first;   // the one matrix, or the gate's
  Matrix second;  // of a feed-forward: up
  Matrix last;    // of a feed-forward: down

  bool feed_forward() const { return last.tiles != nullptr; }
};

// Where rows [from, from + rows) of a run are worked on.
struct Part {
  const Run* run;
  int64_t from;
  int64_t rows;
  float* normed;   // a row
  Block* blocks;   // of the inputs
  float* gate;     // [rows, neurons]
  float* up;       // [rows, neurons]
  Block* neurons;  // of the gated neurons
  int64_t pieces;

  Part(const Run& of, int64_t first, int64_t count) : run(&of), from(first), rows(count) {}

  static size_t bytes(const Run& run, int64_t rows) {
    const int64_t neurons = run.feed_forward() ? run.first.outputs : 0;
    const int64_t blocks = run.first.blocks() + (run.feed_forward() ? run.last.blocks() : 0);
    return static_cast<size_t>(run.inputs + 2 * rows * neurons) * sizeof(float) +
           static_cast<size_t>(rows * blocks) * sizeof(Block);
  }

  void place(char* memory) {
    const int64_t size = run->feed_forward() ? run->first.outputs : 0;
    gate = reinterpret_cast<float*>(memory);
    up = gate + rows * size;
    normed = up + rows * size;
    blocks = reinterpret_cast<Block*>(normed + run->inputs);
    neurons = blocks + rows * run->first.blocks();
  }

  const ProductKernel& kernel() const { return *run->op->kernel; }

  // Block b of row r, and how far a row's next one is from it.
  Block* at(Block* all, int64_t of_row, int64_t r, int64_t b, int64_t* stride) const {
    const int64_t tile = r - r % kernel().rows;
    *stride = rows - tile < kernel().rows ? rows - tile : kernel().rows;
    return all + tile * of_row + b * *stride + r % kernel().rows;
  }

  void round_inputs() {
    for (int64_t r = 0; r < rows; r++) {
      const int64_t row = (from + r) * run->inputs;
      const float* values = run->x + row;
      if (run->weight != nullptr) {
        kernel().normalise(values, run->branch == nullptr ? nullptr : run->branch + row, run->weight,
                           run->op->epsilon, run->inputs,
                           run->sum == nullptr ? nullptr : run->sum + row, normed);
        values = normed;
      }
      int64_t stride = 0;
      Block* first = at(blocks, run->first.blocks(), r, 0, &stride);
      kernel().round(values, run->inputs, first, stride);
    }
  }

  // The one product, for some of its panels.
  void multiply(int64_t first, int64_t last) const {
    kernel().multiply(run->first, blocks, rows, first, last,
                      run->output + from * run->first.outputs, run->first.outputs);
  }

  // Some panels of neurons, an even number of them but for the last ones, up to their blocks.
  void gated(int64_t first, int64_t last) const {
    const int64_t size = run->first.outputs;
    kernel().multiply(run->first, blocks, rows, first, last, gate, size);
    kernel().multiply(run->second, blocks, rows, first, last, up, size);
    const int64_t begin = first * kPanel;
    const int64_t end = last * kPanel < size ? last * kPanel : size;
    for (int64_t r = 0; r < rows; r++) {
      float* values = gate + r * size + begin;
      kernel().activate(values, up + r * size + begin, end - begin);
      int64_t stride = 0;
      Block* block = at(neurons, run->last.blocks(), r, begin / kBlock, &stride);
      kernel().round(values, end - begin, block, stride);
    }
  }

  void down(int64_t first, int64_t last) const {
    kernel().multiply(run->last, neurons, rows, first, last, run->output + from * run->last.outputs,
                      run->last.outputs);
  }
};

// The begin of one of `pieces` equal shares of `panels`, a multiple of `whole` panels.
int64_t share(int64_t panels, int64_t whole, int64_t index, int64_t pieces) {
  const int64_t groups = (panels + whole - 1) / whole;
  const int64_t at = groups * index / pieces * whole;
  return at < panels ? at : panels;
}

void first_piece(void* data, size_t index) {
  const Part& part = *static_cast<const Part*>(data);
  const int64_t panels = part.run->first.panels();
  const int64_t whole = part.run->feed_forward() ? kPanelsOfBlock : 1;
  const int64_t i = static_cast<int64_t>(index);
  const int64_t begin = share(panels, whole, i, part.pieces);
  const int64_t end = share(panels, whole, i + 1, part.pieces);
  if (part.run->feed_forward()) {
    part.gated(begin, end);
  } else {
    part.multiply(begin, end);
  }
}

void last_piece(void* data, size_t index) {
  const Part& part = *static_cast<const Part*>(data);
  const int64_t panels = part.run->last.panels();
  const int64_t i = static_cast<int64_t>(index);
  part.down(share(panels, 1, i, part.pieces), share(panels, 1, i + 1, part.pieces));
}

// About how long products with a matrix take one thread: 30 bytes of weights or 200 products a
// nanosecond, as measured with AVX-512.
int64_t nanoseconds(const Matrix& matrix, int64_t rows) {
  const int64_t bytes = matrix.panels() * matrix.blocks() * matrix.tile_bytes();
  return bytes / 30 + rows * matrix.outputs * matrix.inputs / 200;
}

OrtStatus* each_piece(const Quantized& op, const OrtKernelContext* context, Part& part, int64_t work,
                      int64_t panels, void (*function)(void*, size_t)) {
  constexpr int64_t kMostPieces = 8;
  const int64_t wanted = work / kWorthwhile;
  part.pieces = wanted > kMostPieces ? kMostPieces : wanted;
  part.pieces = part.pieces < panels ? part.pieces : panels;
  if (part.pieces <= 1) {
    part.pieces = 1;
    function(&part, 0);
    return nullptr;
  }
  const size_t pieces = static_cast<size_t>(part.pieces);
  return ort::ParallelFor::of(op.api)(context, function, pieces, pieces, &part);
}

// Few rows: threads share the outputs.
OrtStatus* run_panels(const Run& run, const OrtKernelContext* context) {
  const Quantized& op = *run.op;
  const Scratch scratch(Part::bytes(run, run.rows));
  if (!scratch.there()) {
    return failure(op.api, op.name, "no memory");
  }
  Part part(run, 0, run.rows);
  part.place(scratch.data());
  part.round_inputs();
  const int64_t work = nanoseconds(run.first, run.rows) * (run.feed_forward() ? 2 : 1);
  if (OrtStatus* status =
          each_piece(op, context, part, work, run.first.panels() / kPanelsOfBlock, first_piece)) {
    return status;
  }
  if (!run.feed_forward()) {
    return nullptr;
  }
  return each_piece(op, context, part, nanoseconds(run.last, run.rows), run.last.panels(),
                    last_piece);
}

// Many rows: threads share these.
struct Groups {
  const Run* run;
  bool failed;
};

void group_piece(void* data, size_t index) {
  Groups& groups = *static_cast<Groups*>(data);
  const Run& run = *groups.run;
  const int64_t from = static_cast<int64_t>(index) * kGroup;
  const int64_t rows = run.rows - from < kGroup ? run.rows - from : kGroup;
  const Scratch scratch(Part::bytes(run, rows));
  if (!scratch.there()) {
    __atomic_store_n(&groups.failed, true, __ATOMIC_RELAXED);
    return;
  }
  Part part(run, from, rows);
  part.place(scratch.data());
  part.round_inputs();
  if (!run.feed_forward()) {
    return part.multiply(0, run.first.panels());
  }
  part.gated(0, run.first.panels());
  part.down(0, run.last.panels());
}

OrtStatus* run_rows(const Run& run, const OrtKernelContext* context) {
  const Quantized& op = *run.op;
  if (run.rows < 2 * kGroup) {
    return run_panels(run, context);
  }
  Groups groups = {&run, false};
  const size_t pieces = static_cast<size_t>((run.rows + kGroup - 1) / kGroup);
  if (OrtStatus* status =
          ort::ParallelFor::of(op.api)(context, group_piece, pieces, pieces, &groups)) {
    return status;
  }
  return groups.failed ? failure(op.api, op.name, "no memory") : nullptr;
}

}  // namespace

#endif
