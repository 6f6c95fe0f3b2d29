# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
#
# A generated page is what its program writes.
#   cmake -Dprogram=... -Dpage=docs/conventions.md -P compare.cmake
get_filename_component(name "${page}" NAME_WE)
execute_process(COMMAND "${program}" OUTPUT_FILE ${name}.new.md RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${program}: ${result}")
endif()
execute_process(COMMAND "${CMAKE_COMMAND}" -E compare_files ${name}.new.md "${page}"
                RESULT_VARIABLE different)
if(different)
  message(FATAL_ERROR "${page} is not up to date. To write it:\n  ${program} > ${page}")
endif()
