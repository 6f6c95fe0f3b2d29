# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0

# Toolchain: the host's clang with the cross g++'s libraries. It has NEON_BF16, which g++ has from 14 on.
include("${CMAKE_CURRENT_LIST_DIR}/aarch64-linux-gnu.cmake")
unset(CMAKE_CXX_COMPILER CACHE)
include("${CMAKE_CURRENT_LIST_DIR}/clang.cmake")
set(CMAKE_CXX_COMPILER_TARGET aarch64-linux-gnu)
unset(CMAKE_CXX_FLAGS_INIT)
