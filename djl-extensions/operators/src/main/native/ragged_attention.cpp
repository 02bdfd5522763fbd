// dev.slipstream.RaggedAttention: attention of the new rows of several sequences, each over its own
// keys and values and over each other as it is said, for ONNX Runtime. docs/operators.md holds the
// contract.
#include <string.h>

#include "operators.h"

namespace {

enum Input {
  kQuery,
  kKey,
  kValue,
  kStarts,
  kPasts,
  kCos,
  kSin,
  kModes,
  kPlaces,
  kSights,
  kFirstBuffer
};

// Below so many multiply-adds a run stays on its thread: some 10 microseconds of work, about what
// it takes to wake another one.
constexpr int64_t kParallelWork = 250 * 1000;

struct RaggedAttention {
  const OrtApi* api;
  const Kernel* kernel;
  int64_t layer;
  int64_t heads;
  int64_t kv_heads;
  int64_t window;
  float scale;
};

// A part of a run for one thread.
struct Piece {
  int32_t sequence;
  int32_t kv_head;
  int64_t first;
  int64_t last;
};

struct Run {
  Attention attention;
  const Kernel* kernel;
  const Sequence* sequences;
  const Piece* pieces;
};

__attribute__((format(printf, 2, 3))) OrtStatus* error(const OrtApi* api, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  OrtStatus* status = error_of(api, "RaggedAttention", format, arguments);
  va_end(arguments);
  return status;
}

// AVX-512 leaves heads that are no multiple of 16 to AVX2, which every processor with it has.
const Kernel* kernel_for(const Kernel* kernel, int64_t head_size) {
  return head_size % kernel->head_multiple == 0 ? kernel : &kAvx2Kernel;
}

OrtStatus* create(const OrtCustomOp*, const OrtApi* api, const OrtKernelInfo* info, void** result) {
  RaggedAttention op = {};
  op.api = api;
  const struct {
    const char* name;
    int64_t* value;
  } ints[] = {{"layer", &op.layer},
              {"num_heads", &op.heads},
              {"kv_num_heads", &op.kv_heads},
              {"local_window_size", &op.window}};
  for (const auto& attribute : ints) {
    if (OrtStatus* status = ort::AttributeInt::of(api)(info, attribute.name, attribute.value)) {
      return status;
    }
  }
  if (OrtStatus* status = ort::AttributeFloat::of(api)(info, "scale", &op.scale)) {
    return status;
  }
  if (op.layer < 0 || op.kv_heads < 1 || op.heads < 1 || op.heads % op.kv_heads != 0 ||
      op.window < -1 || op.window == 0) {
    return error(api,
                 "expected layer >= 0, num_heads a multiple of kv_num_heads, local_window_size -1 or "
                 "positive; found layer %lld, num_heads %lld, kv_num_heads %lld, local_window_size "
                 "%lld",
                 static_cast<long long>(op.layer), static_cast<long long>(op.heads),
                 static_cast<long long>(op.kv_heads), static_cast<long long>(op.window));
  }
  if (OrtStatus* status = choose(api, info, "RaggedAttention", &op.kernel)) {
    return status;
  }
  *result = malloc(sizeof(op));
  if (*result == nullptr) {
    return error(api, "no memory");
  }
  memcpy(*result, &op, sizeof(op));
  return nullptr;
}

// Reads the inputs that all sequences share and checks them.
OrtStatus* read_shared(const RaggedAttention& op, const Tensor* in, int64_t sequences,
                       Attention* a) {
  const OrtApi* api = op.api;
  const Tensor& query = in[kQuery];
  const bool packed = in[kKey].data == nullptr && in[kKey].shape == nullptr;
  const bool value_left_out = in[kValue].data == nullptr && in[kValue].shape == nullptr;
  if (packed != value_left_out) {
    return error(api, "expected key and value both or neither, found one");
  }
  if (query.rank != 3 || query.shape[0] != 1) {
    return error(api, "query: expected the shape [1, rows, size], found %zu dimensions%s",
                 query.rank, query.rank == 3 ? ", the first not 1" : "");
  }
  const int64_t rows = query.shape[1];
  const int64_t heads = packed ? op.heads + 2 * op.kv_heads : op.heads;
  const int64_t size = query.shape[2] / heads;
  if (size * heads != query.shape[2] || size < 8 || size > kMaxHeadSize || size % 8 != 0) {
    return error(api,
                 "query: expected rows of %lld heads whose size is a multiple of 8 up to %lld, "
                 "found rows of %lld numbers",
                 static_cast<long long>(heads), static_cast<long long>(kMaxHeadSize),
                 static_cast<long long>(query.shape[2]));
  }
  for (int i = kKey; !packed && i <= kValue; i++) {
    if (in[i].rank != 3 || in[i].shape[0] != 1 || in[i].shape[1] != rows ||
        in[i].shape[2] != op.kv_heads * size) {
      return error(api, "%s: expected the shape [1, %lld, %lld]", i == kKey ? "key" : "value",
                   static_cast<long long>(rows), static_cast<long long>(op.kv_heads * size));
    }
  }
  for (int i = kCos; i <= kSin; i++) {
    if (in[i].rank != 2 || in[i].shape[0] != in[kCos].shape[0] || in[i].shape[1] != size / 2) {
      return error(api, "%s: expected the shape [positions, %lld], the same for cos and sin",
                   i == kCos ? "cos" : "sin", static_cast<long long>(size / 2));
    }
  }
  if (in[kPasts].rank != 1 || in[kPasts].shape[0] != sequences || in[kStarts].rank != 1 ||
      in[kStarts].shape[0] != sequences + 1) {
    return error(api,
                 "found %lld buffers of keys and values, so expected %lld numbers in pasts and "
                 "%lld in starts",
                 static_cast<long long>(sequences), static_cast<long long>(sequences),
                 static_cast<long long>(sequences + 1));
  }
  if (in[kModes].rank != 1 || in[kModes].shape[0] != sequences) {
    return error(api, "modes: expected %lld numbers, one for each buffer",
                 static_cast<long long>(sequences));
  }
  a->heads = op.heads;
  a->kv_heads = op.kv_heads;
  a->head_size = size;
  a->window = op.window;
  a->scale = op.scale;
  a->query = query.data;
  a->query_stride = query.shape[2];
  a->key = packed ? query.data + op.heads * size : in[kKey].data;
  a->value = packed ? a->key + op.kv_heads * size : in[kValue].data;
  a->kv_stride = packed ? query.shape[2] : op.kv_heads * size;
  a->cos = in[kCos].data;
  a->sin = in[kSin].data;
  return nullptr;
}

// Reads what rows that are not causal see; of causal ones nothing is looked at.
OrtStatus* read_sights(const RaggedAttention& op, const OrtKernelContext* context, const Tensor* in,
                       int64_t sequences, Attention* a) {
  const int32_t* modes = reinterpret_cast<const int32_t*>(in[kModes].data);
  bool causal = true;
  for (int64_t i = 0; i < sequences; i++) {
    causal &= modes[i] == kCausal;
  }
  if (causal) {
    return nullptr;
  }
  Tensor places;
  Tensor sights;
  if (OrtStatus* status = get(op.api, context, kPlaces, &places)) {
    return status;
  }
  if (OrtStatus* status = get(op.api, context, kSights, &sights)) {
    return status;
  }
  const int64_t rows = in[kQuery].shape[1];
  if (places.rank != 1 || places.shape[0] != rows || sights.rank != 2 || sights.shape[0] != rows) {
    return error(op.api,
                 "modes: found a sequence that is not causal, so expected places [%lld] and sights "
                 "[%lld, words]",
                 static_cast<long long>(rows), static_cast<long long>(rows));
  }
  a->places = reinterpret_cast<const int32_t*>(places.data);
  a->sights = reinterpret_cast<const uint64_t*>(sights.data);
  a->words = sights.shape[1];
  return nullptr;
}

// Checks the rows of a sequence that is not causal.
OrtStatus* check_sights(const RaggedAttention& op, int64_t positions, long long number,
                        const Attention& a, const Sequence& s) {
  if (a.words * 64 < s.rows) {
    return error(op.api, "sights: expected words for the %lld rows of sequence %lld, found %lld",
                 static_cast<long long>(s.rows), number, static_cast<long long>(a.words));
  }
  const int64_t kept = s.mode == kSighted ? 0 : s.rows * (a.heads / a.kv_heads);
  if (s.past + s.rows + kept > s.capacity) {
    return error(op.api,
                 "sequence %lld: expected room for %lld tokens and %lld kept rows in its capacity, "
                 "found %lld",
                 number, static_cast<long long>(s.past + s.rows), static_cast<long long>(kept),
                 static_cast<long long>(s.capacity));
  }
  for (int64_t row = s.first_row; row < s.first_row + s.rows; row++) {
    if (a.places[row] < 0 || s.past + a.places[row] >= positions) {
      return error(op.api,
                   "places: row %lld: expected positions from 0 to below the rotary tables' rows, "
                   "%lld; found %d behind %lld",
                   static_cast<long long>(row), static_cast<long long>(positions), a.places[row],
                   static_cast<long long>(s.past));
    }
    bool any = false;
    bool beyond = false;
    for (int64_t word = 0; word < a.words; word++) {
      const uint64_t seen = a.sights[row * a.words + word];
      const int64_t left = s.rows - word * 64;
      const uint64_t none = left >= 64 ? 0 : left <= 0 ? ~UINT64_C(0) : ~UINT64_C(0) << left;
      any |= seen != 0;
      beyond |= (seen & none) != 0;
    }
    if (!any || beyond) {
      return error(op.api, "sights: row %lld: expected some of the %lld new rows, found %s",
                   static_cast<long long>(row), static_cast<long long>(s.rows),
                   beyond ? "one behind them" : "none");
    }
  }
  return nullptr;
}

OrtStatus* read_sequence(const RaggedAttention& op, const Tensor* in, const Tensor& buffer,
                         int64_t index, const Attention& a, Sequence* s) {
  const OrtApi* api = op.api;
  const long long number = static_cast<long long>(index);
  const int32_t* starts = reinterpret_cast<const int32_t*>(in[kStarts].data);
  s->first_row = starts[index];
  s->rows = starts[index + 1] - s->first_row;
  s->past = reinterpret_cast<const int32_t*>(in[kPasts].data)[index];
  const int64_t* shape = buffer.shape;
  if (buffer.rank != 5 || shape[0] <= op.layer || shape[1] != 2 || shape[2] != a.kv_heads ||
      shape[4] != a.head_size) {
    return error(api,
                 "buffer %lld: expected the shape [layers > %lld, 2, %lld, capacity, %lld], found "
                 "[%lld, %lld, %lld, %lld, %lld] of %zu dimensions",
                 number, static_cast<long long>(op.layer), static_cast<long long>(a.kv_heads),
                 static_cast<long long>(a.head_size),
                 static_cast<long long>(buffer.rank > 0 ? shape[0] : 0),
                 static_cast<long long>(buffer.rank > 1 ? shape[1] : 0),
                 static_cast<long long>(buffer.rank > 2 ? shape[2] : 0),
                 static_cast<long long>(buffer.rank > 3 ? shape[3] : 0),
                 static_cast<long long>(buffer.rank > 4 ? shape[4] : 0), buffer.rank);
  }
  s->capacity = shape[3];
  const int32_t mode = reinterpret_cast<const int32_t*>(in[kModes].data)[index];
  if (mode < 0 || mode >= kModeCount) {
    return error(api, "modes: sequence %lld: expected 0 to %d, found %d", number, kModeCount - 1,
                 mode);
  }
  s->mode = static_cast<Mode>(mode);
  const int64_t positions = in[kCos].shape[0];
  if (s->rows > 0 && (s->past < 0 || s->past + s->rows > s->capacity ||
                      (s->mode == kCausal && s->past + s->rows > positions))) {
    return error(api,
                 "sequence %lld: expected positions from 0 to below its capacity, %lld, and the "
                 "rotary tables' rows, %lld; found %lld to %lld",
                 number, static_cast<long long>(s->capacity), static_cast<long long>(positions),
                 static_cast<long long>(s->past), static_cast<long long>(s->past + s->rows - 1));
  }
  const int64_t half = a.kv_heads * s->capacity * a.head_size;
  s->keys = buffer.data + 2 * op.layer * half;
  s->values = s->keys + half;
  return s->mode == kCausal ? nullptr : check_sights(op, positions, number, a, *s);
}

void append_piece(void* data, size_t index) {
  const Run& run = *static_cast<const Run*>(data);
  const Piece& piece = run.pieces[index];
  run.kernel->append(run.attention, run.sequences[piece.sequence], piece.first, piece.last);
}

void attend_piece(void* data, size_t index) {
  const Run& run = *static_cast<const Run*>(data);
  const Piece& piece = run.pieces[index];
  run.kernel->attend(run.attention, run.sequences[piece.sequence], piece.kv_head, piece.first,
                     piece.last);
}

OrtStatus* for_each(const RaggedAttention& op, const OrtKernelContext* context, Run& run,
                    void (*function)(void*, size_t), size_t pieces, bool parallel) {
  if (parallel && pieces > 1) {
    return ort::ParallelFor::of(op.api)(context, function, pieces, 0, &run);
  }
  for (size_t i = 0; i < pieces; i++) {
    function(&run, i);
  }
  return nullptr;
}

// Keys and values are all written before the first row looks at them: ParallelFor returns when
// its last piece is done.
OrtStatus* run_phases(const RaggedAttention& op, const OrtKernelContext* context, Run& run,
                      int64_t sequences, Piece* pieces) {
  const Attention& a = run.attention;
  const int64_t group = a.heads / a.kv_heads;
  size_t appends = 0;
  int64_t rows = 0;
  int64_t work = 0;
  for (int64_t i = 0; i < sequences; i++) {
    const Sequence& s = run.sequences[i];
    for (int64_t row = 0; row < s.rows; row += kPairs) {
      const int64_t last = row + kPairs < s.rows ? row + kPairs : s.rows;
      pieces[appends++] = {static_cast<int32_t>(i), 0, row, last};
    }
    rows += s.rows;
    const int64_t read = s.mode == kReusing ? 0 : s.past;
    work += s.rows * (read + s.rows / 2 + 1) * 2 * a.heads * a.head_size;
  }
  const bool parallel = work >= kParallelWork;
  // Copying is cheap: worth a second thread for a prompt only.
  if (OrtStatus* status = for_each(op, context, run, append_piece, appends,
                                   rows * a.kv_heads * a.head_size >= kParallelWork)) {
    return status;
  }
  size_t attends = 0;
  for (int64_t i = 0; i < sequences; i++) {
    const int64_t pairs = run.sequences[i].rows * group;
    for (int64_t head = 0; head < a.kv_heads; head++) {
      for (int64_t first = 0; first < pairs; first += kPairs) {
        const int64_t last = first + kPairs < pairs ? first + kPairs : pairs;
        pieces[attends++] = {static_cast<int32_t>(i), static_cast<int32_t>(head), first, last};
      }
    }
  }
  return for_each(op, context, run, attend_piece, attends, parallel);
}

OrtStatus* run(const RaggedAttention& op, OrtKernelContext* context, const Tensor* in,
               int64_t sequences) {
  Run run = {};
  if (OrtStatus* status = read_shared(op, in, sequences, &run.attention)) {
    return status;
  }
  if (OrtStatus* status = read_sights(op, context, in, sequences, &run.attention)) {
    return status;
  }
  const Attention& a = run.attention;
  run.kernel = kernel_for(op.kernel, a.head_size);
  const int64_t rows = in[kQuery].shape[1];
  const int32_t* starts = reinterpret_cast<const int32_t*>(in[kStarts].data);
  if (starts[0] != 0 || starts[sequences] != rows) {
    return error(op.api, "starts: expected 0 first and %lld, the rows of query, last; found %d and %d",
                 static_cast<long long>(rows), starts[0], starts[sequences]);
  }
  for (int64_t i = 0; i < sequences; i++) {
    if (starts[i + 1] < starts[i]) {
      return error(op.api, "starts: expected ascending numbers, found %d before %d at %lld",
                   starts[i], starts[i + 1], static_cast<long long>(i));
    }
  }
  const int64_t shape[] = {1, rows, a.heads * a.head_size};
  OrtValue* output = nullptr;
  if (OrtStatus* status = ort::GetOutput::of(op.api)(context, 0, shape, 3, &output)) {
    return status;
  }
  void* data = nullptr;
  if (OrtStatus* status = ort::GetTensorMutableData::of(op.api)(output, &data)) {
    return status;
  }
  run.attention.output = static_cast<float*>(data);
  const int64_t most_pieces =
      (rows * (a.heads / a.kv_heads) / kPairs + sequences) * a.kv_heads;
  char* memory = static_cast<char*>(malloc(static_cast<size_t>(sequences) * sizeof(Sequence) +
                                           static_cast<size_t>(most_pieces) * sizeof(Piece)));
  if (memory == nullptr) {
    return error(op.api, "no memory");
  }
  Sequence* read = reinterpret_cast<Sequence*>(memory);
  Piece* pieces = reinterpret_cast<Piece*>(read + sequences);
  run.sequences = read;
  run.pieces = pieces;
  OrtStatus* status = nullptr;
  for (int64_t i = 0; i < sequences && status == nullptr; i++) {
    status = read_sequence(op, in, in[kFirstBuffer + i], i, a, &read[i]);
  }
  if (status == nullptr) {
    status = run_phases(op, context, run, sequences, pieces);
  }
  free(memory);
  return status;
}

OrtStatus* compute(void* kernel, OrtKernelContext* context) {
  const RaggedAttention& op = *static_cast<RaggedAttention*>(kernel);
  size_t inputs = 0;
  if (OrtStatus* status = ort::GetInputCount::of(op.api)(context, &inputs)) {
    return status;
  }
  Tensor* in = static_cast<Tensor*>(malloc(inputs * sizeof(Tensor)));
  if (in == nullptr) {
    return error(op.api, "no memory");
  }
  OrtStatus* status = nullptr;
  for (size_t i = 0; i < inputs && status == nullptr; i++) {
    // Places and sights are read where a sequence is not causal.
    if (i != kPlaces && i != kSights) {
      status = get(op.api, context, i, &in[i]);
    }
  }
  if (status == nullptr) {
    status = run(op, context, in, static_cast<int64_t>(inputs) - kFirstBuffer);
  }
  free(in);
  return status;
}

OrtElementType input_type(const OrtCustomOp*, size_t index) {
  switch (index) {
    case kStarts:
    case kPasts:
    case kModes:
    case kPlaces:
      return ORT_INT32;
    case kSights:
      return ORT_INT64;
    default:
      return ORT_FLOAT;
  }
}

OrtCharacteristic input_characteristic(const OrtCustomOp*, size_t index) {
  if (index == kKey || index == kValue) {
    return ORT_OPTIONAL;
  }
  return index == kFirstBuffer ? ORT_VARIADIC : ORT_REQUIRED;
}

constexpr OrtCustomOp make_operator() {
  OrtCustomOp op = plain_operator();
  op.GetName = [](const OrtCustomOp*) { return "RaggedAttention"; };
  op.GetInputType = input_type;
  op.GetInputTypeCount = [](const OrtCustomOp*) -> size_t { return kFirstBuffer + 1; };
  op.GetOutputType = [](const OrtCustomOp*, size_t) { return ORT_FLOAT; };
  op.GetOutputTypeCount = [](const OrtCustomOp*) -> size_t { return 1; };
  op.GetInputCharacteristic = input_characteristic;
  op.CreateKernelV2 = create;
  op.KernelComputeV2 = compute;
  return op;
}

}  // namespace

const OrtCustomOp kRaggedAttention = make_operator();
