// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// dequantize equals the reference, bit for bit, on every CPU target.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <qmath/qmath.hpp>
#include <string>
#include <vector>

#include "support/contract.hpp"
#include "support/formats.hpp"
#include "support/guarded.hpp"
#include "support/inputs.hpp"
#include "support/targets.hpp"

using qmath::bfloat16;
using qmath::bit_order;
using qmath::half;
using support::coded;
using support::format_of;
using support::guard;
using support::guarded;
using support::packed;

namespace {

#define ALL_FORMATS                                                                      \
  std::int8_t, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t,                  \
      packed<qmath::s4, bit_order::first_low>, packed<qmath::s4, bit_order::first_high>, \
      packed<qmath::u4, bit_order::first_low>, packed<qmath::u4, bit_order::first_high>, \
      packed<qmath::s2, bit_order::first_low>, packed<qmath::s2, bit_order::first_high>, \
      packed<qmath::u2, bit_order::first_low>, packed<qmath::u2, bit_order::first_high>

template <class F>
constexpr bool is_wide = qmath::full_range<F>() == qmath::code_range{};

template <class F>
std::vector<std::int32_t> zero_points() {
  const auto [lo, hi] = qmath::full_range<F>();
  if (is_wide<F>) return {0};
  return {lo, lo + 1, 0, hi / 2, hi};
}

// All codes of a format, or those of 32 bits that ask something of the conversion to float.
template <class T>
void write_all_codes(const coded<T>& q) {
  using F = format_of<T>;
  const auto [lo, hi] = qmath::full_range<F>();
  for (std::size_t i = 0; i < q.const_span().size(); ++i) {
    const auto k = static_cast<std::int64_t>(i);
    std::int64_t code = lo + k % (static_cast<std::int64_t>(hi) - lo + 1);
    if (is_wide<F>) {
      const std::int64_t power = std::int64_t{1} << (k % 32);
      code = std::clamp<std::int64_t>((k / 64 % 2 == 0 ? power : -power) + k / 128 - 4, lo, hi);
    }
    qmath::reference::store(q.span(), i, static_cast<std::int32_t>(code));
  }
}

template <class F>
constexpr std::size_t number_of_codes() {
  constexpr std::int64_t lo = qmath::full_range<F>().min, hi = qmath::full_range<F>().max;
  return is_wide<F> ? 1200 : static_cast<std::size_t>(hi - lo + 1);
}

template <class X>
bool same_bytes(std::span<const X> a, std::span<const X> b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size_bytes()) == 0);
}

// To one type of real numbers, on every target.
template <class X, class T, class Params>
void check_to(const coded<T>& q, const Params& p, guard side = guard::behind) {
  const std::size_t n = q.const_span().size();
  std::vector<X> want(n);
  qmath::reference::dequantize(q.const_span(), p, std::span<X>(want));
  const guarded<X> got(n, side);
  support::for_each_target([&] {
    if (n != 0) std::memset(static_cast<void*>(got.data()), 0x55, n * sizeof(X));
    qmath::dequantize(q.const_span(), p, got.span());
    CHECK(got.intact());
    if (same_bytes<X>(want, got.span())) return;
    for (std::size_t i = 0; i < n; ++i) {
      if (same_bytes<X>(std::span(want).subspan(i, 1), got.span().subspan(i, 1))) continue;
      INFO("element ", i, " of ", n, ", code ", q.code(i));
      CHECK(qmath::float_from(got[i]) == qmath::float_from(want[i]));
      FAIL_CHECK("the bits differ");
      return;
    }
  });
}

template <class T, class Params>
void check_all_types(const coded<T>& q, const Params& p, guard side = guard::behind) {
  check_to<float>(q, p, side);
  check_to<half>(q, p, side);
  check_to<bfloat16>(q, p, side);
}

