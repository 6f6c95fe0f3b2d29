// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// A broken precondition calls the contract handler once, with the function, the argument and the values
// in the message, and writes nothing. Here every function that takes a layout; the rest in
// contract_values_test.cpp and contract_gemm_test.cpp, and, for the functions that make parameters, in
// schemes_test.cpp and fixed_point_test.cpp.
#include <doctest/doctest.h>

#include <array>
#include <cstring>
#include <limits>
#include <qmath/qmath.hpp>
#include <string>
#include <vector>

#include "support/contract.hpp"

using support::contract_log;
using support::refused;

namespace {

constexpr std::size_t huge = static_cast<std::size_t>(-1);
constexpr const char* no_block_rows =
    "layout.block_rows is 0, must be at least 1 (the size of groups or blocks)";
constexpr const char* no_block_cols =
    "layout.block_cols is 0, must be at least 1 (the size of groups or blocks)";

// ---- Every function that takes a parameter for each channel, as data -----------------------------

// The arrays of a call: addresses and numbers of elements.
struct array {
  std::byte* data = nullptr;
  std::size_t n = 0;

  template <class T>
  std::span<T> as() const {
    return {reinterpret_cast<T*>(data), n};
  }
};
struct arrays {
  array in, out;
  array values;  // scales or multipliers; or ranges
  array zero_points;
  qmath::granularity layout = {};
};

struct function {
  const char* name;
  const char *in, *out, *values;  // names of its arguments; null if there is none
  bool has_zero_points;
  bool finds_parameters;  // values and zero points are written
  // Bytes of 24 elements, and of 3 values.
  std::size_t in_bytes, out_bytes, value_bytes;
  void (*run)(const arrays&);
};

qmath::channel_params params_of(const arrays& a) {
  return {a.values.as<const float>(), a.zero_points.as<const std::int32_t>(), a.layout};
}
template <class F>
qmath::packed_span<F> packed(const array& a) {
  return {reinterpret_cast<std::uint8_t*>(a.data), a.n};
}

using in_float = const float;

const function functions[] = {
    {"quantize", "x", "q", "scales", true, false, 96, 24, 12,
     [](const arrays& a) {
       qmath::quantize(a.in.as<in_float>(), params_of(a), a.out.as<std::int8_t>());
     }},
    {"quantize", "x", "q", "scales", true, false, 48, 12, 12,
     [](const arrays& a) {
       qmath::quantize(a.in.as<const qmath::half>(), params_of(a), packed<qmath::s4>(a.out));
     }},
    {"dequantize", "q", "x", "scales", true, false, 24, 96, 12,
     [](const arrays& a) {
       qmath::dequantize(a.in.as<const std::int8_t>(), params_of(a), a.out.as<float>());
     }},
    {"dequantize", "q", "x", "scales", true, false, 6, 48, 12,
     [](const arrays& a) {
       qmath::dequantize(packed<qmath::s2>(a.in), params_of(a), a.out.as<qmath::bfloat16>());
     }},
    {"fake_quantize", "x", "y", "scales", true, false, 96, 48, 12,
     [](const arrays& a) {
       qmath::fake_quantize<std::int8_t>(a.in.as<in_float>(), params_of(a),
                                         a.out.as<qmath::half>());
     }},
    {"requantize", "in", "q", "multipliers", false, false, 96, 24, 12,
     [](const arrays& a) {
       qmath::requantize(a.in.as<const std::int32_t>(),
                         qmath::channel_requantize_params{a.values.as<const float>(), a.layout},
                         a.out.as<std::int8_t>());
     }},
    {"requantize", "in", "q", "multipliers", false, false, 48, 12, 24,
     [](const arrays& a) {
       qmath::requantize(a.in.as<const std::int16_t>(),
                         qmath::channel_fixed_point_params{
                             a.values.as<const qmath::fixed_point_multiplier>(), a.layout},
                         packed<qmath::u4>(a.out));
     }},
    {"dynamic_quantize", "x", "q", "scales", true, true, 96, 24, 12,
     [](const arrays& a) {
       qmath::dynamic_quantize(a.in.as<in_float>(), a.layout, a.values.as<float>(),
                               a.zero_points.as<std::int32_t>(), a.out.as<std::int8_t>());
     }},
    {"min_max", "x", nullptr, "ranges", false, true, 96, 0, 24,
     [](const arrays& a) {
       qmath::min_max(a.in.as<in_float>(), a.layout, a.values.as<qmath::value_range>());
     }},
};

// Memory in which a call's arrays lie, far apart at first. Arrays that are read are valid: the parameters
// have the bits of float 1 and of the multiplier {0x3F800000, 0} or 0, the rest is 0.
class call {
 public:
  explicit call(const function& f) : f_(f) {
    a.in = {at(0), 24};
    if (f.out != nullptr) a.out = {at(256), 24};
    a.values = {at(512), 3};
    if (f.has_zero_points) a.zero_points = {at(768), 3};
    a.layout = qmath::per_row(3, 4);  // and two repeats
    const float one = 1.0f;
    for (std::size_t i = 0; i < 3; ++i) {
      std::memcpy(at(512 + i * f.value_bytes / 3), &one, sizeof one);
    }
  }

