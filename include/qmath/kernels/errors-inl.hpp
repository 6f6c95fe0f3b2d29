// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The exact sums of a block of pairs of floats, at the speed of vectors of doubles.
//
// A product p of two floats is exact in double precision; a sum of products is not. But all numbers x of a block
// with |x| < 2^E can be split at fixed positions. With S between 2^k and 2^(k+1), k = E + 12,
//
//     S' = fl(S + x),   q = S' - S,   r = x - q
//
// are such that q is the multiple of 2^(k-52) nearest to x, S' = S + q exactly, and r is exact with
// |r| <= 2^(k-53) = 2^(E-41): S starts at 1.5 * 2^k and stays between these powers, because the block has no more
// than 2^10 elements. What is left, r, goes through the next level, whose E is less by 41, or into a plain sum,
// which is exact while the unit 2^L of all x is so large that (E - 41 levels) + 10 - L <= 53. Every sum is then an
// integer in a known unit, whichever lane a number came to: no lane count, order or fused product shows.
// Lower starts would do as well: q and r are exact while S is no less than x, and no more is left. Higher ones leave
// more.
//
// For floats of a block, with E and L from the largest and the smallest nonzero magnitude, W = E - L is the
// number of bits they span, 24 at least. Products span 2 W.
//
//     levels for products   levels for the floats    W at most    ratio of the largest to the smallest
//     1                     0                        42           2^18
//     2                     1                        62           2^38
//     3                     1                        83           2^59
//
// Blocks that span more are summed one by one. Where there are instructions for it, errors_integers-inl.hpp takes the
// place of one level.
//
// Products of floats, and of error_block::limit and a float, are exact in double precision: whether they are fused with
// a sum does not show either. Compiled once per target (detail/foreach_target.hpp).
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Blocks are multiples of 16 elements.
using error_floats = hn::CappedTag<float, 16>;
using error_doubles = hn::CappedTag<double, 8>;

HWY_INLINE hn::Vec<error_doubles> load_doubles(const float* p) {
  const error_doubles d;
  return hn::PromoteTo(d, hn::LoadU(hn::Rebind<float, error_doubles>(), p));
}

// ---- Blocks that are not in memory as floats --------------------------------------------------------

HWY_NOINLINE HWY_MAYBE_UNUSED static void widen_errors(const void* from, real_type type,
                                                       std::size_t first, std::size_t n,
                                                       float* to) {
  const error_floats d;
  // The last vectors; the elements come over them.
  const std::size_t last = (n - 1) / error_block::multiple * error_block::multiple;
  for (std::size_t i = 0; i < error_block::multiple; i += hn::Lanes(d)) {
    hn::StoreU(hn::Zero(d), d, to + last + i);
  }
  switch (type) {
    case real_type::f32: return widen(d, static_cast<const float*>(from) + first, n, to);
    case real_type::f16: return widen(d, static_cast<const half*>(from) + first, n, to);
    default: return widen(d, static_cast<const bfloat16*>(from) + first, n, to);
  }
}

// ---- First pass: the range ------------------------------------------------------------------------

HWY_NOINLINE HWY_MAYBE_UNUSED static error_range range_of_errors(const float* x, std::size_t n) {
  const hn::RebindToSigned<error_floats> di;
  const auto none = hn::Set(di, 0x7FFFFFFF);
  auto largest = hn::Zero(di), smallest = none;
  for (std::size_t i = 0; i < n; i += hn::Lanes(di)) {
    const auto magnitude = hn::And(hn::BitCast(di, hn::LoadU(error_floats(), x + i)), none);
    largest = hn::Max(largest, magnitude);
    // 0 becomes the largest.
    smallest = hn::Min(smallest, hn::And(hn::Sub(magnitude, hn::Set(di, 1)), none));
  }
  return {static_cast<std::uint32_t>(hn::ReduceMax(di, largest)),
          static_cast<std::uint32_t>(hn::ReduceMin(di, smallest)) + 1u};
}

// ---- Second pass: the sums ------------------------------------------------------------------------

// What is left of x when its upper part is in the sum of a level.
template <class V>
HWY_INLINE V split(V x, V& sum) {
  const V next = hn::Add(sum, x);
  const V left = hn::Sub(x, hn::Sub(next, sum));
  sum = next;
  return left;
}

