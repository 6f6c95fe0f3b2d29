// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Broken preconditions: see contract_test.cpp. Here those of functions with one parameter for all elements, and
// of the values of parameters.
#include <doctest/doctest.h>

#include <array>
#include <qmath/qmath.hpp>
#include <string>

#include "support/contract.hpp"

using support::contract_log;
using support::refused;

namespace {

constexpr std::size_t huge = static_cast<std::size_t>(-1);

}  // namespace

TEST_CASE("contract: scales and multipliers, one") {
  const std::array<float, 4> x = {1, 2, 3, 4};
  const std::array<std::uint8_t, 4> codes = {1, 2, 3, 4};
  std::array<std::int8_t, 4> q = {9, 9, 9, 9};
  std::array<float, 4> y = {9, 9, 9, 9};
  for (const auto& bad : support::bad_scales) {
    const std::string end = std::string(" is ") + bad.text + ", must be finite and > 0";
    const qmath::affine_params p = {bad.value, 0};
    refused("qmath::quantize: scale" + end, q, [&](auto& out) { qmath::quantize(x, p, out); });
    refused("qmath::dequantize: scale" + end, y,
            [&](auto& out) { qmath::dequantize(codes, p, out); });
    refused("qmath::fake_quantize: scale" + end, y,
            [&](auto& both) { qmath::fake_quantize<std::int8_t>(both, p, both); });
    refused("qmath::requantize: multiplier" + end, q,
            [&](auto& out) { qmath::requantize(codes, qmath::requantize_params{bad.value}, out); });
  }
  contract_log log;
  for (const float good : {1e-45f, 3e38f}) {
    qmath::quantize(x, {good, 0}, q);
    qmath::dequantize(codes, {good, 0}, y);
    qmath::requantize(codes, qmath::requantize_params{good}, q);
  }
  CHECK(log.take() == "");
}

TEST_CASE("contract: zero points") {
  const std::array<float, 4> x = {1, 2, 3, 4};
  std::array<std::uint8_t, 16> q = {9, 9, 9, 9};
  std::array<float, 4> y = {9, 9, 9, 9};
  const auto check = [&](auto output, std::int32_t lo, std::int32_t hi) {
    using format = decltype(output);
    const auto codes = [](auto& memory) {
      if constexpr (qmath::packed_integer<format>) {
        return qmath::packed_span<format>(memory.data(), 4);
      } else {
        return std::span(reinterpret_cast<format*>(memory.data()), 4);
      }
    };
    const std::string inside = ", outside [" + std::to_string(lo) + ", " + std::to_string(hi) + "]";
    for (const std::int32_t z : {lo - 1, hi + 1}) {
      const std::string end = " is " + std::to_string(z) + inside;
      const qmath::affine_params p = {1.0f, z};
      const std::array<std::int32_t, 2> zero_points = {lo, z};
      const std::array<float, 2> scales = {1, 1};
      const qmath::channel_params c = {scales, zero_points, qmath::per_row(2, 2)};
      const std::array<qmath::fixed_point_multiplier, 2> fixed = {};
      refused("qmath::quantize: zero_point" + end, q,
              [&](auto& out) { qmath::quantize(x, p, codes(out)); });
      refused("qmath::quantize: zero_points[1]" + end, q,
              [&](auto& out) { qmath::quantize(x, c, codes(out)); });
      refused("qmath::fake_quantize: zero_point" + end, y,
              [&](auto& both) { qmath::fake_quantize<format>(both, p, both); });
      refused("qmath::fake_quantize: zero_points[1]" + end, y,
              [&](auto& both) { qmath::fake_quantize<format>(both, c, both); });
      refused("qmath::dequantize: zero_point" + end, y,
              [&](auto& out) { qmath::dequantize(codes(q), p, out); });
      refused("qmath::dequantize: zero_points[1]" + end, y,
              [&](auto& out) { qmath::dequantize(codes(q), c, out); });
      const auto requantized = [&](const char* name, const auto& params) {
        std::array<std::uint8_t, 16> in = {};
        refused(std::string("qmath::requantize: ") + name + end, q,
                [&](auto& out) { qmath::requantize(codes(in), params, codes(out)); });
      };
      const qmath::granularity rows = qmath::per_row(2, 2);
      requantized("zero_point", qmath::requantize_params{1.0f, z, 0});
      requantized("zero_point", qmath::channel_requantize_params{scales, rows, z, 0});
      requantized("zero_point", qmath::fixed_point_params{.zero_point = z});
      requantized("zero_point", qmath::channel_fixed_point_params{
                                    .multipliers = fixed, .layout = rows, .zero_point = z});
      requantized("input_zero_point", qmath::requantize_params{1.0f, 0, z});
      requantized("input_zero_point", qmath::channel_requantize_params{scales, rows, 0, z});
      requantized("input_zero_point", qmath::fixed_point_params{.input_zero_point = z});
      requantized("input_zero_point",
                  qmath::channel_fixed_point_params{
                      .multipliers = fixed, .layout = rows, .input_zero_point = z});
    }
  };
  check(std::int8_t{}, -128, 127);
  check(std::uint8_t{}, 0, 255);
  check(std::int16_t{}, -32768, 32767);
  check(std::uint16_t{}, 0, 65535);
  check(std::int32_t{}, 0, 0);
  check(qmath::s4{}, -8, 7);
  check(qmath::u4{}, 0, 15);
  check(qmath::s2{}, -2, 1);
  check(qmath::u2{}, 0, 3);
}

