# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0

# Warnings for qmath's own translation units. Never part of an interface: users choose their own.
function(qmath_add_warnings target)
  if(CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Wshadow
                           $<$<BOOL:${QMATH_WERROR}>:-Werror>)
  endif()
  # What GCC believes of the bytes behind a pointer depends on what it has inlined, and differs from version to
  # version: such a warning is shown, and stops nothing.
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    target_compile_options(${target} PRIVATE -Wno-error=array-bounds -Wno-error=stringop-overflow
                           -Wno-error=stringop-overread -Wno-error=maybe-uninitialized)
  endif()
  # GCC 12 sees overlapping copies in every "text" + std::string (GCC bug 105651), and variables without a value in its
  # own header of AVX-512, wherever that is inlined.
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(${target} PRIVATE -Wno-restrict -Wno-error=uninitialized)
    if(CMAKE_CXX_FLAGS MATCHES "-march=")  # everywhere then: tens of thousands of lines
      target_compile_options(${target} PRIVATE -Wno-uninitialized -Wno-maybe-uninitialized)
    endif()
  endif()
endfunction()
