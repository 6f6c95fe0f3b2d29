// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Catches the messages of broken preconditions.
#ifndef QMATH_TESTS_SUPPORT_CONTRACT_HPP_
#define QMATH_TESTS_SUPPORT_CONTRACT_HPP_

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <qmath/qmath.hpp>
#include <string>

namespace support {

/// While it lives, a broken precondition is a line in `messages` instead of the end of the program.
class contract_log {
 public:
  contract_log() {
    messages().clear();
    previous_ = qmath::set_contract_handler(&append);
  }
  ~contract_log() { qmath::set_contract_handler(previous_); }
  contract_log(const contract_log&) = delete;
  contract_log& operator=(const contract_log&) = delete;

  /// The messages since the last call, joined by newlines.
  std::string take() {
    std::string all;
    all.swap(messages());
    return all;
  }

 private:
  static std::string& messages() {
    static std::string all;
    return all;
  }
  static void append(const char* message) {
    if (!messages().empty()) messages() += '\n';
    messages() += message;
  }

  qmath::contract_handler previous_;
};

/// Scales that are none, and how messages show them.
struct bad_scale {
  float value;
  const char* text;
};
inline constexpr bad_scale bad_scales[] = {{0.0f, "0"},
                                           {-0.0f, "-0"},
                                           {-0.5f, "-0.5"},
                                           {-1e-45f, "-1.4013e-45"},
                                           {std::numeric_limits<float>::infinity(), "inf"},
                                           {-std::numeric_limits<float>::infinity(), "-inf"},
                                           {std::numeric_limits<float>::quiet_NaN(), "nan"}};

/// The end of a message about array a, at address a_begin, and array b.
inline std::string overlap(const std::string& a, const std::string& b, std::size_t a_begin,
                           std::size_t a_bytes, std::size_t b_begin, std::size_t b_bytes) {
  const std::size_t begin = std::max(a_begin, b_begin);
  const std::size_t end = std::min(a_begin + a_bytes, b_begin + b_bytes);
  const auto bytes = [&](std::size_t origin) {
    return std::to_string(begin - origin) + " to " + std::to_string(end - 1 - origin);
  };
  return "argument " + a + " overlaps " + b + ", its bytes " + bytes(a_begin) + " are bytes " +
         bytes(b_begin) + " there";
}

/// Calls f(output), which has to call the handler once, with this message, and to leave the output as it was.
template <class Out, class F>
void refused(const std::string& message, Out& out, const F& f) {
  contract_log log;
  const Out before = out;
  f(out);
  CHECK(log.take() == message);
  CHECK(out == before);
}

}  // namespace support

#endif  // QMATH_TESTS_SUPPORT_CONTRACT_HPP_
