// Attention with the lanes of AVX-512.
#include "attention_kernel.h"
#include "lanes_avx512.h"
#include "turn_kernel.h"

const Kernel kAvx512Kernel = {"avx512", Avx512Lanes::kWidth, append, Tiles<Avx512Lanes>::attend,
                              turn<Avx512Lanes>};
