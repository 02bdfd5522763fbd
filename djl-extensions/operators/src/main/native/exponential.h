// Powers of two and of e, for numbers that are not positive.
#ifndef SLIPSTREAM_EXPONENTIAL_H
#define SLIPSTREAM_EXPONENTIAL_H

namespace {

// 2^f for f in [-1/2, 1/2], relative error below 6e-9 before rounding: interpolation of
// (2^f - 1) / f at Chebyshev's points.
constexpr float kExp2[] = {1.0f,           0.693147182f,    0.240226507f,   0.0555035695f,
                           0.00961808302f, 0.00133908633f, 0.000154531633f};

// Below this power of two a probability counts as zero: no denormal numbers in the products.
constexpr float kLeastPower = -126.0f;

constexpr float kLog2E = 1.44269504088896341f;

}  // namespace

#endif
