// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// drift_monitor: against a plain loop over all elements; sampling, NaN and infinities, limits, chunks, merging.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <qmath/observe/drift.hpp>
#include <qmath/qmath.hpp>
#include <iterator>
#include <random>
#include <string>
#include <type_traits>
#include <string_view>
#include <vector>

#include "support/contract.hpp"
#include "support/formats.hpp"
#include "support/inputs.hpp"
#include "support/selections.hpp"
#include "support/targets.hpp"

using qmath::drift_live;
using qmath::drift_report;
using qmath::drift_sampling;
using qmath::drift_status;
using qmath::nonfinite_event;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float quiet_nan = std::numeric_limits<float>::quiet_NaN();

template <std::size_t Bins>
std::unique_ptr<qmath::drift_monitor<Bins>> monitor_of(const std::vector<float>& calibration,
                                                       const drift_sampling& sampling = {},
                                                       qmath::value_range clip = {}) {
  auto m = std::make_unique<qmath::drift_monitor<Bins>>();
  m->layer = "conv1";
  m->clip = clip;
  m->sampling = sampling;
  qmath::observe(m->calibration, calibration);
  return m;
}

std::vector<float> normal(std::size_t n, double mean, double sigma, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> x(n);
  for (float& v : x) {
    double sum = 0.0;
    for (int i = 0; i < 12; ++i) sum += static_cast<double>(random()) / 4294967296.0;
    v = static_cast<float>(mean + sigma * (sum - 6.0));
  }
  return x;
}

std::uint64_t mixed(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

bool is_read(const drift_sampling& s, std::uint64_t position) {
  const std::uint64_t every = std::max<std::uint64_t>(s.every, 1), block = position / 1024;
  const std::uint64_t group = block / every;
  const std::uint64_t u = mixed(mixed(s.seed) + (group + 1) * 0x9E3779B97F4A7C15u) >> 32;
  return block % every == u * every / 4294967296u;
}

// What the monitor should know after these calls.
struct plain_watch {
  drift_live live = {};
  std::vector<std::uint64_t> counts;

  template <std::size_t Bins>
  explicit plain_watch(const qmath::drift_monitor<Bins>& /*unused*/) : counts(Bins) {}

  template <std::size_t Bins>
  void operator()(const qmath::drift_monitor<Bins>& m, const std::vector<float>& x,
                  const support::choice& c = {}) {
    const double w = std::ldexp(1.0, m.calibration.summary.exponent);
    const bool given = m.clip.min <= m.clip.max;
    const qmath::value_range clip = given ? m.clip : m.calibration.summary.range;
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (!c.selects(i, x.size())) continue;
      const bool read = is_read(m.sampling, live.elements + i);
      if (!std::isfinite(x[i])) {
        if (!read && !m.sampling.all_for_nonfinite) continue;
        live.nonfinite.nan += std::isnan(x[i]);
        live.nonfinite.positive_infinite += x[i] == inf;
        live.nonfinite.negative_infinite += x[i] == -inf;
        nonfinite_event& event = std::isnan(x[i]) ? live.first_nan : live.first_infinite;
        if (event == nonfinite_event{}) event = {live.elements + i, live.calls, i};
        continue;
      }
      if (!read) continue;
      ++live.count;
      live.clipped_low += x[i] < clip.min;
      live.clipped_high += x[i] > clip.max;
      live.range = qmath::merge(live.range, {x[i] + 0.0f, x[i] + 0.0f});
      const double half = static_cast<double>(Bins / 2);
      const double j = std::floor(static_cast<double>(x[i]) / w);
      ++counts[static_cast<std::size_t>(std::clamp(j, -half, half - 1.0) + half)];
    }
    live.elements += x.size();
    ++live.calls;
  }
};

template <std::size_t Bins>
void check_same(const qmath::drift_monitor<Bins>& m, const plain_watch& want) {
  CHECK(m.live == want.live);
  CHECK(std::equal(want.counts.begin(), want.counts.end(), m.counts));
}

}  // namespace

TEST_CASE("watch: the bins of the calibration, clips, range, for all targets") {
  const std::vector<float> calibration = support::floats_near(0.01f, 5000, 1);
  const std::vector<std::vector<float>> calls = {
      support::floats_near(0.01f, 3000, 2), {},
      support::floats_near(0.02f, 1, 3),    support::floats_near(0.02f, 1025, 4),
      {-1.0f, -1.5f, 0.5f, 0.75f},          {4.0f, -4.0f, std::nextafter(4.0f, 0.0f), -4.0001f},
      {1e30f, -1e30f, 0.0f, -0.0f, -1e-45f}};
  support::for_each_target([&] {
    for (const qmath::value_range clip : {qmath::value_range{}, qmath::value_range{-1.0f, 0.5f}}) {
      const auto m = monitor_of<256>(calibration, {}, clip);
      plain_watch want(*m);
      for (const std::vector<float>& x : calls) {
        CHECK(!qmath::watch(*m, x));
        want(*m, x);
      }
      check_same(*m, want);
    }
  });
}

