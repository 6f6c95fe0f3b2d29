# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0

# Warnings for qmath's own translation units. Never part of an interface: users choose their own.
function(qmath_add_warnings target)
  if(CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Wshadow
                           $<$<BOOL:${QMATH_WERROR}>:-Werror>)
  endif()
endfunction()