TEST_CASE("contract: codes") {
  const std::array<float, 4> x = {1, 2, 3, 4};
  const std::array<std::int32_t, 4> sums = {1, 2, 3, 4};
  std::array<std::uint8_t, 4> q = {9, 9, 9, 9};
  std::array<float, 4> y = {9, 9, 9, 9};
  qmath::clip_counts counts = {1, 2, 3, 4};
  const auto packed = [](auto& out) { return qmath::packed_span<qmath::u4>(out.data(), 4); };
  const struct {
    qmath::code_range codes;
    const char* text;  // null: reversed
  } bad[] = {{{256, 300}, "[256, 300]"}, {{-5, -1}, "[-5, -1]"}, {{7, 6}, nullptr}};
  for (const auto& b : bad) {
    const auto end = [&](const char* format) -> std::string {
      if (b.text == nullptr) return ": codes.min is 7, but codes.max is 6";
      return std::string(": codes are ") + b.text + ", of which the format with " + format +
             " has none";
    };
    const qmath::quantize_options options = {.codes = b.codes, .counts = &counts};
    refused("qmath::quantize" + end("[0, 255]"), q,
            [&](auto& out) { qmath::quantize(x, {1.0f, 0}, out, options); });
    refused("qmath::quantize" + end("[0, 15]"), q,
            [&](auto& out) { qmath::quantize(x, {1.0f, 0}, packed(out), options); });
    refused("qmath::fake_quantize" + end("[0, 3]"), y,
            [&](auto& both) { qmath::fake_quantize<qmath::u2>(both, {1.0f, 0}, both, options); });
    refused("qmath::requantize" + end("[0, 255]"), q,
            [&](auto& out) { qmath::requantize(sums, qmath::requantize_params{}, out, b.codes); });
    refused("qmath::requantize" + end("[0, 15]"), q, [&](auto& out) {
      qmath::requantize(sums, qmath::fixed_point_params{}, packed(out), b.codes);
    });
    refused("qmath::dynamic_quantize" + end("[0, 255]"), q, [&](auto& out) {
      CHECK(qmath::dynamic_quantize(x, out, {.codes = b.codes}) == qmath::affine_params{});
    });
    refused("qmath::dynamic_quantize" + end("[0, 255]"), q, [&](auto& out) {
      CHECK(qmath::dynamic_quantize(x, out, qmath::affine, options) == qmath::affine_params{});
    });
  }
  // Both ranges have codes of the format, but none in common.
  refused(
      "qmath::dynamic_quantize: codes are [8, 9], of which the format with [3, 7] has none", q,
      [&](auto& out) { qmath::dynamic_quantize(x, out, {.codes = {8, 9}}, {.codes = {3, 7}}); });
  CHECK(counts == qmath::clip_counts{1, 2, 3, 4});
}