// A sum in lanes: of several levels and of what they leave. Vectors of some targets cannot be members.
template <int Levels, class V>
HWY_INLINE void add_split(V x, V& s0, V& s1, V& s2, V& rest) {
  if constexpr (Levels > 0) x = split(x, s0);
  if constexpr (Levels > 1) x = split(x, s1);
  if constexpr (Levels > 2) x = split(x, s2);
  rest = hn::Add(rest, x);
}

// a * b
template <int Levels, class V>
HWY_INLINE void add_split_product(V a, V b, V& s0, V& s1, V& s2, V& rest) {
#if HWY_NATIVE_FMA
  const V next = hn::MulAdd(a, b, s0);
  const V left = hn::MulSub(a, b, hn::Sub(next, s0));
  s0 = next;
  add_split<Levels - 1>(left, s1, s2, s2, rest);
#else
  add_split<Levels>(hn::Mul(a, b), s0, s1, s2, rest);
#endif
}

// Where the sum of a level starts, of numbers below 2^end; 0 if there is no such level.
HWY_INLINE double level_start(int end, int level, int levels) {
  return level < levels ? 1.5 * detail::power_of_two(end + 12 - 41 * level) : 0.0;
}
HWY_INLINE hn::Vec<error_doubles> start_of(int end, int level, int levels) {
  return hn::Set(error_doubles(), level_start(end, level, levels));
}

template <int Levels, class V>
HWY_INLINE void store_split(V s0, V s1, V s2, V rest, int end, split_sum& out) {
  const error_doubles d;
  if constexpr (Levels > 0) out.part[0] = hn::ReduceSum(d, hn::Sub(s0, start_of(end, 0, Levels)));
  if constexpr (Levels > 1) out.part[1] = hn::ReduceSum(d, hn::Sub(s1, start_of(end, 1, Levels)));
  if constexpr (Levels > 2) out.part[2] = hn::ReduceSum(d, hn::Sub(s2, start_of(end, 2, Levels)));
  out.part[Levels] = hn::ReduceSum(d, rest);
}

// Products of Levels, floats of Linear levels.
template <int Levels, int Linear>
HWY_INLINE void sum_errors_of(const error_block& block) {
  const error_doubles d;
  const auto zero = hn::Zero(d);
  const int aa_end = 2 * block.a_end, ab_end = block.a_end + block.b_end, bb_end = 2 * block.b_end;
  auto aa0 = start_of(aa_end, 0, Levels), aa1 = start_of(aa_end, 1, Levels);
  auto ab0 = start_of(ab_end, 0, Levels), ab1 = start_of(ab_end, 1, Levels);
  auto bb0 = start_of(bb_end, 0, Levels), bb1 = start_of(bb_end, 1, Levels);
  auto aa2 = start_of(aa_end, 2, Levels), aa = zero;
  auto ab2 = start_of(ab_end, 2, Levels), ab = zero;
  auto bb2 = start_of(bb_end, 2, Levels), bb = zero;
  auto a0 = start_of(block.a_end, 0, Linear), a1 = zero, a = zero;
  auto b0 = start_of(block.b_end, 0, Linear), b1 = zero, b = zero;
  auto largest = zero, excess = zero;
  const auto limit = hn::Set(d, block.limit);
  for (std::size_t i = 0; i < block.n; i += hn::Lanes(d)) {
    // The first pass over a block waits for memory, this one does not. Of the block after the next one: the next one
    // would still be on its way.
    prefetch_behind(block.a + i, 2 * error_block::most_elements * sizeof(float));
    prefetch_behind(block.b + i, 2 * error_block::most_elements * sizeof(float));
    const auto x = load_doubles(block.a + i), y = load_doubles(block.b + i);
    add_split_product<Levels>(x, x, aa0, aa1, aa2, aa);
    add_split_product<Levels>(x, y, ab0, ab1, ab2, ab);
    add_split_product<Levels>(y, y, bb0, bb1, bb2, bb);
    add_split<Linear>(x, a0, a1, a1, a);
    add_split<Linear>(y, b0, b1, b1, b);
    const auto distance = hn::Abs(hn::Sub(y, x));
    largest = hn::Max(largest, distance);
    excess = hn::Max(excess, hn::Sub(distance, hn::Mul(limit, hn::Abs(x))));
  }
  error_block_sums& out = *block.out;
  store_split<Levels>(aa0, aa1, aa2, aa, aa_end, out.aa);
  store_split<Levels>(ab0, ab1, ab2, ab, ab_end, out.ab);
  store_split<Levels>(bb0, bb1, bb2, bb, bb_end, out.bb);
  store_split<Linear>(a0, a1, a1, a, block.a_end, out.a);
  store_split<Linear>(b0, b1, b1, b, block.b_end, out.b);
  out.product_parts = Levels + 1;
  out.linear_parts = Linear + 1;
  out.largest_error = hn::ReduceMax(d, largest);
  out.relative_exceeds = hn::ReduceMax(d, excess) > 0.0;
}

