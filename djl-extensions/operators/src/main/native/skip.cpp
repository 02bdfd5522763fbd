// dev.slipstream.SkipFirst, SkipGather, SkipSpread and SkipMask: feed-forwards that rows skip, each row by its
// own decision, for ONNX Runtime. docs/operators.md holds the contract.
#include <string.h>

#include "operators.h"

namespace {

struct Skip {
  const OrtApi* api;
  const Kernel* kernel;
  int64_t number;  // of the feed-forward within the region
  int64_t region;  // feed-forwards in it
};

// What a row carries through the region. Beside a run's weights nothing stays in the cache, so the
// nodes read one tensor where they could read four; behind this come the bits of the feed-forwards
// that were skipped, the second of the region first.
struct Row {
  float threshold;
  int32_t count;  // 0: skips nothing
  int32_t rearm;
  int32_t end;  // the first feed-forward that is computed again
};

constexpr int64_t kRowWords = sizeof(Row) / sizeof(int32_t);
constexpr int64_t kBits = 32;

// Far above any model, and far below what an int32 counts.
constexpr int64_t kMostFeedForwards = 1 << 20;

constexpr char kFirst[] = "SkipFirst";
constexpr char kGather[] = "SkipGather";
constexpr char kSpread[] = "SkipSpread";
constexpr char kMask[] = "SkipMask";

int64_t words(int64_t region) { return kRowWords + (region - 1 + kBits - 1) / kBits; }

// The rows of a state, each of some words.
struct State {
  int32_t* data;
  int64_t rows;
  int64_t words;

