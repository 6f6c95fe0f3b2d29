// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// qmath::quantize of all 2^32 floats against the reference, on every CPU target, for every rounding and both
// quotients, with a choice of scales, zero points and formats that are known to be difficult.
//
//     qmath_exhaustive STRIDE [PART PARTS]
//
// takes every STRIDEth float, so 1 is all of them, and of the choices those with number % PARTS == PART.
//
// What is compared with. The reference takes 10 ns for a float and the kernels a tenth of that, so where all
// floats of a block have the same code, the reference is asked at both ends of it only. That is enough,
// because the reference is monotone: with the floats in order, -infinity first and zeros apart, it never
// decreases.
//     x / s and x * r (s, r > 0) do not decrease with x as real numbers, nor rounded to a float, which is
//     monotone; where r is infinite, they are an infinity with the sign of x. Nor does t + z, rounded. A
//     clamp does not decrease, nor any of the roundings: for stochastic ones, floor((nearest_even(65536 v) +
//     r) / 65536) decreases neither with v nor with r. Nor do adding the zero point and clipping. The counts
//     of clipped codes are functions of the same rounded number.
// So where the reference gives one code at two floats, it gives this code at all floats between them; for
// stochastic rounding where it does with the lowest r at the first and the highest r at the last one. Zeros
// are apart because 0 * infinity is NaN, and NaNs are, because all of them have one code. In all other blocks
// the reference is asked for every float, and so it is for some floats of every block, as a check of this.
#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <qmath/qmath.hpp>
#include <string_view>
#include <vector>

// Not a doctest program, but its arrays are those of one.
#define DOCTEST_CONFIG_DISABLE
#include "support/formats.hpp"

namespace {

using qmath::bit_order;
using qmath::nan_rule;
using support::format_traits;
using support::packed;

// ---- What is tested ------------------------------------------------------------------------------

struct choice {
  const char* format;
  float scale;
  std::int32_t zero_point;
  qmath::zero_point_rule zero_point_rule = qmath::zero_point_rule::after_rounding;
  // Of a division, of a multiplication by the reciprocal. Kernels of their own are there for these.
  nan_rule nan[2] = {nan_rule::lowest, nan_rule::highest};
  bool narrow = false;  // one code less than the format has
  bool counts = false;
};

constexpr auto before = qmath::zero_point_rule::before_rounding;
constexpr auto after = qmath::zero_point_rule::after_rounding;

constexpr float bits(std::uint32_t b) { return std::bit_cast<float>(b); }

// Whether the quotient can be had without a division depends on the scale's size, where 2^-100 and 2^100 are the
// ends, and on whether its significand is all ones (detail/quotient.hpp); with stochastic rounding these are
// 2^-80 and 2^80. Scales with low bits near 0 or 0xFFFF have the quotients that are closest to ties.
constexpr choice choices[] = {
    {"s8", 0.1f, 3},
    {"u8", bits(0x3DCD000F), 128},
    {"s8", bits(0x3DCD0010), -3, after, {nan_rule::lowest, nan_rule::highest}, true},
    {"u8", bits(0x3DCDFFF0), 3},
    {"s8", 0x1.fffffep-6f, -7},
    {"u8", 0x1.fffffcp-80f, 255},
    {"s8", 0x1.b3a5p-100f, -128},
    {"u8", 0x1.a7c3p99f, 77},
    {"s8", 0x1p127f, 1},
    {"s8", 0x1p-149f, 5},
    {"u8", 0x1.8p-127f, 255, after, {nan_rule::zero_point, nan_rule::zero_point}, true, true},
    {"s16", 0.00214854861f, -7},
    {"u16", 0x1p-7f, 32769, before, {nan_rule::highest, nan_rule::zero_point}, false, true},
    {"s32", 0.1f, 0},
    {"s4", 0.3f, 1},
};

constexpr qmath::rounding roundings[] = {
    qmath::rounding::nearest_even, qmath::rounding::half_away, qmath::rounding::half_up,
    qmath::rounding::toward_zero,  qmath::rounding::floor,     qmath::rounding::stochastic};
constexpr const char* rounding_names[] = {"nearest_even", "half_away", "half_up",
                                          "toward_zero",  "floor",     "stochastic"};
constexpr qmath::quotient_rule quotients[] = {qmath::quotient_rule::divide,
                                              qmath::quotient_rule::reciprocal};
constexpr const char* quotient_names[] = {"divide", "reciprocal"};
constexpr std::size_t rounding_count = std::size(roundings);
constexpr std::size_t rule_count = rounding_count * std::size(quotients);

template <class F>
qmath::quantize_options options_of(const choice& c, std::size_t rule) {
  const std::size_t quotient = rule / rounding_count;
  qmath::quantize_options options;
  options.rules = {quotients[quotient], roundings[rule % rounding_count], c.zero_point_rule,
                   c.nan[quotient]};
  if (c.narrow) options.codes = qmath::narrow_range<F>();
  // The offset is that of the first float.
  options.random = {0x9E3779B97F4A7C15u, rule, (std::uint64_t{1} << 38) - 0x12345678u};
  return options;
}

// ---- The floats in order -------------------------------------------------------------------------

// Number 0 is the negative NaN with all bits set; then -infinity ... -0, +0 ... infinity, and NaNs.
float float_number(std::uint64_t i) {
  const auto n = static_cast<std::uint32_t>(i);
  return bits((n & 0x80000000u) != 0 ? n ^ 0x80000000u : ~n);
}
constexpr std::uint64_t float_count = std::uint64_t{1} << 32;

// Where -infinity, -0, +0, the number after that and NaN are: the reference is monotone from one of these
// to the next.
constexpr std::uint64_t interval_begins[] = {0x007FFFFF, 0x7FFFFFFF, 0x80000000, 0x80000001,
                                             0xFF800001};

// `length` floats, each `stride` after the one before.
struct block {
  static constexpr std::size_t size = 8192;

