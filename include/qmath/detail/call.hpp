// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// How a public function reaches its kernel.
#ifndef QMATH_DETAIL_CALL_HPP_
#define QMATH_DETAIL_CALL_HPP_

#include <cstddef>

#include "qmath/detail/float_environment.hpp"
#include "qmath/detail/kernel_table.hpp"
#if QMATH_HAS_KERNELS
#include "qmath/detail/dispatch.hpp"
#endif

QMATH_BEGIN_NAMESPACE
namespace impl {

/// One entry of the table that runs. Where kernels are compiled with their callers, those of the other entries are not.
template <auto Entry>
QMATH_INLINE auto active() noexcept {
#if QMATH_MODE == QMATH_MODE_COMPILED
  return library::active().*Entry;
#else
  return entries<Entry>.by_target[static_cast<std::size_t>(active_id())];
#endif
}

/// Calls a kernel.
template <auto Kernel, class Job>
QMATH_INLINE void call(const Job& job) noexcept {
  const default_float_environment environment;
  active<Kernel>()(job);
}

}  // namespace impl
QMATH_END_NAMESPACE

#endif  // QMATH_DETAIL_CALL_HPP_