TEST_CASE("watch: calibrations of any magnitude") {
  const std::vector<float> x = support::any_floats(6000, 5);
  for (const float largest : {0.0f, 1e-45f, 1e-38f, 1e-20f, 1.0f, 0x1p126f, 0x1p127f,
                              std::numeric_limits<float>::max()}) {
    const auto m = monitor_of<64>({largest, -largest});
    plain_watch want(*m);
    qmath::watch(*m, x);
    want(*m, x);
    check_same(*m, want);
  }
  // Without a calibration everything is counted, and nothing decided.
  qmath::drift_monitor<64> none = {};
  qmath::watch(none, std::vector<float>(20000, 1.0f));
  CHECK(none.live.count == 20000);
  CHECK(qmath::drift_of(none).status == drift_status::undecided);
}

TEST_CASE("watch: one block of each group, whatever the calls") {
  const std::vector<float> x = normal(40 * 1024 + 77, 0.0, 1.0, 6);
  std::mt19937 random(7);
  for (const std::uint32_t every : {0u, 1u, 2u, 3u, 16u, 1000u}) {
    const drift_sampling sampling = {every, random(), true};
    const auto whole = monitor_of<64>({1.0f}, sampling);
    plain_watch want(*whole);
    qmath::watch(*whole, x);
    want(*whole, x);
    check_same(*whole, want);
    const auto parts = monitor_of<64>({1.0f}, sampling);
    for (std::size_t i = 0; i < x.size();) {
      const std::size_t n = std::min<std::size_t>(random() % 5000, x.size() - i);
      qmath::watch(*parts, std::span(x).subspan(i, n));
      i += n;
    }
    CHECK(parts->live.elements == x.size());
    parts->live.calls = 1;
    CHECK(parts->live == whole->live);
    CHECK(std::equal(parts->counts, parts->counts + 64, whole->counts));
    if (every == 2 || every == 16) {
      // 40 whole blocks, and a part of the next one.
      const std::uint64_t groups = 40 / every;
      CHECK(whole->live.count >= 1024 * groups);
      CHECK(whole->live.count <= 1024 * (groups + 1));
    }
  }
  // All blocks of a group have their turn.
  std::vector<int> chosen(8);
  const drift_sampling sampling = {8, 1, true};
  for (std::uint64_t g = 0; g < 400; ++g) {
    for (std::uint64_t b = 0; b < 8; ++b) {
      chosen[b] += is_read(sampling, (8 * g + b) * 1024) ? 1 : 0;
    }
  }
  CHECK(*std::min_element(chosen.begin(), chosen.end()) > 20);
}

TEST_CASE_TEMPLATE("watch: the first NaN and the first infinity", X, float, qmath::half,
                   qmath::bfloat16) {
  const auto as_x = [](const std::vector<float>& v) {
    std::vector<X> x(v.size());
    for (std::size_t i = 0; i < v.size(); ++i) qmath::reference::store_real(x[i], v[i]);
    return x;
  };
  for (const bool all : {true, false}) {
    const drift_sampling sampling = {4, 3, all};
    const auto m = monitor_of<64>({-1.0f, 1.0f}, sampling);
    plain_watch want(*m);
    std::mt19937 random(8);
    bool nan_seen = false, infinite_seen = false;
    for (int call = 0; call < 30; ++call) {
      std::vector<float> v(random() % 3000, 0.5f);
      if (call > 5 && !v.empty() && random() % 3 == 0) v[random() % v.size()] = -quiet_nan;
      if (call > 3 && !v.empty() && random() % 2 == 0) v[random() % v.size()] = inf;
      if (call > 3 && !v.empty() && random() % 2 == 0) v[random() % v.size()] = -inf;
      const bool first = qmath::watch(*m, as_x(v));
      want(*m, v);
      const bool nan_known = want.live.nonfinite.nan != 0;
      const bool infinite_known = !(want.live.first_infinite == nonfinite_event{});
      CHECK(first == (nan_known != nan_seen || infinite_known != infinite_seen));
      nan_seen = nan_known, infinite_seen = infinite_known;
    }
    CHECK((nan_seen && infinite_seen));
    check_same(*m, want);
  }
}

