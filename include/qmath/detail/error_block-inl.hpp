// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The loops of error_block.hpp, which has the equations, once for each target. Sums are exact, so that nothing of
// the target shows in them, nor whether products and sums are fused. Before every inclusion:
//
//     QMATH_ERROR_NAMESPACE    where they go
//     QMATH_ERROR_LANES        doubles in a vector
//     QMATH_ERROR_ATTRIBUTES   what they may use beyond the baseline, or undefined
#if defined(QMATH_ERROR_ATTRIBUTES)
#define QMATH_ERROR_PRAGMA(text) _Pragma(#text)
#if defined(__clang__)
#define QMATH_ERROR_PUSH(attributes) \
  QMATH_ERROR_PRAGMA(clang attribute push(__attribute__((target(attributes))), apply_to = function))
#define QMATH_ERROR_POP _Pragma("clang attribute pop")
#else
#define QMATH_ERROR_PUSH(attributes) \
  _Pragma("GCC push_options") QMATH_ERROR_PRAGMA(GCC target attributes)
#define QMATH_ERROR_POP _Pragma("GCC pop_options")
#endif
QMATH_ERROR_PUSH(QMATH_ERROR_ATTRIBUTES)
#endif

QMATH_BEGIN_NAMESPACE
namespace impl {
namespace QMATH_ERROR_NAMESPACE {

inline constexpr std::size_t lane_count = QMATH_ERROR_LANES;
#if defined(__GNUC__)
using lanes = double __attribute__((vector_size(lane_count * 8)));
using float_lanes = float __attribute__((vector_size(lane_count * 4)));
using long_lanes = std::int64_t __attribute__((vector_size(lane_count * 8)));
using word_lanes = std::int32_t __attribute__((vector_size(lane_count * 8)));
inline constexpr std::size_t word_count = 2 * lane_count;

QMATH_INLINE lanes magnitude_of(lanes x) noexcept {
  return reinterpret_cast<lanes>(reinterpret_cast<long_lanes>(x) & 0x7FFFFFFFFFFFFFFF);
}
QMATH_INLINE lanes all_lanes(double x) noexcept { return lanes{} + x; }
QMATH_INLINE word_lanes all_words(std::int32_t x) noexcept { return word_lanes{} + x; }

QMATH_INLINE lanes load_lanes(const float* p) noexcept {
#if QMATH_ERROR_LANES == 8 && defined(__x86_64__)
  // GCC 12 makes five instructions of the conversion below. Zeros for what is not asked for: it warns of less.
  return reinterpret_cast<lanes>(_mm512_maskz_cvtps_pd(0xFF, _mm256_loadu_ps(p)));
#else
  float_lanes x;
  __builtin_memcpy(&x, p, sizeof(x));
  return __builtin_convertvector(x, lanes);
#endif
}
QMATH_INLINE double lane(const lanes& v, std::size_t i) noexcept { return v[i]; }
QMATH_INLINE std::int32_t word(const word_lanes& v, std::size_t i) noexcept { return v[i]; }
#else
inline constexpr std::size_t word_count = 1;
using lanes = double;
using word_lanes = std::int32_t;

QMATH_INLINE lanes magnitude_of(lanes x) noexcept { return x < 0.0 ? -x : x; }
QMATH_INLINE lanes all_lanes(double x) noexcept { return x; }
QMATH_INLINE word_lanes all_words(std::int32_t x) noexcept { return x; }
QMATH_INLINE lanes load_lanes(const float* p) noexcept { return static_cast<double>(*p); }
QMATH_INLINE double lane(const lanes& v, std::size_t) noexcept { return v; }
QMATH_INLINE std::int32_t word(const word_lanes& v, std::size_t) noexcept { return v; }
#endif

QMATH_INLINE word_lanes load_magnitudes(const float* p) noexcept {
  word_lanes x;
#if defined(__GNUC__)
  __builtin_memcpy(&x, p, sizeof(x));
#else
  std::memcpy(&x, p, sizeof(x));
#endif
  return x & 0x7FFFFFFF;
}

// Not those of error_block.hpp: vectors are passed in registers of the target.
template <class V>
QMATH_INLINE V larger(V x, V y) noexcept {
  return x > y ? x : y;
}
template <class V>
QMATH_INLINE V smaller(V x, V y) noexcept {
  return x < y ? x : y;
}

QMATH_INLINE double sum_of(const lanes& v) noexcept {
  double sum = 0.0;
  for (std::size_t i = 0; i < lane_count; ++i) sum += lane(v, i);
  return sum;
}

// ---- First pass: the range ------------------------------------------------------------------------

inline block_range range_of_block(const float* x, std::size_t n) noexcept {
  constexpr std::int32_t none = 0x7FFFFFFF;
  word_lanes largest = all_words(0), smallest = all_words(none);
  for (std::size_t i = 0; i < n; i += word_count) {
    const word_lanes magnitude = load_magnitudes(x + i);
    largest = larger(magnitude, largest);
    smallest = smaller((magnitude - 1) & none, smallest);  // 0 becomes the largest
  }
  std::int32_t most = 0, least = none;
  for (std::size_t i = 0; i < word_count; ++i) {
    most = larger(word(largest, i), most);
    least = smaller(word(smallest, i), least);
  }
  return {static_cast<std::uint32_t>(most), static_cast<std::uint32_t>(least) + 1u};
}

// ---- Second pass: the sums ------------------------------------------------------------------------

/// The first pass over the next block waits for memory, the second one over this block does not. What lies behind
/// an array is not read.
QMATH_INLINE void prefetch_next_block(const float* p) noexcept {
#if defined(__GNUC__)
  __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(p) +
                                                   block_elements * sizeof(float)));
#else
  (void)p;
#endif
}

