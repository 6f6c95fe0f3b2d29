// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// mse_range and entropy_range: bit by bit against the definition, and against what is best for the data themselves.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cfenv>
#include <cmath>
#include <limits>
#include <memory>
#include <qmath/qmath.hpp>
#include <random>
#include <type_traits>
#include <vector>

#include "support/contract.hpp"
#include "support/formats.hpp"
#include "support/histograms.hpp"
#include "support/inputs.hpp"
#include "support/targets.hpp"

using qmath::histogram_observer;
using qmath::histogram_view;
using qmath::scheme;
using qmath::value_range;

using support::histogram_of;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();

// ---- Data: the same everywhere, so no distributions of the standard library -----------------------

class random_numbers {
 public:
  explicit random_numbers(unsigned seed) : random_(seed) {}
  double uniform() { return (static_cast<double>(random_()) + 0.5) * 0x1p-32; }
  double normal() {
    double sum = 0;
    for (int i = 0; i < 12; ++i) sum += uniform();
    return sum - 6.0;
  }
  double laplace() {
    const double u = uniform() - 0.5;
    return (u < 0 ? 1.0 : -1.0) * std::log(1.0 - 2.0 * std::fabs(u));
  }

 private:
  std::mt19937 random_;
};

enum kind { normal, laplace, uniform, bimodal, relu, heavy_tails, outliers, kinds };

std::vector<float> data_of(int which, std::size_t n, unsigned seed = 1) {
  random_numbers random(seed);
  std::vector<float> x(n);
  for (std::size_t i = 0; i < n; ++i) {
    double v = 0;
    switch (which) {
      case normal: v = random.normal(); break;
      case laplace: v = random.laplace(); break;
      case uniform: v = 2.0 * random.uniform() - 0.7; break;
      case bimodal:
        v = random.normal() * 0.3;
        v += random.uniform() < 0.3 ? 3.0 : -1.0;
        break;
      case relu: v = std::max(random.normal(), 0.0); break;
      case heavy_tails:
        v = random.normal();
        v /= std::sqrt(random.uniform() + 0.002);
        break;
      default:  // 0.1 % are 10 to 100 times as large
        v = random.normal();
        if (i % 1000 == 7) v *= 10.0 + 90.0 * random.uniform();
        break;
    }
    x[i] = static_cast<float>(v);
  }
  return x;
}

std::vector<std::vector<float>> odd_data() {
  const float largest = std::numeric_limits<float>::max();
  std::vector<std::vector<float>> all = {{},
                                         {0.0f},
                                         {-0.0f, 0.0f},
                                         {3.5f},
                                         {-3.5f, -3.5f},
                                         {1.0f, 0.0f},
                                         {0.0f, -1.0f, 0.0f},
                                         {1.0f, 1.0f, 1.0f, -1.0f},
                                         {0.99f, 1.01f},
                                         {inf, -inf, std::nanf("")},
                                         {inf, 2.0f, -3.0f, 0.125f},
                                         {0x1p-149f, -0x1p-149f, 0x1p-127f},
                                         {0x1p-126f, 0x1.8p-125f, -0x1p-124f, 0x1p-126f},
                                         {largest, -largest, 1.0f},
                                         {largest, largest / 2, largest / 3, largest / 200},
                                         {100.0f, 1.0f, 1.5f, 2.0f, -1.0f, -1.5f, 0.5f, 0.25f}};
  for (float v : {1.0f, -1.0f}) {
    std::vector<float> side = data_of(normal, 300, 9);
    for (float& x : side) x = v * std::fabs(x);
    all.push_back(side);
    for (float& x : side) x += v * 5.0f;
    all.push_back(side);
  }
  return all;
}

scheme with(scheme s, qmath::code_range codes, qmath::scale_kind scale = qmath::scale_kind::any,
            const qmath::params_rules& rules = {}) {
  s.codes = codes, s.scale = scale, s.rules = rules;
  return s;
}

