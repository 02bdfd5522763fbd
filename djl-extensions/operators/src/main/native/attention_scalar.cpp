// Attention with the lanes of plain lanes.
#include "attention_kernel.h"
#include "lanes_scalar.h"
#include "turn_kernel.h"

const Kernel kScalarKernel = {"scalar", PlainLanes::kWidth, append, Tiles<PlainLanes>::attend,
                              turn<PlainLanes>};
