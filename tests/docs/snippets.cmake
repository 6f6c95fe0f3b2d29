# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
#
# Every block of C or C++ in README.md and docs/ is a run of lines of one file in examples/, all of which are compiled
# and run by other tests. Indentation and empty lines may differ.
#   cmake -DROOT=... [-DWITHOUT=docs/a.md,docs/b.md] -P snippets.cmake
cmake_minimum_required(VERSION 3.24)
cmake_path(ABSOLUTE_PATH ROOT NORMALIZE)

file(GLOB_RECURSE examples RELATIVE "${ROOT}" "${ROOT}/examples/*.cpp" "${ROOT}/examples/*.hpp"
     "${ROOT}/examples/*.c" "${ROOT}/examples/*.h")
file(GLOB pages RELATIVE "${ROOT}" "${ROOT}/README.md" "${ROOT}/docs/*.md")
string(REPLACE "," ";" without "${WITHOUT}")
list(REMOVE_ITEM pages ${without})

# Lines without indentation, each with a newline before and behind it.
function(plain_lines text result)
  string(REGEX REPLACE "[ \t\r]*\n[ \t\r\n]*" "\n" text "\n${text}\n")
  set(${result} "${text}" PARENT_SCOPE)
endfunction()

foreach(example IN LISTS examples)
  file(READ "${ROOT}/${example}" text)
  string(MAKE_C_IDENTIFIER "${example}" name)
  plain_lines("${text}" text_of_${name})
endforeach()

set(blocks 0)
set(missing "")
foreach(page IN LISTS pages)
  file(READ "${ROOT}/${page}" rest)
  set(rest "\n${rest}")
  while(TRUE)
    string(REGEX MATCH "\n```(cpp|c\\+\\+|c)\n" fence "${rest}")
    if(fence STREQUAL "")
      break()
    endif()
    string(FIND "${rest}" "${fence}" at)
    string(LENGTH "${fence}" length)
    math(EXPR at "${at} + ${length}")
    string(SUBSTRING "${rest}" ${at} -1 rest)
    string(FIND "${rest}" "\n```" end)
    string(SUBSTRING "${rest}" 0 ${end} block)
    string(SUBSTRING "${rest}" ${end} -1 rest)
    plain_lines("${block}" lines)
    math(EXPR blocks "${blocks} + 1")
    set(found FALSE)
    foreach(example IN LISTS examples)
      string(MAKE_C_IDENTIFIER "${example}" name)
      string(FIND "${text_of_${name}}" "${lines}" at)
      if(NOT at EQUAL -1)
        set(found TRUE)
        break()
      endif()
    endforeach()
    if(NOT found)
      string(APPEND missing "\n${page}:\n${block}\n")
    endif()
  endwhile()
endforeach()
if(missing OR blocks EQUAL 0)
  message(FATAL_ERROR "of ${blocks} blocks of code, these are in no example:${missing}")
endif()
message(STATUS "${blocks} blocks of code are in the examples")
