// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Dynamic quantization from the kernels of min_max and quantize, block by block where that is possible.
#ifndef QMATH_DETAIL_DYNAMIC_ARGUMENTS_HPP_
#define QMATH_DETAIL_DYNAMIC_ARGUMENTS_HPP_

#include <cstddef>
#include <cstdint>
#include <span>

#include "qmath/core/params.hpp"
#include "qmath/detail/array_arguments.hpp"
#include "qmath/detail/kernel_table.hpp"
#include "qmath/range.hpp"
#include "qmath/schemes.hpp"

QMATH_BEGIN_NAMESPACE
namespace impl {

/// The options, and in `used` the scheme, with the codes that both allow.
QMATH_INLINE bool set_scheme(const char* function, detail::quantize_job& job, scheme& used,
                             const scheme& how, const quantize_options& options) noexcept {
  used = how;
  if (!set_options(function, job, options) ||
      !set_codes(function, used.codes, how.codes, job.codes)) {
    return false;
  }
  job.codes = used.codes;
  return true;
}

/// Where the parameters go: not where any of the other arrays is. The scales are as many as the layout has.
QMATH_INLINE bool set_results(const char* function, const detail::quantize_job& job,
                              const scheme& used, const real_array& x, const code_array& q,
                              std::span<float> scales,
                              std::span<std::int32_t> zero_points) noexcept {
  const auto apart = [&](const char* name, const auto& results) {
    return expect_data(function, name, results.data(), results.size()) &&
           expect_disjoint(function, name, results.data(), results.size(), x_names.overlaps,
                           static_cast<const std::byte*>(x.data), x.bytes) &&
           expect_disjoint(function, name, results.data(), results.size(), q_names.overlaps,
                           static_cast<const std::byte*>(q.data), q.bytes);
  };
  return expect_zero_points(function, "layout.count()", scales.size(), zero_points.size(),
                            job.format, used) &&
         apart("scales", scales) && apart("zero_points", zero_points) &&
         expect_disjoint(function, "zero_points", zero_points.data(), zero_points.size(),
                         "overlaps scales", scales.data(), scales.size());
}

}  // namespace impl
QMATH_END_NAMESPACE

QMATH_BEGIN_LIBRARY
namespace library {

/// Sets scales, zero points (null: all 0) and codes of a job that lacks only the former.
QMATH_LIBRARY void quantize_dynamically(const detail::quantize_job& job, const scheme& how,
                                        float* scales, std::int32_t* zero_points) noexcept;

}  // namespace library
QMATH_END_LIBRARY

#if QMATH_HAS_KERNELS
QMATH_BEGIN_NAMESPACE
namespace impl {

/// Blocks and elements that are worth a call: their ranges fit the stack, the elements the first cache.
inline constexpr std::size_t dynamic_blocks = 512, dynamic_elements = 8192;

/// The ranges of some blocks. Bytes, because an array of value_range would be initialized.
struct range_buffer {
  alignas(value_range) std::byte memory[dynamic_blocks * sizeof(value_range)];

  QMATH_INLINE value_range* ranges() noexcept { return reinterpret_cast<value_range*>(memory); }
};

class dynamic_quantization {
 public:
  QMATH_INLINE dynamic_quantization(const detail::quantize_job& job, const scheme& how,
                                    float* scales, std::int32_t* zero_points) noexcept
      : job_(job), how_(how), scales_(scales), zero_points_(zero_points) {
    // A block is not larger than the matrix.
    if (job_.layout.block_rows > job_.layout.rows) job_.layout.block_rows = job_.layout.rows;
    if (job_.layout.block_cols > job_.layout.cols) job_.layout.block_cols = job_.layout.cols;
  }

  QMATH_INLINE void run() noexcept {
    const granularity& g = job_.layout;
    if (g.block_rows == 1 && job_.n == g.period() && run_by_parts()) return;
    if (g.count() <= dynamic_blocks) {
      observe(0, job_.n, g, buffer_);
      choose(0, g.count());
    } else {
      choose_by_strips();
    }
    quantize(0, job_.n, g, 0);
  }

 private:
  /// The ranges of n elements from `first` on, which are a tensor of that layout.
  QMATH_INLINE void observe(std::size_t first, std::size_t n, const granularity& layout,
                            range_buffer& buffer) const noexcept {
    detail::min_max_job part;
    part.in = static_cast<const std::byte*>(job_.in) + first * real_size();
    part.out = buffer.ranges();
    part.n = n;
    part.layout = layout;
    part.from = job_.from;
    call<&detail::kernel_table::min_max>(part);
  }

  /// Parameters first ... first + n - 1 from the buffer.
  QMATH_INLINE void choose(std::size_t first, std::size_t n) noexcept {
    library::choose_params(buffer_.ranges(), n, job_.format, how_, scales_ + first,
                           zero_points_ != nullptr ? zero_points_ + first : nullptr);
  }

  /// The codes of n elements from `first` on, where a byte begins.
  QMATH_INLINE void quantize(std::size_t first, std::size_t n, const granularity& layout,
                             std::size_t first_parameter) const noexcept {
    detail::quantize_job part = job_;
    part.in = static_cast<const std::byte*>(job_.in) + first * real_size();
    part.out = static_cast<std::byte*>(job_.out) + first / codes_per_byte() * code_size();
    part.n = n;
    part.layout = layout;
    part.scales = scales_ + first_parameter;
    part.zero_points = zero_points_ != nullptr ? zero_points_ + first_parameter : nullptr;
    part.random.offset += first;
    call<&detail::kernel_table::quantize>(part);
  }