TEST_CASE_TEMPLATE("watch: what is not selected keeps its place and is not looked at", X, float,
                   qmath::half) {
  std::mt19937 random(30);
  for (const bool all : {true, false}) {
    const auto m = monitor_of<64>({-1.0f, 1.0f}, {.every = 3, .seed = 4, .all_for_nonfinite = all},
                                  {-0.5f, 0.5f});
    plain_watch want(*m);
    for (int trial = 0; trial < 3 * support::choices; ++trial) {
      const std::size_t n = 1 + random() % 6000;
      const support::choice c = support::random_choice(random, trial % support::choices, n, 0);
      std::vector<float> x = normal(n, 0.1, 0.5, static_cast<std::uint32_t>(random()));
      for (float& v : x) v = qmath::float_from(support::real_numbers<X>({v})[0]);
      for (int k = 0; k < 3; ++k) x[random() % n] = k == 0 ? quiet_nan : k == 1 ? inf : -inf;
      const qmath::nonfinite_event nan = want.live.first_nan, infinite = want.live.first_infinite;
      const bool first = qmath::watch(*m, support::real_numbers<X>(x), c.selection());
      want(*m, x, c);
      check_same(*m, want);
      CHECK(first == !(nan == want.live.first_nan && infinite == want.live.first_infinite));
    }
    CHECK((want.live.nonfinite.nan != 0 && want.live.clipped_low != 0 && want.live.count != 0));
  }
  // Padding may be anything.
  const auto m = monitor_of<64>({1.0f});
  CHECK(!qmath::watch(*m, std::vector<float>{0.5f, quiet_nan, inf, 9.0f, 0.25f, 0.5f, inf, -inf},
                      {.lengths = std::vector<std::uint32_t>{1, 2}, .positions = 4}));
  CHECK(m->live.count == 3);
  CHECK(m->live.elements == 8);
  CHECK(m->live.range == qmath::value_range{0.25f, 0.5f});
  CHECK(m->live.first_nan == nonfinite_event{});
  const std::uint8_t mask[] = {0, 1, 1};
  CHECK(qmath::watch(*m, std::vector<float>{inf, 1.0f, quiet_nan}, {mask}));
  CHECK(m->live.first_nan == nonfinite_event{10, 1, 2});
  CHECK(m->live.first_infinite == nonfinite_event{});
}

TEST_CASE("drift_of: every number, against its definition") {
  const std::vector<float> calibration = normal(20000, 0.5, 1.0, 9);
  std::vector<float> skewed = normal(15000, 0.0, 1.0, 10);
  for (float& v : skewed) v *= v;
  const std::vector<std::vector<float>> shapes = {calibration,
                                                  normal(12000, 0.5, 1.0, 11),
                                                  normal(12000, 1.5, 1.0, 12),
                                                  normal(12000, 0.5, 3.0, 13),
                                                  skewed,
                                                  std::vector<float>(10000, 100.0f),
                                                  std::vector<float>(10000, 0.5f)};
  // A number of elements that ten does not divide, in bins of their own: where groups begin, to the element.
  std::vector<float> few(37);
  for (std::size_t i = 0; i < few.size(); ++i) few[i] = static_cast<float>(i) - 20.0f;
  for (const std::vector<float>& base : {calibration, skewed, few, std::vector<float>(50, 2.0f)}) {
    for (const std::vector<float>& x : shapes) {
      const auto m = monitor_of<512>(base, {}, {-2.0f, 3.0f});
      qmath::watch(*m, x);
      const drift_report r = qmath::drift_of(*m);
      CHECK(r.layer == std::string("conv1"));
      CHECK(r.live == m->live);
      const std::uint64_t* const c = m->calibration.counts;
      const std::uint64_t n_c = m->calibration.summary.count, n_l = x.size();
      std::vector<std::uint64_t> p(10), q(10);
      std::uint64_t below = 0, live_below = 0;
      double ks = 0.0, mean_c = 0.0, mean_l = 0.0, square_c = 0.0;
      const double w = std::ldexp(1.0, m->calibration.summary.exponent);
      for (std::size_t i = 0; i < 512; ++i) {
        const std::uint64_t group = std::min<std::uint64_t>(10 * below / n_c, 9);
        p[group] += c[i], q[group] += m->counts[i];
        below += c[i], live_below += m->counts[i];
        ks = std::max(ks, std::fabs(static_cast<double>(below) / static_cast<double>(n_c) -
                                    static_cast<double>(live_below) / static_cast<double>(n_l)));
        const double low = (static_cast<double>(i) - 256.0) * w, high = low + w;
        mean_c += static_cast<double>(c[i]) / static_cast<double>(n_c) * (low + high) / 2;
        mean_l += static_cast<double>(m->counts[i]) / static_cast<double>(n_l) * (low + high) / 2;
        // The mean of x^2 from low to high.
        square_c += static_cast<double>(c[i]) / static_cast<double>(n_c) *
                    (low * low + low * high + high * high) / 3;
      }
      const double sigma = std::sqrt(square_c - mean_c * mean_c);
      CHECK(r.psi.value == qmath::population_stability_index(p, q));
      CHECK(r.ks.value == doctest::Approx(ks).epsilon(1e-12));
      CHECK(r.mean_shift.value ==
            doctest::Approx((mean_l - mean_c) / sigma).epsilon(1e-9).scale(1e-9));
      const auto [low, high] = std::minmax_element(x.begin(), x.end());
      const auto [base_low, base_high] = std::minmax_element(base.begin(), base.end());
      const double width = static_cast<double>(*base_high) - static_cast<double>(*base_low);
      const double moved =
          std::max(std::fabs(static_cast<double>(*low) - static_cast<double>(*base_low)),
                   std::fabs(static_cast<double>(*high) - static_cast<double>(*base_high)));
      CHECK(r.range_shift.value == moved / std::max(width, w));
      const auto outside = [&](auto is) {
        return static_cast<double>(std::count_if(x.begin(), x.end(), is)) /
               static_cast<double>(n_l);
      };
      CHECK(r.clip_rate_low == outside([](float v) { return v < -2.0f; }));
      CHECK(r.clip_rate_high == outside([](float v) { return v > 3.0f; }));
      CHECK(r.clip_rate.value == outside([](float v) { return v < -2.0f || v > 3.0f; }));
    }
  }
}

