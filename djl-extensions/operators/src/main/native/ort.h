// The part of ONNX Runtime's C interface that the operators use, declared here because the headers
// come with no Maven artifact. The interface is a table of functions that only ever grows at its
// end, so an entry keeps its number for ever (onnxruntime_c_api.cc asserts it); the numbers below
// were counted in that file and checked by calling the entries of 1.29.0.
#ifndef SLIPSTREAM_ORT_H
#define SLIPSTREAM_ORT_H

#include <stddef.h>
#include <stdint.h>

// ONNX Runtime 1.24, the first with GetTensorElementTypeAndShapeDataReference: shapes without an
// allocation for each input of each run.
constexpr uint32_t kApiVersion = 24;

struct OrtStatus;
struct OrtValue;
struct OrtSessionOptions;
struct OrtCustomOpDomain;
struct OrtKernelInfo;
struct OrtKernelContext;
struct OrtKeyValuePairs;
struct OrtShapeInferContext;
struct OrtCustomOp;

enum OrtErrorCode { ORT_FAIL = 1, ORT_INVALID_ARGUMENT = 2 };
enum OrtElementType { ORT_FLOAT = 1, ORT_UINT8 = 2, ORT_INT32 = 6, ORT_INT64 = 7, ORT_BOOL = 9 };
enum OrtCharacteristic { ORT_REQUIRED = 0, ORT_OPTIONAL = 1, ORT_VARIADIC = 2 };

// The table; Entry<number, type> takes one function out of it.
struct OrtApi {
  void* entries[1];
};

struct OrtApiBase {
  const OrtApi* (*GetApi)(uint32_t version);
  const char* (*GetVersionString)();
};

namespace ort {

template <size_t number, class Function>
struct Entry {
  static Function of(const OrtApi* api) {
    return reinterpret_cast<Function>(const_cast<void**>(api->entries)[number]);
  }
};

using CreateStatus = Entry<0, OrtStatus* (*)(OrtErrorCode, const char*)>;
using CreateCustomOpDomain = Entry<26, OrtStatus* (*)(const char*, OrtCustomOpDomain**)>;
using CustomOpDomainAdd = Entry<27, OrtStatus* (*)(OrtCustomOpDomain*, const OrtCustomOp*)>;
using AddCustomOpDomain = Entry<28, OrtStatus* (*)(OrtSessionOptions*, OrtCustomOpDomain*)>;
using GetTensorMutableData = Entry<51, OrtStatus* (*)(OrtValue*, void**)>;
using AttributeFloat = Entry<85, OrtStatus* (*)(const OrtKernelInfo*, const char*, float*)>;
using AttributeInt = Entry<86, OrtStatus* (*)(const OrtKernelInfo*, const char*, int64_t*)>;
using GetInputCount = Entry<88, OrtStatus* (*)(const OrtKernelContext*, size_t*)>;
using GetInput = Entry<90, OrtStatus* (*)(const OrtKernelContext*, size_t, const OrtValue**)>;
using GetOutput =
    Entry<91, OrtStatus* (*)(OrtKernelContext*, size_t, const int64_t*, size_t, OrtValue**)>;
using ReleaseStatus = Entry<93, void (*)(OrtStatus*)>;
using ReleaseCustomOpDomain = Entry<101, void (*)(OrtCustomOpDomain*)>;
using ParallelFor = Entry<274, OrtStatus* (*)(const OrtKernelContext*, void (*)(void*, size_t),
                                              size_t, size_t, void*)>;
using GetKeyValue = Entry<297, const char* (*)(const OrtKeyValuePairs*, const char*)>;
using ReleaseKeyValuePairs = Entry<300, void (*)(OrtKeyValuePairs*)>;
using GetConfigEntries = Entry<391, OrtStatus* (*)(const OrtKernelInfo*, OrtKeyValuePairs**)>;
using GetTypeAndShape =
    Entry<414, OrtStatus* (*)(const OrtValue*, OrtElementType*, const int64_t**, size_t*)>;

}  // namespace ort

// An operator as ONNX Runtime calls it; the layout of version 18 and later.
struct OrtCustomOp {
  uint32_t version;
  void* (*CreateKernel)(const OrtCustomOp*, const OrtApi*, const OrtKernelInfo*);
  const char* (*GetName)(const OrtCustomOp*);
  const char* (*GetExecutionProviderType)(const OrtCustomOp*);
  OrtElementType (*GetInputType)(const OrtCustomOp*, size_t);
  size_t (*GetInputTypeCount)(const OrtCustomOp*);
  OrtElementType (*GetOutputType)(const OrtCustomOp*, size_t);
  size_t (*GetOutputTypeCount)(const OrtCustomOp*);
  void (*KernelCompute)(void*, OrtKernelContext*);
  void (*KernelDestroy)(void*);
  OrtCharacteristic (*GetInputCharacteristic)(const OrtCustomOp*, size_t);
  OrtCharacteristic (*GetOutputCharacteristic)(const OrtCustomOp*, size_t);
  int (*GetInputMemoryType)(const OrtCustomOp*, size_t);
  int (*GetVariadicInputMinArity)(const OrtCustomOp*);
  int (*GetVariadicInputHomogeneity)(const OrtCustomOp*);
  int (*GetVariadicOutputMinArity)(const OrtCustomOp*);
  int (*GetVariadicOutputHomogeneity)(const OrtCustomOp*);
  OrtStatus* (*CreateKernelV2)(const OrtCustomOp*, const OrtApi*, const OrtKernelInfo*, void**);
  OrtStatus* (*KernelComputeV2)(void*, OrtKernelContext*);
  OrtStatus* (*InferOutputShapeFn)(const OrtCustomOp*, OrtShapeInferContext*);
  int (*GetStartVersion)(const OrtCustomOp*);
  int (*GetEndVersion)(const OrtCustomOp*);
  size_t (*GetMayInplace)(int**, int**);
  void (*ReleaseMayInplace)(int*, int*);
  size_t (*GetAliasMap)(int**, int**);
  void (*ReleaseAliasMap)(int*, int*);
};

#endif
