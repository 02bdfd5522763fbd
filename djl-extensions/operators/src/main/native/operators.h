// What the operators share.
#ifndef SLIPSTREAM_OPERATORS_H
#define SLIPSTREAM_OPERATORS_H

#include <stdarg.h>
#include <stdlib.h>

#include "attention.h"
#include "ort.h"

struct Tensor {
  float* data;  // or what the input's type is; null where the input is left out
  const int64_t* shape;
  size_t rank;
};

// A message that begins with the operator's name.
OrtStatus* error_of(const OrtApi* api, const char* name, const char* format, va_list arguments);
__attribute__((format(printf, 3, 4))) OrtStatus* failure(const OrtApi* api, const char* name,
                                                         const char* format, ...);

// Reads an input of a run.
OrtStatus* get(const OrtApi* api, const OrtKernelContext* context, size_t index, Tensor* tensor);

// Gives the kernel that the session's configuration names, or the fastest that this processor has.
OrtStatus* choose(const OrtApi* api, const OrtKernelInfo* info, const char* name,
                  const Kernel** kernel);

// An operator without optional or variadic parts; its own file says the rest.
constexpr OrtCustomOp plain_operator() {
  OrtCustomOp op = {};
  op.version = kApiVersion;
  op.GetExecutionProviderType = [](const OrtCustomOp*) -> const char* { return nullptr; };
  op.KernelDestroy = free;
  op.GetInputCharacteristic = [](const OrtCustomOp*, size_t) { return ORT_REQUIRED; };
  op.GetOutputCharacteristic = [](const OrtCustomOp*, size_t) { return ORT_REQUIRED; };
  op.GetInputMemoryType = [](const OrtCustomOp*, size_t) { return 0; };
  op.GetVariadicInputMinArity = [](const OrtCustomOp*) { return 1; };
  op.GetVariadicInputHomogeneity = [](const OrtCustomOp*) { return 1; };
  op.GetVariadicOutputMinArity = [](const OrtCustomOp*) { return 1; };
  op.GetVariadicOutputHomogeneity = [](const OrtCustomOp*) { return 1; };
  op.GetStartVersion = [](const OrtCustomOp*) { return 1; };
  op.GetEndVersion = [](const OrtCustomOp*) { return INT32_MAX; };
  return op;
}

extern const OrtCustomOp kRaggedAttention;
extern const OrtCustomOp kQuantizedMatMul;
extern const OrtCustomOp kQuantizedFeedForward;
extern const OrtCustomOp kQuantizedGather;
extern const OrtCustomOp kRootMeanSquareNorm;
extern const OrtCustomOp kGatedUnit;
extern const OrtCustomOp kSkipFirst;
extern const OrtCustomOp kSkipGather;
extern const OrtCustomOp kSkipSpread;
extern const OrtCustomOp kSkipMask;

#endif