TEST_CASE("contract: one parameter for all") {
  std::array<float, 6> x = {1, 2, 3, 4, 5, 6};
  const std::span all(x);
  std::array<std::int8_t, 6> q = {9, 9, 9, 9, 9, 9};
  refused("qmath::quantize: q.size() is 3, but x.size() is 6", q,
          [&](auto& out) { qmath::quantize(x, {1.0f, 0}, std::span(out).first(3)); });
  refused("qmath::quantize: q.size() is 7, but x.size() is 6", q, [&](auto& out) {
    auto* bytes = reinterpret_cast<std::uint8_t*>(out.data());
    qmath::quantize(x, {1.0f, 0}, qmath::packed_span<qmath::s4>(bytes, 7));
  });
  refused("qmath::quantize: q has no data", q, [&](auto&) {
    qmath::quantize(x, {1.0f, 0}, std::span(static_cast<std::int8_t*>(nullptr), 6));
  });
  refused("qmath::quantize: argument q overlaps x, its bytes 0 to 0 are bytes 23 to 23 there", x,
          [&](auto& both) {
            qmath::quantize(both, {1.0f, 0},
                            std::span(reinterpret_cast<std::int8_t*>(&both[5]) + 3, 6));
          });
  refused("qmath::dynamic_quantize: argument q overlaps x, its bytes 0 to 5 are bytes 0 to 5 there",
          x, [&](auto& both) {
            CHECK(qmath::dynamic_quantize(both, std::span(reinterpret_cast<std::int8_t*>(&both[0]),
                                                          6)) == qmath::affine_params{});
          });
  refused("qmath::dynamic_quantize: q.size() is 5, but x.size() is 6", q, [&](auto& out) {
    CHECK(qmath::dynamic_quantize(x, std::span(out).first(5)) == qmath::affine_params{});
  });
  refused("qmath::min_max: x has no data", x, [&](auto&) {
    CHECK(qmath::min_max(std::span(static_cast<const float*>(nullptr), 6)) == qmath::value_range{});
  });
  for (const bool absolute : {false, true}) {
    refused(std::string(absolute ? "qmath::absmax" : "qmath::min_max") + ": x.size() is " +
                std::to_string(huge) + ", must be small enough for the address space in bytes, " +
                std::to_string(huge / 2),
            x, [&](auto&) {
              const std::span<const float> all_memory(x.data(), huge);
              if (absolute) {
                CHECK(qmath::absmax(all_memory) == 0.0f);
              } else {
                CHECK(qmath::min_max(all_memory) == qmath::value_range{});
              }
            });
  }
  // In place, or apart.
  refused("qmath::fake_quantize: argument y overlaps x, its bytes 0 to 15 are bytes 4 to 19 there",
          x,
          [&](auto&) { qmath::fake_quantize<std::int8_t>(all.first(5), {1.0f, 0}, all.last(5)); });
  refused("qmath::fake_quantize: argument y overlaps x, its bytes 0 to 11 are bytes 0 to 11 there",
          x, [&](auto& both) {
            qmath::fake_quantize<std::int8_t>(
                both, {1.0f, 0}, std::span(reinterpret_cast<qmath::half*>(both.data()), 6));
          });
  refused("qmath::fake_quantize: y.size() is 4, but x.size() is 6", x,
          [&](auto&) { qmath::fake_quantize<std::int8_t>(all, {1.0f, 0}, all.first(4)); });
  contract_log log;
  qmath::fake_quantize<std::int8_t>(x, {2.0f, 0}, x);
  CHECK(log.take() == "");
  CHECK(x == std::array<float, 6>{0, 2, 4, 4, 4, 6});
}

