// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// qmath: the arithmetic of quantized inference. This header includes every public one but
/// simd/xsimd.hpp, which needs xsimd, and those of families that config.hpp leaves out.
#ifndef QMATH_QMATH_HPP_
#define QMATH_QMATH_HPP_

#include "qmath/config.hpp"
#include "qmath/version.hpp"
// ---- vocabulary
#include "qmath/core/concepts.hpp"
#include "qmath/core/contract.hpp"
#include "qmath/core/options.hpp"
#include "qmath/core/params.hpp"
#include "qmath/core/view.hpp"
#include "qmath/fixed_point.hpp"
#include "qmath/formats/integer.hpp"
#include "qmath/formats/packed.hpp"
#include "qmath/formats/real.hpp"
#include "qmath/granularity.hpp"
#include "qmath/numerics.hpp"
#include "qmath/rounding.hpp"
// ---- from data to parameters
#include "qmath/range.hpp"
#include "qmath/schemes.hpp"
#if QMATH_WITH_CALIBRATION
#include "qmath/code_metrics.hpp"
#include "qmath/distributions.hpp"
#include "qmath/layers.hpp"
#include "qmath/metrics.hpp"
#include "qmath/observe/calibrators.hpp"
#include "qmath/observe/coverage.hpp"
#include "qmath/observe/drift.hpp"
#include "qmath/observe/observe.hpp"
#include "qmath/sensitivity.hpp"
#endif
// ---- operations
#include "qmath/dynamic.hpp"
#include "qmath/executor.hpp"
#include "qmath/quantize.hpp"
#include "qmath/requantize.hpp"
#if QMATH_WITH_GEMM
#include "qmath/epilogue.hpp"
#include "qmath/gemm.hpp"
#include "qmath/gemm_batch.hpp"
#include "qmath/linear.hpp"
#include "qmath/pack.hpp"
#include "qmath/packed_weights.hpp"
#endif
// ---- which CPU target runs
#include "qmath/cpu.hpp"
// ---- the definition of all of it
#include "qmath/reference.hpp"

#endif  // QMATH_QMATH_HPP_
