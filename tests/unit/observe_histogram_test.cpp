// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Histograms: against a slow definition in double, in any chunks and merge
// trees, at the limits of counts; and percentiles against sorted data.
#include <doctest/doctest.h>

#include <algorithm>
#include <cfenv>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <qmath/qmath.hpp>
#include <random>
#include <vector>

#include "support/formats.hpp"
#include "support/guarded.hpp"
#include "support/inputs.hpp"
#include "support/targets.hpp"

using qmath::histogram_observer;
using qmath::value_range;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr std::uint64_t most = ~std::uint64_t{0};

// ---- The definition, slowly
// ----------------------------------------------------------------------

struct slow_histogram {
  std::map<long long, std::uint64_t> bins;
  int exponent = -126;
  float min = inf, max = -inf;
  std::uint64_t count = 0, nan = 0, positive = 0, negative = 0;
};

slow_histogram count_slowly(const std::vector<float>& x, std::size_t bins) {
  slow_histogram h;
  const auto fits = [&](float v) {
    return std::fabs(static_cast<double>(v)) <
           std::ldexp(static_cast<double>(bins / 2), h.exponent);
  };
  for (const float v : x) {
    if (std::isnan(v)) ++h.nan;
    if (v == inf) ++h.positive;
    if (v == -inf) ++h.negative;
    if (!std::isfinite(v)) continue;
    ++h.count;
    h.min = std::min(h.min, v == 0.0f ? 0.0f : v);
    h.max = std::max(h.max, v == 0.0f ? 0.0f : v);
    while (!fits(v)) ++h.exponent;
  }
  for (const float v : x) {
    if (!std::isfinite(v)) continue;
    ++h.bins[static_cast<long long>(std::floor(std::ldexp(static_cast<double>(v), -h.exponent)))];
  }
  return h;
}

template <std::size_t Bins>
void check_same(const histogram_observer<Bins>& got, const slow_histogram& want) {
  CHECK(got.summary.exponent == want.exponent);
  CHECK(support::to_bits(got.summary.range.min) == support::to_bits(want.min));
  CHECK(support::to_bits(got.summary.range.max) == support::to_bits(want.max));
  CHECK(got.summary.count == want.count);
  CHECK(got.summary.nonfinite.nan == want.nan);
  CHECK(got.summary.nonfinite.positive_infinite == want.positive);
  CHECK(got.summary.nonfinite.negative_infinite == want.negative);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < Bins; ++i) {
    const auto found = want.bins.find(static_cast<long long>(i) - static_cast<long long>(Bins / 2));
    wrong += got.counts[i] != (found == want.bins.end() ? 0 : found->second);
  }
  CHECK(wrong == 0);
  CHECK((want.bins.empty() || (want.bins.begin()->first >= -static_cast<long long>(Bins / 2) &&
                               want.bins.rbegin()->first < static_cast<long long>(Bins / 2))));
}

// ---- Data
// ----------------------------------------------------------------------------------------

std::vector<float> normal(std::size_t n, unsigned seed, double sigma) {
  std::mt19937 random(seed);
  std::vector<float> x(n);
  for (float& v : x) {
    double sum = 0;
    for (int i = 0; i < 12; ++i) sum += static_cast<double>(random()) / 4294967296.0;
    v = static_cast<float>((sum - 6.0) * sigma);
  }
  return x;
}

// Edges of bins of all widths near 1, and their neighbours.
std::vector<float> edges() {
  std::vector<float> x;
  for (int e = -12; e <= 2; ++e) {
    for (int j = -9; j <= 9; ++j) {
      const auto v = static_cast<float>(std::ldexp(j, e));
      for (float w : {v, std::nextafter(v, inf), std::nextafter(v, -inf)}) x.push_back(w);
    }
  }
  return x;
}

std::vector<float> without_nonfinite(std::vector<float> x) {
  x.erase(std::remove_if(x.begin(), x.end(), [](float v) { return !std::isfinite(v); }), x.end());
  return x;
}

