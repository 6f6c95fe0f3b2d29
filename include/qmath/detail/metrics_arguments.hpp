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

#include "qmath/core/view.hpp"
#include "qmath/detail/array_arguments.hpp"
#include "qmath/detail/counts.hpp"
#include "qmath/detail/selected.hpp"
#include "qmath/granularity.hpp"

QMATH_BEGIN_TYPES
namespace detail {

struct error_job {
  QMATH_INLINE constexpr error_job() noexcept {}

  const void *a = nullptr, *b = nullptr;
  real_type a_type = real_type::f32, b_type = real_type::f32;
  std::size_t n = 0;
  granularity layout;
  error_sums* sums = nullptr;
  selected_elements which;
  std::uint64_t first = 0;
};

enum class error_metric : unsigned char {
  mse,
  sqnr_db,
  scale_invariant_sqnr_db,
  cosine_similarity,
  mean_error,
};

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

QMATH_LIBRARY void add_top1(const detail::logits& a, const detail::logits& b, std::size_t rows,
                            std::size_t cols, const std::int32_t* labels, std::size_t labels_size,
                            const selection& which, top1_counts& counts) noexcept;
QMATH_LIBRARY double accuracy_delta(const top1_counts& c) noexcept;

}  // namespace library
QMATH_END_LIBRARY

QMATH_BEGIN_NAMESPACE
namespace impl {

inline constexpr array_names a_names = {"a", "a.size()", "overlaps a"},
                             b_names = {"b", "b.size()", "overlaps b"};

template <>
inline constexpr const char* job_size<detail::error_job> = "a.size()";

QMATH_INLINE bool set_errors(const char* function, detail::error_job& job, const real_array& a,
                             const real_array& b, const error_options& options,
                             const granularity& layout, std::span<error_sums> sums,
                             bool channels) noexcept {
  job.a = a.data, job.b = b.data;
  job.a_type = a.type, job.b_type = b.type;
  job.n = a.n;
  job.sums = sums.data();
  job.first = options.first;
  if (!(expect_equal(function, b_names.size, b.n, a_names.size, a.n) &&
        expect_array(function, a_names, a) && expect_array(function, b_names, b) &&
        expect_selection(function, options.which, a_names.size, a.n,
                         channels ? layout.count() : 0) &&
        set_layout(function, job, "sums.size()", sums.size(), layout) &&
        expect_data(function, "sums", sums.data(), sums.size()) &&
        expect_disjoint(function, "sums", sums.data(), sums.size(), a_names.overlaps,
                        static_cast<const std::byte*>(a.data), a.bytes) &&
        expect_disjoint(function, "sums", sums.data(), sums.size(), b_names.overlaps,
                        static_cast<const std::byte*>(b.data), b.bytes) &&
        expect_unselecting(function, "sums", sums, options.which))) {
    return false;
  }
  job.which = selected_of(options.which, a.n);
  return true;
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

template <class T>
QMATH_INLINE detail::logits logits_of(const matrix_view<const T>& m) noexcept {
  return {m.data, real_type_of<T>, m.stride};
}

template <class A, class B>
QMATH_INLINE bool expect_logits(const char* function, const matrix_view<const A>& a,
                                const matrix_view<const B>& b, std::span<const std::int32_t> labels,
                                const selection& which) noexcept {
  return expect_equal(function, "b.rows", b.rows, "a.rows", a.rows) &&
         expect_equal(function, "b.cols", b.cols, "a.cols", a.cols) &&
         expect_matrix(function, "a", "a.stride", a) &&
         expect_matrix(function, "b", "b.stride", b) &&
         expect_either(function, "labels.size()", labels.size(), 0, "0 or the number of rows",
                       a.rows) &&
         expect_data(function, "labels", labels.data(), labels.size()) &&
         expect_selection(function, which, "a.rows", a.rows, 0);
}

}  // namespace impl
QMATH_END_NAMESPACE

#if QMATH_HAS_KERNELS
#include "qmath/detail/metrics_impl.hpp"
#endif

#endif  // QMATH_DETAIL_METRICS_ARGUMENTS_HPP_