  std::uint64_t first;  // its number
  std::uint64_t stride;
  std::size_t length;

  float x(std::size_t i) const { return float_number(first + i * stride); }
  bool is_monotone() const {
    const std::uint64_t last = first + (length - 1) * stride;
    return std::none_of(std::begin(interval_begins), std::end(interval_begins),
                        [&](std::uint64_t begin) { return first < begin && begin <= last; });
  }
};

// ---- What is expected ----------------------------------------------------------------------------

[[noreturn]] void stop(const char* why) {
  std::printf("%s\n", why);
  std::exit(1);
}

// The codes of one block under one rule.
template <class T>
class expectation {
 public:
  using traits = format_traits<T>;
  using F = support::format_of<T>;

  expectation(const choice& c, std::size_t rule)
      : choice_(c),
        options_(options_of<F>(c, rule)),
        origin_(options_.random.offset),
        in_use_(qmath::reference::codes_in_use<F>(options_.codes)),
        memory_(traits::units(block::size)) {}

  // `position` of the block's first float: its random number depends on it.
  void set(const block& b, std::uint64_t position) {
    options_.random.offset = origin_ + position;
    constexpr std::uint32_t lowest = 0, highest = 65535;
    const answer first = ask(b.x(0), lowest), last = ask(b.x(b.length - 1), highest);
    if (b.is_monotone() && first == last) {
      counts_ = {first.counts.low * b.length, first.counts.high * b.length,
                 first.counts.nan * b.length, first.counts.infinite * b.length};
      if (all_ != first || length_ != b.length) {  // else the memory holds them already
        for (std::size_t i = 0; i < b.length; ++i) {
          qmath::reference::store(span(b.length), i, first.code);
        }
      }
      all_ = first;
    } else {
      counts_ = {};
      for (std::size_t i = 0; i < b.length; ++i) {
        const answer a = ask(b.x(i), random(i));
        counts_ += a.counts;
        qmath::reference::store(span(b.length), i, a.code);
      }
      all_.reset();
    }
    length_ = b.length;
    for (std::size_t i = position % 127; i < b.length; i += 127) {
      if (code(i) != ask(b.x(i), random(i)).code) stop("the reference is not monotone");
    }
  }

