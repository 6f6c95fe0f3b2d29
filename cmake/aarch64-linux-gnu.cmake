# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0

# Toolchain: Debian's and Ubuntu's cross g++ for AArch64; programs run under QEMU. Header-only
# packages in /usr/include are found for the target too, so there is no separate root to search.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
find_program(CMAKE_CXX_COMPILER REQUIRED
  NAMES aarch64-linux-gnu-g++ aarch64-linux-gnu-g++-15 aarch64-linux-gnu-g++-14
        aarch64-linux-gnu-g++-13 aarch64-linux-gnu-g++-12)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L /usr/aarch64-linux-gnu -cpu max)
# Its notes on how GCC 10 changed the passing of arguments, which nobody here mixes.
set(CMAKE_CXX_FLAGS_INIT -Wno-psabi)