std::vector<std::vector<float>> data_sets() {
  std::vector<std::vector<float>> all = {
      {},
      {0.0f},
      {-0.0f},
      {-0.0f, 0.0f, 0.0f},
      {1.0f},
      {-1.0f},
      {3.5f, 3.5f, 3.5f},
      {0x1p-149f, -0x1p-149f, 0x1.fffffcp-127f, -0x1.fffffcp-127f, -0.0f},
      {0x1p-126f, -0x1p-126f, 0x1p-120f},
      {0x1p-149f, -0x1p-149f, 1.0f},
      {std::numeric_limits<float>::max(), -std::numeric_limits<float>::max(), 0x1p-149f,
       -0x1p-149f},
      {0x1p127f, -0x1p127f, std::nextafter(0x1p127f, 0.0f), std::nextafter(-0x1p127f, 0.0f)},
      {inf},
      {-inf, -inf, inf, std::nanf("")},
      {-inf, 2.0f, std::nanf(""), -3.0f, inf, inf},
      edges(),
      support::any_floats(3000, 1),
      normal(5000, 2, 1.0),
      normal(1500, 3, 1e-30),
      normal(1500, 3, 1e-38),
      normal(1500, 4, 1e36)};
  std::vector<float> relu = normal(3000, 5, 2.0);
  for (float& v : relu) v = std::max(v, 0.0f);
  all.push_back(relu);
  std::vector<float> outliers = normal(4000, 6, 1.0);
  for (std::size_t i = 0; i < outliers.size(); i += 997) outliers[i] *= 100.0f;
  all.push_back(outliers);
  for (const int e : {-126, -125, -117, -116, -115, -50, 0, 1, 126, 127}) {
    const auto v = static_cast<float>(std::ldexp(1.0, e));
    all.push_back({v, std::nextafter(v, 0.0f)});
    all.push_back({-v, std::nextafter(-v, 0.0f), v / 3.0f});
    all.push_back({std::nextafter(v, 0.0f), v / 5.0f, -v / 7.0f});
  }
  return all;
}

template <class H>
bool same(const H& a, const H& b) {
  std::vector<std::uint8_t> x(qmath::saved_size<H>), y(x.size());
  qmath::save(a, x);
  qmath::save(b, y);
  return x == y && a == b;
}

template <class H>
using owned = std::unique_ptr<H>;
template <class H>
owned<H> make() {
  return std::make_unique<H>();
}

}  // namespace

TEST_CASE_TEMPLATE("histogram: the definition", H, histogram_observer<8>, histogram_observer<64>,
                   histogram_observer<2048>, histogram_observer<65536>) {
  for (const std::vector<float>& x : data_sets()) {
    CAPTURE(x.size());
    const slow_histogram want = count_slowly(x, H::bins);
    support::for_each_target([&] {
      const auto h = make<H>();
      qmath::observe(*h, x);
      check_same(*h, want);
      CHECK(qmath::range_of(*h) == value_range{want.min, want.max});
    });
  }
}

TEST_CASE("histogram: every size, and nothing is read beside the data") {
  for (std::size_t n : support::sizes()) {
    CAPTURE(n);
    for (const support::guard side : {support::guard::behind, support::guard::before}) {
      for (const bool wild : {false, true}) {
        const std::vector<float> values =
            wild ? support::any_floats(n, 20) : support::floats_near(1, n, 21);
        const support::guarded<float> x(values, side);
        const slow_histogram want = count_slowly(values, 128);
        support::for_each_target([&] {
          histogram_observer<128> h;
          qmath::observe(h, x.span());
          check_same(h, want);
        });
      }
    }
  }
}

TEST_CASE_TEMPLATE("histogram: every 16-bit number", X, qmath::half, qmath::bfloat16) {
  std::vector<X> x(65536);
  std::vector<float> floats(65536);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i].bits = static_cast<std::uint16_t>(i);
    floats[i] = qmath::float_from(x[i]);
  }
  const slow_histogram want = count_slowly(floats, 256);
  support::for_each_target([&] {
    histogram_observer<256> h;
    qmath::observe(h, x);
    check_same(h, want);
  });
}

