# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0

# Toolchain: Debian's and Ubuntu's cross g++ for s390x, a big-endian machine; programs run under QEMU.
# Header-only packages in /usr/include are found as for AArch64.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR s390x)
find_program(CMAKE_CXX_COMPILER REQUIRED
  NAMES s390x-linux-gnu-g++ s390x-linux-gnu-g++-15 s390x-linux-gnu-g++-14
        s390x-linux-gnu-g++-13 s390x-linux-gnu-g++-12)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-s390x -L /usr/s390x-linux-gnu)