  Row& at(int64_t row) const { return *reinterpret_cast<Row*>(data + row * words); }
  // The bit of feed-forward `number` of the region, which is the second or a later one.
  uint32_t& bits(int64_t row, int64_t number) const {
    return *reinterpret_cast<uint32_t*>(data + row * words + kRowWords + (number - 1) / kBits);
  }
};

OrtStatus* keep(const Skip& op, const char* name, void** result) {
  *result = malloc(sizeof(op));
  if (*result == nullptr) {
    return failure(op.api, name, "no memory");
  }
  memcpy(*result, &op, sizeof(op));
  return nullptr;
}

OrtStatus* output(const OrtApi* api, OrtKernelContext* context, size_t index, const int64_t* shape,
                  size_t rank, void** data) {
  OrtValue* value = nullptr;
  if (OrtStatus* status = ort::GetOutput::of(api)(context, index, shape, rank, &value)) {
    return status;
  }
  return ort::GetTensorMutableData::of(api)(value, data);
}

// One sequence axis: the knobs are given for its rows.
OrtStatus* require_rows(const Skip& op, const char* name, const char* input, const Tensor& tensor) {
  if (tensor.rank != 3 || tensor.shape[0] != 1) {
    return failure(op.api, name, "%s: expected the shape [1, rows, size], found %zu dimensions%s",
                   input, tensor.rank, tensor.rank == 3 ? ", the first not 1" : "");
  }
  return nullptr;
}

OrtStatus* require_one_each(const Skip& op, const char* name, const char* input,
                            const Tensor& tensor, int64_t rows) {
  if (tensor.rank != 1 || tensor.shape[0] != rows) {
    return failure(op.api, name, "%s: expected %lld numbers, one a row, found %zu dimensions, %lld",
                   input, static_cast<long long>(rows), tensor.rank,
                   static_cast<long long>(tensor.rank > 0 ? tensor.shape[0] : 1));
  }
  return nullptr;
}

OrtStatus* read_state(const Skip& op, const char* name, const OrtKernelContext* context,
                      size_t index, State* state) {
  Tensor tensor;
  if (OrtStatus* status = get(op.api, context, index, &tensor)) {
    return status;
  }
  if (tensor.rank != 2 || tensor.shape[1] < words(op.number + 1)) {
    return failure(op.api, name, "state: expected the shape [rows, %lld or more]",
                   static_cast<long long>(words(op.number + 1)));
  }
  *state = {reinterpret_cast<int32_t*>(tensor.data), tensor.shape[0], tensor.shape[1]};
  return nullptr;
}

OrtStatus* require_same(const Skip& op, const char* name, int64_t rows, const State& state) {
  return rows == state.rows
             ? nullptr
             : failure(op.api, name, "found %lld rows, but %lld in the state",
                       static_cast<long long>(rows), static_cast<long long>(state.rows));
}

OrtStatus* create(const OrtApi* api, const OrtKernelInfo* info, const char* name, bool first,
                  void** result) {
  Skip op = {api, nullptr, 0, 0};
  const char* attribute = first ? "region" : "number";
  int64_t* value = first ? &op.region : &op.number;
  if (OrtStatus* status = ort::AttributeInt::of(api)(info, attribute, value)) {
    return status;
  }
  if (*value < 1 || *value > kMostFeedForwards) {
    return failure(api, name, "%s: expected 1 to %lld, found %lld", attribute,
                   static_cast<long long>(kMostFeedForwards), static_cast<long long>(*value));
  }
  if (OrtStatus* status = choose(api, info, name, &op.kernel)) {
    return status;
  }
  return keep(op, name, result);
}

// Where skipping ends for a row whose feed-forward was computed. Not "or equal": a stream of zeros
// is no reason to skip.
int32_t next_end(const Skip& op, const Row& row, const float* u, const float* out, int64_t size) {
  if (row.count == 0 || (row.end != 0 && row.rearm == 0)) {
    return row.end;
  }
  const Turn turn = op.kernel->turn(u, out, size);
  const float least = __builtin_sqrtf(turn.uu) * __builtin_sqrtf(turn.hh) * row.threshold;
  return turn.uh > least ? static_cast<int32_t>(op.number) + 1 + row.count : row.end;
}

enum FirstInput { kStream, kOut, kThresholds, kCounts, kRearms, kFirstInputs };

OrtStatus* first(void* kernel, OrtKernelContext* context) {
  const Skip& op = *static_cast<Skip*>(kernel);
  Tensor in[kFirstInputs];
  for (size_t i = 0; i < kFirstInputs; i++) {
    if (OrtStatus* status = get(op.api, context, i, &in[i])) {
      return status;
    }
  }
  for (int i = kStream; i <= kOut; i++) {
    if (OrtStatus* status = require_rows(op, kFirst, i == kStream ? "stream" : "out", in[i])) {
      return status;
    }
  }
  const int64_t rows = in[kStream].shape[1];
  const int64_t size = in[kStream].shape[2];
  if (in[kOut].shape[1] != rows || in[kOut].shape[2] != size) {
    return failure(op.api, kFirst, "out: expected the shape of stream, [1, %lld, %lld]",
                   static_cast<long long>(rows), static_cast<long long>(size));
  }
  static constexpr const char* names[] = {"", "", "thresholds", "counts", "rearms"};
  for (int i = kThresholds; i < kFirstInputs; i++) {
    if (OrtStatus* status = require_one_each(op, kFirst, names[i], in[i], rows)) {
      return status;
    }
  }
  const int64_t shape[] = {rows, words(op.region)};
  void* data = nullptr;
  if (OrtStatus* status = output(op.api, context, 0, shape, 2, &data)) {
    return status;
  }
  memset(data, 0, static_cast<size_t>(shape[0] * shape[1]) * sizeof(int32_t));
  const State state = {static_cast<int32_t*>(data), rows, shape[1]};
  for (int64_t i = 0; i < rows; i++) {
    Row& row = state.at(i);
    const int64_t count = reinterpret_cast<const int64_t*>(in[kCounts].data)[i];
    row.threshold = in[kThresholds].data[i];
    // No cosine is above 1, however it is rounded. More than the region is as much as it holds.
    const bool never = count < 0 || !(row.threshold <= 1.0f);
    row.count = static_cast<int32_t>(never ? 0 : count < op.region ? count : op.region);
    row.rearm = reinterpret_cast<const bool*>(in[kRearms].data)[i];
    row.end = next_end(op, row, in[kStream].data + i * size, in[kOut].data + i * size, size);
  }
  return nullptr;
}

OrtStatus* gather(void* kernel, OrtKernelContext* context) {
  const Skip& op = *static_cast<Skip*>(kernel);
  Tensor in;
  State state = {};
  if (OrtStatus* status = get(op.api, context, 0, &in)) {
    return status;
  }
  if (OrtStatus* status = read_state(op, kGather, context, 1, &state)) {
    return status;
  }
  if (OrtStatus* status = require_rows(op, kGather, "rows", in)) {
    return status;
  }
  if (OrtStatus* status = require_same(op, kGather, in.shape[1], state)) {
    return status;
  }
  const int64_t size = in.shape[2];
  int64_t running = 0;
  for (int64_t i = 0; i < state.rows; i++) {
    running += state.at(i).end <= op.number;
  }
  const int64_t shape[] = {1, running, size};
  void* data = nullptr;
  if (OrtStatus* status = output(op.api, context, 0, shape, 3, &data)) {
    return status;
  }
  float* to = static_cast<float*>(data);
  for (int64_t i = 0; i < state.rows; i++) {
    if (state.at(i).end <= op.number) {
      memcpy(to, in.data + i * size, static_cast<size_t>(size) * sizeof(float));
      to += size;
    }
  }
  return nullptr;
}

OrtStatus* spread(void* kernel, OrtKernelContext* context) {
  const Skip& op = *static_cast<Skip*>(kernel);
  Tensor stream;
  Tensor computed;
  State before = {};
  if (OrtStatus* status = get(op.api, context, 0, &stream)) {
    return status;
  }
  if (OrtStatus* status = get(op.api, context, 1, &computed)) {
    return status;
  }
  if (OrtStatus* status = read_state(op, kSpread, context, 2, &before)) {
    return status;
  }
  if (OrtStatus* status = require_rows(op, kSpread, "stream", stream)) {
    return status;
  }
  if (OrtStatus* status = require_rows(op, kSpread, "computed", computed)) {
    return status;
  }
  if (OrtStatus* status = require_same(op, kSpread, stream.shape[1], before)) {
    return status;
  }
  const int64_t size = stream.shape[2];
  int64_t running = 0;
  for (int64_t i = 0; i < before.rows; i++) {
    running += before.at(i).end <= op.number;
  }
  if (computed.shape[1] != running || computed.shape[2] != size) {
    return failure(op.api, kSpread, "computed: expected %lld rows of %lld numbers, found %lld of %lld",
                   static_cast<long long>(running), static_cast<long long>(size),
                   static_cast<long long>(computed.shape[1]),
                   static_cast<long long>(computed.shape[2]));
  }
  void* all = nullptr;
  if (OrtStatus* status = output(op.api, context, 0, stream.shape, 3, &all)) {
    return status;
  }
  const int64_t shape[] = {before.rows, before.words};
  void* data = nullptr;
  if (OrtStatus* status = output(op.api, context, 1, shape, 2, &data)) {
    return status;
  }
  const State next = {static_cast<int32_t*>(data), before.rows, before.words};
  memcpy(next.data, before.data, static_cast<size_t>(next.rows * next.words) * sizeof(int32_t));
  const float* from = computed.data;
  float* to = static_cast<float*>(all);
  const size_t bytes = static_cast<size_t>(size) * sizeof(float);
  for (int64_t i = 0; i < next.rows; i++) {
    Row& row = next.at(i);
    if (row.end <= op.number) {
      memcpy(to + i * size, from, bytes);
      row.end = next_end(op, row, stream.data + i * size, from, size);
      from += size;
    } else {
      memset(to + i * size, 0, bytes);
      next.bits(i, op.number) |= 1u << ((op.number - 1) % kBits);
    }
  }
  return nullptr;
}

OrtStatus* mask(void* kernel, OrtKernelContext* context) {
  const Skip& op = *static_cast<Skip*>(kernel);
  State state = {};
  if (OrtStatus* status = read_state(op, kMask, context, 0, &state)) {
    return status;
  }
  const int64_t shape[] = {op.number, state.rows};
  void* data = nullptr;
  if (OrtStatus* status = output(op.api, context, 0, shape, 2, &data)) {
    return status;
  }
  bool* skipped = static_cast<bool*>(data);
  for (int64_t number = 1; number <= op.number; number++) {
    for (int64_t i = 0; i < state.rows; i++) {
      *skipped++ = state.bits(i, number) >> ((number - 1) % kBits) & 1;
    }
  }
  return nullptr;
}

constexpr OrtCustomOp make_first() {
  OrtCustomOp op = plain_operator();
  op.GetName = [](const OrtCustomOp*) { return kFirst; };
  op.GetInputType = [](const OrtCustomOp*, size_t index) {
    return index == kCounts ? ORT_INT64 : index == kRearms ? ORT_BOOL : ORT_FLOAT;
  };
  op.GetInputTypeCount = [](const OrtCustomOp*) -> size_t { return kFirstInputs; };
  op.GetOutputType = [](const OrtCustomOp*, size_t) { return ORT_INT32; };
  op.GetOutputTypeCount = [](const OrtCustomOp*) -> size_t { return 1; };
  op.CreateKernelV2 = [](const OrtCustomOp*, const OrtApi* api, const OrtKernelInfo* info,
                         void** result) { return create(api, info, kFirst, true, result); };
  op.KernelComputeV2 = first;
  return op;
}

constexpr OrtCustomOp make_gather() {
  OrtCustomOp op = plain_operator();
  op.GetName = [](const OrtCustomOp*) { return kGather; };
  op.GetInputType = [](const OrtCustomOp*, size_t index) {
    return index == 0 ? ORT_FLOAT : ORT_INT32;
  };
  op.GetInputTypeCount = [](const OrtCustomOp*) -> size_t { return 2; };
  op.GetOutputType = [](const OrtCustomOp*, size_t) { return ORT_FLOAT; };
  op.GetOutputTypeCount = [](const OrtCustomOp*) -> size_t { return 1; };
  op.CreateKernelV2 = [](const OrtCustomOp*, const OrtApi* api, const OrtKernelInfo* info,
                         void** result) { return create(api, info, kGather, false, result); };
  op.KernelComputeV2 = gather;
  return op;
}

constexpr OrtCustomOp make_spread() {
  OrtCustomOp op = plain_operator();
  op.GetName = [](const OrtCustomOp*) { return kSpread; };
  op.GetInputType = [](const OrtCustomOp*, size_t index) {
    return index == 2 ? ORT_INT32 : ORT_FLOAT;
  };
  op.GetInputTypeCount = [](const OrtCustomOp*) -> size_t { return 3; };
  op.GetOutputType = [](const OrtCustomOp*, size_t index) {
    return index == 0 ? ORT_FLOAT : ORT_INT32;
  };
  op.GetOutputTypeCount = [](const OrtCustomOp*) -> size_t { return 2; };
  op.CreateKernelV2 = [](const OrtCustomOp*, const OrtApi* api, const OrtKernelInfo* info,
                         void** result) { return create(api, info, kSpread, false, result); };
  op.KernelComputeV2 = spread;
  return op;
}

constexpr OrtCustomOp make_mask() {
  OrtCustomOp op = plain_operator();
  op.GetName = [](const OrtCustomOp*) { return kMask; };
  op.GetInputType = [](const OrtCustomOp*, size_t) { return ORT_INT32; };
  op.GetInputTypeCount = [](const OrtCustomOp*) -> size_t { return 1; };
  op.GetOutputType = [](const OrtCustomOp*, size_t) { return ORT_BOOL; };
  op.GetOutputTypeCount = [](const OrtCustomOp*) -> size_t { return 1; };
  op.CreateKernelV2 = [](const OrtCustomOp*, const OrtApi* api, const OrtKernelInfo* info,
                         void** result) { return create(api, info, kMask, false, result); };
  op.KernelComputeV2 = mask;
  return op;
}

}  // namespace

const OrtCustomOp kSkipFirst = make_first();
const OrtCustomOp kSkipGather = make_gather();
const OrtCustomOp kSkipSpread = make_spread();
const OrtCustomOp kSkipMask = make_mask();
