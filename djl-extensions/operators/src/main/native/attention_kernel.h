// Attention over one key/value head, written once for all instruction sets: each translation unit
// includes it with its own Lanes (the vector type and what it can do) and its own compiler flags.
//
// The bits of a row depend on its query and on the keys and values up to its position only:
//   - Keys are taken in blocks of kBlock counted from key 0, wherever the row stands in its run.
//   - A score is one chain of fused multiply-adds over the head's chunks, then one tree over the
//     lanes; an output element is one chain over the keys in ascending order. How many rows share
//     the loaded keys and values decides which chains run side by side, never their order.
//   - A row's last block is filled up to kBlock with scores of minus infinity and its chains end
//     at its own position: keys of the rows behind it are not even multiplied by zero.
// A row that sees its fellows by a mask reads in two parts: what is held, by blocks as above, then
// the new rows, by blocks counted from the first of them. Between the parts its sums over the lanes
// are joined, which is the state that may be kept: maximum, total and sums of the first part say
// what its log-sum-exp and its output say, without a division and a logarithm. Keys and values that
// such a row does not see are not multiplied by zero either.
// Measured on Zen 4 at 64 numbers a head, beside GroupQueryAttention in one process: 2.4 to 3.6
// times as fast for one row over 256 keys, 2.0 to 2.5 over 960 (reading memory), 1.9 to 2.0 for
// 512 rows.
// Softmax is the online form (Milakov and Gimelshein, 2018; with blocks: Dao et al., 2022).
#ifndef SLIPSTREAM_ATTENTION_KERNEL_H
#define SLIPSTREAM_ATTENTION_KERNEL_H

#include <math.h>
#include <string.h>

#include "attention.h"
#include "exponential.h"

namespace {

// Keys in a block. 64 keys of 64 floats are 16 KiB: keys or values of a block fit a first-level
// cache of 32 KiB beside the queries.
constexpr int64_t kBlock = 64;

// Floats in a line of the cache.
constexpr int kLine = 16;

inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
inline int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

// Split halves, as GPT-NeoX and Hugging Face lay rotary dimensions out (Su et al., 2021). Compiled
// without contraction, so that it gives the same bits in every translation unit.
inline void rotate(const Attention& a, const float* from, int64_t position, float factor,
                   float* __restrict to) {
  const int64_t half = a.head_size / 2;
  const float* cos = a.cos + position * half;
  const float* sin = a.sin + position * half;
  for (int64_t i = 0; i < half; i++) {
    to[i] = (from[i] * cos[i] - from[half + i] * sin[i]) * factor;
  }
  for (int64_t i = 0; i < half; i++) {
    to[half + i] = (from[half + i] * cos[i] + from[i] * sin[i]) * factor;
  }
}

inline int64_t position(const Attention& a, const Sequence& s, int64_t row) {
  return s.past + (s.mode == kCausal ? row : a.places[s.first_row + row]);
}

void append(const Attention& a, const Sequence& s, int64_t first, int64_t last) {
  const int64_t d = a.head_size;
  for (int64_t row = first; row < last; row++) {
    const float* key = a.key + (s.first_row + row) * a.kv_stride;
    const float* value = a.value + (s.first_row + row) * a.kv_stride;
    for (int64_t head = 0; head < a.kv_heads; head++) {
      const int64_t at = (head * s.capacity + s.past + row) * d;
      rotate(a, key + head * d, position(a, s, row), 1.0f, s.keys + at);
      memcpy(s.values + at, value + head * d, static_cast<size_t>(d) * sizeof(float));
    }
  }
}

// A range of keys inside a block.
struct Range {
  int64_t from;
  int64_t to;
};

// The first run of ones in a word that is not zero.
inline Range first_run(uint64_t word) {
  const int from = __builtin_ctzll(word);
  const uint64_t behind = ~(word >> from);
  return {from, behind == 0 ? 64 : from + __builtin_ctzll(behind)};
}

// Ones in a range that is not empty.
inline uint64_t ones(Range range) {
  return (~UINT64_C(0) >> (64 - (range.to - range.from))) << range.from;
}

template <class Lanes>
struct Tiles {
  using Vec = typename Lanes::Vec;
  static constexpr int W = Lanes::kWidth;

  // What attend keeps of each pair between blocks.
  struct State {
    alignas(64) float query[kPairs * kMaxHeadSize];  // rotated, times scale and log2(e)
    alignas(64) float sums[kPairs * kMaxHeadSize];   // of probability times value
    alignas(64) float total[kPairs][W];              // of probabilities, by lane
    float maximum[kPairs];
  };

