// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The bins of elements, and counting in them. Compiled once per target (detail/foreach_target.hpp).
//
// How an element finds its bin. The edges of bins are j * 2^e with |j| <= 2^15 and e >= -126: floats, all of them.
//     x >= 0   floor(x / w) is x * 2^-e, truncated
//     x < 0    floor(x / w) = -1 - floor(y / w), y the float next to |x| below: no edge lies between
// -1 - k is ~k. The product is exact or too small for a normal number, and then less than 1 however it is rounded.
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// ++counts[p[i]], in four tables in turn or, step 0, in one.
template <class Counter>
HWY_INLINE void count_places(const std::uint16_t* p, std::size_t n, Counter* counts,
                             std::size_t step) {
  std::size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    ++counts[p[i]];
    ++counts[step + p[i + 1]];
    ++counts[2 * step + p[i + 2]];
    ++counts[3 * step + p[i + 3]];
  }
  for (; i < n; ++i) ++counts[p[i]];
}

// The bins of x, which may be any where x is not in the range; and the largest magnitude, as bits.
template <class V, class VI>
HWY_INLINE VI bins_of(V x, V inverse, VI& largest) {
  const hn::DFromV<V> df;
  const hn::DFromV<VI> di;
  const auto magnitude = hn::And(hn::BitCast(di, x), hn::Set(di, 0x7FFFFFFF));
  largest = hn::Max(largest, magnitude);
  const auto below = hn::VecFromMask(di, hn::RebindMask(di, hn::Lt(x, hn::Zero(df))));
  const auto y = hn::BitCast(df, hn::Add(magnitude, below));
  return hn::Xor(hn::ConvertInRangeTo(di, hn::Mul(y, inverse)), below);
}

// n elements; the places of the elements counted: m of a chunk before. Vectors of the one run beside the stores of
// the other, and no load of places waits for the store that they come from.
template <class Counter>
HWY_INLINE void find_and_count(const float* HWY_RESTRICT x, std::size_t n, std::uint16_t* to,
                               const std::uint16_t* counted, std::size_t m, const bin_job& job) {
  const hn::ScalableTag<float> df;
  const hn::ScalableTag<std::int32_t> di;
  const hn::ScalableTag<std::int16_t> d16;
  const hn::ScalableTag<std::uint16_t> du16;
  const std::size_t N2 = hn::Lanes(d16), N = N2 / 2;
  Counter* const counts = static_cast<Counter*>(job.counters);
  const std::size_t step = job.step;
  const auto inverse = hn::Set(df, job.inverse);
  const auto middle = hn::Set(d16, static_cast<std::int16_t>(job.middle));
  auto largest = hn::Zero(di);
  auto lo = hn::Set(df, detail::infinity), hi = hn::Neg(lo);
  // The last vectors end with copies of the last element.
  alignas(64) float rest[128];
  alignas(64) std::uint16_t rest_places[128];
  for (std::size_t i = 0; i < n; i += N2) {
    const float* from = x + i;
    std::uint16_t* places = to + i;
    if (HWY_UNLIKELY(n - i < N2)) {
      for (std::size_t k = 0; k < N2; ++k) rest[k] = x[i + k < n ? i + k : n - 1];
      from = rest, places = rest_places;
    }
    const auto a = hn::LoadU(df, from), b = hn::LoadU(df, from + N);
    lo = hn::Min(lo, hn::Min(a, b));
    hi = hn::Max(hi, hn::Max(a, b));
    const auto bins =
        hn::OrderedDemote2To(d16, bins_of(a, inverse, largest), bins_of(b, inverse, largest));
    hn::StoreU(hn::BitCast(du16, hn::Add(bins, middle)), du16, places);
    if (i + N2 <= m) count_places(counted + i, N2, counts, step);
  }
  if (const std::size_t left = n % N2; left != 0) {
    std::memcpy(to + n - left, rest_places, left * sizeof(rest_places[0]));
  }
  // Those beside which no vector was found.
  const std::size_t vectors = (n + N2 - 1) / N2 * N2, done = vectors < m ? vectors : m / N2 * N2;
  count_places(counted + done, m - done, counts, step);
  bin_results& out = *job.out;
  const float min = hn::ReduceMin(df, lo) + 0.0f, max = hn::ReduceMax(df, hi) + 0.0f;
  const std::int32_t most = hn::ReduceMax(di, largest);
  out.min = min < out.min ? min : out.min;
  out.max = max > out.max ? max : out.max;
  out.largest = most > out.largest ? most : out.largest;
}

template <class Counter>
HWY_INLINE void find_bins_of(const bin_job& job) {
  if (job.from == real_type::f32) {
    const float* const x = static_cast<const float*>(job.in) + job.first;
    return find_and_count<Counter>(x, job.n, job.places, job.before, job.counted, job);
  }
  chunk_buffer<float> buffer;
  std::size_t counted = 0;
  for_each_chunk(job.n, [&](std::size_t first, std::size_t n) HWY_ATTR {
    const float* const x = load_reals(job.from, job.in, job.first + first, n, buffer);
    const std::size_t left = job.counted - counted;
    const std::size_t m = first + n == job.n || left < n ? left : n;
    find_and_count<Counter>(x, n, job.places + first, job.before + counted, m, job);
    counted += m;
  });
}

HWY_NOINLINE HWY_MAYBE_UNUSED static void find_bins(const bin_job& job) {
  *job.out = {detail::infinity, -detail::infinity, 0};
  if (job.wide) return find_bins_of<std::uint64_t>(job);
  find_bins_of<std::uint16_t>(job);
}

// counts[i] += the counters of the four tables, which become 0. Each sum is less than 2^16.
HWY_NOINLINE HWY_MAYBE_UNUSED static void add_counters(const counter_job& job) {
  const hn::CappedTag<std::uint64_t, 8> d64;
  const hn::Rebind<std::uint16_t, decltype(d64)> d16;
  const auto take = [&](std::size_t i) HWY_ATTR {
    const auto v = hn::LoadU(d16, job.counters + i);
    hn::StoreU(hn::Zero(d16), d16, job.counters + i);
    return v;
  };
  // There are 8 bins at least.
  for (std::size_t i = 0; i < job.bins; i += hn::Lanes(d64)) {
    const auto first = hn::Add(take(i), take(job.bins + i));
    const auto second = hn::Add(take(2 * job.bins + i), take(3 * job.bins + i));
    const auto sum = hn::PromoteTo(d64, hn::Add(first, second));
    hn::StoreU(hn::Add(hn::LoadU(d64, job.counts + i), sum), d64, job.counts + i);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