TEST_CASE("contract: parameters from ranges, in memory of their own") {
  std::array<qmath::value_range, 4> ranges = {};
  std::array<float, 4> scales = {9, 9, 9, 9};
  std::array<std::int32_t, 4> z = {9, 9, 9, 9};
  using floats = std::span<float>;
  using integers = std::span<std::int32_t>;
  const auto choose = [](std::span<const qmath::value_range> r, floats s, integers points) {
    qmath::choose_params<std::int8_t>(r, s, points);
  };
  refused("qmath::choose_params: ranges has no data", scales,
          [&](auto& out) { choose({static_cast<qmath::value_range*>(nullptr), 4}, out, z); });
  refused("qmath::choose_params: scales has no data", z,
          [&](auto& out) { choose(ranges, floats(static_cast<float*>(nullptr), 4), out); });
  refused("qmath::choose_params: zero_points has no data", scales, [&](auto& out) {
    choose(ranges, out, integers(static_cast<std::int32_t*>(nullptr), 4));
  });
  refused(
      "qmath::choose_params: argument scales overlaps ranges, its bytes 0 to 15 are bytes 16 to 31 "
      "there",
      ranges, [&](auto& out) { choose(out, floats(&out[2].min, 4), z); });
  refused(
      "qmath::choose_params: argument zero_points overlaps ranges, its bytes 0 to 15 are bytes 16 "
      "to 31 there",
      ranges, [&](auto& out) {
        choose(out, scales, integers(reinterpret_cast<std::int32_t*>(&out[2].min), 4));
      });
  refused(
      "qmath::choose_params: argument zero_points overlaps scales, its bytes 0 to 15 are bytes 0 "
      "to 15 there",
      scales, [&](auto& out) {
        choose(ranges, out, integers(reinterpret_cast<std::int32_t*>(&out[0]), 4));
      });
}

TEST_CASE("contract: the value of a fixed-point multiplier") {
  contract_log log;
  CHECK(qmath::fixed_point::value({1, 63}) == 0.0);
  CHECK(log.take() == "qmath::fixed_point::value: m.shift is 63, outside [0, 62]");
  CHECK(qmath::fixed_point::value({1, -1}) == 0.0);
  CHECK(log.take() == "qmath::fixed_point::value: m.shift is -1, outside [0, 62]");
  CHECK(qmath::fixed_point::value({3, 62}) == 0x3p-62);
  CHECK(log.take() == "");
}

namespace {
thread_local bool broken = false;
}

TEST_CASE("contract: parameters after a broken precondition, as core/contract.hpp says") {
  contract_log log;
  qmath::set_contract_handler([](const char*) { broken = true; });
  const std::array<float, 2> x = {1, 2};
  std::array<std::int8_t, 3> q = {};
  broken = false;
  CHECK(qmath::dynamic_quantize(x, std::span(q).first(2)) != qmath::affine_params{1, 0});
  CHECK(!broken);
  CHECK(qmath::dynamic_quantize(x, q) == qmath::affine_params{1, 0});
  CHECK(broken);
  broken = false;
  CHECK(qmath::choose_params<std::int8_t>({0, 9}, {.codes = {200, 300}}) ==
        qmath::affine_params{1, 0});
  CHECK(broken);
}

TEST_CASE("contract: the handler that was set before is returned") {
  {
    const qmath::contract_handler first = qmath::set_contract_handler(nullptr);
    CHECK((qmath::set_contract_handler(first) == nullptr));
  }
  contract_log log;
  const auto other = +[](const char*) {};
  const qmath::contract_handler before = qmath::set_contract_handler(other);
  CHECK((qmath::set_contract_handler(before) == other));
  CHECK(qmath::min_max(std::span<const float>(static_cast<float*>(nullptr), 1)) ==
        qmath::value_range{});
  CHECK(log.take() == "qmath::min_max: x has no data");
}