  std::byte* at(std::size_t byte) { return memory_.data() + 1024 + byte; }
  /// The messages of the call; "written" if it has no message and has changed the memory.
  std::string run() {
    contract_log log;
    const std::vector<std::byte> before = memory_;
    f_.run(a);
    const std::string messages = log.take();
    if (messages.empty()) return memory_ == before ? "" : "written";
    CHECK(memory_ == before);
    return messages;
  }

  arrays a;

 private:
  const function& f_;
  std::vector<std::byte> memory_ = std::vector<std::byte>(8192, std::byte{0});
};

// f(function, "qmath::name: ")
template <class F>
void for_each_function(const F& f) {
  for (const function& one : functions) {
    CAPTURE(one.name);
    CAPTURE(one.in_bytes);
    f(one, std::string("qmath::") + one.name + ": ");
  }
}

}  // namespace

TEST_CASE("contract: the valid calls of this file") {
  for_each_function([](const function& f, const std::string&) {
    // What they write is 0 where all inputs are, but for ranges and scales.
    call c(f);
    if (f.out != nullptr) std::memset(c.a.out.data, 0x55, f.out_bytes);
    if (f.finds_parameters) std::memset(c.a.values.data, 0x55, f.value_bytes);
    CHECK(c.run() == "written");
  });
}

TEST_CASE("contract: sizes") {
  for_each_function([](const function& f, const std::string& start) {
    if (f.out != nullptr) {
      for (const std::size_t n : {0u, 12u, 23u, 25u}) {
        call c(f);
        c.a.out.n = n;
        CHECK(c.run() == start + f.out + ".size() is " + std::to_string(n) + ", but " + f.in +
                             ".size() is 24");
      }
    }
    for (const std::size_t n : {std::size_t{0}, std::size_t{2}, std::size_t{4}, huge}) {
      call c(f);
      c.a.values.n = n;
      CHECK(c.run() ==
            start + f.values + ".size() is " + std::to_string(n) + ", but layout.count() is 3");
    }
    if (f.has_zero_points) {
      for (const std::size_t n : {std::size_t{2}, std::size_t{4}, huge}) {
        call c(f);
        c.a.zero_points.n = n;
        const char* other = f.finds_parameters ? "layout.count()" : "scales.size()";
        CHECK(c.run() ==
              start + "zero_points.size() is " + std::to_string(n) + ", but " + other + " is 3");
      }
    }
    // Negative numbers that have become unsigned, and what is larger than the address space.
    for (const std::size_t n : {huge, huge - 1}) {
      call c(f);
      c.a.in.n = c.a.out.n = n;
      // That many packed numbers would have room.
      CHECK(c.run() == start + (f.in_bytes < 24 ? f.out : f.in) + ".size() is " +
                           std::to_string(n) +
                           ", must be small enough for the address space in bytes, " +
                           std::to_string(huge / 2));
    }
  });
  const std::array<float, 4> x = {};
  std::array<std::int8_t, 4> q = {9, 9, 9, 9};
  for (const std::size_t n :
       {huge / 8 + 1, huge / 4 + 2}) {  // the latter's bytes are 4 modulo 2^64
    refused("qmath::quantize: x.size() is " + std::to_string(n) +
                ", must be small enough for the address space in bytes, " +
                std::to_string(huge / 2),
            q, [&](auto& out) {
              qmath::quantize(std::span(x.data(), n), {1.0f, 0}, std::span(out.data(), n));
            });
  }
}

TEST_CASE("contract: no data") {
  for_each_function([](const function& f, const std::string& start) {
    const auto without = [&](array arrays::* member, const char* name) {
      call c(f);
      (c.a.*member).data = nullptr;
      CHECK(c.run() == start + name + " has no data");
    };
    without(&arrays::in, f.in);
    if (f.out != nullptr) without(&arrays::out, f.out);
    without(&arrays::values, f.values);
    if (f.has_zero_points) without(&arrays::zero_points, "zero_points");
  });
}

