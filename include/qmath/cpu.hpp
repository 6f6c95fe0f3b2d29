// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// Which CPU target runs: list, name, restrict.
///
/// A target is a set of CPU instructions for which the kernels have been compiled: AVX3_DL, AVX2, NEON ...
/// The best one that this build contains and this CPU supports is chosen at the first call of a kernel.
/// Results do not depend on it: every target returns the same bits.
///
/// The environment variable QMATH_TARGET names the target to use, for debugging and measuring; a name
/// that is not in supported_targets() is reported to the contract handler, and ignored if that returns.
/// In static mode there is one target, and nothing to choose.
#ifndef QMATH_CPU_HPP_
#define QMATH_CPU_HPP_

#include <cstddef>

#include "qmath/detail/abi.hpp"
#include "qmath/detail/targets.hpp"

QMATH_BEGIN_TYPES

/// Names of targets, best first.
struct target_list {
  const char* names[static_cast<std::size_t>(detail::target::count)] = {};
  std::size_t count = 0;

  QMATH_INLINE const char* const* begin() const noexcept { return names; }
  QMATH_INLINE const char* const* end() const noexcept { return names + count; }
  QMATH_INLINE std::size_t size() const noexcept { return count; }
  QMATH_INLINE const char* operator[](std::size_t i) const noexcept { return names[i]; }
};

QMATH_END_TYPES

QMATH_BEGIN_LIBRARY
namespace cpu {

/// The name of the target whose kernels run, for example "AVX3_DL".
const char* active_target() noexcept;

/// Why it is that one, as words for a log: it is the best that build and CPU have, or QMATH_TARGET or use_target()
/// chose it, or this translation unit has none of the chosen ones, or the mode is static.
const char* active_reason() noexcept;

/// The targets that this build contains and this CPU supports, best first. Never empty.
target_list supported_targets() noexcept;

/// Uses that target from now on, in all threads. Names are compared exactly. Returns false and changes nothing if
/// the name is not one of supported_targets().
[[nodiscard]] bool use_target(const char* name) noexcept;

/// Back to the best supported target; QMATH_TARGET no longer counts.
void use_best_target() noexcept;

}  // namespace cpu
QMATH_END_LIBRARY

#endif  // QMATH_CPU_HPP_