std::vector<scheme> schemes() {
  namespace rules = qmath::numerics::params;
  using qmath::scale_kind;
  return {qmath::affine,
          qmath::symmetric,
          with(qmath::affine, {-1, 2}),
          with(qmath::symmetric, {-1, 1}),
          with(qmath::affine, {0, 0}),
          with(qmath::affine, {}, scale_kind::power_of_two),
          with(qmath::affine, {}, scale_kind::power_of_two_below),
          with(qmath::symmetric, {}, scale_kind::power_of_two_above),
          with(qmath::affine, {}, scale_kind::any, rules::pytorch),
          with(qmath::symmetric, {}, scale_kind::any, rules::pytorch),
          with(qmath::affine, {}, scale_kind::any, rules::tflite),
          with(qmath::symmetric, {}, scale_kind::any, rules::fbgemm),
          with(qmath::affine, {}, scale_kind::any, rules::pytorch_dynamic),
          with(qmath::affine, {}, scale_kind::any, rules::xnnpack)};
}

bool same(value_range a, value_range b) {
  return support::to_bits(a.min) == support::to_bits(b.min) &&
         support::to_bits(a.max) == support::to_bits(b.max);
}

template <class F>
void check_definition(const histogram_view& h, const scheme& how) {
  const value_range want_mse = qmath::reference::mse_range<F>(h, how);
  const value_range want_kl = qmath::reference::entropy_range<F>(h, how);
  const value_range mse = qmath::mse_range<F>(h, how);
  CHECK_MESSAGE(same(mse, want_mse), mse.min, " ", mse.max, " ", want_mse.min, " ", want_mse.max);
  // Only the divergence has a kernel.
  support::for_each_target([&] {
    const value_range kl = qmath::entropy_range<F>(h, how);
    CHECK_MESSAGE(same(kl, want_kl), kl.min, " ", kl.max, " ", want_kl.min, " ", want_kl.max);
  });
}

template <class F>
void check_all_schemes(const histogram_view& h) {
  for (const scheme& how : schemes()) {
    CAPTURE(how.symmetric);
    CAPTURE(static_cast<int>(how.scale));
    check_definition<F>(h, how);
  }
}

}  // namespace

TEST_CASE("search: the definition, few codes and bins") {
  for (int which = 0; which < kinds; ++which) {
    CAPTURE(which);
    const auto h = histogram_of<64>(data_of(which, 500));
    check_all_schemes<qmath::s4>(*h);
    check_all_schemes<qmath::u2>(*h);
  }
  for (const std::vector<float>& x : odd_data()) {
    CAPTURE(x.size());
    CAPTURE(x.empty() ? 0.0f : x[0]);
    check_all_schemes<qmath::u4>(*histogram_of<64>(x));
    check_all_schemes<qmath::s2>(*histogram_of<8>(x));
  }
}

TEST_CASE("search: the definition, 8 and 16 bits") {
  for (const int which : {normal, bimodal, relu, outliers}) {
    CAPTURE(which);
    const auto h = histogram_of<256>(data_of(which, 800));
    check_definition<std::int8_t>(*h, qmath::affine);
    check_definition<std::int8_t>(*h, qmath::symmetric);
    check_definition<std::uint8_t>(*h, qmath::symmetric);
  }
  for (const std::vector<float>& x : odd_data()) {
    const auto h = histogram_of<32>(x);
    check_definition<std::uint8_t>(*h, qmath::affine);
    check_definition<std::int8_t>(*h, qmath::symmetric);
  }
  const auto h = histogram_of<8>(data_of(normal, 50));
  check_definition<std::int16_t>(*h, qmath::symmetric);
  check_definition<std::uint16_t>(*h, with(qmath::affine, {100, 1500}));
}

// Zero points are gone through 16 at a time.
TEST_CASE("search: the definition, many zero points") {
  for (const int which : {laplace, outliers, relu}) {
    const auto h = histogram_of<128>(data_of(which, 5000));
    check_definition<std::uint8_t>(*h, with(qmath::affine, {0, 40}));
    check_definition<std::int8_t>(*h, with(qmath::affine, {-17, 17}));
  }
}

