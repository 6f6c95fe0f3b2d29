// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Whether a contender computes what it is timed for: its first result against qmath's.
#ifndef QMATH_BENCHMARKS_GEMM_CHECK_HPP_
#define QMATH_BENCHMARKS_GEMM_CHECK_HPP_

#include <algorithm>
#include <map>

#include "gemm/gemm.hpp"

namespace bench {

/// C of qmath's best target, with the epilogue given.
template <class C, class Epilogue>
std::vector<C> expected(const product& p, const shape& s, const Epilogue& epilogue) {
  std::vector<C> c(s.m * s.n);
  const qmath::packed_weights b(b_of(s));
  with_a(p, s, [&](auto a, std::int32_t a_zero_point) {
    qmath::gemm(a, {a_zero_point}, b, epilogue, qmath::matrix_view(c.data(), s.m, s.n));
  });
  return c;
}
inline std::vector<std::int32_t> expected_sums(const product& p, const shape& s) {
  return expected<std::int32_t>(p, s, qmath::to_sums{});
}

/// "3 of 4096"
template <class C>
std::string differing(const std::vector<C>& want, const C* got) {
  std::size_t different = 0;
  for (std::size_t i = 0; i < want.size(); ++i) different += want[i] != got[i] ? 1 : 0;
  return std::to_string(different) + " of " + std::to_string(want.size());
}

/// Nothing if every result is the expected one, else how many are not.
template <class C>
std::string difference(const std::vector<C>& want, const C* got) {
  if (std::equal(want.begin(), want.end(), got)) return {};
  return differing(want, got) + " results are wrong";
}

/// Whether a contender's results are right, which `find_error` says by an empty text, the first time that it is asked.
/// Wrong ones fail the benchmark, each time: it must not be timed.
template <class F>
bool checked(benchmark::State& state, std::string_view contender, const product& p, const shape& s,
             const F& find_error) {
  static std::map<std::string, std::string> errors;
  const auto [found, is_new] = errors.try_emplace(name_of("gemm", p.name, contender, s.name()));
  if (is_new) found->second = find_error();
  if (!found->second.empty()) state.SkipWithError(found->second.c_str());
  return found->second.empty();
}

}  // namespace bench

#endif  // QMATH_BENCHMARKS_GEMM_CHECK_HPP_