HWY_NOINLINE HWY_MAYBE_UNUSED static void sum_errors(const error_block& block) {
  switch (block.levels) {
    case 1: return sum_errors_of<1, 0>(block);
    case 2: return sum_errors_of<2, 1>(block);
    default: return sum_errors_of<3, 1>(block);
  }
}

// ---- Peaks ------------------------------------------------------------------------------------------

HWY_INLINE hn::Vec<error_doubles> distance_of(hn::Vec<error_doubles> x, hn::Vec<error_doubles> y) {
  return hn::Abs(hn::Sub(y, x));
}

// 0 where x is.
HWY_INLINE hn::Vec<error_doubles> ratio_of(hn::Vec<error_doubles> x, hn::Vec<error_doubles> y) {
  const auto zero = hn::Zero(error_doubles());
  return hn::IfThenZeroElse(hn::Eq(x, zero), hn::Div(distance_of(x, y), hn::Abs(x)));
}

HWY_INLINE error_place largest_of_all_ratios(const float* a, const float* b, std::size_t n) {
  const error_doubles d;
  const auto lanes = hn::Set(d, static_cast<double>(hn::Lanes(d)));
  auto largest = hn::Zero(d), places = hn::Zero(d), place = hn::Iota(d, 0);
  for (std::size_t i = 0; i < n; i += hn::Lanes(d)) {
    const auto ratio = ratio_of(load_doubles(a + i), load_doubles(b + i));
    const auto more = hn::Gt(ratio, largest);
    largest = hn::IfThenElse(more, ratio, largest);
    places = hn::IfThenElse(more, place, places);
    place = hn::Add(place, lanes);
  }
  const auto value = hn::Set(d, hn::ReduceMax(d, largest));
  const auto first = hn::IfThenElse(hn::Eq(largest, value), places, hn::Set(d, 0x1p52));
  return {hn::GetLane(value), static_cast<std::size_t>(hn::ReduceMin(d, first))};
}

// Some elements are divided; of the others only those that a product tells to be larger than all before.
HWY_NOINLINE HWY_MAYBE_UNUSED static error_place largest_ratio(const float* a, const float* b,
                                                               std::size_t n, double known) {
  const error_doubles d;
  const std::size_t divided = n < 64 ? n : 64;
  error_place top = largest_of_all_ratios(a, b, divided);
  if (!(top.value > known)) top = {known, n};
  auto limit = hn::Set(d, detail::short_limit(top.value));
  for (std::size_t i = divided; i < n; i += hn::Lanes(d)) {
    const auto x = load_doubles(a + i), y = load_doubles(b + i);
    const auto more = hn::Gt(distance_of(x, y), hn::Mul(limit, hn::Abs(x)));
    if (HWY_LIKELY(hn::AllFalse(d, hn::And(more, hn::Ne(x, hn::Zero(d)))))) continue;
    const auto ratio = ratio_of(x, y);
    const double value = hn::ReduceMax(d, ratio);
    if (!(value > top.value)) continue;
    top = {value, i + hn::FindKnownFirstTrue(d, hn::Eq(ratio, hn::Set(d, value)))};
    limit = hn::Set(d, detail::short_limit(value));
  }
  return top.index == n ? error_place{0.0, 0} : top;
}

HWY_NOINLINE HWY_MAYBE_UNUSED static std::size_t find_error(const float* a, const float* b,
                                                            double error) {
  const error_doubles d;
  for (std::size_t i = 0;; i += hn::Lanes(d)) {
    const auto distance = distance_of(load_doubles(a + i), load_doubles(b + i));
    const auto here = hn::Eq(distance, hn::Set(d, error));
    if (!hn::AllFalse(d, here)) return i + hn::FindKnownFirstTrue(d, here);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