// Arrays that are long enough for tables of counters, whose 16 bits are not.
TEST_CASE_TEMPLATE("histogram: long arrays", H, histogram_observer<8>, histogram_observer<256>,
                   histogram_observer<2048>, histogram_observer<4096>) {
  std::vector<std::vector<float>> all = {std::vector<float>(140001, -3.0f)};
  std::vector<float> two(131075, 1.5f);
  for (std::size_t i = 0; i < two.size(); i += 4) two[i] = -1.5f;
  all.push_back(two);
  std::vector<float> relu = normal(70003, 8, 1.0);
  for (float& v : relu) v = std::max(v, 0.0f);
  all.push_back(relu);
  // Ranges that grow; and what is in no bin, also chunks of nothing else.
  std::vector<float> growing = normal(90002, 9, 1e-3);
  for (std::size_t i = 0; i < growing.size(); ++i) {
    growing[i] *= static_cast<float>(std::ldexp(1.0, static_cast<int>(i / 7000)));
    if (i % 5003 == 17) growing[i] = i % 2 == 0 ? inf : std::nanf("");
    if (i / 1024 == 20 || i / 1024 == 21) growing[i] = -inf;
  }
  all.push_back(growing);
  std::reverse(growing.begin(), growing.end());
  all.push_back(growing);
  for (const std::vector<float>& x : all) {
    CAPTURE(x.size());
    const support::guarded<float> guarded(x, support::guard::behind);
    const slow_histogram want = count_slowly(x, H::bins);
    support::for_each_target([&] {
      const auto h = make<H>();
      qmath::observe(*h, guarded.span());
      check_same(*h, want);
    });
  }
}

TEST_CASE("histogram: a long array after which counts end at 2^64 - 1") {
  const std::vector<float> x(3000, 0.5f);
  support::for_each_target([&] {
    for (const std::uint64_t left : {1500u, 2999u, 3000u, 3001u}) {
      histogram_observer<8> h;
      qmath::observe(h, std::vector<float>{0.5f, 0.9f});
      h.summary.count = most - left;
      h.counts[6] = most - left - 1;
      histogram_observer<8> want = h;
      want.summary.count = left < 3000 ? most : most - left + 3000;
      want.counts[6] = left < 2999 ? most : most - left - 1 + 3000;
      qmath::observe(h, x);
      CHECK(same(h, want));
    }
  });
}

TEST_CASE(
    "histogram: neither rounding mode nor flushed subnormal numbers "
    "change a bin") {
  const std::vector<float> x = support::any_floats(5000, 30);
  std::vector<float> small = without_nonfinite(edges());
  for (float& v : small) v *= 0x1p-125f;
  for (const std::vector<float>& data : {x, small}) {
    histogram_observer<256> want;
    qmath::observe(want, data);
    for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
      histogram_observer<256> h;
      std::fesetround(mode);
      qmath::observe(h, data);
      std::fesetround(FE_TONEAREST);
      CHECK(same(h, want));
#if defined(__SSE__) || \
    defined(__aarch64__)  // elsewhere the environment is trusted (detail/call.hpp)
      std::fesetround(mode);
      const value_range p = qmath::percentile(h, 0.013, 0.97);
      std::fesetround(FE_TONEAREST);
      CHECK(p == qmath::percentile(want, 0.013, 0.97));
#endif
    }
#if defined(__SSE2__) && defined(__GNUC__)
    const unsigned before = __builtin_ia32_stmxcsr();
    histogram_observer<256> h;
    __builtin_ia32_ldmxcsr(before | 0x8040u);
    qmath::observe(h, data);
    __builtin_ia32_ldmxcsr(before);
    CHECK(same(h, want));
#endif
  }
}

TEST_CASE_TEMPLATE("histogram: any chunks, any merge tree, the same bytes", H,
                   histogram_observer<8>, histogram_observer<512>) {
  std::mt19937 random(40);
  for (const std::vector<float>& data : data_sets()) {
    const auto whole = make<H>();
    qmath::observe(*whole, data);
    for (int trial = 0; trial < 12; ++trial) {
      std::vector<float> x = data;
      std::shuffle(x.begin(), x.end(), random);
      std::vector<owned<H>> parts;
      for (std::size_t i = 0; i < x.size() || parts.size() < 2;) {
        // Some parts in several calls, some empty.
        parts.push_back(make<H>());
        for (auto calls = random() % 3; calls > 0 || parts.size() > 40; --calls) {
          const std::size_t n = parts.size() > 40
                                    ? x.size() - i
                                    : std::min<std::size_t>(x.size() - i, random() % 999);
          qmath::observe(*parts.back(), std::span(x).subspan(i, n));
          i += n;
          if (i == x.size()) break;
        }
      }
      while (parts.size() > 1) {
        const std::size_t a = random() % parts.size();
        std::size_t b = random() % (parts.size() - 1);
        if (b >= a) ++b;
        qmath::merge(*parts[a], *parts[b]);
        parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(b));
      }
      CHECK(same(*parts[0], *whole));
    }
  }
}

