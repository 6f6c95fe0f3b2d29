// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The tables of this translation unit, and the choice among them. Only where the kernels are compiled.
#ifndef QMATH_DETAIL_DISPATCH_HPP_
#define QMATH_DETAIL_DISPATCH_HPP_

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <type_traits>
#include <utility>

#include "qmath/cpu.hpp"
#include "qmath/detail/bits.hpp"
#include "qmath/detail/contract_impl.hpp"
#include "qmath/detail/detect.hpp"
#include "qmath/detail/foreach_target.hpp"
#include "qmath/detail/kernel_table.hpp"

QMATH_BEGIN_TYPES
namespace detail {
/// The targets among which the program chooses; 0 until the first call has looked at the CPU.
inline constinit std::atomic<target_mask> allowed_targets{0};
/// Those that the CPU supports; 0 until it has been asked. In a virtual machine cpuid takes microseconds.
inline constinit std::atomic<target_mask> detected_targets{0};
}  // namespace detail
QMATH_END_TYPES

QMATH_BEGIN_NAMESPACE
namespace impl {

// A member of the tables of all targets, by target.
template <auto Member>
struct entry_list {
  using entry = std::remove_cvref_t<decltype(std::declval<kernel_table>().*Member)>;
  entry by_target[static_cast<std::size_t>(target::count)] = {};
};

template <target T, class Entry>
constexpr Entry entry_of(Entry kernel_table::* member) noexcept {
  constexpr const kernel_table* table = table_of<T>::value;
  if constexpr (table == nullptr) {
    return {};
  } else {
    return table->*member;
  }
}

template <auto Member, std::size_t... I>
constexpr entry_list<Member> list_entries(std::index_sequence<I...>) noexcept {
  return {{entry_of<static_cast<target>(I)>(Member)...}};
}

template <std::size_t... I>
constexpr target_mask list_targets(std::index_sequence<I...>) noexcept {
  return (
      (table_of<static_cast<target>(I)>::value != nullptr ? mask_of(static_cast<target>(I)) : 0) |
      ...);
}

using all_targets = std::make_index_sequence<static_cast<std::size_t>(target::count)>;

// Both with internal linkage: each translation unit has its own kernels.
#if QMATH_MODE == QMATH_MODE_COMPILED
struct table_list {
  const kernel_table* by_target[static_cast<std::size_t>(target::count)];
};

template <std::size_t... I>
constexpr table_list list_tables(std::index_sequence<I...>) noexcept {
  return {{table_of<static_cast<target>(I)>::value...}};
}

static constexpr table_list tables = list_tables(all_targets());
#endif
template <auto Member>
static constexpr entry_list<Member> entries = list_entries<Member>(all_targets());
inline constexpr target_mask compiled_targets = list_targets(all_targets());
inline constexpr target_mask baseline_target = mask_of(target_of(HWY_STATIC_TARGET));

/// Targets that run here: compiled, and supported by the CPU.
inline target_mask supported_mask() noexcept {
#if QMATH_MODE == QMATH_MODE_STATIC
  return compiled_targets;  // the compiler's flags vouch for all of them
#else
  target_mask detected = detail::detected_targets.load(std::memory_order_relaxed);
  if (detected == 0) {
    detected = detect_targets();
    detail::detected_targets.store(detected, std::memory_order_relaxed);
  }
  return compiled_targets & (detected | baseline_target);
#endif
}

constexpr target best_of(target_mask mask) noexcept {
  return static_cast<target>(detail::trailing_zeros(mask));
}

constexpr const char* name_of(target t) noexcept {
  return detail::target_names[static_cast<std::size_t>(t)];
}

// The mask of the target with that name if it is one of `among`, otherwise 0.
inline target_mask find_target(const char* name, target_mask among) noexcept {
  for (; among != 0; among &= among - 1) {
    if (std::strcmp(name, name_of(best_of(among))) == 0) return mask_of(best_of(among));
  }
  return 0;
}

QMATH_COLD inline target_mask choose_targets() noexcept {
  target_mask chosen = supported_mask();
  if (const char* name = std::getenv("QMATH_TARGET"); name != nullptr && *name != '\0') {
    if (const target_mask wanted = find_target(name, chosen)) {
      chosen = wanted;
    } else {
      library::report_unknown("cpu", "environment variable QMATH_TARGET", name,
                              "a target that this build and this CPU have");
    }
  }
  detail::allowed_targets.store(chosen, std::memory_order_relaxed);
  return chosen;
}

QMATH_INLINE target active_id() noexcept {
#if QMATH_MODE == QMATH_MODE_STATIC
  return best_of(compiled_targets);
#else
  target_mask allowed = detail::allowed_targets.load(std::memory_order_relaxed);
  if (allowed == 0) [[unlikely]]
    allowed = choose_targets();
  const target_mask here = allowed & compiled_targets;
  return best_of(here != 0 ? here : baseline_target);
#endif
}

}  // namespace impl
QMATH_END_NAMESPACE

QMATH_BEGIN_LIBRARY

#if QMATH_MODE == QMATH_MODE_COMPILED
namespace library {
const detail::kernel_table& active() noexcept {
  return *impl::tables.by_target[static_cast<std::size_t>(impl::active_id())];
}
}  // namespace library
#endif

namespace cpu {

QMATH_LIBRARY const char* active_target() noexcept { return impl::name_of(impl::active_id()); }

QMATH_LIBRARY const char* active_reason() noexcept {
#if QMATH_MODE == QMATH_MODE_STATIC
  return "static mode: the compiler's flags select it";
#else
  const detail::target_mask chosen =
      detail::mask_of(impl::active_id());  // looks at the CPU, the first time
  const detail::target_mask allowed = detail::allowed_targets.load(std::memory_order_relaxed);
  if ((allowed & chosen) == 0) return "the baseline: none of the chosen targets is in this build";
  if (impl::best_of(impl::supported_mask()) == impl::best_of(chosen)) {
    return "the best that this build and this CPU have";
  }
  return "chosen by QMATH_TARGET or use_target()";
#endif
}

QMATH_LIBRARY target_list supported_targets() noexcept {
  target_list list;
  for (detail::target_mask m = impl::supported_mask(); m != 0; m &= m - 1) {
    list.names[list.count++] = impl::name_of(impl::best_of(m));
  }
  return list;
}

QMATH_LIBRARY bool use_target(const char* name) noexcept {
  const detail::target_mask wanted =
      name == nullptr ? 0 : impl::find_target(name, impl::supported_mask());
  if (wanted == 0) return false;
  detail::allowed_targets.store(wanted, std::memory_order_relaxed);
  return true;
}

QMATH_LIBRARY void use_best_target() noexcept {
  detail::allowed_targets.store(impl::supported_mask(), std::memory_order_relaxed);
}

}  // namespace cpu
QMATH_END_LIBRARY

#endif  // QMATH_DETAIL_DISPATCH_HPP_
