# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
include("${CMAKE_CURRENT_LIST_DIR}/run.cmake")

set(at_prefix "-DCMAKE_PREFIX_PATH=${prefix}")
consumer(find_package "find package" "${at_prefix}")

# The compiled library alone where there is no Highway.
consumer(find_package "find package compiled" "${at_prefix}" -DCOMPONENTS=compiled
         -DABSENT=header_only,static_dispatch "-DQMATH_HIGHWAY_INCLUDE_DIR=${SCRATCH}/none")

set(try ${configure} "${at_prefix}" -S "${here}/find_package" -B "${SCRATCH}/find package refused")
refuse("needs the headers of highway .* holds no hwy/highway.h"
       ${try} -DCOMPONENTS=header_only "-DQMATH_HIGHWAY_INCLUDE_DIR=${SCRATCH}/none")
refuse("components are header_only, static_dispatch and compiled" ${try} -DCOMPONENTS=misspelt)

# The version file, asked as by a project for a machine of another word size: headers fit, the
# library does not.
set(probe "${SCRATCH}/probe")
file(REMOVE_RECURSE "${probe}")
file(MAKE_DIRECTORY "${probe}")
file(WRITE "${probe}/CMakeLists.txt" "
cmake_minimum_required(VERSION 3.24)
project(probe LANGUAGES NONE)
set(CMAKE_SIZEOF_VOID_P 2)
find_package(qmath \${WANTED} CONFIG REQUIRED)
if(NOT qmath_header_only_FOUND OR qmath_compiled_FOUND OR NOT qmath_VERSION STREQUAL VERSION)
  message(FATAL_ERROR \"found: qmath \${qmath_VERSION}, \${qmath_header_only_FOUND}, \${qmath_compiled_FOUND}\")
endif()
")
string(REGEX MATCH "^[0-9]+[.][0-9]+" major_minor "${VERSION}")
set(probing ${configure} "${at_prefix}" -S "${probe}" -B "${probe}/build" "-DVERSION=${VERSION}")
run(${probing} -DWANTED=${VERSION})
run(${probing} -DWANTED=${major_minor})
refuse("version: ${VERSION}" ${probing} -DWANTED=${VERSION}.1)
# An older API, and one that is not there yet.
refuse("version: ${VERSION}" ${probing} -DWANTED=0.0)
refuse("version: ${VERSION}" ${probing} -DWANTED=99.0)
