// Attention with the lanes of AVX2.
#include "attention_kernel.h"
#include "lanes_avx2.h"
#include "turn_kernel.h"

const Kernel kAvx2Kernel = {"avx2", Avx2Lanes::kWidth, append, Tiles<Avx2Lanes>::attend,
                            turn<Avx2Lanes>};