// What the kernels tell apart: rows as blocks and not, whole and short last blocks, blocks of whole vectors
// of every length, blocks longer than a chunk and not dividing it, periods shorter and longer than one.
std::vector<support::named_layout> all_layouts() {
  std::vector<support::named_layout> all = support::layouts();
  const auto add = [&](const char* name, qmath::granularity g, std::size_t repeats) {
    all.push_back({name, g, g.period() * repeats});
  };
  for (const std::size_t size :
       {1u, 2u, 5u, 8u, 12u, 16u, 24u, 32u, 48u, 64u, 96u, 128u, 384u, 1024u}) {
    add("groups, one row", qmath::per_group(1, 3 * size, size), 2);
    add("groups, whole", qmath::per_group(3, 4 * size, size), 1);
    add("groups, short last", qmath::per_group(3, 4 * size + (size + 1) / 2, size), 2);
  }
  add("groups of 384 in long rows", qmath::per_group(2, 2304, 384), 1);
  add("groups of 32 in long rows, short last", qmath::per_group(2, 2070, 32), 1);
  add("groups of 32, odd rows", qmath::per_group(4, 101, 32), 2);
  add("a group larger than its row", qmath::per_group(5, 60, 100), 2);
  for (const std::size_t cols :
       {1u, 2u, 3u, 7u, 8u, 16u, 17u, 64u, 100u, 255u, 256u, 257u, 511u, 513u}) {
    add("columns", qmath::per_column(cols), 2100 / cols + 1);
    add("rows", qmath::per_row(5, cols), 2);
  }
  add("blocks of 2x32", qmath::per_block(5, 128, 2, 32), 2);
  add("blocks of 2x32, short last", qmath::per_block(5, 140, 2, 32), 2);
  add("blocks of 3x100", qmath::per_block(7, 350, 3, 100), 1);
  add("blocks of 2 rows", qmath::per_block(6, 70, 2, 70), 2);
  add("blocks of 4 rows, short last", qmath::per_block(6, 70, 4, 1000), 2);
  add("blocks of all rows", qmath::per_block(6, 70, 10, 32), 2);
  add("one block", qmath::per_block(6, 70, 6, 70), 3);
  add("blocks of 4x1, short last", qmath::per_block(6, 70, 4, 1), 2);
  add("one column, blocks of 4", qmath::per_block(10, 1, 4, 1), 7);
  add("matrices of blocks", qmath::granularity{3, 5, 40, 2, 16}, 2);
  add("matrices of blocks of 1 column", qmath::granularity{3, 5, 40, 2, 1}, 2);
  add("matrices of blocks of whole rows", qmath::granularity{3, 6, 40, 2, 40}, 2);
  add("matrices", qmath::granularity{3, 5, 40, 5, 40}, 2);
  const std::size_t shape[] = {3, 5, 4, 7}, flat[] = {2, 1, 6, 1};
  for (std::size_t axis = 0; axis < 4; ++axis) {
    add("channels", qmath::per_channel(shape, axis), 1 + axis);
    add("channels of a shape with ones", qmath::per_channel(flat, axis), 30);
    for (const std::size_t size : {1u, 2u, 3u, 4u, 10u}) {
      add("blocks along an axis", qmath::per_axis_block(shape, axis, size), 2);
    }
  }
  const std::size_t image[] = {2, 3, 20, 30};
  for (std::size_t axis = 0; axis < 4; ++axis) add("image", qmath::per_channel(image, axis), 2);
  return all;
}

template <class F>
void set_parameters(const qmath::granularity& layout, std::vector<float>& scales,
                    std::vector<std::int32_t>& zero_points) {
  const std::vector<float> all = support::scales();
  const auto [lo, hi] = qmath::full_range<F>();
  scales.resize(layout.count());
  zero_points.resize(layout.count());
  for (std::size_t c = 0; c < scales.size(); ++c) {
    // Different from its neighbours.
    scales[c] = c % 2 == 0 ? all[c / 2 % all.size()] : 0.01f * static_cast<float>(c % 1000 + 1);
    zero_points[c] =
        is_wide<F>
            ? 0
            : lo + static_cast<std::int32_t>(c * 37 % (static_cast<std::size_t>(hi - lo) + 1));
  }
}

}  // namespace

TEST_CASE_TEMPLATE("dequantize: every code and scale, many zero points", T, ALL_FORMATS) {
  using F = format_of<T>;
  const coded<T> q(number_of_codes<F>());
  write_all_codes(q);
  // 65536 codes meet fewer scales.
  const bool many = q.const_span().size() > 2000;
  unsigned turn = 0;
  for (const float scale : support::scales()) {
    CAPTURE(scale);
    for (const std::int32_t z : zero_points<F>()) {
      if (many && turn++ % 7 != 0) continue;
      CAPTURE(z);
      check_all_types(q, qmath::affine_params{scale, z});
    }
  }
}

TEST_CASE_TEMPLATE("dequantize: every size, nothing touched outside", T, ALL_FORMATS) {
  const qmath::affine_params p{0.1f, std::is_same_v<T, std::int32_t> ? 0 : 1};
  std::vector<std::size_t> sizes = support::sizes();
  for (const std::size_t n : {511u, 512u, 513u, 1024u, 1025u, 2047u, 2048u, 2049u, 4099u}) {
    sizes.push_back(n);
  }
  for (const std::size_t n : sizes) {
    CAPTURE(n);
    for (const guard side : {guard::behind, guard::before}) {
      coded<T> q(n, side);
      q.randomize(static_cast<std::uint32_t>(n));
      check_all_types(q, p, side);
    }
  }
}