  // Scores of R queries for four keys.
  template <int R>
  static void score_four(const float* query, const float* const (&key)[4], int64_t d,
                         float (*scores)[kBlock], int64_t k) {
    Vec sum[R][4];
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) {
#pragma GCC unroll 4
      for (int j = 0; j < 4; j++) {
        sum[r][j] = Lanes::zero();
      }
    }
    for (int64_t c = 0; c < d; c += W) {
      const Vec k0 = Lanes::load(key[0] + c);
      const Vec k1 = Lanes::load(key[1] + c);
      const Vec k2 = Lanes::load(key[2] + c);
      const Vec k3 = Lanes::load(key[3] + c);
#pragma GCC unroll 8
      for (int r = 0; r < R; r++) {
        const Vec q = Lanes::load(query + r * d + c);
        sum[r][0] = Lanes::fma(q, k0, sum[r][0]);
        sum[r][1] = Lanes::fma(q, k1, sum[r][1]);
        sum[r][2] = Lanes::fma(q, k2, sum[r][2]);
        sum[r][3] = Lanes::fma(q, k3, sum[r][3]);
      }
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) {
      Lanes::store_sums(scores[r] + k, sum[r][0], sum[r][1], sum[r][2], sum[r][3]);
    }
  }

  // Scores of R queries for keys [from, to) of a block, from a multiple of four. Where fewer than
  // four are left the last one is taken again and its score dropped by the mask, so that nothing
  // behind the sequence's keys is read. Meanwhile the memory at `ahead`, as long, is fetched.
  template <int R>
  static void score(const float* query, const float* keys, int64_t d, Range range,
                    float (*scores)[kBlock], const float* ahead) {
    int64_t k = range.from;
    for (; k + 4 <= range.to; k += 4) {
      if (ahead != nullptr) {
        for (int64_t c = 0; c < 4 * d; c += kLine) {
          __builtin_prefetch(ahead + k * d + c, 0, 2);
        }
      }
      const float* row = keys + k * d;
      score_four<R>(query, {row, row + d, row + 2 * d, row + 3 * d}, d, scores, k);
    }
    if (k < range.to) {
      const float* end = keys + (range.to - 1) * d;
      const float* row = keys + k * d;
      const float* second = k + 1 < range.to ? row + d : end;
      const float* third = k + 2 < range.to ? row + 2 * d : end;
      score_four<R>(query, {row, second, third, end}, d, scores, k);
    }
  }

