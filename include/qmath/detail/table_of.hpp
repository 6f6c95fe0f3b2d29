// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// From Highway's names of targets to ours, and from a target to its table in this translation unit.
#ifndef QMATH_DETAIL_TABLE_OF_HPP_
#define QMATH_DETAIL_TABLE_OF_HPP_

#include <cstdint>

#include "hwy/detect_targets.h"
#include "qmath/detail/kernel_table.hpp"
#include "qmath/detail/packed_hash.hpp"
#include "qmath/detail/packed_layout.hpp"

QMATH_BEGIN_NAMESPACE
namespace impl {
using detail::array_job;
using detail::bin_job;
using detail::bin_results;
using detail::code_type;
using detail::counter_job;
using detail::dequantize_job;
using detail::error_block;
using detail::error_block_sums;
using detail::error_kernel;
using detail::error_place;
using detail::error_range;
using detail::gemm_dot;
using detail::gemm_epilogue;
using detail::gemm_kernel;
using detail::gemm_most_task_rows;
using detail::gemm_most_tile_rows;
using detail::gemm_output;
using detail::gemm_problem;
using detail::gemm_task_columns;
using detail::gemm_task_rows;
using detail::gemm_tile;
using detail::hash_job;
using detail::hash_words;
using detail::kernel_table;
using detail::min_max_job;
using detail::pack_job;
using detail::packed_panel_bytes;
using detail::padded_columns;
using detail::panel_columns;
using detail::quantize_job;
using detail::real_type;
using detail::requantize_job;
using detail::split_sum;
using detail::target;
using detail::unpack_job;

/// Our name for one of Highway's target bits.
constexpr target target_of(std::int64_t highway_target) noexcept {
  switch (highway_target) {
#ifdef HWY_AVX10_2
    case HWY_AVX10_2: return target::avx10_2;
#endif
    case HWY_AVX3_SPR: return target::avx3_spr;
    case HWY_AVX3_ZEN4: return target::avx3_zen4;
    case HWY_AVX3_DL: return target::avx3_dl;
    case HWY_AVX3: return target::avx3;
    case HWY_AVX2: return target::avx2;
    case HWY_SSE4: return target::sse4;
    case HWY_SSSE3: return target::ssse3;
    case HWY_SSE2: return target::sse2;
    case HWY_SVE2_128: return target::sve2_128;
    case HWY_SVE_256: return target::sve_256;
    case HWY_SVE2: return target::sve2;
    case HWY_SVE: return target::sve;
    case HWY_NEON_BF16: return target::neon_bf16;
    case HWY_NEON: return target::neon;
    case HWY_NEON_WITHOUT_AES: return target::neon_without_aes;
    default: return target::baseline;
  }
}

/// table_of<T>::value: the table of a target, null if this translation unit does not compile it.
/// kernels/table-inl.hpp and variants-inl.hpp add the specializations.
template <target T>
struct table_of {
  static constexpr const kernel_table* value = nullptr;
};

}  // namespace impl
QMATH_END_NAMESPACE

#endif  // QMATH_DETAIL_TABLE_OF_HPP_