TEST_CASE_TEMPLATE("dequantize: every alignment", Q, std::int8_t, std::uint16_t, std::int32_t) {
  const std::vector<Q> q = support::any_integers<Q>(600, 5);
  std::vector<float> want(q.size()), got(q.size());
  const qmath::affine_params p{0.1f, 0};
  qmath::reference::dequantize(std::span<const Q>(q), p, std::span(want));
  support::for_each_target([&] {
    for (std::size_t offset = 0; offset < 70; ++offset) {
      std::fill(got.begin(), got.end(), 0.0f);
      qmath::dequantize(std::span(q).subspan(offset), p, std::span(got).subspan(offset));
      CHECK(same_bytes<float>(std::span(want).subspan(offset), std::span(got).subspan(offset)));
    }
  });
}

TEST_CASE_TEMPLATE("dequantize: every layout", T, ALL_FORMATS) {
  using F = format_of<T>;
  for (const support::named_layout& l : all_layouts()) {
    CAPTURE(l.name);
    CAPTURE(l.layout.rows);
    CAPTURE(l.layout.cols);
    CAPTURE(l.layout.block_rows);
    CAPTURE(l.layout.block_cols);
    std::vector<float> scales;
    std::vector<std::int32_t> zero_points;
    set_parameters<F>(l.layout, scales, zero_points);
    const guarded<float> guarded_scales(scales);
    const guarded<std::int32_t> guarded_zero_points(zero_points);
    coded<T> q(l.n);
    q.randomize(static_cast<std::uint32_t>(l.n));
    for (const bool with_zero_points : {false, true}) {
      qmath::channel_params p{guarded_scales.span(), {}, l.layout};
      if (with_zero_points) p.zero_points = guarded_zero_points.span();
      check_all_types(q, p);
    }
  }
}

TEST_CASE("dequantize: what the contract says of halves and bfloat16s") {
  const std::vector<std::int8_t> q = {0, 1, -1, 2, 3, 127, -128, 100};
  std::vector<half> h(q.size());
  std::vector<bfloat16> b(q.size());
  const auto bits = [](const auto& x) {
    std::vector<unsigned> v;
    for (const auto& one : x) v.push_back(one.bits);
    return v;
  };
  support::for_each_target([&] {
    // 2^-24 is the smallest half; half of it is a tie, to 0 and, for 3/2 of it, to 2.
    qmath::dequantize(q, {0x1p-25f, 0}, h);
    CHECK(bits(h) == std::vector<unsigned>{0, 0, 0x8000, 1, 2, 0x40, 0x8040, 0x32});
    qmath::dequantize(q, {1000.0f, 0}, h);
    CHECK(bits(h) ==
          std::vector<unsigned>{0, 0x63D0, 0xE3D0, 0x67D0, 0x69DC, 0x7C00, 0xFC00, 0x7C00});
    // 65504 is the largest half, 65520 a tie.
    qmath::dequantize(q, {65504.0f, 0}, h);
    CHECK(bits(h) ==
          std::vector<unsigned>{0, 0x7BFF, 0xFBFF, 0x7C00, 0x7C00, 0x7C00, 0xFC00, 0x7C00});
    qmath::dequantize(q, {65519.996f, 0}, h);
    CHECK(h[1].bits == 0x7BFF);
    qmath::dequantize(q, {65520.0f, 0}, h);
    CHECK(h[1].bits == 0x7C00);
    // 2^-133 is the smallest bfloat16. 2^-134 is a tie.
    qmath::dequantize(q, {0x1p-134f, 0}, b);
    CHECK(bits(b) == std::vector<unsigned>{0, 0, 0x8000, 1, 2, 0x40, 0x8040, 0x32});
    qmath::dequantize(q, {std::numeric_limits<float>::max(), 0}, b);
    CHECK(bits(b) ==
          std::vector<unsigned>{0, 0x7F80, 0xFF80, 0x7F80, 0x7F80, 0x7F80, 0xFF80, 0x7F80});
  });
}

// float first: the double rounding is part of the definition.
TEST_CASE("dequantize: the product is rounded to float before it is rounded to half") {
  // The product of 1 + 2^-11 + 2^-23 and 3 is 3 + 3 * 2^-11 + 3 * 2^-23.
  std::size_t differences = 0;
  const std::vector<std::int8_t> q(100, 3);
  std::vector<half> h(q.size());
  for (std::uint32_t low = 0; low < 4096; ++low) {
    const float scale = support::from_bits(0x3F800000u | low);
    const double exact = 3.0 * static_cast<double>(scale);
    const auto as_float = static_cast<float>(exact);
    const half twice = qmath::half_from(as_float);
    // The half nearest to the exact product: where a float is a tie that the product is not.
    const double unit = 0x1p-9;
    const double steps = exact / unit;
    const half once = qmath::half_from(static_cast<float>(std::nearbyint(steps) * unit));
    if (twice == once) continue;
    ++differences;
    support::for_each_target([&] {
      qmath::dequantize(q, {scale, 0}, h);
      CHECK(h.front() == twice);
      CHECK(h.back() == twice);
    });
  }
  CHECK(differences != 0);
}

