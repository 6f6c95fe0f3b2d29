# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0

include("${CMAKE_CURRENT_LIST_DIR}/QmathHeaders.cmake")

# Makes qmath::highway. Also runs where qmath is installed, for find_package(qmath).
macro(qmath_find_highway problem)
  qmath_find_headers(highway
    HEADER hwy/highway.h
    VERSION_FILE hwy/base.h
    VERSION_PREFIX HWY_
    MINIMUM 1.2
    URL https://github.com/google/highway/archive/refs/tags/1.3.0.tar.gz
    SHA256 07b3c1ba2c1096878a85a31a5b9b3757427af963b1141ca904db2f9f4afe0bc2
    SUBDIR .
    PROBLEM ${problem})
endmacro()
