# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
#
# Every public header compiles when it is the first and only one, twice over, in compiled mode, and
# without a warning. Arguments: compiler, include, xsimd_option.
file(GLOB_RECURSE headers RELATIVE "${include}" "${include}/qmath/*.hpp")
list(FILTER headers EXCLUDE REGEX "/(detail|kernels)/")
list(LENGTH headers count)
if(count LESS 10)
  message(FATAL_ERROR "only ${count} headers found")
endif()
foreach(header IN LISTS headers)
  execute_process(
    COMMAND "${CMAKE_COMMAND}" -E echo "#include <${header}>\n#include <${header}>"
    COMMAND "${compiler}" -x c++ -std=c++20 -fsyntax-only -Wall -Wextra -Wpedantic -Wconversion
            -Wshadow -Werror -DQMATH_MODE=QMATH_MODE_COMPILED "-I${include}" ${xsimd_option} -
    ERROR_VARIABLE error RESULTS_VARIABLE results)
  if(NOT results STREQUAL "0;0")
    message(SEND_ERROR "${header} does not compile alone:\n${error}")
  endif()
endforeach()
message(STATUS "${count} headers")
