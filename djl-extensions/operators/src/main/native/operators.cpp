// The domain dev.slipstream of ONNX Runtime, and what its operators share.
#include "operators.h"

#include <stdio.h>
#include <string.h>

namespace {

// Names the instruction set in the session's configuration; for tests, which compare them.
constexpr char kIsaKey[] = "slipstream.operators.isa";

bool available(const Kernel* kernel) {
  __builtin_cpu_init();
  if (kernel == &kAvx512Kernel) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
  }
  if (kernel == &kAvx2Kernel) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  }
  return true;
}

// The fastest kernel there is, or the named one.
const Kernel* choose(const char* name) {
  static constexpr const Kernel* kernels[] = {&kAvx512Kernel, &kAvx2Kernel, &kScalarKernel};
  for (const Kernel* kernel : kernels) {
    if (name != nullptr ? strcmp(kernel->name, name) == 0 : available(kernel)) {
      return available(kernel) ? kernel : nullptr;
    }
  }
  return nullptr;
}

// One for the process, made by the first session: the library is linked to stay loaded, and
// ONNX Runtime keeps a pointer for as long as a session's options live.
OrtCustomOpDomain* domain = nullptr;

OrtStatus* make_domain(const OrtApi* api) {
  if (__atomic_load_n(&domain, __ATOMIC_ACQUIRE) != nullptr) {
    return nullptr;
  }
  OrtCustomOpDomain* made = nullptr;
  if (OrtStatus* status = ort::CreateCustomOpDomain::of(api)("dev.slipstream", &made)) {
    return status;
  }
  OrtStatus* status = nullptr;
  static constexpr const OrtCustomOp* operators[] = {
      &kRaggedAttention,    &kQuantizedMatMul, &kQuantizedFeedForward, &kQuantizedGather,
      &kRootMeanSquareNorm, &kGatedUnit,       &kSkipFirst,            &kSkipGather,
      &kSkipSpread,         &kSkipMask};
  for (const OrtCustomOp* op : operators) {
    if (status == nullptr) {
      status = ort::CustomOpDomainAdd::of(api)(made, op);
    }
  }
  OrtCustomOpDomain* none = nullptr;
  if (status != nullptr || !__atomic_compare_exchange_n(&domain, &none, made, false,
                                                        __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    ort::ReleaseCustomOpDomain::of(api)(made);
  }
  return status;
}

}  // namespace

OrtStatus* error_of(const OrtApi* api, const char* name, const char* format, va_list arguments) {
  char message[512];
  const int prefix = snprintf(message, sizeof(message), "%s: ", name);
  vsnprintf(message + prefix, sizeof(message) - static_cast<size_t>(prefix), format, arguments);
  return ort::CreateStatus::of(api)(ORT_INVALID_ARGUMENT, message);
}

OrtStatus* failure(const OrtApi* api, const char* name, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  OrtStatus* status = error_of(api, name, format, arguments);
  va_end(arguments);
  return status;
}

OrtStatus* get(const OrtApi* api, const OrtKernelContext* context, size_t index, Tensor* tensor) {
  *tensor = {};
  const OrtValue* value = nullptr;
  if (OrtStatus* status = ort::GetInput::of(api)(context, index, &value)) {
    return status;
  }
  if (value == nullptr) {
    return nullptr;
  }
  OrtElementType type;
  if (OrtStatus* status =
          ort::GetTypeAndShape::of(api)(value, &type, &tensor->shape, &tensor->rank)) {
    return status;
  }
  void* data = nullptr;
  // The buffers of keys and values are inputs to ONNX Runtime, but written: their owner gives
  // them for that.
  OrtStatus* status = ort::GetTensorMutableData::of(api)(const_cast<OrtValue*>(value), &data);
  tensor->data = static_cast<float*>(data);
  return status;
}

OrtStatus* choose(const OrtApi* api, const OrtKernelInfo* info, const char* name,
                  const Kernel** kernel) {
  OrtKeyValuePairs* config = nullptr;
  if (OrtStatus* status = ort::GetConfigEntries::of(api)(info, &config)) {
    return status;
  }
  const char* isa = ort::GetKeyValue::of(api)(config, kIsaKey);
  *kernel = choose(isa);
  OrtStatus* status = nullptr;
  if (*kernel == nullptr) {
    status = failure(api, name,
                     "%s: expected avx512, avx2 or scalar, and what this processor has; found %s",
                     kIsaKey, isa);
  }
  ort::ReleaseKeyValuePairs::of(api)(config);
  return status;
}

// What ONNX Runtime looks up in a library of operators.
extern "C" __attribute__((visibility("default"))) OrtStatus* RegisterCustomOps(
    OrtSessionOptions* options, const OrtApiBase* base) {
  const OrtApi* api = base->GetApi(kApiVersion);
  if (api == nullptr) {
    // The first function of the first version, which every ONNX Runtime has.
    char message[128];
    snprintf(message, sizeof(message),
             "slipstream-operators: expected ONNX Runtime 1.%u or later, found %s", kApiVersion,
             base->GetVersionString());
    return ort::CreateStatus::of(base->GetApi(1))(ORT_FAIL, message);
  }
  if (OrtStatus* status = make_domain(api)) {
    return status;
  }
  return ort::AddCustomOpDomain::of(api)(options, domain);
}