  // Adds probability times value over keys [from, to) of a block to S chunks of R pairs' sums.
  // Meanwhile the memory at `ahead`, which has the same shape, is fetched.
  template <int R, int S>
  static void accumulate_chunks(float (*scores)[kBlock], const float* values, int64_t d,
                                Range range, float* sums, const float* ahead) {
    Vec sum[R][S];
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) {
#pragma GCC unroll 4
      for (int s = 0; s < S; s++) {
        sum[r][s] = Lanes::load(sums + r * d + s * W);
      }
    }
    for (int64_t k = range.from; k < range.to; k++) {
      Vec value[S];
#pragma GCC unroll 4
      for (int s = 0; s < S; s++) {
        value[s] = Lanes::load(values + k * d + s * W);
      }
      if (ahead != nullptr) {
#pragma GCC unroll 4
        for (int c = 0; c < S * W; c += kLine) {
          __builtin_prefetch(ahead + k * d + c, 0, 2);
        }
      }
#pragma GCC unroll 8
      for (int r = 0; r < R; r++) {
        const Vec p = Lanes::fill(scores[r][k]);
#pragma GCC unroll 4
        for (int s = 0; s < S; s++) {
          sum[r][s] = Lanes::fma(p, value[s], sum[r][s]);
        }
      }
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) {
#pragma GCC unroll 4
      for (int s = 0; s < S; s++) {
        Lanes::store(sums + r * d + s * W, sum[r][s]);
      }
    }
  }

  template <int R>
  static void accumulate(float (*scores)[kBlock], const float* values, int64_t d, Range range,
                         float* sums, const float* ahead) {
    if (range.from >= range.to) {
      return;
    }
    constexpr int S = Lanes::kChunks;
    int64_t c = 0;
    for (; c + S * W <= d; c += S * W) {
      accumulate_chunks<R, S>(scores, values + c, d, range, sums + c, at(ahead, c));
    }
    if (S > 2 && c + 2 * W <= d) {
      accumulate_chunks<R, 2>(scores, values + c, d, range, sums + c, at(ahead, c));
      c += 2 * W;
    }
    for (; c < d; c += W) {
      accumulate_chunks<R, 1>(scores, values + c, d, range, sums + c, at(ahead, c));
    }
  }

  static const float* at(const float* ahead, int64_t c) {
    return ahead == nullptr ? nullptr : ahead + c;
  }

  static void hide_outside(float* scores, Range range) {
    for (int64_t k = 0; k < range.from; k++) {
      scores[k] = -INFINITY;
    }
    for (int64_t k = range.to; k < kBlock; k++) {
      scores[k] = -INFINITY;
    }
  }

  // Turns the scores of a pair into probabilities relative to the new maximum and brings what was
  // summed before to that maximum.
  static void normalize(float* scores, int64_t d, float* maximum, float* total, float* sums) {
    Vec highest = Lanes::load(scores);
    for (int64_t k = W; k < kBlock; k += W) {
      highest = Lanes::max(highest, Lanes::load(scores + k));
    }
    const float block_maximum = Lanes::highest(highest);
    Vec sum = Lanes::load(total);
    if (block_maximum > *maximum) {
      const Vec correction = Lanes::exp2(Lanes::fill(*maximum - block_maximum));
      for (int64_t c = 0; c < d; c += W) {
        Lanes::store(sums + c, Lanes::mul(Lanes::load(sums + c), correction));
      }
      sum = Lanes::mul(sum, correction);
      *maximum = block_maximum;
    }
    const Vec reference = Lanes::fill(*maximum);
    for (int64_t k = 0; k < kBlock; k += W) {
      const Vec p = Lanes::exp2(Lanes::sub(Lanes::load(scores + k), reference));
      sum = Lanes::add(sum, p);
      Lanes::store(scores + k, p);
    }
    Lanes::store(total, sum);
  }

  // One block of keys for R pairs whose ranges inside it only ever move up. With next_keys, those
  // of the block that follows, memory is fetched one step ahead: values while the keys are read
  // and the next keys while the values are. For a few rows the work is reading memory: fetching
  // took 10 to 18 % off one row over 960 keys, into the second-level cache; into the first it made
  // four heads slower than none, because it drives out what is being read.
  template <int R>
  static void block(State& state, int64_t first, const float* keys, const float* values, int64_t d,
                    const Range* ranges, const float* next_keys) {
    alignas(64) float scores[R][kBlock];
    Range all = {kBlock, 0};
    Range common = {0, kBlock};
    for (int r = 0; r < R; r++) {
      common.from = most(common.from, ranges[r].from);
      common.to = least(common.to, ranges[r].to);
      if (ranges[r].from < ranges[r].to) {
        all.from = least(all.from, ranges[r].from);
        all.to = most(all.to, ranges[r].to);
      }
    }
    if (all.from >= all.to) {
      return;
    }
    all.from &= ~INT64_C(3);
    score<R>(state.query + first * d, keys, d, all, scores,
             next_keys == nullptr ? nullptr : values);
    for (int r = 0; r < R; r++) {
      if (ranges[r].from < ranges[r].to) {
        hide_outside(scores[r], ranges[r]);
        normalize(scores[r], d, &state.maximum[first + r], state.total[first + r],
                  state.sums + (first + r) * d);
      }
    }
    float* sums = state.sums + first * d;
    if (common.from >= common.to) {
      for (int r = 0; r < R; r++) {
        accumulate<1>(scores + r, values, d, ranges[r], sums + r * d, nullptr);
      }
      return;
    }
    for (int r = 0; r < R; r++) {
      accumulate<1>(scores + r, values, d, {ranges[r].from, common.from}, sums + r * d, nullptr);
    }
    accumulate<R>(scores, values, d, common, sums, next_keys);
    for (int r = 0; r < R; r++) {
      accumulate<1>(scores + r, values, d, {common.to, ranges[r].to}, sums + r * d, nullptr);
    }
  }

  using Block = void (*)(State&, int64_t, const float*, const float*, int64_t, const Range*,
                         const float*);

  static Block block_of(int64_t pairs) {
    static constexpr Block blocks[] = {block<1>, block<2>, block<3>,
                                       block<Lanes::kPairs >= 4 ? 4 : 1>,
                                       block<Lanes::kPairs >= 5 ? 5 : 1>,
                                       block<Lanes::kPairs >= 6 ? 6 : 1>};
    return blocks[pairs - 1];
  }

  // One block of new rows for R pairs that see them by words of a mask. Each pair's chain goes over
  // the keys in ascending order; where all pairs see the same they share what is loaded.
  template <int R>
  static void sighted(State& state, int64_t first, const float* keys, const float* values,
                      int64_t d, const uint64_t* sights) {
    static_assert(kBlock == 64, "a word for a block");
    alignas(64) float scores[R][kBlock];
    uint64_t any = 0;
    uint64_t all = ~UINT64_C(0);
    for (int r = 0; r < R; r++) {
      any |= sights[r];
      all &= sights[r];
    }
    if (any == 0) {
      return;
    }
    const int64_t from = __builtin_ctzll(any) & ~INT64_C(3);
    score<R>(state.query + first * d, keys, d, {from, 64 - __builtin_clzll(any)}, scores, nullptr);
    for (int r = 0; r < R; r++) {
      if (sights[r] != 0) {
        hide_unseen(scores[r], sights[r]);
        normalize(scores[r], d, &state.maximum[first + r], state.total[first + r],
                  state.sums + (first + r) * d);
      }
    }
    float* sums = state.sums + first * d;
    for (uint64_t left = any; left != 0;) {
      const bool shared = (left & -left & all) != 0;
      const Range run = first_run(shared ? left & all : left & ~all);
      if (shared) {
        accumulate<R>(scores, values, d, run, sums, nullptr);
      } else {
        for (int r = 0; r < R; r++) {
          accumulate_seen(scores + r, values, d, sights[r] & ones(run), sums + r * d);
        }
      }
      left &= ~ones(run);
    }
  }

  static void hide_unseen(float* scores, uint64_t sight) {
    const Range range = {__builtin_ctzll(sight), 64 - __builtin_clzll(sight)};
    hide_outside(scores, range);
    for (uint64_t holes = ~sight & ones(range); holes != 0; holes &= holes - 1) {
      scores[__builtin_ctzll(holes)] = -INFINITY;
    }
  }

  static void accumulate_seen(float (*scores)[kBlock], const float* values, int64_t d,
                              uint64_t sight, float* sums) {
    while (sight != 0) {
      const Range run = first_run(sight);
      accumulate<1>(scores, values, d, run, sums, nullptr);
      sight &= ~ones(run);
    }
  }

  using Sighted = void (*)(State&, int64_t, const float*, const float*, int64_t, const uint64_t*);

  static Sighted sighted_of(int64_t pairs) {
    static constexpr Sighted blocks[] = {sighted<1>, sighted<2>, sighted<3>,
                                         sighted<Lanes::kPairs >= 4 ? 4 : 1>,
                                         sighted<Lanes::kPairs >= 5 ? 5 : 1>,
                                         sighted<Lanes::kPairs >= 6 ? 6 : 1>};
    return blocks[pairs - 1];
  }

  // The pairs that a call works on, and where their head's keys and values lie.
  struct Work {
    int64_t kv_head;
    int64_t first;
    int64_t pairs;
    int64_t group;
    int64_t tiles;
    float* keys;
    float* values;

    int64_t row(int64_t pair) const { return (first + pair) / group; }
    int64_t head(int64_t pair) const { return kv_head * group + (first + pair) % group; }
  };

  // Keys [lowest, highest) of those that are held, or all of a causal row's.
  static void read(State& state, const Work& work, int64_t d, const Range* seen, int64_t lowest,
                   int64_t highest) {
    for (int64_t b = lowest / kBlock * kBlock; b < highest; b += kBlock) {
      for (int64_t tile = 0; tile < work.tiles; tile++) {
        const int64_t from = work.pairs * tile / work.tiles;
        const int64_t to = work.pairs * (tile + 1) / work.tiles;
        Range ranges[Lanes::kPairs];
        for (int64_t i = from; i < to; i++) {
          ranges[i - from] = {most(0, seen[i].from - b), least(kBlock, seen[i].to - b)};
        }
        const float* next_keys =
            tile == 0 && b + kBlock < highest ? work.keys + (b + kBlock) * d : nullptr;
        block_of(to - from)(state, from, work.keys + b * d, work.values + b * d, d, ranges,
                            next_keys);
      }
    }
  }

  // What is kept of a pair: its sums where keys lie, its maximum and its total where values do.
  static int64_t kept(const Sequence& s, const Work& work, int64_t d, int64_t pair) {
    return (s.capacity - s.rows * work.group + work.first + pair) * d;
  }

  static void keep(const State& state, const Sequence& s, const Work& work, int64_t d) {
    for (int64_t i = 0; i < work.pairs; i++) {
      const int64_t at = kept(s, work, d, i);
      memcpy(work.keys + at, state.sums + i * d, static_cast<size_t>(d) * sizeof(float));
      work.values[at] = state.maximum[i];
      work.values[at + 1] = state.total[i][0];
    }
  }

  static void recall(State& state, const Sequence& s, const Work& work, int64_t d) {
    for (int64_t i = 0; i < work.pairs; i++) {
      const int64_t at = kept(s, work, d, i);
      memcpy(state.sums + i * d, work.keys + at, static_cast<size_t>(d) * sizeof(float));
      state.maximum[i] = work.values[at];
      state.total[i][0] = work.values[at + 1];
    }
  }

  // The new rows of a sequence, for pairs that see them by a mask.
  static void read_sighted(State& state, const Attention& a, const Sequence& s, const Work& work) {
    const int64_t d = a.head_size;
    for (int64_t word = 0; word * kBlock < s.rows; word++) {
      const int64_t at = (s.past + word * kBlock) * d;
      for (int64_t tile = 0; tile < work.tiles; tile++) {
        const int64_t from = work.pairs * tile / work.tiles;
        const int64_t to = work.pairs * (tile + 1) / work.tiles;
        uint64_t sights[Lanes::kPairs];
        for (int64_t i = from; i < to; i++) {
          sights[i - from] = a.sights[(s.first_row + work.row(i)) * a.words + word];
        }
        sighted_of(to - from)(state, from, work.keys + at, work.values + at, d, sights);
      }
    }
  }

  static void attend(const Attention& a, const Sequence& s, int64_t kv_head, int64_t first,
                     int64_t last) {
    State state;
    const int64_t d = a.head_size;
    const int64_t pairs = last - first;
    const Work work = {kv_head,
                       first,
                       pairs,
                       a.heads / a.kv_heads,
                       (pairs + Lanes::kPairs - 1) / Lanes::kPairs,
                       s.keys + kv_head * s.capacity * d,
                       s.values + kv_head * s.capacity * d};
    Range seen[kPairs];
    int64_t lowest = INT64_MAX;
    int64_t highest = 0;
    for (int64_t i = 0; i < pairs; i++) {
      const int64_t row = work.row(i);
      const int64_t at = position(a, s, row);
      rotate(a, a.query + (s.first_row + row) * a.query_stride + work.head(i) * d, at,
             a.scale * kLog2E, state.query + i * d);
      memset(state.sums + i * d, 0, static_cast<size_t>(d) * sizeof(float));
      memset(state.total[i], 0, sizeof(state.total[i]));
      state.maximum[i] = -INFINITY;
      seen[i] = {a.window < 0 ? 0 : most(0, at + 1 - a.window),
                 s.mode == kCausal ? at + 1 : s.past};
      lowest = least(lowest, seen[i].from);
      highest = most(highest, seen[i].to);
    }
    if (s.mode == kReusing) {
      recall(state, s, work, d);
    } else {
      read(state, work, d, seen, lowest, highest);
    }
    if (s.mode == kSighted || s.mode == kKeeping) {
      for (int64_t i = 0; i < pairs; i++) {
        const float total = Lanes::sum(Lanes::load(state.total[i]));
        memset(state.total[i], 0, sizeof(state.total[i]));
        state.total[i][0] = total;
      }
    }
    if (s.mode == kKeeping) {
      keep(state, s, work, d);
    }
    if (s.mode != kCausal) {
      read_sighted(state, a, s, work);
    }
    for (int64_t i = 0; i < pairs; i++) {
      float* out = a.output + ((s.first_row + work.row(i)) * a.heads + work.head(i)) * d;
      const Vec factor = Lanes::fill(1.0f / Lanes::sum(Lanes::load(state.total[i])));
      for (int64_t c = 0; c < d; c += W) {
        Lanes::store(out + c, Lanes::mul(Lanes::load(state.sums + i * d + c), factor));
      }
    }
  }
};

}  // namespace

#endif
