// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// load(observer, bytes) of each type of observer.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <qmath/qmath.hpp>

#include "fuzz/parsers.hpp"
#include "support/saved_bytes.hpp"

namespace fuzz {
namespace {

using qmath::load_status;
using qmath::value_range;
using support::get;
using support::put;
using support::saved;
using support::seen;

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float largest = std::numeric_limits<float>::max();

template <class O>
bool loads_again(const O& o) {
  const bytes b = saved(o);
  O again = seen<O>({5.0f});
  return qmath::load(again, b) == load_status::ok && again == o && saved(again) == b;
}

/// Of finite numbers, or the empty one.
bool is_range(value_range r) {
  return (r.min == inf && r.max == -inf) ||
         (r.min <= r.max && -largest <= r.min && r.max <= largest);
}

bool is_valid(const qmath::affine_params& p) { return p.scale > 0.0f && p.scale <= largest; }

template <class O>
bool has_params(const O& o) {
  return is_valid(qmath::choose_params<std::int8_t>(o)) &&
         is_valid(qmath::choose_params<std::uint8_t>(o, qmath::symmetric)) &&
         is_valid(qmath::choose_params<qmath::s4>(o, qmath::symmetric));
}

/// What is special about a type. Returns a property that does not hold.
const char* use_alone(const qmath::min_max_observer&) { return nullptr; }
const char* use_alone(const qmath::moving_average_observer& o) {
  return is_range(qmath::range_of(o)) ? nullptr : "range_of";
}
const char* use_alone(const qmath::moments_observer& o) {
  for (const double k : {0.0, 3.0, 1e300}) {
    const value_range r = qmath::sigma_range(o, k);
    if (!is_range(r) || (o.count == 0) != (r.min > r.max)) return "sigma_range";
  }
  return nullptr;
}

template <std::size_t Bins>
const char* use_alone(const qmath::histogram_observer<Bins>& h) {
  const value_range all = qmath::range_of(h);
  const auto is_inside = [&](value_range r) {
    return is_range(r) && (r.min > r.max) == (h.summary.count == 0) &&
           (r.min > r.max || (all.min <= r.min && r.max <= all.max));
  };
  if (!is_inside(all)) return "range_of";
  for (const double q : {0.0, 0.3, 0.9999}) {
    if (!is_inside(qmath::percentile(h, q / 2, q))) return "percentile";
    if (!is_range(qmath::absmax_percentile(h, q))) return "absmax_percentile";
  }
  for (const qmath::scheme& how : {qmath::affine, qmath::symmetric}) {
    if (!is_range(qmath::mse_range<std::int8_t>(h, how))) return "mse_range";
    if (!is_range(qmath::entropy_range<qmath::s4>(h, how))) return "entropy_range";
  }
  qmath::drift_monitor<Bins> monitor{};
  monitor.calibration = h;
  qmath::watch(monitor, std::vector<float>{0.5f, -3.0f, 1e30f, std::nanf("")});
  const qmath::drift_report report = qmath::drift_of(monitor, {.least_count = 1});
  // A count that has stopped at 2^64 - 1 is not the sum of the bins, which the distances need.
  if (h.summary.count != 0 && h.summary.count != ~std::uint64_t{0}) {
    // At least a warning: there was a NaN.
    if (report.status < qmath::drift_status::warn) return "drift_of, status";
    if (!(report.ks.value >= 0.0 && report.ks.value <= 1.0)) return "drift_of, ks";
    if (!(report.psi.value >= 0.0)) return "drift_of, psi";
  }
  return nullptr;
}

template <class O>
const char* use(O& o) {
  if (const char* const wrong = use_alone(o)) return wrong;
  if (!has_params(o)) return "choose_params";
  if constexpr (qmath::exactly_merging_observer<O>) {
    const O other = seen<O>({0.25f, -7.0f});
    const qmath::stratum<O> strata[] = {{"loaded", &o}, {"other", &other}};
    qmath::stratum_coverage report[2];
    O scratch;
    if (!is_valid(qmath::coverage<std::int8_t>(strata, scratch, report))) return "coverage";
    if (!is_valid(report[0].params_without)) return "coverage, report";
  }
  // What it has seen and what it sees from now on can be saved and loaded, as of any observer.
  qmath::merge(o, O(o));
  if (!loads_again(o)) return "merged with itself, does not load";
  if (const char* const wrong = use_alone(o)) return wrong;
  qmath::observe(o, std::vector<float>{1.0f, -2e30f, inf, std::nanf(""), 0x1p-149f, -0.0f});
  if (!loads_again(o)) return "has seen more, does not load";
  if (!has_params(o)) return "choose_params, has seen more";
  return use_alone(o);
}

template <class O>
outcome load(std::span<const std::uint8_t> b) {
  const O before = seen<O>({7.0f, 8.0f});
  O o = before;
  const load_status status = qmath::load(o, b);
  const char* const text = qmath::name(status);
  if (status != load_status::ok) return {text, o == before ? nullptr : "refused, but changed"};
  const bytes back = saved(o);
  if (!std::ranges::equal(back, b)) return {text, "save writes other bytes than load accepted"};
  if (!loads_again(o)) return {text, "saved, does not load"};
  return {text, use(o)};
}

template <class O>
void repair(bytes& b, std::size_t most, unsigned kind) {
  constexpr std::size_t size = qmath::saved_size<O>;
  if (kind % 8 == 0) return;
  if (kind % 8 != 1 && most >= size) {  // a header that is accepted
    b.resize(size);
    std::memcpy(b.data(), "qmob\1\0", 6);
    put(b, 6, qmath::detail::saved_kind_of<O>, 2);
    put(b, 8, size, 4);
    if constexpr (qmath::detail::is_histogram<O>) {
      if (kind % 4 != 2) {  // and the sum of the bins, with their number
        std::uint64_t sum = 0;
        for (std::size_t i = size - 8 * O::bins; i < size; i += 8) {
          const std::uint64_t count = get(b, i, 8);
          sum = sum + count < sum ? ~std::uint64_t{0} : sum + count;
        }
        put(b, 24, sum, 8);
        put(b, 60, O::bins, 4);
      }
    }
  }
  if (b.size() >= 16) put(b, 12, support::saved_sum(b), 4);
}

template <class O>
std::vector<bytes> seeds() {
  std::vector<bytes> all;
  for (const std::vector<float>& x :
       std::vector<std::vector<float>>{{},
                                       {1.0f},
                                       {-3.0f, 0.5f, 0.5f, inf, -inf, std::nanf("")},
                                       {0x1p-149f, -0x1p-140f, 0.0f},
                                       {largest, -largest},
                                       {-100.0f, -7.0f, -0.1f, 0.1f, 0.2f, 3.0f, 64.0f, 99.0f}}) {
    all.push_back(saved(seen<O>(x)));
  }
  return all;
}

template <class O>
constexpr parser parser_of(const char* name) {
  return {name, load<O>, repair<O>, seeds<O>};
}

}  // namespace

const parser load_min_max = parser_of<qmath::min_max_observer>("load_min_max");
const parser load_moving_average = parser_of<qmath::moving_average_observer>("load_moving_average");
const parser load_moments = parser_of<qmath::moments_observer>("load_moments");
const parser load_histogram = parser_of<qmath::histogram_observer<16>>("load_histogram");

}  // namespace fuzz
