// dev.slipstream.QuantizedMatMul, QuantizedFeedForward and QuantizedGather: products with matrices of
// 4 or 8 bits, with the norm before them and what stands between them, for ONNX Runtime; and
// RootMeanSquareNorm and GatedUnit, the same norm and the same activation as nodes of their own, so
// that no bit hangs on what could be joined. docs/operators.md holds the contract.
//
// Why not MatMulNBits: on 135M parameters of int4 it takes 1.4 times as long as reading the weights
// does, packs a second copy of them when a session opens, and every node beside it costs 1 to 2 us.
#include <string.h>

#include "operators.h"
#include "product.h"

namespace {

constexpr char kMatMul[] = "QuantizedMatMul";
constexpr char kFeedForward[] = "QuantizedFeedForward";
constexpr char kGather[] = "QuantizedGather";
constexpr char kNorm[] = "RootMeanSquareNorm";
constexpr char kGated[] = "GatedUnit";

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

bool left_out(const Tensor& tensor) { return tensor.data == nullptr && tensor.shape == nullptr; }

OrtStatus* read_matrix(const Quantized& op, const char* input, const Tensor& tensor, int64_t inputs,
                       int64_t outputs, Matrix* matrix) {
  *matrix = {reinterpret_cast<const uint8_t*>(tensor.data), outputs, inputs, 4};
  if (tensor.rank == 3 && tensor.shape[2] != matrix->tile_bytes()) {
    matrix->bits = 8;
  }
  if (tensor.rank != 3 || tensor.shape[0] != matrix->panels() ||
      tensor.shape[1] != matrix->blocks() || tensor.shape[2] != matrix->tile_bytes()) {
    return failure(op.api, op.name,
                   "%s: expected the shape [%lld, %lld, 320 or 576] of %lld outputs and %lld inputs, "
                   "found [%lld, %lld, %lld] of %zu dimensions",
                   input, static_cast<long long>(matrix->panels()),
                   static_cast<long long>(matrix->blocks()), static_cast<long long>(outputs),
                   static_cast<long long>(inputs),
                   static_cast<long long>(tensor.rank > 0 ? tensor.shape[0] : 0),
                   static_cast<long long>(tensor.rank > 1 ? tensor.shape[1] : 0),
                   static_cast<long long>(tensor.rank > 2 ? tensor.shape[2] : 0), tensor.rank);
  }
  return nullptr;
}

int64_t elements(const Tensor& tensor) {
  int64_t result = 1;
  for (size_t i = 0; i < tensor.rank; i++) {
    result *= tensor.shape[i];
  }
  return result;
}

constexpr size_t kMostRank = 8;

// An output shaped as x is, but for its last dimension.
OrtStatus* output_like(const Quantized& op, OrtKernelContext* context, size_t index, const Tensor& x,
                       int64_t last, float** data) {
  int64_t shape[kMostRank + 1];
  memcpy(shape, x.shape, x.rank * sizeof(int64_t));
  shape[x.rank - 1] = last;
  OrtValue* value = nullptr;
  if (OrtStatus* status = ort::GetOutput::of(op.api)(context, index, shape, x.rank, &value)) {
    return status;
  }
  if (value == nullptr) {
    *data = nullptr;
    return nullptr;
  }
  void* memory = nullptr;
  OrtStatus* status = ort::GetTensorMutableData::of(op.api)(value, &memory);
  *data = static_cast<float*>(memory);
  return status;
}

// The rows, and the norm before them: inputs `branch` and `branch + 1`, output 1.
OrtStatus* read_rows(const Quantized& op, OrtKernelContext* context, const Tensor* in, size_t branch,
                     Run* run) {
  const Tensor& x = in[0];
  const Tensor& added = in[branch];
  const Tensor& weight = in[branch + 1];
  if (x.rank < 1 || x.rank > kMostRank) {
    return failure(op.api, op.name, "x: expected 1 to %zu dimensions, found %zu", kMostRank, x.rank);
  }
  run->op = &op;
  run->inputs = x.shape[x.rank - 1];
  if (run->inputs == 0) {
    return failure(op.api, op.name, "x: expected rows of 1 number or more, found none");
  }
  run->rows = elements(x) / run->inputs;
  run->x = x.data;
  if (left_out(weight)) {
    return left_out(added) ? nullptr
                           : failure(op.api, op.name, "found a branch without a norm behind it");
  }
  if (elements(weight) != run->inputs) {
    return failure(op.api, op.name, "weight: expected %lld numbers, found %lld",
                   static_cast<long long>(run->inputs), static_cast<long long>(elements(weight)));
  }
  run->weight = weight.data;
  if (left_out(added)) {
    return nullptr;
  }
  if (elements(added) != elements(x)) {
    return failure(op.api, op.name, "branch: expected %lld numbers as x has, found %lld",
                   static_cast<long long>(elements(x)), static_cast<long long>(elements(added)));
  }
  run->branch = added.data;
  if (OrtStatus* status = output_like(op, context, 1, x, run->inputs, &run->sum)) {
    return status;
  }
  // Of no rows there is no memory.
  return run->sum != nullptr || run->rows == 0
             ? nullptr
             : failure(op.api, op.name, "expected a second output beside a branch");
}

enum MatMulInput { kX, kTiles, kBranch, kWeight, kMatMulInputs };

OrtStatus* mat_mul(void* kernel, OrtKernelContext* context) {
  const Quantized& op = *static_cast<Quantized*>(kernel);
  Tensor in[kMatMulInputs];
  for (size_t i = 0; i < kMatMulInputs; i++) {
    if (OrtStatus* status = get(op.api, context, i, &in[i])) {
      return status;
    }
  }
  Run run = {};
  if (OrtStatus* status = read_rows(op, context, in, kBranch, &run)) {
    return status;
  }
  if (OrtStatus* status =
          read_matrix(op, "tiles", in[kTiles], run.inputs, op.outputs, &run.first)) {
    return status;
  }
  if (OrtStatus* status = output_like(op, context, 0, in[kX], op.outputs, &run.output)) {
    return status;
  }
  return run_rows(run, context);
}

enum FeedForwardInput { kFfX, kGateTiles, kUpTiles, kDownTiles, kFfBranch, kFfWeight, kFfInputs };

OrtStatus* feed_forward(void* kernel, OrtKernelContext* context) {
  const Quantized& op = *static_cast<Quantized*>(kernel);
  Tensor in[kFfInputs];
  for (size_t i = 0; i < kFfInputs; i++) {
    if (OrtStatus* status = get(op.api, context, i, &in[i])) {
      return status;
    }
  }
  Run run = {};
  if (OrtStatus* status = read_rows(op, context, in, kFfBranch, &run)) {
    return status;
  }
  const struct {
    const char* name;
    const Tensor& tensor;
    int64_t inputs;
    int64_t outputs;
    Matrix* matrix;
  } matrices[] = {{"gate", in[kGateTiles], run.inputs, op.neurons, &run.first},
                  {"up", in[kUpTiles], run.inputs, op.neurons, &run.second},
                  {"down", in[kDownTiles], op.neurons, op.outputs, &run.last}};
  for (const auto& m : matrices) {
    if (OrtStatus* status = read_matrix(op, m.name, m.tensor, m.inputs, m.outputs, m.matrix)) {
      return status;
    }
  }
  if (OrtStatus* status = output_like(op, context, 0, in[kFfX], op.outputs, &run.output)) {
    return status;
  }
  return run_rows(run, context);
}

// Row `id` of the matrix as floats.
void gather_row(const Matrix& matrix, int64_t id, float* to) {
  const uint8_t* panel = matrix.panel(id / kPanel);
  const int64_t lane = id % kPanel;
  for (int64_t i = 0; i < matrix.inputs; i++) {
    const uint8_t* tile = panel + i / kBlock * matrix.tile_bytes();
    float scale;
    memcpy(&scale, tile + matrix.value_bytes() + lane * 4, sizeof(scale));
    const int64_t within = i % kBlock;
    const int64_t half = matrix.bits == 4 ? within % kPanel : within;
    const int32_t byte = tile[half / 4 * 4 * kPanel + lane * 4 + half % 4];
    const int32_t step =
        matrix.bits == 8 ? byte - 128 : (within < kPanel ? byte & 15 : byte >> 4) - 8;
    to[i] = static_cast<float>(step) * scale;
  }
}

enum GatherInput { kIds, kTable, kGatherInputs };

OrtStatus* gather(void* kernel, OrtKernelContext* context) {
  const Quantized& op = *static_cast<Quantized*>(kernel);
  Tensor in[kGatherInputs];
  for (size_t i = 0; i < kGatherInputs; i++) {
    if (OrtStatus* status = get(op.api, context, i, &in[i])) {
      return status;
    }
  }
  Matrix table;
  if (OrtStatus* status = read_matrix(op, "tiles", in[kTable], op.neurons, op.outputs, &table)) {
    return status;
  }
  Tensor shaped = in[kIds];
  int64_t shape[kMostRank + 1];
  if (shaped.rank > kMostRank) {
    return failure(op.api, op.name, "ids: expected up to %zu dimensions, found %zu", kMostRank,
                   shaped.rank);
  }
  if (shaped.rank > 0) {
    memcpy(shape, shaped.shape, shaped.rank * sizeof(int64_t));
  }
  shaped.shape = shape;
  shaped.rank++;
  float* output = nullptr;
  if (OrtStatus* status = output_like(op, context, 0, shaped, table.inputs, &output)) {
    return status;
  }
  const int64_t* ids = reinterpret_cast<const int64_t*>(in[kIds].data);
  const int64_t count = elements(in[kIds]);
  for (int64_t i = 0; i < count; i++) {
    if (ids[i] < 0 || ids[i] >= table.outputs) {
      return failure(op.api, op.name, "ids: expected 0 to %lld, found %lld",
                     static_cast<long long>(table.outputs - 1), static_cast<long long>(ids[i]));
    }
    gather_row(table, ids[i], output + i * table.inputs);
  }
  return nullptr;
}

enum NormInput { kNormX, kNormBranch, kNormWeight, kNormInputs };

void norm_piece(void* data, size_t index) {
  const Run& run = *static_cast<const Run*>(data);
  const int64_t from = static_cast<int64_t>(index) * kGroup;
  const int64_t to = run.rows - from < kGroup ? run.rows : from + kGroup;
  for (int64_t at = from * run.inputs; at < to * run.inputs; at += run.inputs) {
    run.op->kernel->normalise(run.x + at, run.branch == nullptr ? nullptr : run.branch + at,
                              run.weight, run.op->epsilon, run.inputs,
                              run.sum == nullptr ? nullptr : run.sum + at, run.output + at);
  }
}

OrtStatus* norm(void* kernel, OrtKernelContext* context) {
  const Quantized& op = *static_cast<Quantized*>(kernel);
  Tensor in[kNormInputs];
  for (size_t i = 0; i < kNormInputs; i++) {
    if (OrtStatus* status = get(op.api, context, i, &in[i])) {
      return status;
    }
  }
  Run run = {};
  if (OrtStatus* status = read_rows(op, context, in, kNormBranch, &run)) {
    return status;
  }
  if (OrtStatus* status = output_like(op, context, 0, in[kNormX], run.inputs, &run.output)) {
    return status;
  }
  const size_t pieces = static_cast<size_t>((run.rows + kGroup - 1) / kGroup);
  if (pieces > 1) {
    return ort::ParallelFor::of(op.api)(context, norm_piece, pieces, pieces, &run);
  }
  if (pieces == 1) {
    norm_piece(&run, 0);
  }
  return nullptr;
}

// Numbers of a gated unit.
struct Units {
  const Quantized* op;
  const float* gate;
  const float* up;
  float* output;
  int64_t size;
};

// Numbers that a thread takes at a time, some microseconds' worth.
constexpr int64_t kUnits = 16384;

void units_piece(void* data, size_t index) {
  const Units& units = *static_cast<const Units*>(data);
  const int64_t from = static_cast<int64_t>(index) * kUnits;
  const int64_t size = units.size - from < kUnits ? units.size - from : kUnits;
  memcpy(units.output + from, units.gate + from, static_cast<size_t>(size) * sizeof(float));
  units.op->kernel->activate(units.output + from, units.up + from, size);
}

enum GatedInput { kGate, kUp, kGatedInputs };

OrtStatus* gated_unit(void* kernel, OrtKernelContext* context) {
  const Quantized& op = *static_cast<Quantized*>(kernel);
  Tensor in[kGatedInputs];
  for (size_t i = 0; i < kGatedInputs; i++) {
    if (OrtStatus* status = get(op.api, context, i, &in[i])) {
      return status;
    }
  }
  const Tensor& gate = in[kGate];
  if (gate.rank < 1 || gate.rank > kMostRank) {
    return failure(op.api, op.name, "gate: expected 1 to %zu dimensions, found %zu", kMostRank,
                   gate.rank);
  }
  Units units = {&op, gate.data, in[kUp].data, nullptr, elements(gate)};
  if (elements(in[kUp]) != units.size) {
    return failure(op.api, op.name, "up: expected %lld numbers as gate has, found %lld",
                   static_cast<long long>(units.size),
                   static_cast<long long>(elements(in[kUp])));
  }
  if (OrtStatus* status =
          output_like(op, context, 0, gate, gate.shape[gate.rank - 1], &units.output)) {
    return status;
  }
  const size_t pieces = static_cast<size_t>((units.size + kUnits - 1) / kUnits);
  if (pieces > 1) {
    return ort::ParallelFor::of(op.api)(context, units_piece, pieces, pieces, &units);
  }
  if (pieces == 1) {
    units_piece(&units, 0);
  }
  return nullptr;
}

// How many kernels there are.
int64_t kernels = 0;

void destroy(void* kernel) {
  free(kernel);
  if (__atomic_sub_fetch(&kernels, 1, __ATOMIC_ACQ_REL) == 0) {
    Scratch::drop();
  }
}

// The most outputs and inputs, so that no product of sizes overflows.
constexpr int64_t kMostNumbers = INT32_MAX;

// The sizes are attributes, where the operator has them.
OrtStatus* create(const OrtApi* api, const OrtKernelInfo* info, const char* name,
                  const char* first, const char* second, void** result) {
  Quantized op = {};
  op.api = api;
  op.name = name;
  const struct {
    const char* name;
    int64_t* value;
  } ints[] = {{first, &op.outputs}, {second, &op.neurons}};
  for (const auto& attribute : ints) {
    if (attribute.name == nullptr) {
      continue;
    }
    if (OrtStatus* status = ort::AttributeInt::of(api)(info, attribute.name, attribute.value)) {
      return status;
    }
    if (*attribute.value < 1 || *attribute.value > kMostNumbers) {
      return failure(api, name, "%s: expected 1 to %lld, found %lld", attribute.name,
                     static_cast<long long>(kMostNumbers),
                     static_cast<long long>(*attribute.value));
    }
  }
  if (strcmp(name, kGather) != 0 && strcmp(name, kGated) != 0) {
    if (OrtStatus* status = ort::AttributeFloat::of(api)(info, "epsilon", &op.epsilon)) {
      return status;
    }
  }
  const Kernel* kernel = nullptr;
  if (OrtStatus* status = choose(api, info, name, &kernel)) {
    return status;
  }
  op.kernel = product_kernel(kernel);
  *result = malloc(sizeof(op));
  if (*result == nullptr) {
    return failure(api, name, "no memory");
  }
  memcpy(*result, &op, sizeof(op));
  __atomic_add_fetch(&kernels, 1, __ATOMIC_ACQ_REL);
  return nullptr;
}

constexpr OrtCustomOp make_mat_mul() {
  OrtCustomOp op = plain_operator();
  op.KernelDestroy = destroy;
  op.GetName = [](const OrtCustomOp*) { return kMatMul; };
  op.GetInputTypeCount = [](const OrtCustomOp*) -> size_t { return kMatMulInputs; };
  op.GetInputType = [](const OrtCustomOp*, size_t i) { return i == kTiles ? ORT_UINT8 : ORT_FLOAT; };
  op.GetInputCharacteristic = [](const OrtCustomOp*, size_t i) {
    return i <= kTiles ? ORT_REQUIRED : ORT_OPTIONAL;
  };
  op.GetOutputTypeCount = [](const OrtCustomOp*) -> size_t { return 2; };
  op.GetOutputType = [](const OrtCustomOp*, size_t) { return ORT_FLOAT; };
  op.GetOutputCharacteristic = [](const OrtCustomOp*, size_t i) {
    return i == 0 ? ORT_REQUIRED : ORT_OPTIONAL;
  };
  op.CreateKernelV2 = [](const OrtCustomOp*, const OrtApi* api, const OrtKernelInfo* info,
                         void** result) { return create(api, info, kMatMul, "outputs", nullptr, result); };
  op.KernelComputeV2 = mat_mul;
  return op;
}

constexpr OrtCustomOp make_feed_forward() {
  OrtCustomOp op = make_mat_mul();
  op.GetName = [](const OrtCustomOp*) { return kFeedForward; };
  op.GetInputTypeCount = [](const OrtCustomOp*) -> size_t { return kFfInputs; };
  op.GetInputType = [](const OrtCustomOp*, size_t i) {
    return i >= kGateTiles && i <= kDownTiles ? ORT_UINT8 : ORT_FLOAT;
  };
  op.GetInputCharacteristic = [](const OrtCustomOp*, size_t i) {
    return i <= kDownTiles ? ORT_REQUIRED : ORT_OPTIONAL;
  };
  op.CreateKernelV2 = [](const OrtCustomOp*, const OrtApi* api, const OrtKernelInfo* info,
                         void** result) {
    return create(api, info, kFeedForward, "outputs", "neurons", result);
  };
  op.KernelComputeV2 = feed_forward;
  return op;
}

constexpr OrtCustomOp make_gather() {
  OrtCustomOp op = plain_operator();
  op.KernelDestroy = destroy;
  op.GetName = [](const OrtCustomOp*) { return kGather; };
  op.GetInputTypeCount = [](const OrtCustomOp*) -> size_t { return kGatherInputs; };
  op.GetInputType = [](const OrtCustomOp*, size_t i) { return i == kIds ? ORT_INT64 : ORT_UINT8; };
  op.GetOutputTypeCount = [](const OrtCustomOp*) -> size_t { return 1; };
  op.GetOutputType = [](const OrtCustomOp*, size_t) { return ORT_FLOAT; };
  op.CreateKernelV2 = [](const OrtCustomOp*, const OrtApi* api, const OrtKernelInfo* info,
                         void** result) { return create(api, info, kGather, "outputs", "inputs", result); };
  op.KernelComputeV2 = gather;
  return op;
}

constexpr OrtCustomOp make_norm() {
  OrtCustomOp op = make_mat_mul();
  op.GetName = [](const OrtCustomOp*) { return kNorm; };
  op.GetInputTypeCount = [](const OrtCustomOp*) -> size_t { return kNormInputs; };
  op.GetInputType = [](const OrtCustomOp*, size_t) { return ORT_FLOAT; };
  op.GetInputCharacteristic = [](const OrtCustomOp*, size_t i) {
    return i == kNormBranch ? ORT_OPTIONAL : ORT_REQUIRED;
  };
  op.CreateKernelV2 = [](const OrtCustomOp*, const OrtApi* api, const OrtKernelInfo* info,
                         void** result) {
    return create(api, info, kNorm, nullptr, nullptr, result);
  };
  op.KernelComputeV2 = norm;
  return op;
}

constexpr OrtCustomOp make_gated() {
  OrtCustomOp op = plain_operator();
  op.KernelDestroy = destroy;
  op.GetName = [](const OrtCustomOp*) { return kGated; };
  op.GetInputTypeCount = [](const OrtCustomOp*) -> size_t { return kGatedInputs; };
  op.GetInputType = [](const OrtCustomOp*, size_t) { return ORT_FLOAT; };
  op.GetOutputTypeCount = [](const OrtCustomOp*) -> size_t { return 1; };
  op.GetOutputType = [](const OrtCustomOp*, size_t) { return ORT_FLOAT; };
  op.CreateKernelV2 = [](const OrtCustomOp*, const OrtApi* api, const OrtKernelInfo* info,
                         void** result) {
    return create(api, info, kGated, nullptr, nullptr, result);
  };
  op.KernelComputeV2 = gated_unit;
  return op;
}

}  // namespace

const OrtCustomOp kQuantizedMatMul = make_mat_mul();
const OrtCustomOp kQuantizedFeedForward = make_feed_forward();
const OrtCustomOp kQuantizedGather = make_gather();
const OrtCustomOp kRootMeanSquareNorm = make_norm();
const OrtCustomOp kGatedUnit = make_gated();