// Running sums are kept for blocks of 2 and of 4 bins.
TEST_CASE("search: the definition, many bins") {
  check_definition<qmath::s2>(*histogram_of<4096>(data_of(laplace, 5000)), qmath::affine);
  check_definition<qmath::u2>(*histogram_of<4096>(data_of(relu, 3000)), qmath::symmetric);
  check_definition<qmath::s2>(*histogram_of<8192>(data_of(bimodal, 5000)), qmath::symmetric);
}

// The best range is the smallest that is tried: codes of a bin each, and counts beyond that are all alike.
TEST_CASE("search: the definition, the smallest range") {
  histogram_observer<64> h;
  for (int j = 0; j < 32; ++j) {
    const int n = j < 6 ? 10 + 37 * j * j : 5;
    h.counts[32 + j] = static_cast<std::uint64_t>(n),
                  h.counts[31 - j] = static_cast<std::uint64_t>(n + 1);
    h.summary.count += static_cast<std::uint64_t>(2 * n + 1);
  }
  h.summary.exponent = 0;
  h.summary.range = {-32.0f, 31.75f};
  const scheme narrow = with(qmath::symmetric, {-7, 7});
  CHECK(same(qmath::entropy_range<qmath::s4>(h, narrow), value_range{-7.0f, 7.0f}));
  check_definition<qmath::s4>(h, narrow);
  check_definition<qmath::s4>(h, with(qmath::affine, {-7, 7}));
}

// A range larger than that of the data is best, in which a code is left over: it goes to the positive side.
TEST_CASE("search: the definition, more codes than places") {
  histogram_observer<16> h = {
      .summary = {.range = {-6.5f, 6.375f}, .count = 42, .nonfinite = {}, .exponent = 0},
      .counts = {0, 6, 0, 6, 0, 0, 1, 0, 11, 0, 0, 0, 0, 0, 18, 0}};
  const float step = 13.0f / 3.0f;
  CHECK(same(qmath::entropy_range<qmath::u2>(h, qmath::affine), {-step, 2.0f * step}));
  check_definition<qmath::u2>(h, qmath::affine);
}

TEST_CASE("search: the definition, few counts") {
  std::mt19937 random(7);
  for (int trial = 0; trial < 300; ++trial) {
    CAPTURE(trial);
    histogram_observer<16> h;
    h.counts[random() % 8] = 1;
    h.counts[8 + random() % 8] = 1;
    for (std::uint64_t& n : h.counts) n += random() % 3 == 0 ? random() % 20 : 0;
    const auto first = std::find_if(h.counts, h.counts + 16, [](auto n) { return n != 0; });
    const auto last =
        std::find_if(std::rbegin(h.counts), std::rend(h.counts), [](auto n) { return n != 0; });
    for (const std::uint64_t n : h.counts) h.summary.count += n;
    h.summary.exponent = 0;
    // Anywhere in the outermost bins.
    h.summary.range.min =
        static_cast<float>(first - h.counts) - 8.0f + static_cast<float>(random() % 8) * 0.125f;
    h.summary.range.max = 8.0f - static_cast<float>(last - std::rbegin(h.counts)) -
                          static_cast<float>(1 + random() % 7) * 0.125f;
    check_definition<qmath::u2>(h, qmath::affine);
    check_definition<qmath::s2>(h, qmath::symmetric);
    check_definition<qmath::u4>(h, with(qmath::affine, {2, 7}));
  }
}

TEST_CASE("search: the definition, counts of any size") {
  std::mt19937_64 random(5);
  for (int trial = 0; trial < 60; ++trial) {
    CAPTURE(trial);
    const int kept = 1 + trial;
    histogram_observer<32> h;
    std::uint64_t all = 0;
    for (std::uint64_t& n : h.counts) {
      n = random() % 3 == 0 ? 0 : random() >> (64 - kept);
      all = all + n < all ? ~std::uint64_t{0} : all + n;
    }
    h.counts[0] = std::uint64_t{1} << kept;
    h.counts[31] = 1;
    h.summary.count = all;
    h.summary.exponent = -3;
    h.summary.range = {-1.9f, 1.95f};
    check_definition<qmath::s4>(h, qmath::affine);
    check_definition<qmath::s4>(h, qmath::symmetric);
  }
}

