// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// From the arguments of metrics.hpp to the functions that do the work, and the preconditions: the second half of
// metrics.hpp, which it includes after its types.
#ifndef QMATH_DETAIL_METRICS_ARGUMENTS_HPP_
#define QMATH_DETAIL_METRICS_ARGUMENTS_HPP_

#include <cstddef>
#include <cstdint>
#include <span>

#include "qmath/core/options.hpp"
#include "qmath/core/view.hpp"
#include "qmath/detail/array_arguments.hpp"
#include "qmath/granularity.hpp"

QMATH_BEGIN_TYPES
namespace detail {

struct error_job {
  const void *a, *b;
  real_type a_type, b_type;
  std::size_t n;
  granularity layout;
  error_sums* sums;
  const std::uint8_t* valid;   ///< null: all
  std::size_t valid_elements;  ///< for which a byte stands
  std::uint64_t first;
};

enum class error_metric : unsigned char {
  mse,
  sqnr_db,
  scale_invariant_sqnr_db,
  cosine_similarity,
  mean_error,
};
enum class distribution_metric : unsigned char { kl, psi, jensen_shannon, kolmogorov_smirnov };

/// Rows of real numbers.
struct logits {
  const void* data;
  real_type type;
  std::size_t stride;
};

}  // namespace detail
QMATH_END_TYPES

// In compiled mode in the library, so that the caller's compiler flags are not those of the arithmetic.
QMATH_BEGIN_LIBRARY
namespace library {

QMATH_LIBRARY void add_errors(const detail::error_job& job) noexcept;
QMATH_LIBRARY void merge_errors(error_sums& to, const error_sums& from) noexcept;
QMATH_LIBRARY double error_metric(const error_sums& s, detail::error_metric which) noexcept;
QMATH_LIBRARY void rank_by_damage(layer_error* layers, std::size_t n, std::size_t* order) noexcept;

QMATH_LIBRARY void count_codes(const void* q, std::size_t n, detail::code_type type,
                               std::int32_t lowest, std::uint64_t* counts,
                               const std::uint8_t* valid, std::size_t valid_size) noexcept;
QMATH_LIBRARY void statistics_of_codes(const std::uint64_t* counts, std::size_t n,
                                       std::int32_t lowest, std::int32_t zero_point,
                                       code_range in_use, code_statistics& s) noexcept;
QMATH_LIBRARY double rate(std::uint64_t count, std::uint64_t n) noexcept;

QMATH_LIBRARY double distribution_metric(const std::uint64_t* p, const std::uint64_t* q,
                                         std::size_t n, double pseudo_count,
                                         detail::distribution_metric which) noexcept;

QMATH_LIBRARY void add_top1(const detail::logits& a, const detail::logits& b, std::size_t rows,
                            std::size_t cols, const std::int32_t* labels, std::size_t labels_size,
                            top1_counts& counts) noexcept;
QMATH_LIBRARY double accuracy_delta(const top1_counts& c) noexcept;

}  // namespace library
QMATH_END_LIBRARY

