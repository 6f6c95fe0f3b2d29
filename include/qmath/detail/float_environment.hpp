// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The floating-point environment of everything that computes.
#ifndef QMATH_DETAIL_FLOAT_ENVIRONMENT_HPP_
#define QMATH_DETAIL_FLOAT_ENVIRONMENT_HPP_

#include "qmath/detail/abi.hpp"
#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#endif

QMATH_BEGIN_NAMESPACE
namespace impl {

/// Round to nearest even, subnormal numbers kept, no traps: the floating-point environment in which
/// the kernels are defined. A caller may have another one (-ffast-math in any library of the program
/// sets flush-to-zero); it is put aside during the call. Reading it is all that normally happens.
class default_float_environment {
 public:
  QMATH_INLINE default_float_environment() noexcept : saved_(read()) {
    if (!is_default(saved_)) [[unlikely]]
      write(initial);
  }
  QMATH_INLINE ~default_float_environment() {
    if (!is_default(saved_)) [[unlikely]]
      write(saved_);
  }
  default_float_environment(const default_float_environment&) = delete;
  default_float_environment& operator=(const default_float_environment&) = delete;

 private:
#if defined(__SSE__) || defined(_M_X64)
  using word = unsigned;
  static constexpr word initial = 0x1F80;
  // Bits 0-5 are sticky flags.
  static QMATH_INLINE bool is_default(word w) noexcept { return (w & ~0x3Fu) == initial; }
#if defined(_MSC_VER) && !defined(__clang__)
  static QMATH_INLINE word read() noexcept { return _mm_getcsr(); }
  static QMATH_INLINE void write(word w) noexcept { _mm_setcsr(w); }
#else
  static QMATH_INLINE word read() noexcept { return static_cast<word>(__builtin_ia32_stmxcsr()); }
  static QMATH_INLINE void write(word w) noexcept { __builtin_ia32_ldmxcsr(w); }
#endif
#elif defined(__aarch64__) && defined(__GNUC__)
  using word = unsigned long long;
  static constexpr word initial = 0;
  static QMATH_INLINE bool is_default(word w) noexcept { return w == initial; }
  static QMATH_INLINE word read() noexcept {
    word w;
    __asm__ volatile("mrs %0, fpcr" : "=r"(w));
    return w;
  }
  static QMATH_INLINE void write(word w) noexcept {
    __asm__ volatile("msr fpcr, %0" : : "r"(w) : "memory");
  }
#else
  // Elsewhere the caller's environment is trusted.
  using word = int;
  static constexpr word initial = 0;
  static QMATH_INLINE bool is_default(word) noexcept { return true; }
  static QMATH_INLINE word read() noexcept { return initial; }
  static QMATH_INLINE void write(word) noexcept {}
#endif

  word saved_;
};

/// Nothing moves out of the environment: the compiler does not know what is called.
template <class F, class... Arguments>
QMATH_INLINE auto in_default_environment(F* function, const Arguments&... arguments) noexcept {
  F* volatile unknown = function;
  const default_float_environment environment;
  return unknown(arguments...);
}

}  // namespace impl
QMATH_END_NAMESPACE

#endif  // QMATH_DETAIL_FLOAT_ENVIRONMENT_HPP_
