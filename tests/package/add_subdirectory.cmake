# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
include("${CMAKE_CURRENT_LIST_DIR}/run.cmake")
consumer(add_subdirectory "add subdirectory" "-DQMATH_SOURCE=${source}")