QMATH_BEGIN_NAMESPACE
namespace impl {

inline constexpr double not_a_number = __builtin_bit_cast(double, 0x7FF8000000000000u);

inline constexpr array_names a_names = {"a", "a.size()", "overlaps a"},
                             b_names = {"b", "b.size()", "overlaps b"};

template <>
inline constexpr const char* job_size<detail::error_job> = "a.size()";

/// A byte for each element or for runs of them, or none.
QMATH_INLINE bool expect_valid(const char* function, std::span<const std::uint8_t> valid,
                               std::size_t n) noexcept {
  if (!QMATH_CHECKS || valid.empty() || n == 0) return true;
  if (n % valid.size() != 0) {
    library::report_size(function, "valid.size()", valid.size(),
                         "a divisor of the number of elements", n);
    return false;
  }
  return expect_data(function, "valid", valid.data(), valid.size());
}

QMATH_INLINE bool set_errors(const char* function, detail::error_job& job, const real_array& a,
                             const real_array& b, const error_options& options,
                             const granularity& layout, std::span<error_sums> sums) noexcept {
  job.a = a.data, job.b = b.data;
  job.a_type = a.type, job.b_type = b.type;
  job.n = a.n;
  job.sums = sums.data();
  const bool all = options.valid.empty();
  job.valid = all ? nullptr : options.valid.data();
  job.valid_elements = all ? 1 : a.n / options.valid.size();
  job.first = options.first;
  return expect_equal(function, b_names.size, b.n, a_names.size, a.n) &&
         expect_array(function, a_names, a) && expect_array(function, b_names, b) &&
         expect_valid(function, options.valid, a.n) &&
         set_layout(function, job, "sums.size()", sums.size(), layout) &&
         expect_data(function, "sums", sums.data(), sums.size()) &&
         expect_disjoint(function, "sums", sums.data(), sums.size(), a_names.overlaps,
                         static_cast<const std::byte*>(a.data), a.bytes) &&
         expect_disjoint(function, "sums", sums.data(), sums.size(), b_names.overlaps,
                         static_cast<const std::byte*>(b.data), b.bytes) &&
         expect_disjoint(function, "sums", sums.data(), sums.size(), "overlaps valid",
                         options.valid.data(), options.valid.size());
}

/// As many results as layers, all of them with sums.
template <class T>
QMATH_INLINE bool expect_layers(const char* function, std::span<const layer_error> layers,
                                const char* name, const char* size_name,
                                std::span<const T> results) noexcept {
  if (!expect_equal(function, size_name, results.size(), "layers.size()", layers.size()) ||
      !expect_data(function, "layers", layers.data(), layers.size()) ||
      !expect_data(function, name, results.data(), results.size())) {
    return false;
  }
  for (std::size_t i = 0; QMATH_CHECKS && i < layers.size(); ++i) {
    if (layers[i].errors == nullptr) {
      library::report_argument(function, "layers", "have a null pointer to errors");
      return false;
    }
  }
  return true;
}

/// How many codes there are.
QMATH_INLINE constexpr std::size_t number_of(code_range codes) noexcept {
  return static_cast<std::size_t>(static_cast<std::int64_t>(codes.max) - codes.min + 1);
}

QMATH_INLINE bool expect_code_counts(const char* function, const code_array& q,
                                     std::span<const std::uint64_t> counts,
                                     std::span<const std::uint8_t> valid) noexcept {
  return expect_array(function, q_names, q) &&
         expect_equal(function, "counts.size()", counts.size(), "the number of codes",
                      number_of(q.format)) &&
         expect_data(function, "counts", counts.data(), counts.size()) &&
         expect_valid(function, valid, q.n) &&
         expect_disjoint(function, "counts", counts.data(), counts.size(), q_names.overlaps,
                         static_cast<const std::byte*>(q.data), q.bytes) &&
         expect_disjoint(function, "counts", counts.data(), counts.size(), "overlaps valid",
                         valid.data(), valid.size());
}

QMATH_INLINE bool expect_sum(const char* function, const char* name,
                             std::span<const std::uint64_t> counts) noexcept {
  if (!QMATH_CHECKS) return true;
  if (!expect_data(function, name, counts.data(), counts.size())) return false;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    sum += counts[i];
    if (sum < counts[i]) {
      library::report_argument(function, name, "has a sum of 2^64 or more");
      return false;
    }
  }
  return true;
}

QMATH_INLINE bool expect_counts(const char* function, std::span<const std::uint64_t> counts,
                                code_range format) noexcept {
  return expect_equal(function, "counts.size()", counts.size(), "the number of codes",
                      number_of(format)) &&
         expect_sum(function, "counts", counts);
}

QMATH_INLINE constexpr code_statistics no_statistics() noexcept {
  return {not_a_number, not_a_number, not_a_number, not_a_number};
}

QMATH_INLINE double compared(const char* function, std::span<const std::uint64_t> p,
                             std::span<const std::uint64_t> q, double pseudo_count,
                             detail::distribution_metric which) noexcept {
  if (!expect_equal(function, "q.size()", q.size(), "p.size()", p.size()) ||
      !expect_sum(function, "p", p) || !expect_sum(function, "q", q)) {
    return not_a_number;
  }
  // Finite and not negative, from the bits: see is_scale.
  if (QMATH_CHECKS && detail::bit_cast<std::uint64_t>(pseudo_count) >= 0x7FF0000000000000u) {
    library::report_argument(function, "pseudo_count", "must be finite and >= 0");
    return not_a_number;
  }
  return library::distribution_metric(p.data(), q.data(), p.size(), pseudo_count, which);
}

template <class T>
QMATH_INLINE detail::logits logits_of(const matrix_view<const T>& m) noexcept {
  return {m.data, real_type_of<T>, m.stride};
}

template <class A, class B>
QMATH_INLINE bool expect_logits(const char* function, const matrix_view<const A>& a,
                                const matrix_view<const B>& b,
                                std::span<const std::int32_t> labels) noexcept {
  return expect_equal(function, "b.rows", b.rows, "a.rows", a.rows) &&
         expect_equal(function, "b.cols", b.cols, "a.cols", a.cols) &&
         expect_matrix(function, "a", "a.stride", a) &&
         expect_matrix(function, "b", "b.stride", b) &&
         expect_either(function, "labels.size()", labels.size(), 0, "0 or the number of rows",
                       a.rows) &&
         expect_data(function, "labels", labels.data(), labels.size());
}

}  // namespace impl
QMATH_END_NAMESPACE

#if QMATH_HAS_KERNELS
#include "qmath/detail/metrics_impl.hpp"
#endif

#endif  // QMATH_DETAIL_METRICS_ARGUMENTS_HPP_
