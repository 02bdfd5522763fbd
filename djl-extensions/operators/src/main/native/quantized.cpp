// dev.slipstream.QuantizedMatMul, QuantizedFeedForward and QuantizedGather: products with matrices of
// 4 or 8 bits, with the norm before them and what stands between them, for ONNX Runtime; and
// RootMeanSquareNorm and GatedUnit, the same norm and the same activation as nodes of their own, so
// that no bit hangs on what could be joined. docs/operators.md holds the contract.
//
// Why not MatMulNBits: on 135M parameters of int4 it takes 1.4 times as long as reading the weights
// does, packs a second copy of them when a session opens, and every node beside it costs 1 to 2 us.
#include <string.h>

#include "operators.h"
#include "product_run.h"

namespace {

constexpr char kMatMul[] = "QuantizedMatMul";
constexpr char kFeedForward[] = "QuantizedFeedForward";
constexpr char kGather[] = "QuantizedGather";
constexpr char kNorm[] = "RootMeanSquareNorm";
constexpr char kGated[] = "GatedUnit";

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
