// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The sums of errors-inl.hpp as integers, by AVX-512 IFMA: vpmadd52luq and vpmadd52huq add the lower and the upper 52
// bits of the product of the lower 52 bits of two lanes. Compiled once per target (detail/foreach_target.hpp).
//
// With u = 2^(E - 51), where |x| < 2^E, and x a multiple of u, the sum 1.5 * 2^52 u + x is exact, and the last 52 of
// its bits are X = x / u + 2^51. That is one addition for a number; two instructions are a product in its sum. In
//
//     sum X Y = sum (x / u) (y / v) + 2^51 (sum x / u + sum y / v) + n 2^102
//
// all but the first sum of the right side are known. Blocks of 2^12 elements at most: 52 bits so often are 64.
//
// Every CPU with the rest of AVX3_DL has these instructions, though Highway does not ask for them (detail/detect.hpp).
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3_DL && \
    (HWY_TARGET != HWY_STATIC_TARGET || defined(__AVX512IFMA__))
#if HWY_TARGET == HWY_STATIC_TARGET
HWY_BEFORE_NAMESPACE();
#else
HWY_PUSH_ATTRIBUTES(HWY_TARGET_STR ",avx512ifma")
#endif
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using error_integers = hn::RebindToUnsigned<error_doubles>;

using integer_lanes = hn::Vec<error_integers>;

// The sum of products of two numbers, high:low.
HWY_INLINE void add_integer_product(integer_lanes x, integer_lanes y, integer_lanes& low,
                                    integer_lanes& high) {
  low.raw = _mm512_madd52lo_epu64(low.raw, x.raw, y.raw);
  high.raw = _mm512_madd52hi_epu64(high.raw, x.raw, y.raw);
}

HWY_INLINE double start_of_integers(int end) { return 1.5 * detail::power_of_two(end + 1); }

// From the sum of n numbers start + x, as bits, to that of x / u.
HWY_INLINE std::int64_t without_start(std::uint64_t sum, int end, std::size_t n) {
  const auto start = detail::bit_cast<std::uint64_t>(start_of_integers(end));
  return static_cast<std::int64_t>(sum - n * start);
}

HWY_INLINE void store_integers(std::int64_t sum, double unit, split_sum& out) {
  out.part[0] = static_cast<double>(sum >> 32) * (unit * 0x1p32);
  out.part[1] = static_cast<double>(sum & 0xFFFFFFFF) * unit;
}

// The products of numbers whose sums are sx and sy.
HWY_INLINE void store_integers(integer_lanes low_lanes, integer_lanes high_lanes, std::int64_t sx,
                               std::int64_t sy, std::size_t n, double unit, split_sum& out) {
  const error_integers d;
  const std::uint64_t low = hn::ReduceSum(d, low_lanes), high = hn::ReduceSum(d, high_lanes);
  // high:low, modulo 2^128.
  std::uint64_t total[2] = {low, 0};
  const std::uint64_t upper[2] = {high << 52, high >> 12};
  const std::uint64_t squares[2] = {0, std::uint64_t{n} << 38};
  add_limbs(total, upper, 2);
  add_limbs(total, squares, 2, true);
  for (const std::int64_t s : {sx, sy}) {
    const std::uint64_t shifted[2] = {static_cast<std::uint64_t>(s) << 51,
                                      static_cast<std::uint64_t>(s >> 13)};
    add_limbs(total, shifted, 2, true);
  }
  // Less than 2^50.
  const auto top = static_cast<std::int64_t>(total[1]);
  out.part[0] = static_cast<double>(top) * (unit * 0x1p64);
  out.part[1] = static_cast<double>(total[0] >> 32) * (unit * 0x1p32);
  out.part[2] = static_cast<double>(total[0] & 0xFFFFFFFF) * unit;
}

HWY_INLINE void sum_integers(const error_block& block) {
  const error_doubles d;
  const error_integers du;
  const auto a_start = hn::Set(d, start_of_integers(block.a_end));
  const auto b_start = hn::Set(d, start_of_integers(block.b_end));
  auto aa0 = hn::Zero(du), aa1 = aa0, ab0 = aa0, ab1 = aa0, bb0 = aa0, bb1 = aa0;
  auto a = hn::Zero(du), b = a;
  auto largest = hn::Zero(d), excess = largest;
  const auto limit = hn::Set(d, block.limit);
  for (std::size_t i = 0; i < block.n; i += hn::Lanes(d)) {
    prefetch_behind(block.a + i, 2 * block.n * sizeof(float));  // as in errors-inl.hpp
    prefetch_behind(block.b + i, 2 * block.n * sizeof(float));
    const auto x = load_doubles(block.a + i), y = load_doubles(block.b + i);
    const auto ix = hn::BitCast(du, hn::Add(x, a_start)), iy = hn::BitCast(du, hn::Add(y, b_start));
    add_integer_product(ix, ix, aa0, aa1);
    add_integer_product(ix, iy, ab0, ab1);
    add_integer_product(iy, iy, bb0, bb1);
    a = hn::Add(a, ix), b = hn::Add(b, iy);
    const auto distance = distance_of(x, y);
    largest = hn::Max(largest, distance);
    excess = hn::Max(excess, hn::Sub(distance, hn::Mul(limit, hn::Abs(x))));
  }
  const std::size_t n = block.n;
  const std::int64_t sa = without_start(hn::ReduceSum(du, a), block.a_end, n);
  const std::int64_t sb = without_start(hn::ReduceSum(du, b), block.b_end, n);
  const double a_unit = detail::power_of_two(block.a_end - 51);
  const double b_unit = detail::power_of_two(block.b_end - 51);
  error_block_sums& out = *block.out;
  store_integers(aa0, aa1, sa, sa, n, a_unit * a_unit, out.aa);
  store_integers(ab0, ab1, sa, sb, n, a_unit * b_unit, out.ab);
  store_integers(bb0, bb1, sb, sb, n, b_unit * b_unit, out.bb);
  store_integers(sa, a_unit, out.a);
  store_integers(sb, b_unit, out.b);
  out.product_parts = 3;
  out.linear_parts = 2;
  out.largest_error = hn::ReduceMax(d, largest);
  out.relative_exceeds = hn::ReduceMax(d, excess) > 0.0;
}

HWY_NOINLINE HWY_MAYBE_UNUSED static void sum_errors_or_integers(const error_block& block) {
  if (block.levels == 1) return sum_integers(block);
  sum_errors(block);
}

HWY_MAYBE_UNUSED static constexpr error_kernel errors = {
    &widen_errors,       &range_of_errors, &sum_errors_or_integers, &largest_ratio, &find_error, 51,
    std::size_t{1} << 12};

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
#if HWY_TARGET == HWY_STATIC_TARGET
HWY_AFTER_NAMESPACE();
#else
HWY_POP_ATTRIBUTES
#endif
#else
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {

HWY_MAYBE_UNUSED static constexpr error_kernel errors = {&widen_errors,
                                                         &range_of_errors,
                                                         &sum_errors,
                                                         &largest_ratio,
                                                         &find_error,
                                                         42,
                                                         error_block::most_elements};

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
#endif
