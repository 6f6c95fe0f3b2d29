// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// How a public function reaches its kernel.
#ifndef QMATH_DETAIL_CALL_HPP_
#define QMATH_DETAIL_CALL_HPP_

#include <type_traits>

#include "qmath/detail/float_environment.hpp"
#include "qmath/detail/kernel_table.hpp"
#if QMATH_HAS_KERNELS
#include "qmath/detail/dispatch.hpp"
#endif

QMATH_BEGIN_NAMESPACE
namespace impl {

/// Calls one entry of the active table.
template <class... Parameters>
QMATH_INLINE void call(void (*detail::kernel_table::*kernel)(Parameters...),
                       std::type_identity_t<Parameters>... arguments) noexcept {
  const default_float_environment environment;
  (library::active().*kernel)(arguments...);
}

}  // namespace impl
QMATH_END_NAMESPACE

#endif  // QMATH_DETAIL_CALL_HPP_
