// How far a branch turns the residual stream, written once for all instruction sets. A row's bits
// depend on the row alone: one chain a lane, then the lanes, then what is left of the row.
#ifndef SLIPSTREAM_TURN_KERNEL_H
#define SLIPSTREAM_TURN_KERNEL_H

#include "attention.h"

namespace {

template <class Lanes>
Turn turn(const float* u, const float* out, int64_t size) {
  using Vec = typename Lanes::Vec;
  const int64_t whole = size - size % Lanes::kWidth;
  Vec uu = Lanes::zero();
  Vec uh = Lanes::zero();
  Vec hh = Lanes::zero();
  for (int64_t i = 0; i < whole; i += Lanes::kWidth) {
    const Vec before = Lanes::load(u + i);
    const Vec behind = Lanes::add(before, Lanes::load(out + i));
    uu = Lanes::fma(before, before, uu);
    uh = Lanes::fma(before, behind, uh);
    hh = Lanes::fma(behind, behind, hh);
  }
  Turn sums = {Lanes::sum(uu), Lanes::sum(uh), Lanes::sum(hh)};
  for (int64_t i = whole; i < size; i++) {
    const float behind = u[i] + out[i];
    sums.uu += u[i] * u[i];
    sums.uh += u[i] * behind;
    sums.hh += behind * behind;
  }
  return sums;
}

}  // namespace

#endif