TEST_CASE("contract: overlapping memory") {
  for_each_function([](const function& f, const std::string& start) {
    // At every position from a byte before b to a byte behind it, a overlaps b or only touches it.
    const auto check = [&](array arrays::* a, std::size_t a_bytes, array arrays::* b,
                           std::size_t b_bytes, const std::string& a_name, const char* b_name) {
      for (std::size_t byte = 1024 - a_bytes; byte <= 1024 + b_bytes; ++byte) {
        CAPTURE(byte);
        const bool touches = byte == 1024 - a_bytes || byte == 1024 + b_bytes;
        if (touches && byte % 4 != 0) continue;  // would be a valid call, of misaligned numbers
        call c(f);
        std::memcpy(c.at(1024), (c.a.*b).data, b_bytes);
        if (touches) std::memcpy(c.at(byte), (c.a.*a).data, a_bytes);
        (c.a.*b).data = c.at(1024);
        (c.a.*a).data = c.at(byte);
        const std::string got = c.run();
        if (touches) {
          CHECK((got == "written" || got == ""));
        } else {
          CHECK(got == start + support::overlap(a_name, b_name, byte, a_bytes, 1024, b_bytes));
        }
      }
    };
    const auto values = &arrays::values, zero_points = &arrays::zero_points;
    if (f.out != nullptr) {
      check(&arrays::out, f.out_bytes, &arrays::in, f.in_bytes, f.out, f.in);
    }
    if (!f.finds_parameters) {
      check(&arrays::out, f.out_bytes, values, f.value_bytes, f.out, f.values);
      if (f.has_zero_points) {
        check(&arrays::out, f.out_bytes, zero_points, 12, f.out, "zero_points");
      }
      return;
    }
    check(values, f.value_bytes, &arrays::in, f.in_bytes, f.values, f.in);
    if (f.out == nullptr) return;
    check(values, f.value_bytes, &arrays::out, f.out_bytes, f.values, f.out);
    check(zero_points, 12, &arrays::in, f.in_bytes, "zero_points", f.in);
    check(zero_points, 12, &arrays::out, f.out_bytes, "zero_points", f.out);
    check(zero_points, 12, values, f.value_bytes, "zero_points", f.values);
  });
}

TEST_CASE("contract: layouts") {
  const std::array<std::size_t, 2> shape = {3, 4};
  // Their products are 4 modulo 2^64.
  const std::array<std::size_t, 3> inner_too_large = {3, huge / 4 + 2, 4};
  const std::array<std::size_t, 3> outer_too_large = {huge / 4 + 2, 4, 3};
  constexpr std::size_t half = huge / 2;
  const struct {
    qmath::granularity layout;
    const char* message;
  } wrong[] = {
      {{0, 3, 4, 1, 4}, "layout.outer is 0, must be at least 1"},
      {{1, 0, 4, 1, 4}, "layout.rows is 0, must be at least 1"},
      {{1, 3, 0, 1, 4}, "layout.cols is 0, must be at least 1"},
      {qmath::per_block(3, 4, 0, 4), no_block_rows},
      {qmath::per_block(3, 4, 1, 0), no_block_cols},
      {qmath::per_group(3, 4, 0), no_block_cols},
      {qmath::per_axis_block(shape, 0, 0), no_block_rows},
      {qmath::per_axis_block(shape, 1, 0), no_block_cols},
      {qmath::per_channel(shape, 2), "axis is 2, must be less than the number of dimensions, 2"},
      {qmath::per_channel(shape, huge),
       "axis is 18446744073709551615, must be less than the number of dimensions, 2"},
      {qmath::per_axis_block(shape, 7, 2),
       "axis is 7, must be less than the number of dimensions, 2"},
      {qmath::per_channel({}, 0), "axis is 0, must be less than the number of dimensions, 0"},
      {qmath::broadcast({3, 4}, {1, 3, 4}),
       "entries.size() is 3, must be at most the number of dimensions, 2"},
      {qmath::broadcast({3, 4}, {2, 4}),
       "a size in entries is 2, must be 1 or that of the axis, 3"},
      {qmath::broadcast({2, 2, 3, 2, 2}, {2, 1, 3, 1, 2}),
       "entries are of more than two runs of axes"},
      {{1, 3, half, 1, half}, "layout is larger than the address space"},
      {{half, 3, 4, 3, 4}, "layout is larger than the address space"},
      {{3, huge, huge, huge, huge}, "layout is larger than the address space"},
      {qmath::per_row(3, huge), "layout is larger than the address space"},
      {qmath::per_row(std::size_t{1} << 32, std::size_t{1} << 32),
       "layout is larger than the address space"},
      {qmath::per_channel(inner_too_large, 0), "layout is larger than the address space"},
      {qmath::per_axis_block(inner_too_large, 0, 1), "layout is larger than the address space"},
      {qmath::per_axis_block(outer_too_large, 2, 2), "layout is larger than the address space"},
      {qmath::broadcast(outer_too_large, outer_too_large),
       "layout is larger than the address space"},
  };
  for (const auto& w : wrong) {
    for_each_function([&](const function& f, const std::string& start) {
      call c(f);
      c.a.layout = w.layout;
      CHECK(c.run() == start + w.message);
    });
  }
  for (const std::size_t cols : {5u, 16u}) {
    for_each_function([&](const function& f, const std::string& start) {
      call c(f);
      c.a.layout = qmath::per_row(3, cols);
      CHECK(c.run() == start + f.in + ".size() is 24, must be a multiple of layout.period(), " +
                           std::to_string(3 * cols));
    });
  }
}