TEST_CASE("histogram: wider bins are what merging pairs makes of narrower ones") {
  const std::vector<float> x = without_nonfinite(data_sets()[17]);
  for (int doublings = 0; doublings < 140; ++doublings) {
    const auto far = static_cast<float>(std::ldexp(6.5, std::min(doublings, 125)));
    histogram_observer<64> at_once, later, before;
    std::vector<float> all = x;
    all.push_back(far);
    qmath::observe(at_once, all);
    qmath::observe(later, x);
    qmath::observe(later, std::span(&far, 1));
    qmath::observe(before, std::span(&far, 1));
    qmath::observe(before, x);
    CHECK(same(later, at_once));
    CHECK(same(before, at_once));
    check_same(at_once, count_slowly(all, 64));
  }
}

TEST_CASE("histogram: counts end at 2^64 - 1, in any order") {
  const std::vector<float> a = {0.3f, 0.3f, -0.2f, 7.0f},
                           b = {100.0f, -0.3f, inf, -inf, std::nanf("")};
  histogram_observer<16> x, y;
  qmath::observe(x, a);
  qmath::observe(y, b);
  for (int i = 0; i < 62; ++i) qmath::merge(x, histogram_observer<16>(x)), qmath::merge(y, y);
  CHECK(x.summary.count == most);
  CHECK(x.counts[8] == 1ull << 63);
  CHECK(y.summary.count == 1ull << 63);
  CHECK(y.summary.nonfinite.nan == 1ull << 62);
  histogram_observer<16> xy = x, yx = y;
  qmath::merge(xy, y);
  qmath::merge(yx, x);
  CHECK(same(xy, yx));
  CHECK(xy.summary.count == most);
  qmath::merge(xy, xy);
  qmath::merge(xy, xy);
  CHECK(xy.counts[8] == most);
  CHECK(xy.summary.nonfinite.nan == most);
  CHECK(xy.summary.nonfinite.positive_infinite == most);
  CHECK(xy.summary.nonfinite.negative_infinite == most);
  qmath::observe(xy, a);  // one by one
  qmath::observe(xy, b);
  CHECK(xy.counts[8] == most);
  CHECK(xy.summary.nonfinite.nan == most);
  CHECK(xy.summary.count == most);
  // Widening adds, too.
  const float far = 1e9f;
  qmath::observe(xy, std::span(&far, 1));
  CHECK(xy.counts[8] == most);
  CHECK(xy.counts[7] == most);
  std::vector<std::uint8_t> bytes(qmath::saved_size<histogram_observer<16>>);
  qmath::save(xy, bytes);
  histogram_observer<16> back;
  CHECK(qmath::load(back, bytes) == qmath::load_status::ok);
  CHECK(same(back, xy));
  CHECK(qmath::percentile(xy, 0.0, 1.0) == xy.summary.range);
}

TEST_CASE("histogram: 10^9 elements by merging") {
  histogram_observer<2048> h, sum;
  const std::vector<float> x = normal(1000, 50, 1.0);
  qmath::observe(h, x);
  for (int i = 0; i < 6; ++i) {
    sum = {};
    for (int k = 0; k < 10; ++k) qmath::merge(sum, h);
    h = sum;
  }
  CHECK(h.summary.count == 1000000000);
  slow_histogram want = count_slowly(x, 2048);
  want.count *= 1000000;
  for (auto& bin : want.bins) bin.second *= 1000000;
  check_same(h, want);
}

TEST_CASE(
    "histogram: the width is between 2 and 4 bins-th of the largest "
    "magnitude") {
  for (const float largest : {0x1p-100f, 1.0f, 1.999f, 3.0f, 1e30f}) {
    const float x[] = {-largest, largest / 3.0f};
    histogram_observer<> h;
    qmath::observe(h, x);
    const double width = std::ldexp(1.0, h.summary.exponent) * 2048 / static_cast<double>(largest);
    CHECK(width > 2.0);
    CHECK(width <= 4.0);
  }
}

TEST_CASE("histogram: reset, views") {
  histogram_observer<32> h;
  qmath::observe(h, std::vector<float>{1.0f, -2.0f, inf});
  const qmath::histogram_view view = h;
  CHECK(view.first_bin == -16);
  CHECK(view.counts.size() == 32);
  CHECK(view.counts.data() == h.counts);
  CHECK(view.summary == h.summary);
  CHECK(h.summary.exponent == -2);  // 2 < 16 * 2^-2, and not below 16 * 2^-3
  CHECK(view.counts[static_cast<std::size_t>(4 - view.first_bin)] == 1);
  qmath::reset(h);
  CHECK(same(h, histogram_observer<32>{}));
}