TEST_CASE("drift_of: the same data are ok, others say recalibrate, and why") {
  const std::vector<float> calibration = normal(50000, 0.0, 1.0, 14);
  const auto report = [&](const std::vector<float>& x, qmath::value_range clip) {
    const auto m = monitor_of<2048>(calibration, {}, clip);
    qmath::watch(*m, x);
    return qmath::drift_of(*m);
  };
  const drift_report fresh = report(normal(20000, 0.0, 1.0, 15), {-6.0f, 6.0f});
  CHECK(fresh.status == drift_status::ok);
  CHECK((fresh.psi.value < 0.005 && fresh.ks.value < 0.02));
  CHECK((fresh.psi.status == drift_status::ok && fresh.clip_rate.status == drift_status::ok));
  const drift_report moved = report(normal(20000, 0.6, 1.0, 16), {-6.0f, 6.0f});
  CHECK(moved.status == drift_status::recalibrate);
  CHECK(moved.mean_shift.value == doctest::Approx(0.6).epsilon(0.05));
  CHECK((moved.psi.status == drift_status::recalibrate && moved.mean_shift.status == moved.status));
  CHECK(moved.clip_rate.status == drift_status::ok);
  const drift_report back = report(normal(20000, -0.3, 1.0, 16), {-6.0f, 6.0f});
  CHECK(back.mean_shift.status == drift_status::warn);
  const drift_report wide = report(normal(20000, 0.0, 2.0, 17), {-3.5f, 3.5f});
  CHECK((wide.clip_rate.status == drift_status::recalibrate && wide.clip_rate.value > 0.05));
  CHECK(wide.mean_shift.status == drift_status::ok);
  // One outlier moves the range, and nothing else.
  std::vector<float> outlier = normal(20000, 0.0, 1.0, 15);
  outlier[7] = 1e20f;
  const drift_report spike = report(outlier, {-6.0f, 6.0f});
  CHECK((spike.status == drift_status::warn && spike.range_shift.status == drift_status::warn));
  CHECK((spike.psi.status == drift_status::ok && spike.ks.status == drift_status::ok));
  CHECK(spike.mean_shift.status == drift_status::ok);
}

