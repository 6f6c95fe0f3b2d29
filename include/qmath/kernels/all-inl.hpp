// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Every kernel file, in order of use. Included once per target by detail/foreach_target.hpp, with
// HWY_TARGET set. The files have no include guards and include nothing: what they need is included
// there, outside the regions that are compiled with a target's instructions.
#include "hwy/highway.h"
// ---- vocabulary
#include "qmath/kernels/vector-inl.hpp"
#include "qmath/kernels/chunk-inl.hpp"
#include "qmath/kernels/random-inl.hpp"
#include "qmath/kernels/fixed_point-inl.hpp"
// ---- one operation each
#include "qmath/kernels/check-inl.hpp"
#include "qmath/kernels/quantize_general-inl.hpp"
#include "qmath/kernels/quantize_params-inl.hpp"
#include "qmath/kernels/quantize_rounded-inl.hpp"
#include "qmath/kernels/quantize-inl.hpp"
#include "qmath/kernels/dequantize-inl.hpp"
#include "qmath/kernels/requantize-inl.hpp"
#include "qmath/kernels/min_max-inl.hpp"
#if QMATH_WITH_CALIBRATION
#include "qmath/kernels/histogram-inl.hpp"
#include "qmath/kernels/errors-inl.hpp"
#include "qmath/kernels/errors_integers-inl.hpp"
#include "qmath/kernels/logarithm-inl.hpp"
#endif
#if QMATH_WITH_GEMM
#include "qmath/kernels/hash-inl.hpp"
#include "qmath/kernels/pack-inl.hpp"
#include "qmath/kernels/gemm_dot-inl.hpp"
#define QMATH_TILE_NAMESPACE target_tile
#include "qmath/kernels/gemm_tile-inl.hpp"
#include "qmath/kernels/gemm_split-inl.hpp"
#include "qmath/kernels/gemm_epilogue-inl.hpp"
#include "qmath/kernels/gemm-inl.hpp"
#endif
// ---- the table of them
#include "qmath/kernels/table-inl.hpp"
#if QMATH_WITH_GEMM
#include "qmath/kernels/variants-inl.hpp"
#endif