// A view whose zero is not in the middle.
TEST_CASE("search: other views") {
  const auto h = histogram_of<64>(data_of(bimodal, 700));
  const histogram_view whole = *h;
  for (std::size_t cut = 0; cut <= 20; cut += 5) {
    if (std::any_of(h->counts, h->counts + cut, [](std::uint64_t n) { return n != 0; })) break;
    histogram_view view = whole;
    view.counts = whole.counts.subspan(cut);
    view.first_bin = whole.first_bin + static_cast<std::int32_t>(cut);
    CHECK(same(qmath::mse_range<qmath::s4>(view), qmath::mse_range<qmath::s4>(whole)));
    check_definition<qmath::s4>(view, qmath::affine);
  }
  const std::uint64_t counts[] = {5, 4, 3, 2, 1};
  histogram_view positive;
  positive.counts = counts;
  positive.summary = {{0.5f, 4.5f}, 15, {}, 0};
  check_all_schemes<qmath::u2>(positive);
  positive.counts = std::span(counts, 1);
  positive.summary = {{0.5f, 0.75f}, 5, {}, 0};
  check_all_schemes<qmath::u2>(positive);
  CHECK(same(qmath::mse_range<std::int8_t>(histogram_view()), value_range{}));
}

namespace {

// What is beyond places, at and near edges and middles of bins, and far outside.
template <std::size_t Bins>
void check_sides(const histogram_observer<Bins>& h) {
  namespace ref = qmath::reference;
  const histogram_view view = h;
  for (const bool negative : {false, true}) {
    const ref::bins_of_sign bins{view, negative};
    qmath::impl::search_side mse, entropy;
    mse.set(view, negative, bins.dropped, qmath::detail::search_kind::mse);
    entropy.set(view, negative, bins.dropped, qmath::detail::search_kind::entropy);
    CHECK(mse.bins() == static_cast<std::size_t>(bins.last + 1));
    std::mt19937 random(3);
    const auto below = [&random](std::size_t n) { return static_cast<double>(random() % n); };
    for (int trial = 0; trial < 400; ++trial) {
      // Half of them among the outermost bins.
      const double from =
          trial % 2 == 0 ? static_cast<double>(bins.last) - below(9) : 0.5 * below(2 * Bins);
      const double t = std::max(from, 0.0) + 0.25 * below(9) + 0x1p-6 * below(2);
      CAPTURE(t);
      CHECK(std::bit_cast<std::uint64_t>(mse.excess(t)) ==
            std::bit_cast<std::uint64_t>(ref::excess(bins, t)));
      ref::cell want;
      want.add(bins, t, static_cast<double>(inf));
      const auto found = entropy.from_middle(t);
      CHECK((found.elements == want.elements && found.weight == want.bins));
    }
    const auto none = entropy.from_middle(1e30);
    CHECK((none.elements == 0 && none.weight == 0 && mse.excess(1e30) == 0.0));
  }
}

}  // namespace

TEST_CASE("search: what is beyond a place") {
  std::vector<float> x = data_of(bimodal, 3000);
  for (float& v : x) v = std::clamp(v, -1.3f, 3.2f);
  for (std::size_t i = 0; i < 300; ++i) {
    check_sides(*histogram_of<8>({x.begin(), x.begin() + 1 + static_cast<std::ptrdiff_t>(i)}));
  }
  check_sides(*histogram_of<512>(x));
  check_sides(*histogram_of<2048>(x));
  check_sides(*histogram_of<4096>(x));
  for (const float largest : {2.0f, 2.001f, 2.5f, 3.2f, 3.9f}) {
    for (float& v : x) v = std::min(v, largest);
    check_sides(*histogram_of<16384>(x));
  }
}