TEST_CASE("contract: size 0 is legal and does nothing") {
  for_each_function([](const function& f, const std::string& start) {
    // Any pointers, and as many parameters as the layout has.
    for (const bool null : {false, true}) {
      call c(f);
      c.a.in.n = c.a.out.n = 0;
      if (null) c.a.in.data = c.a.out.data = nullptr;
      if (!f.finds_parameters) {
        CHECK(c.run() == "");
      } else {
        CHECK(c.run() == "written");  // the parameters of nothing
      }
    }
    // No rows, tokens, channels: no parameters.
    const std::array<std::size_t, 2> shape = {0, 4};
    for (const qmath::granularity& layout :
         {qmath::per_token(0, 4), qmath::per_column(0), qmath::per_group(0, 4, 2),
          qmath::per_group(3, 0, 2), qmath::per_channel(shape, 0), qmath::per_tensor(0),
          qmath::per_axis_block(shape, 1, 2), qmath::per_row(3, 4)}) {
      call c(f);
      c.a = {};
      c.a.layout = layout;
      CHECK(c.run() == "");
    }
    // Still no layout at all.
    call c(f);
    c.a = {};
    c.a.layout = qmath::per_group(3, 4, 0);
    CHECK(c.run() == start + no_block_cols);
    // Elements without parameters.
    call with(f);
    with.a.values = with.a.zero_points = {};
    CHECK(with.run() == start + f.values + ".size() is 0, but layout.count() is 3");
  });
  contract_log log;
  const std::vector<float> x;
  std::vector<std::int8_t> q;
  std::vector<float> y;
  const std::vector<std::int32_t> sums;
  qmath::clip_counts counts;
  qmath::quantize(x, {1.0f, 0}, q, {.counts = &counts});
  qmath::quantize(x, {1.0f, 0}, qmath::packed_span<qmath::s4>());
  qmath::dequantize(q, {1.0f, 0}, y);
  qmath::fake_quantize<std::int8_t>(x, {1.0f, 0}, y);
  qmath::requantize(sums, qmath::requantize_params{1.0f, 0}, q);
  qmath::requantize(sums, qmath::fixed_point_params{}, q);
  CHECK(qmath::dynamic_quantize(x, q) == qmath::affine_params{1.0f, -128});
  CHECK(qmath::min_max(x) == qmath::value_range{});
  CHECK(qmath::absmax(x) == 0.0f);
  CHECK(counts == qmath::clip_counts{});
  CHECK(log.take() == "");
  // What is not about elements has to be right all the same.
  const float nan = std::numeric_limits<float>::quiet_NaN();
  qmath::quantize(x, {nan, 0}, q);
  CHECK(log.take() == "qmath::quantize: scale is nan, must be finite and > 0");
  qmath::dequantize(q, {1.0f, 128}, y);
  CHECK(log.take() == "qmath::dequantize: zero_point is 128, outside [-128, 127]");
  // Parameters of nothing are those of the empty range.
  std::vector<float> scales = {9, 9};
  std::vector<std::int32_t> zero_points = {9, 9};
  qmath::dynamic_quantize(x, qmath::per_row(2, 4), scales, zero_points, q);
  CHECK(log.take() == "");
  CHECK(scales == std::vector<float>{1, 1});
  CHECK(zero_points == std::vector<std::int32_t>{-128, -128});
}

TEST_CASE("contract: scales and multipliers of channels") {
  for_each_function([](const function& f, const std::string& start) {
    if (f.finds_parameters || f.value_bytes != 12) return;
    for (std::size_t i = 0; i < 3; ++i) {
      for (const auto& bad : support::bad_scales) {
        call c(f);
        c.a.values.as<float>()[i] = bad.value;
        CHECK(c.run() == start + f.values + "[" + std::to_string(i) + "] is " + bad.text +
                             ", must be finite and > 0");
      }
    }
  });
}