  /// Blocks one behind the other: as many whole rows, or as many blocks of a row, as are worth a call. False
  /// if these would begin within a byte.
  QMATH_INLINE bool run_by_parts() noexcept {
    const std::size_t block = job_.layout.block_cols, per_byte = codes_per_byte();
    std::size_t rows = job_.layout.outer * job_.layout.rows, cols = job_.layout.cols;
    if (cols % block == 0) cols *= rows, rows = 1;
    const std::size_t blocks = (cols - 1) / block + 1;
    const bool whole_rows = rows != 1 && blocks <= dynamic_blocks && cols <= dynamic_elements;
    const std::size_t unit = whole_rows ? cols : block;
    const std::size_t unit_blocks = whole_rows ? blocks : 1;
    std::size_t units = dynamic_elements / unit;
    if (units > dynamic_blocks / unit_blocks) units = dynamic_blocks / unit_blocks;
    if (units == 0) units = 1;
    if (unit % per_byte != 0) {
      units = units / per_byte * per_byte;
      if (units == 0) units = per_byte;
      if (units * unit_blocks > dynamic_blocks) return false;
    }
    if (!whole_rows && rows != 1 && cols % per_byte != 0) return false;
    if (whole_rows) {
      for (std::size_t row = 0; row < rows; row += units) {
        const std::size_t n = rows - row < units ? rows - row : units;
        run_part(row * cols, n * cols, {1, n, cols, 1, block}, row * blocks);
      }
      return true;
    }
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t first = 0, c = 0; first < cols; first += units * block, c += units) {
        const std::size_t n = cols - first < units * block ? cols - first : units * block;
        run_part(row * cols + first, n, {1, 1, n, 1, block}, row * blocks + c);
      }
    }
    return true;
  }

  QMATH_INLINE void run_part(std::size_t first, std::size_t n, const granularity& layout,
                             std::size_t first_parameter) noexcept {
    observe(first, n, layout, buffer_);
    choose(first_parameter, layout.count());
    quantize(first, n, layout, first_parameter);
  }

  /// More parameters than the buffer has room for: as many neighbours as it has, one after the other. Their
  /// elements are pieces of rows, in every repeat.
  QMATH_INLINE void choose_by_strips() noexcept {
    const granularity& g = job_.layout;
    const std::size_t blocks = g.col_blocks();
    std::size_t parameter = 0;
    for (std::size_t row = 0; row < g.outer * g.rows;) {
      const std::size_t left = g.rows - row % g.rows;
      const std::size_t height = g.block_rows < left ? g.block_rows : left;
      for (std::size_t c = 0; c < blocks; c += dynamic_blocks) {
        const std::size_t n = blocks - c < dynamic_blocks ? blocks - c : dynamic_blocks;
        observe_strip(row, height, c, n);
        choose(parameter, n);
        parameter += n;
      }
      row += height;
    }
  }

  /// Blocks first ... first + n - 1 of `height` rows.
  QMATH_INLINE void observe_strip(std::size_t row, std::size_t height, std::size_t first,
                                  std::size_t n) noexcept {
    const granularity& g = job_.layout;
    const std::size_t begin = first * g.block_cols;
    const std::size_t width = first + n == g.col_blocks() ? g.cols - begin : n * g.block_cols;
    const bool whole_rows = width == g.cols;
    const granularity piece = {1, whole_rows ? height : 1, width, whole_rows ? height : 1,
                               g.block_cols};
    range_buffer more;
    for (std::size_t i = 0; i < n; ++i) buffer_.ranges()[i] = {};
    for (std::size_t repeat = 0; repeat < job_.n; repeat += g.period()) {
      for (std::size_t r = 0; r < height; r += piece.rows) {
        observe(repeat + (row + r) * g.cols + begin, piece.period(), piece, more);
        for (std::size_t i = 0; i < n; ++i) {
          buffer_.ranges()[i] = merge(buffer_.ranges()[i], more.ranges()[i]);
        }
      }
    }
  }

  QMATH_INLINE std::size_t real_size() const noexcept {
    return job_.from == detail::real_type::f32 ? 4 : 2;
  }
  QMATH_INLINE std::size_t codes_per_byte() const noexcept {
    switch (job_.to) {
      case detail::code_type::bits4_first_low:
      case detail::code_type::bits4_first_high: return 2;
      case detail::code_type::bits2_first_low:
      case detail::code_type::bits2_first_high: return 4;
      default: return 1;
    }
  }
  QMATH_INLINE std::size_t code_size() const noexcept {
    switch (job_.to) {
      case detail::code_type::s16:
      case detail::code_type::u16: return 2;
      case detail::code_type::s32: return 4;
      default: return 1;
    }
  }

  detail::quantize_job job_;
  scheme how_;
  float* scales_;
  std::int32_t* zero_points_;
  range_buffer buffer_;
};

}  // namespace impl
QMATH_END_NAMESPACE

QMATH_BEGIN_LIBRARY
namespace library {

QMATH_LIBRARY void quantize_dynamically(const detail::quantize_job& job, const scheme& how,
                                        float* scales, std::int32_t* zero_points) noexcept {
  impl::dynamic_quantization(job, how, scales, zero_points).run();
}

}  // namespace library
QMATH_END_LIBRARY
#endif

#endif  // QMATH_DETAIL_DYNAMIC_ARGUMENTS_HPP_