// Ranges show a wrong logarithm only where two are nearly as good.
TEST_CASE("search: terms of the divergence, bit by bit") {
  std::mt19937_64 random(11);
  std::vector<double> elements(4096), bins(4096), want(4096);
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const std::uint64_t n = i % 50 == 0 ? 0 : 1 + (random() >> (24 + random() % 40));
    const std::uint64_t b = 1 + random() % (1 + (random() & 0xFFFF)) % (n + 1);
    elements[i] = static_cast<double>(n), bins[i] = static_cast<double>(b);
    const double each = elements[i] / bins[i];
    want[i] = n == 0 ? 0.0 : elements[i] * qmath::impl::logarithm(each, qmath::impl::base_e);
  }
  support::for_each_target([&] {
    std::vector<double> x = elements;
    qmath::impl::active<&qmath::detail::kernel_table::entropy_terms>()(x.data(), bins.data(),
                                                                       x.size());
    CHECK(std::equal(x.begin(), x.end(), want.begin(), [](double a, double b) {
      return std::bit_cast<std::uint64_t>(a + 0.0) == std::bit_cast<std::uint64_t>(b);
    }));
  });
}

TEST_CASE("search: nothing to choose from") {
  for (const scheme& how : {qmath::affine, qmath::symmetric}) {
    for (const std::vector<float>& x : std::vector<std::vector<float>>{
             {}, {0.0f}, {-0.0f, 0.0f}, {inf}, {0x1p-140f, -0x1p-130f}, {255.0f, 0.0f}, {-1.0f}}) {
      const auto h = histogram_of<2048>(x);
      CHECK(same(qmath::mse_range<std::int8_t>(*h, how), h->summary.range));
      CHECK(same(qmath::entropy_range<std::int8_t>(*h, how), h->summary.range));
    }
    // One number has a code, up to the rounding of the scale; uint8_t's 128 codes below zero are used.
    for (const float x : {3.3f, -7.1f, 1e-30f}) {
      const value_range r = qmath::mse_range<std::uint8_t>(*histogram_of<2048>({x}), how);
      const qmath::affine_params p = qmath::choose_params<std::uint8_t>(r, how);
      const int code = (x < 0 ? 0 : 255) - p.zero_point;
      CHECK(p.scale * static_cast<float>(code) == doctest::Approx(x).epsilon(1e-6));
    }
  }
}

TEST_CASE("search: powers of two change nothing but the exponent") {
  for (int which = 0; which < kinds; ++which) {
    std::vector<float> x = data_of(which, 2000);
    const auto h = histogram_of<512>(x);
    for (float& v : x) v *= 0x1p-40f;
    const auto small = histogram_of<512>(x);
    for (const scheme& how : {qmath::affine, qmath::symmetric}) {
      const value_range a = qmath::mse_range<std::int8_t>(*h, how);
      const value_range b = qmath::mse_range<std::int8_t>(*small, how);
      CHECK(same(b, {a.min * 0x1p-40f, a.max * 0x1p-40f}));
      const value_range c = qmath::entropy_range<std::int8_t>(*h, how);
      const value_range d = qmath::entropy_range<std::int8_t>(*small, how);
      CHECK(same(d, {c.min * 0x1p-40f, c.max * 0x1p-40f}));
    }
  }
}

// What has no code of its own in bin 0 is zero: any number of zeros more changes nothing.
TEST_CASE("search: zeros have no weight") {
  std::vector<float> x = data_of(relu, 2000);
  const auto h = histogram_of<512>(x);
  x.insert(x.end(), 100000, 0.0f);
  const auto more = histogram_of<512>(x);
  for (const scheme& how : {qmath::affine, qmath::symmetric}) {
    CHECK(same(qmath::mse_range<qmath::u4>(*h, how), qmath::mse_range<qmath::u4>(*more, how)));
    CHECK(same(qmath::entropy_range<qmath::u4>(*h, how),
               qmath::entropy_range<qmath::u4>(*more, how)));
  }
}

