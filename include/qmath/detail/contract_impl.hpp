// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The contract handler and the text of its messages.
#ifndef QMATH_DETAIL_CONTRACT_IMPL_HPP_
#define QMATH_DETAIL_CONTRACT_IMPL_HPP_

#include <atomic>
#include <cstdio>
#include <cstdlib>

#include "qmath/detail/check.hpp"

QMATH_BEGIN_TYPES
namespace detail {
inline constinit std::atomic<contract_handler> current_contract_handler{nullptr};
}  // namespace detail
QMATH_END_TYPES

QMATH_BEGIN_LIBRARY

QMATH_LIBRARY contract_handler set_contract_handler(contract_handler handler) noexcept {
  return detail::current_contract_handler.exchange(handler);
}

namespace library {

QMATH_COLD QMATH_LIBRARY void report(const char* message) noexcept {
  if (const contract_handler handler = detail::current_contract_handler.load()) {
    handler(message);
    return;
  }
  std::fputs(message, stderr);
  std::fputc('\n', stderr);
  std::abort();
}

// Names of functions, arguments and numbers: 256 characters hold every message.
struct message_text {
  char text[256];

  template <class... Args>
  QMATH_INLINE void format(const char* pattern, Args... args) noexcept {
    std::snprintf(text, sizeof(text), pattern, args...);
  }
};

// "[index]" or nothing.
struct index_text {
  char text[24] = "";

  QMATH_INLINE explicit index_text(std::size_t index) noexcept {
    if (index != no_index) std::snprintf(text, sizeof(text), "[%zu]", index);
  }
};

QMATH_COLD QMATH_LIBRARY void report_mismatch(const char* function, const char* name_a,
                                              std::size_t a, const char* name_b,
                                              std::size_t b) noexcept {
  message_text m;
  m.format("qmath::%s: %s is %zu, but %s is %zu", function, name_a, a, name_b, b);
  report(m.text);
}

QMATH_COLD QMATH_LIBRARY void report_size(const char* function, const char* name, std::size_t value,
                                          const char* requirement, std::size_t number) noexcept {
  message_text m;
  m.format("qmath::%s: %s is %zu, must be %s, %zu", function, name, value, requirement, number);
  report(m.text);
}

QMATH_COLD QMATH_LIBRARY void report_scale(const char* function, const char* name,
                                           std::size_t index, double value,
                                           const char* rest) noexcept {
  message_text m;
  m.format("qmath::%s: %s%s%s is %g, must be finite and > 0", function, name,
           index_text(index).text, rest, value);
  report(m.text);
}

QMATH_COLD QMATH_LIBRARY void report_outside(const char* function, const char* name,
                                             std::size_t index, long long value, long long lo,
                                             long long hi, const char* rest) noexcept {
  message_text m;
  m.format("qmath::%s: %s%s%s is %lld, outside [%lld, %lld]", function, name,
           index_text(index).text, rest, value, lo, hi);
  report(m.text);
}

QMATH_COLD QMATH_LIBRARY void report_order(const char* function, const char* low_name, double low,
                                           const char* high_name, double high) noexcept {
  message_text m;
  m.format("qmath::%s: %s is %.10g, but %s is %.10g", function, low_name, low, high_name, high);
  report(m.text);
}

QMATH_COLD QMATH_LIBRARY void report_unknown(const char* function, const char* name,
                                             const char* value, const char* kind) noexcept {
  message_text m;
  m.format("qmath::%s: %s is %s, not %s", function, name, value, kind);
  report(m.text);
}

QMATH_COLD QMATH_LIBRARY void report_codes(const char* function, long long min, long long max,
                                           long long lo, long long hi) noexcept {
  message_text m;
  if (min > max) {
    m.format("qmath::%s: codes.min is %lld, but codes.max is %lld", function, min, max);
    return report(m.text);
  }
  m.format("qmath::%s: codes are [%lld, %lld], of which the format with [%lld, %lld] has none",
           function, min, max, lo, hi);
  report(m.text);
}

QMATH_COLD QMATH_LIBRARY void report_argument(const char* function, const char* name,
                                              const char* text) noexcept {
  message_text m;
  m.format("qmath::%s: %s %s", function, name, text);
  report(m.text);
}

QMATH_COLD QMATH_LIBRARY void report_overlap(const char* function, const char* name,
                                             std::uintptr_t a, std::size_t a_bytes,
                                             const char* overlaps, std::uintptr_t b,
                                             std::size_t b_bytes) noexcept {
  const std::uintptr_t first = a > b ? a : b;
  const std::uintptr_t last = (a + a_bytes < b + b_bytes ? a + a_bytes : b + b_bytes) - 1;
  const auto size = [](std::uintptr_t n) { return static_cast<std::size_t>(n); };
  message_text m;
  m.format("qmath::%s: argument %s %s, its bytes %zu to %zu are bytes %zu to %zu there", function,
           name, overlaps, size(first - a), size(last - a), size(first - b), size(last - b));
  report(m.text);
}

}  // namespace library
QMATH_END_LIBRARY

#endif  // QMATH_DETAIL_CONTRACT_IMPL_HPP_