TEST_CASE("drift_of: limits, too few elements, NaN") {
  const auto m = monitor_of<256>(normal(5000, 0.0, 1.0, 18));
  CHECK(std::isnan(qmath::drift_of(*m).ks.value));
  CHECK(qmath::drift_of(*m).status == drift_status::undecided);
  qmath::watch(*m, normal(5000, 1.0, 1.0, 19));
  drift_report r = qmath::drift_of(*m);
  CHECK((r.status == drift_status::undecided && r.ks.status == drift_status::undecided));
  CHECK(r.ks.value > 0.2);
  qmath::drift_limits limits = {};
  limits.least_count = 5000;
  r = qmath::drift_of(*m, limits);
  CHECK((r.status == drift_status::recalibrate && r.ks.status == drift_status::recalibrate));
  limits = {{}, {}, {r.ks.value, 2.0}, {}, {}, 5000};
  CHECK(qmath::drift_of(*m, limits).status == drift_status::warn);
  limits.ks = {0.0, r.ks.value};
  CHECK(qmath::drift_of(*m, limits).status == drift_status::recalibrate);
  limits.ks = {std::nextafter(r.ks.value, 1.0), 1.0};
  CHECK(qmath::drift_of(*m, limits).status == drift_status::ok);
  limits.ks = {std::nan(""), std::nan("")};
  CHECK(qmath::drift_of(*m, limits).status == drift_status::ok);
  CHECK(qmath::drift_of(*m, limits).psi.status == drift_status::ok);
  // A NaN is a warning at once.
  const auto few = monitor_of<256>({1.0f});
  CHECK(qmath::watch(*few, std::vector<float>{0.0f, quiet_nan}));
  CHECK(few->live.first_nan == nonfinite_event{1, 0, 1});
  CHECK(qmath::drift_of(*few).status == drift_status::warn);
  qmath::reset(*few);
  CHECK(few->live == drift_live{});
  CHECK(std::count(few->counts, few->counts + 256, 0u) == 256);
  CHECK(few->calibration.summary.count == 1);
}

TEST_CASE("merge: monitors of threads") {
  const std::vector<float> calibration = normal(3000, 0.0, 1.0, 20);
  const std::vector<float> x = normal(9000, 0.1, 1.0, 21);
  const auto whole = monitor_of<256>(calibration), a = monitor_of<256>(calibration),
             b = monitor_of<256>(calibration);
  qmath::watch(*whole, x);
  qmath::watch(*a, std::span(x).first(5000));
  qmath::watch(*b, std::span(x).subspan(5000));
  qmath::merge(*a, *b);
  a->live.calls = 1;
  CHECK(a->live == whole->live);
  CHECK(std::equal(a->counts, a->counts + 256, whole->counts));
  qmath::watch(*b, std::vector<float>{inf});
  qmath::merge(*a, *b);
  CHECK(a->live.first_infinite == nonfinite_event{4000, 1, 0});
  qmath::watch(*whole, std::vector<float>{0.0f, -inf, quiet_nan});
  qmath::merge(*whole, *b);
  CHECK(whole->live.first_infinite == nonfinite_event{9001, 1, 1});
  CHECK(whole->live.first_nan == nonfinite_event{9002, 1, 2});
  CHECK(whole->live.nonfinite == qmath::nonfinite_counts{1, 1, 1});
}

TEST_CASE("contract: drift") {
  const auto a = monitor_of<64>({1.0f}), b = monitor_of<64>({2.0f});
  support::contract_log log;
  qmath::merge(*a, *b);
  CHECK(log.take() == "qmath::merge: from.calibration is another one than into.calibration");
  qmath::watch(*a, std::span<const float>(static_cast<const float*>(nullptr), 3));
  CHECK(log.take() == "qmath::watch: x has no data");
  const float* const inside = &a->live.range.min;
  qmath::watch(*a, std::span<const float>(inside, 2));
  CHECK(log.take().find("qmath::watch: argument monitor overlaps x, its bytes ") == 0);
  const std::vector<float> x(12, 1.0f);
  const std::vector<std::uint8_t> bytes(5, 1);
  qmath::watch(*a, x, {bytes});
  CHECK(log.take() == "qmath::watch: x.size() is 12, must be a multiple of mask.size(), 5");
  qmath::watch(*a, x, {.channels = bytes});
  CHECK(log.take() == "qmath::watch: channels are given without a layout");
  qmath::watch(*a, x, {.channels = {bytes, qmath::per_column(4)}});
  CHECK(log.take() == "qmath::watch: channels.size() is 5, but channels.layout.count() is 4");
  qmath::watch(*a, x, {.lengths = std::vector<std::uint32_t>{2, 4}, .positions = 3});
  CHECK(log.take() == "qmath::watch: positions is 3, must be at least every length, 4");
  CHECK(a->live == drift_live{});
}

TEST_CASE("drift: statuses have names") {
  const char* const names[] = {"undecided", "ok", "warn", "recalibrate"};
  for (std::size_t i = 0; i < std::size(names); ++i) {
    CHECK(std::string_view(qmath::name(static_cast<qmath::drift_status>(i))) == names[i]);
  }
}