TEST_CASE("search: ranges of channels, and codes that no format has") {
  std::vector<histogram_observer<64>> channels(2);
  const std::vector<float> x = data_of(outliers, 2000);
  qmath::observe(channels, x, qmath::per_channel({2, 1000}, 0));
  std::vector<value_range> ranges(2);
  qmath::ranges_of(channels, ranges,
                   [](const auto& h) { return qmath::mse_range<qmath::s4>(h, qmath::symmetric); });
  for (std::size_t c = 0; c < 2; ++c) {
    CHECK(same(ranges[c], qmath::mse_range<qmath::s4>(channels[c], qmath::symmetric)));
  }
#if QMATH_CHECKS
  support::contract_log log;
  CHECK(same(qmath::mse_range<qmath::s4>(channels[0], with(qmath::affine, {9, 12})),
             channels[0].summary.range));
  CHECK(log.take().find("mse_range") != std::string::npos);
  CHECK(same(qmath::entropy_range<qmath::s4>(channels[0], with(qmath::affine, {9, 12})),
             channels[0].summary.range));
  CHECK(log.take().find("entropy_range") != std::string::npos);
#endif
}

#if defined(__SSE__) || \
    defined(__aarch64__)  // elsewhere the environment is trusted (detail/call.hpp)
TEST_CASE("search: the caller's rounding mode does not matter") {
  const auto h = histogram_of<512>(data_of(laplace, 2000));
  const value_range a = qmath::mse_range<qmath::s4>(*h), b = qmath::entropy_range<qmath::s4>(*h);
  for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
    std::fesetround(mode);
    const value_range c = qmath::mse_range<qmath::s4>(*h), d = qmath::entropy_range<qmath::s4>(*h);
    std::fesetround(FE_TONEAREST);
    CHECK(same(a, c));
    CHECK(same(b, d));
  }
}
#endif

// ---- How good it is -------------------------------------------------------------------------------

namespace {

// Sorted, with running sums: the squared error of any parameters in a step per code.
class sorted_numbers {
 public:
  explicit sorted_numbers(std::vector<float> x) : x_(std::move(x)) {
    std::sort(x_.begin(), x_.end());
    for (const float v : x_) {
      sum_.push_back(sum_.back() + v);
      squares_.push_back(squares_.back() + static_cast<double>(v) * v);
    }
  }

  float min() const { return x_.front(); }
  float max() const { return x_.back(); }

  template <class F>
  double error(const qmath::affine_params& p, const scheme& how) const {
    const qmath::code_range codes = qmath::reference::codes_in_use<F>(how.codes);
    double error = 0;
    std::size_t from = 0;
    for (std::int32_t q = codes.min; q <= codes.max; ++q) {
      const double steps = q - p.zero_point, end = (steps + 0.5) * p.scale;
      const auto last = std::lower_bound(x_.begin(), x_.end(), end,
                                         [](float v, double limit) { return v < limit; });
      const std::size_t to =
          q == codes.max ? x_.size() : static_cast<std::size_t>(last - x_.begin());
      const double value = steps * p.scale, count = static_cast<double>(to - from);
      error += squares_[to] - squares_[from] - 2 * value * (sum_[to] - sum_[from]) +
               count * value * value;
      from = to;
    }
    return error;
  }

 private:
  std::vector<float> x_;
  std::vector<double> sum_ = {0.0}, squares_ = {0.0};
};

// Over scales half a per cent apart, and the zero points near those that distribute what is clipped.
template <class F>
double least_error(const sorted_numbers& x, const scheme& how) {
  double best = 1e300;
  const auto consider = [&](float lo, float hi) {
    best = std::min(best, x.error<F>(qmath::choose_params<F>({lo, hi}, how), how));
  };
  const float low = std::min(x.min(), 0.0f), high = std::max(x.max(), 0.0f);
  for (double g = 1.0; g > 0.02; g *= 0.995) {
    const auto lo = static_cast<float>(low * g), hi = static_cast<float>(high * g);
    consider(lo, hi);
    if (how.symmetric) continue;
    for (const double power : {0.0, 0.5}) {
      consider(static_cast<float>(low * std::pow(g, power)), hi);
      consider(lo, static_cast<float>(high * std::pow(g, power)));
    }
  }
  return best;
}

// In dB, of the ranges that histograms of 2048 and of 8192 bins find.
template <class F>
std::array<double, 2> losses_of(const std::vector<float>& x, const scheme& how) {
  const sorted_numbers sorted(x);
  const double least = least_error<F>(sorted, how);
  const auto loss = [&](const histogram_view& h) {
    const auto p = qmath::choose_params<F>(qmath::mse_range<F>(h, how), how);
    return 10.0 * std::log10(sorted.error<F>(p, how) / least);
  };
  return {loss(*histogram_of<2048>(x)), loss(*histogram_of<8192>(x))};
}

}  // namespace

