# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
#
# Common to the scripts beside it, each of which is a test: `cmake -D... -P <way>.cmake`.
#   SOURCE     the repository
#   SCRATCH    a directory of the tests' own, with a space in its path
#   COMPILER, LAUNCHER, GENERATOR, HIGHWAY, HIGHWAY_OPTION, VERSION     of the build that runs the tests
cmake_minimum_required(VERSION 3.24)
set(here "${CMAKE_CURRENT_LIST_DIR}")
set(source "${SCRATCH}/source tree")    # what install.cmake copies of the repository
set(prefix "${SCRATCH}/moved prefix")   # where it leaves what it installs

# What is tested here is not the kernels: one target of them, not optimized, takes 3 seconds.
set(flags -O0 -DHWY_COMPILE_ONLY_STATIC)
list(JOIN flags " " flags_text)
set(configure "${CMAKE_COMMAND}" -G "${GENERATOR}" "-DCMAKE_CXX_COMPILER=${COMPILER}"
    "-DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}" "-DCMAKE_CXX_FLAGS=${flags_text}"
    "-DCMAKE_BUILD_TYPE=None" "-DQMATH_HIGHWAY_INCLUDE_DIR=${HIGHWAY}" -DQMATH_FETCH=OFF)
set(compile "${COMPILER}" -std=c++20 ${flags})

# run(<command> ...): stops the test where it fails. Its output is in the variable `output`.
macro(run)
  set(command ${ARGV})
  execute_process(COMMAND ${command} OUTPUT_VARIABLE output ERROR_VARIABLE output
                  RESULT_VARIABLE result)
  list(JOIN command " " command)
  message(STATUS "${command}\n${output}")
  if(NOT result STREQUAL "0")
    message(FATAL_ERROR "failed (${result}): ${command}")
  endif()
endmacro()

# refuse(<pattern> <command> ...): it must fail, and say why.
function(refuse pattern)
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE result)
  list(JOIN ARGN " " command)
  string(REGEX REPLACE "[ \n]+" " " line "${output}")  # CMake wraps its messages
  if(result STREQUAL "0" OR NOT line MATCHES "${pattern}")
    message(FATAL_ERROR "should have failed and said `${pattern}`: ${command}\n${output}")
  endif()
endfunction()

# consumer(<project> <build> <option> ...): configures, builds and runs a consumer project.
macro(consumer project build)
  file(REMOVE_RECURSE "${SCRATCH}/${build}")
  run(${configure} -S "${here}/${project}" -B "${SCRATCH}/${build}" ${ARGN})
  run("${CMAKE_COMMAND}" --build "${SCRATCH}/${build}")
  run("${CMAKE_CTEST_COMMAND}" --test-dir "${SCRATCH}/${build}" --output-on-failure
      --no-tests=error)
endmacro()

# same_headers(<directory> <directory>): both have the same files.
function(same_headers expected actual)
  foreach(which IN ITEMS expected actual)
    file(GLOB_RECURSE ${which}_list RELATIVE "${${which}}" "${${which}}/*")
    list(SORT ${which}_list)
  endforeach()
  list(LENGTH expected_list count)
  if(count LESS 30 OR NOT expected_list STREQUAL actual_list)
    set(missing ${expected_list})
    list(REMOVE_ITEM missing ${actual_list})
    list(REMOVE_ITEM actual_list ${expected_list})
    message(FATAL_ERROR "of ${count} headers ${actual} lacks `${missing}`; it has besides \
`${actual_list}`")
  endif()
endfunction()

# relocatable(<directory> <path> ...): no file below the directory contains one of the paths.
function(relocatable directory)
  file(GLOB_RECURSE files "${directory}/*.cmake" "${directory}/*.pc" "${directory}/*.hpp")
  foreach(file IN LISTS files)
    file(READ "${file}" text)
    foreach(path IN LISTS ARGN)
      string(FIND "${text}" "${path}" at)
      if(NOT at EQUAL -1)
        message(FATAL_ERROR "${file} contains ${path}")
      endif()
    endforeach()
  endforeach()
endfunction()