  const qmath::quantize_options& options() const { return options_; }
  qmath::clip_counts counts() const { return counts_; }
  std::int32_t code(std::size_t i) {
    const typename traits::const_span codes = span(length_);
    return qmath::reference::load(codes, i);
  }
  bool is(const typename traits::memory* q) const {
    return std::memcmp(q, memory_.data(), traits::units(length_) * sizeof(*q)) == 0;
  }

 private:
  struct answer {
    std::int32_t code;
    qmath::clip_counts counts;
    friend bool operator==(const answer&, const answer&) = default;
  };

  answer ask(float x, std::uint32_t r) const {
    const auto a = qmath::reference::quantize_and_count(x, choice_.scale, choice_.zero_point,
                                                        in_use_, options_.rules, r);
    return {a.code, a.counts};
  }
  std::uint32_t random(std::size_t i) const {
    const bool stochastic = options_.rules.round == qmath::rounding::stochastic;
    return stochastic ? qmath::reference::random_bits(options_.random, i) : 0;
  }
  typename traits::span span(std::size_t n) { return traits::view(memory_.data(), n); }

  choice choice_;
  qmath::quantize_options options_;
  std::uint64_t origin_;
  qmath::code_range in_use_;
  std::vector<typename traits::memory> memory_;
  std::size_t length_ = 0;
  std::optional<answer> all_;  // the answer for all of them, where there is one
  qmath::clip_counts counts_;
};

// ---- The comparison ------------------------------------------------------------------------------

void switch_to(const char* target) {
  if (!qmath::cpu::use_target(target)) stop("a target has vanished");
}

// The targets that have a kernel of their own; variants differ in other operations.
std::vector<const char*> targets_to_test() {
  std::vector<const char*> targets;
#if QMATH_MODE == QMATH_MODE_COMPILED
  std::vector<void (*)(const qmath::detail::quantize_job&)> kernels;
  for (const char* name : qmath::cpu::supported_targets()) {
    switch_to(name);
    const auto kernel = qmath::library::active().quantize;
    if (std::find(kernels.begin(), kernels.end(), kernel) != kernels.end()) continue;
    kernels.push_back(kernel);
    targets.push_back(name);
  }
#else
  for (const char* name : qmath::cpu::supported_targets()) targets.push_back(name);
#endif
  return targets;
}

// Prints the first wrong code of a block; how many there are.
template <class T>
std::uint64_t print_wrong(const block& b, std::size_t rule, expectation<T>& want,
                          typename format_traits<T>::const_span got) {
  std::uint64_t wrong = 0;
  for (std::size_t i = 0; i < b.length; ++i) {
    const std::int32_t code = qmath::reference::load(got, i);
    if (code == want.code(i) || wrong++ != 0) continue;
    std::printf("  WRONG: %s, %s, %s: %a gives %d, must be %d\n", qmath::cpu::active_target(),
                quotient_names[rule / rounding_count], rounding_names[rule % rounding_count],
                static_cast<double>(b.x(i)), code, want.code(i));
  }
  return wrong;
}

// One block through one kernel; how many codes are wrong.
template <class T>
std::uint64_t check_block(const choice& c, const block& b, const std::vector<float>& x,
                          std::size_t rule, expectation<T>& want,
                          std::vector<typename format_traits<T>::memory>& memory) {
  const auto q = format_traits<T>::view(memory.data(), b.length);
  qmath::clip_counts counts;
  qmath::quantize_options options = want.options();
  if (c.counts) options.counts = &counts;
  std::memset(memory.data(), 0x55, memory.size() * sizeof(memory[0]));
  qmath::quantize(std::span<const float>(x.data(), b.length),
                  qmath::affine_params{c.scale, c.zero_point}, q, options);
  const std::uint64_t wrong = want.is(memory.data()) ? 0 : print_wrong(b, rule, want, q);
  if (!c.counts || counts == want.counts()) return wrong;
  std::printf("  WRONG: %s, %s, %s: the counts of %a to %a\n", qmath::cpu::active_target(),
              quotient_names[rule / rounding_count], rounding_names[rule % rounding_count],
              static_cast<double>(b.x(0)), static_cast<double>(b.x(b.length - 1)));
  return wrong + 1;
}

// How many codes are wrong; stops early where it is hopeless.
template <class T>
std::uint64_t check(const choice& c, std::uint64_t stride,
                    const std::vector<const char*>& targets) {
  // Several blocks between two changes of the target, which ask the CPU what it is: that takes its time.
  struct slot {
    block b{};
    std::vector<float> x = std::vector<float>(block::size);
    std::vector<expectation<T>> expected;
  };
  std::vector<slot> slots(16);
  for (slot& s : slots) {
    for (std::size_t rule = 0; rule < rule_count; ++rule) s.expected.emplace_back(c, rule);
  }
  std::vector<typename format_traits<T>::memory> memory(format_traits<T>::units(block::size));
  const std::uint64_t n = (float_count + stride - 1) / stride;
  std::uint64_t wrong = 0;
  for (std::uint64_t begin = 0; begin < n && wrong < 1000;) {
    std::size_t used = 0;
    for (; used < slots.size() && begin < n; ++used, begin += block::size) {
      slot& s = slots[used];
      s.b = {begin * stride, stride,
             static_cast<std::size_t>(std::min<std::uint64_t>(block::size, n - begin))};
      for (std::size_t i = 0; i < s.b.length; ++i) s.x[i] = s.b.x(i);
      for (expectation<T>& e : s.expected) e.set(s.b, begin);
    }
    for (const char* target : targets) {
      switch_to(target);
      for (std::size_t k = 0; k < used; ++k) {
        slot& s = slots[k];
        for (std::size_t rule = 0; rule < rule_count; ++rule) {
          wrong += check_block<T>(c, s.b, s.x, rule, s.expected[rule], memory);
        }
      }
    }
  }
  return wrong;
}

std::uint64_t check_format(const choice& c, std::uint64_t stride,
                           const std::vector<const char*>& targets) {
  const std::string_view f = c.format;
  if (f == "s8") return check<std::int8_t>(c, stride, targets);
  if (f == "u8") return check<std::uint8_t>(c, stride, targets);
  if (f == "s16") return check<std::int16_t>(c, stride, targets);
  if (f == "u16") return check<std::uint16_t>(c, stride, targets);
  if (f == "s32") return check<std::int32_t>(c, stride, targets);
  if (f == "s4") return check<packed<qmath::s4, bit_order::first_low>>(c, stride, targets);
  stop("no such format");
}

}  // namespace

