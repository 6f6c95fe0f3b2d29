# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0

include("${CMAKE_CURRENT_LIST_DIR}/QmathHeaders.cmake")

# Makes qmath::xsimd, for tests and benchmarks. Without it there are none, so no second way out.
macro(qmath_require_xsimd)
  qmath_find_headers(xsimd
    HEADER xsimd/xsimd.hpp
    VERSION_FILE xsimd/config/xsimd_config.hpp
    VERSION_PREFIX XSIMD_VERSION_
    MINIMUM 13.0
    URL https://github.com/xtensor-stack/xsimd/archive/refs/tags/13.2.0.tar.gz
    SHA256 edd8cd3d548c185adc70321c53c36df41abe64c1fe2c67bc6d93c3ecda82447a
    SUBDIR include
    PROBLEM qmath_xsimd_problem)
  if(qmath_xsimd_problem)
    message(FATAL_ERROR "${qmath_xsimd_problem}")
  endif()
endmacro()