// ---- Percentiles
// ---------------------------------------------------------------------------------

namespace {

std::size_t number_of(double q, std::size_t n, bool up) {
  const double exact = q * static_cast<double>(n - 1);
  return static_cast<std::size_t>(up ? std::ceil(exact) : std::floor(exact));
}

}  // namespace

TEST_CASE(
    "percentile: the elements that numpy finds are inside, and the ends "
    "within a bin") {
  const double quantiles[] = {0.0, 1e-9, 0.001, 0.01, 0.1,   0.25,   1.0 / 3,
                              0.5, 0.75, 0.9,   0.99, 0.999, 0.9999, 1.0};
  for (const std::vector<float>& data : data_sets()) {
    std::vector<float> x = without_nonfinite(data);
    if (x.empty()) continue;
    CAPTURE(x.size());
    histogram_observer<256> h;
    qmath::observe(h, data);
    const double width = std::ldexp(1.0, h.summary.exponent);
    const auto bin = [&](float v) { return std::floor(static_cast<double>(v) / width); };
    std::vector<float> magnitudes = x;
    for (float& v : magnitudes) v = std::fabs(v);
    std::sort(x.begin(), x.end());
    std::sort(magnitudes.begin(), magnitudes.end());
    for (const double low : quantiles) {
      for (const double high : quantiles) {
        const value_range r = qmath::percentile(h, low, high);
        const float a = x[number_of(low, x.size(), false)], b = x[number_of(high, x.size(), true)];
        const double min = std::max(bin(a) * width, static_cast<double>(x.front()));
        const double max = std::min((bin(b) + 1) * width, static_cast<double>(x.back()));
        CHECK(static_cast<double>(r.min) == min);
        CHECK(static_cast<double>(r.max) == max);
        CHECK(r.min <= a);
        CHECK(b <= r.max);
        CHECK(static_cast<double>(a) - static_cast<double>(r.min) <= width);
        CHECK(static_cast<double>(r.max) - static_cast<double>(b) <= width);
      }
      const value_range r = qmath::absmax_percentile(h, low);
      const float m = magnitudes[number_of(low, x.size(), true)];
      CHECK(r.min == -r.max);
      CHECK(m <= r.max);
      CHECK(static_cast<double>(r.max) - static_cast<double>(m) <= width);
      CHECK(r.max <= magnitudes.back());
      // An end of a bin, or the largest.
      CHECK((r.max == magnitudes.back() || bin(r.max) * width == static_cast<double>(r.max)));
    }
    CHECK(qmath::percentile(h, 0.0, 1.0) == value_range{x.front(), x.back()});
    CHECK(qmath::absmax_percentile(h, 1.0).max == magnitudes.back());
  }
}

TEST_CASE("percentile: no data, quantiles that are none") {
  histogram_observer<16> h;
  CHECK(qmath::percentile(h, 0.1, 0.9) == value_range{});
  CHECK(qmath::absmax_percentile(h, 0.9) == value_range{});
  CHECK(qmath::choose_params<std::int8_t>(h) == qmath::affine_params{1.0f, -128});
  qmath::observe(h, std::vector<float>{-1.0f, 0.5f, 2.0f});
  const double nan = std::nan("");
  CHECK(qmath::percentile(h, nan, nan) == value_range{-1.0f, 2.0f});
  CHECK(qmath::percentile(h, -5.0, 7.0) == value_range{-1.0f, 2.0f});
  CHECK(qmath::absmax_percentile(h, nan) == value_range{-2.0f, 2.0f});
  CHECK(qmath::absmax_percentile(h, 7.0) == value_range{-2.0f, 2.0f});
  CHECK(qmath::choose_params<std::int8_t>(h, qmath::symmetric) ==
        qmath::choose_params<std::int8_t>(value_range{-1.0f, 2.0f}, qmath::symmetric));
}

TEST_CASE("percentile: ranks beyond 2^53") {
  histogram_observer<16> h;
  qmath::observe(h, std::vector<float>{-3.0f, 0.5f, 2.0f, 3.5f});
  for (int i = 0; i < 61; ++i) qmath::merge(h, h);  // 2^63
  CHECK(h.summary.count == 1ull << 63);
  CHECK(qmath::percentile(h, 0.25, 0.5) == value_range{0.5f, 2.5f});
  CHECK(qmath::percentile(h, 0.24, 0.51).min == -3.0f);
  CHECK(qmath::percentile(h, 0.0, 1.0 - 0x1p-53).max == 3.5f);
}