int main(int argc, char** argv) {
  const auto number = [&](int i, std::uint64_t otherwise) {
    return i < argc ? std::strtoull(argv[i], nullptr, 10) : otherwise;
  };
  const std::uint64_t stride = number(1, 0), part = number(2, 0), parts = number(3, 1);
  if (stride == 0 || stride >= float_count || part >= parts || argc == 3 || argc > 4) {
    stop("usage: qmath_exhaustive STRIDE [PART PARTS]");
  }
  const std::vector<const char*> targets = targets_to_test();
  std::printf("qmath targets:");
  for (const char* target : targets) std::printf(" %s", target);
  std::printf("\n");
  std::uint64_t all_wrong = 0;
  for (std::size_t i = part; i < std::size(choices); i += parts) {
    const choice& c = choices[i];
    const auto start = std::chrono::steady_clock::now();
    const std::uint64_t wrong = check_format(c, stride, targets);
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    std::printf(
        "%-3s scale %a zero point %d%s%s%s: %zu rules, %zu targets, every float%s; %llu wrong; "
        "%.0f s\n",
        c.format, static_cast<double>(c.scale), c.zero_point,
        c.zero_point_rule == before ? " added before rounding" : "",
        c.narrow ? ", narrow range" : "", c.counts ? ", with counts" : "", rule_count,
        targets.size(), stride == 1 ? "" : " of a sample", static_cast<unsigned long long>(wrong),
        time.count());
    std::fflush(stdout);
    all_wrong += wrong;
  }
  return all_wrong == 0 ? 0 : 1;
}