// With 256 codes the error of few numbers jumps from one range to the next, and brute force finds the luckiest one,
// which a histogram cannot always tell from its neighbours.
TEST_CASE("search: mse_range is as good as brute force on the data") {
  double sum = 0.0, worst = 0.0;
  for (const std::size_t n : {1500u, 20000u}) {
    for (int which = 0; which < kinds; ++which) {
      const std::vector<float> x = data_of(which, n, n == 1500 ? 1 : 3);
      for (const scheme& how : {qmath::symmetric, qmath::affine}) {
        CAPTURE(n);
        CAPTURE(which);
        CAPTURE(how.symmetric);
        const auto four_bits = losses_of<qmath::s4>(x, how);
        const auto eight_bits = losses_of<std::int8_t>(x, how);
        CHECK(four_bits[0] < 0.01);
        CHECK(four_bits[1] < 0.01);
        CHECK(eight_bits[1] < (n == 1500 ? 0.1 : 0.01));
        sum += eight_bits[0];
        worst = std::max(worst, eight_bits[0]);
      }
    }
  }
  CHECK(sum / (2 * kinds * 2) < 0.01);
  CHECK(worst < 0.1);
}

namespace {

double entropy_of(const histogram_view& h, value_range r, const scheme& how) {
  const qmath::affine_params p = qmath::choose_params<qmath::s4>(r, how);
  return qmath::reference::entropy_score(h, p.scale, 7 - p.zero_point, p.zero_point + 8);
}

}  // namespace

// Every edge of a bin as the end of a symmetric range: the best one is found.
TEST_CASE("search: entropy_range is the best of all symmetric ranges of whole bins") {
  for (int which = 0; which < kinds; ++which) {
    CAPTURE(which);
    const auto h = histogram_of<512>(data_of(which, 20000));
    value_range best = h->summary.range;
    double best_score = entropy_of(*h, best, qmath::symmetric);
    for (int j = 256; j > 0; --j) {
      const float a = std::ldexp(static_cast<float>(j), h->summary.exponent);
      if (a > qmath::absmax(h->summary.range)) continue;
      const double score = entropy_of(*h, {-a, a}, qmath::symmetric);
      if (score > best_score) best_score = score, best = {-a, a};
    }
    CHECK(same(qmath::entropy_range<qmath::s4>(*h, qmath::symmetric), best));
  }
}

// Every pair of edges around zero: none is better. Zero points between those of the pairs may be.
TEST_CASE("search: entropy_range is as good as the best affine range of whole bins") {
  for (int which = 0; which < kinds; ++which) {
    CAPTURE(which);
    const auto h = histogram_of<128>(data_of(which, 5000));
    const double own =
        entropy_of(*h, qmath::entropy_range<qmath::s4>(*h, qmath::affine), qmath::affine);
    double best = entropy_of(*h, h->summary.range, qmath::affine);
    const auto edge = [&](int j) { return std::ldexp(static_cast<float>(j), h->summary.exponent); };
    for (int a = 0; a >= -64 && edge(a) >= h->summary.range.min; --a) {
      for (int b = a == 0 ? 1 : 0; b <= 64 && edge(b) <= h->summary.range.max; ++b) {
        best = std::max(best, entropy_of(*h, {edge(a), edge(b)}, qmath::affine));
      }
    }
    CHECK(own >= best);
  }
}
