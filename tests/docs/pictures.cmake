# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
#
# Pictures are those that scripts/draw_pictures.py has drawn of what a program writes: by the sums in SHA256SUMS, so that
# nothing is drawn here, which takes a certain version of matplotlib.
#   cmake -Dprogram=... -Dpictures=docs/pictures -P pictures.cmake
cmake_minimum_required(VERSION 3.24)

set(data "${CMAKE_CURRENT_BINARY_DIR}/pictures.new.json")
set(again "To draw them:\n  ${program} --pictures p.json && scripts/draw_pictures.py p.json ${pictures}")
execute_process(COMMAND "${program}" --pictures "${data}" RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${program}: ${result}")
endif()

file(STRINGS "${pictures}/SHA256SUMS" sums)
set(drawn "")
foreach(line IN LISTS sums)
  if(NOT line MATCHES "^([0-9a-f]+)  (data|[a-z0-9_]+[.]svg)$")
    message(FATAL_ERROR "${pictures}/SHA256SUMS: ${line}")
  endif()
  set(sum ${CMAKE_MATCH_1})
  set(name ${CMAKE_MATCH_2})
  set(file "${pictures}/${name}")
  if(name STREQUAL "data")
    set(file "${data}")
  endif()
  list(APPEND drawn ${name})
  if(NOT EXISTS "${file}")
    message(FATAL_ERROR "${file} is missing. ${again}")
  endif()
  file(SHA256 "${file}" found)
  if(NOT found STREQUAL sum)
    message(FATAL_ERROR "${name} is not what SHA256SUMS says. ${again}")
  endif()
endforeach()

# All that there are, and the data they were drawn from.
file(GLOB there RELATIVE "${pictures}" "${pictures}/*.svg")
list(APPEND there data)
list(SORT there)
list(SORT drawn)
if(NOT there STREQUAL drawn)
  message(FATAL_ERROR "there are: ${there}; drawn were: ${drawn}. ${again}")
endif()
