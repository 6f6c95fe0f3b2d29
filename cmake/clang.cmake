# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0

# Toolchain: the host's clang. 19 first, because clang 22 cannot compile the AVX-512 targets of
# Highway before 1.4, and clang before 16 lacks parts of C++20.
find_program(CMAKE_CXX_COMPILER REQUIRED
  NAMES clang++-19 clang++-20 clang++-21 clang++-18 clang++-17 clang++-16 clang++)