/// A sum in lanes, of numbers below 2^end.
template <int Levels>
struct lane_sum {
  lanes level[Levels + 1];

  QMATH_INLINE static double start(int end, int l) noexcept {
    return 1.5 * detail::power_of_two(end + 12 - 41 * l);
  }
  QMATH_INLINE explicit lane_sum(int end) noexcept {
    for (int l = 0; l < Levels; ++l) level[l] = all_lanes(start(end, l));
    level[Levels] = all_lanes(0.0);
  }
  QMATH_INLINE void add(lanes x) noexcept {
    for (int l = 0; l < Levels; ++l) {
      const lanes next = level[l] + x;
      x = x - (next - level[l]);
      level[l] = next;
    }
    level[Levels] = level[Levels] + x;
  }
  QMATH_INLINE void store(int end, split_sum& out) const noexcept {
    for (int l = 0; l < 4; ++l) out.part[l] = 0.0;
    for (int l = 0; l < Levels; ++l) out.part[l] = sum_of(level[l] - start(end, l));
    out.part[Levels] = sum_of(level[Levels]);
  }
};

/// Products of Levels, floats of Linear levels.
template <int Levels, int Linear>
inline void sum_block(const float* a, const float* b, std::size_t n, int a_end, int b_end,
                      double limit, block_sums& out) noexcept {
  lane_sum<Levels> aa(2 * a_end), ab(a_end + b_end), bb(2 * b_end);
  lane_sum<Linear> sum_a(a_end), sum_b(b_end);
  lanes largest = all_lanes(0.0), excess = all_lanes(0.0);
  for (std::size_t i = 0; i < n; i += lane_count) {
    prefetch_next_block(a + i);
    prefetch_next_block(b + i);
    const lanes va = load_lanes(a + i), vb = load_lanes(b + i);
    aa.add(va * va);
    ab.add(va * vb);
    bb.add(vb * vb);
    sum_a.add(va);
    sum_b.add(vb);
    const lanes distance = magnitude_of(vb - va);
    largest = larger(largest, distance);
    excess = larger(excess, distance - limit * magnitude_of(va));
  }
  aa.store(2 * a_end, out.aa);
  ab.store(a_end + b_end, out.ab);
  bb.store(2 * b_end, out.bb);
  sum_a.store(a_end, out.a);
  sum_b.store(b_end, out.b);
  out.largest_error = 0.0;
  double most = 0.0;
  for (std::size_t i = 0; i < lane_count; ++i) {
    out.largest_error = larger(lane(largest, i), out.largest_error);
    most = larger(lane(excess, i), most);
  }
  out.relative_exceeds = most > 0.0;
}

/// The largest fl(fl(|b - a|) / |a|) of pairs with a != 0.
inline double largest_ratio(const float* a, const float* b, std::size_t n) noexcept {
  lanes largest = all_lanes(0.0);
  for (std::size_t i = 0; i < n; i += lane_count) {
    const lanes va = load_lanes(a + i), vb = load_lanes(b + i);
    // 0 / 0 is NaN, and not larger than anything.
    const lanes none = all_lanes(0.0), distance = va == 0.0 ? none : magnitude_of(vb - va);
    const lanes ratio = distance / magnitude_of(va);
    largest = ratio > largest ? ratio : largest;
  }
  double most = 0.0;
  for (std::size_t i = 0; i < lane_count; ++i) most = larger(lane(largest, i), most);
  return most;
}

inline constexpr block_loops loops = {
    &range_of_block, {&sum_block<1, 0>, &sum_block<2, 1>, &sum_block<3, 1>}, &largest_ratio};

}  // namespace QMATH_ERROR_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE

#if defined(QMATH_ERROR_ATTRIBUTES)
QMATH_ERROR_POP
#undef QMATH_ERROR_ATTRIBUTES
#undef QMATH_ERROR_PRAGMA
#undef QMATH_ERROR_PUSH
#undef QMATH_ERROR_POP
#endif
#undef QMATH_ERROR_LANES
#undef QMATH_ERROR_NAMESPACE