TEST_CASE_TEMPLATE("dequantize, then quantize, is the identity", T, std::int8_t, std::uint8_t,
                   std::int16_t, std::uint16_t, packed<qmath::s4, bit_order::first_low>,
                   packed<qmath::u2, bit_order::first_high>) {
  using F = format_of<T>;
  const coded<T> q(number_of_codes<F>()), back(q.const_span().size());
  write_all_codes(q);
  std::vector<float> x(q.const_span().size());
  for (const float scale : {0.05f, 1.0f, 1e-30f, 1e30f, 0x1p-126f}) {
    for (const std::int32_t z : zero_points<F>()) {
      support::for_each_target([&] {
        qmath::dequantize(q.const_span(), {scale, z}, x);
        qmath::quantize(x, {scale, z}, back.span());
        CHECK(back.same_as(q));
      });
    }
  }
}

// |x - scale * (q - z)| <= scale / 2 in real arithmetic; the float quotient and the float product each
// add half a unit in the last place of numbers below 256 * scale: 2 * 256 * 2^-24 * scale = 2^-15 scale.
TEST_CASE("quantize, then dequantize, is off by half a step at most") {
  const float scale = 0.037f;
  std::vector<float> x = support::floats_near(scale, 4096, 8), back(x.size());
  for (float& v : x) v = std::clamp(v, -128 * scale, 127 * scale);
  std::vector<std::int8_t> q(x.size());
  support::for_each_target([&] {
    qmath::quantize(x, {scale, 0}, q);
    qmath::dequantize(q, {scale, 0}, back);
    double worst = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      worst = std::max(worst, std::abs(static_cast<double>(x[i]) - static_cast<double>(back[i])));
    }
    CHECK(worst <= (0.5 + 0x1p-15) * static_cast<double>(scale));
  });
}

TEST_CASE("dequantize: a broken precondition writes nothing") {
  support::contract_log log;
  const std::vector<std::int8_t> q(12, 1);
  const std::vector<float> untouched(12, 7.0f);
  std::vector<float> x = untouched, scales(3, 1.0f);
  std::vector<std::int32_t> zero_points(3, 0);
  const qmath::granularity layout = qmath::per_row(3, 4);
  const auto refused = [&](const char* text) {
    const std::string message = log.take();
    INFO(message);
    CHECK(message.find("qmath::dequantize: ") == 0);
    CHECK(message.find(text) != std::string::npos);
    CHECK(x == untouched);
  };
  qmath::dequantize(std::span(q).first(11), {1.0f, 0}, x);
  refused("x.size()");
  qmath::dequantize(q, {0.0f, 0}, x);
  refused("scale");
  qmath::dequantize(q, {std::numeric_limits<float>::infinity(), 0}, x);
  refused("scale");
  qmath::dequantize(q, {1.0f, 128}, x);
  refused("zero_point");
  const std::uint8_t bytes[6] = {};
  qmath::dequantize(qmath::packed_span<qmath::s4, const std::uint8_t>(bytes, 12), {1.0f, 8}, x);
  refused("zero_point");
  const std::vector<std::int32_t> sums(12, 1);
  qmath::dequantize(sums, {1.0f, 1}, x);
  refused("zero_point");
  qmath::dequantize(q, qmath::channel_params{std::span(scales).first(2), {}, layout}, x);
  refused("scales.size()");
  qmath::dequantize(q, qmath::channel_params{scales, std::span(zero_points).first(2), layout}, x);
  refused("zero_points.size()");
  qmath::dequantize(q, qmath::channel_params{scales, zero_points, qmath::per_row(3, 5)}, x);
  refused("q.size() is 12, must be a multiple of layout.period(), 15");
  qmath::dequantize(q, qmath::channel_params{scales, zero_points, qmath::per_group(3, 4, 0)}, x);
  refused("layout.block_cols");
  zero_points[2] = -129;
  qmath::dequantize(q, qmath::channel_params{scales, zero_points, layout}, x);
  refused("zero_points[2]");
  zero_points[2] = 0, scales[1] = std::numeric_limits<float>::quiet_NaN();
  qmath::dequantize(q, qmath::channel_params{scales, zero_points, layout}, x);
  refused("scales[1]");
  qmath::dequantize(std::span(reinterpret_cast<const std::int8_t*>(x.data()) + 47, 12), {1.0f, 0},
                    x);
  refused("overlaps");
}
