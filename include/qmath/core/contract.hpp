// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// Broken preconditions: what happens when a caller passes a wrong shape, a null pointer, a scale that
/// is not finite and positive, or a zero point outside the type.
///
/// The function that finds it calls the contract handler with one line of text that names the function,
/// the argument and what is wrong with it, with the values, for example
///     qmath::quantize: q.size() is 5, but x.size() is 7
/// The default handler prints that line to stderr and calls std::abort(). A handler that returns makes
/// the function return too, and nothing has been written by then. A function that returns a value returns its
/// default, which may be a valid one: {1, 0} of choose_params and dynamic_quantize. A handler has no user data, but it
/// runs in the thread of the call:
///
///     thread_local bool broken = false;
///     qmath::set_contract_handler([](const char* message) { log(message), broken = true; });
///     broken = false;
///     const qmath::affine_params p = qmath::dynamic_quantize(x, q);
///     if (broken) return;  // p says nothing
///
/// A handler must not throw: qmath's functions are noexcept, so std::terminate is called.
///
/// Numeric outcomes are never contract violations: saturation, NaN and infinities have defined results. Nor is
/// size 0: no element is read or written, but parameters that are found (dynamic_quantize, min_max, choose_params)
/// are those of the empty range. Preconditions of the other arguments hold for it as for any size: a scale of NaN
/// is refused. Members of enumerations are trusted to be among those that have names.
#ifndef QMATH_CORE_CONTRACT_HPP_
#define QMATH_CORE_CONTRACT_HPP_

#include "qmath/detail/abi.hpp"

QMATH_BEGIN_TYPES

/// Receives one line of text without a newline; the memory is valid during the call only.
/// May be called from several threads at once.
using contract_handler = void (*)(const char* message);

QMATH_END_TYPES

QMATH_BEGIN_LIBRARY

/// Replaces the program's contract handler and returns the one that was set before: nullptr for the default one, as
/// the first call does. nullptr restores the default. Thread-safe.
contract_handler set_contract_handler(contract_handler handler) noexcept;

QMATH_END_LIBRARY

#endif  // QMATH_CORE_CONTRACT_HPP_
