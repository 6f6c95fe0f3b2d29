# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
#
# `conan create` in each mode, with Highway from the system and no remote.
include("${CMAKE_CURRENT_LIST_DIR}/run.cmake")

set(highway)
if(HIGHWAY_OPTION)  # the compiler does not find it by itself
  set(highway "QMATH_HIGHWAY_INCLUDE_DIR=${HIGHWAY}")
endif()
set(conan "${CMAKE_COMMAND}" -E env "CONAN_HOME=${SCRATCH}/conan home" "CXX=${COMPILER}"
    ${highway} "${CONAN}")
list(JOIN flags "\", \"" quoted_flags)
set(create ${conan} create "${source}" --no-remote
    "--profile:all=${source}/tests/package/conan/system_highway.profile" -s build_type=Debug
    -c "tools.cmake.cmaketoolchain:generator=${GENERATOR}"
    -c "tools.build:cxxflags+=[\"${quoted_flags}\"]")
foreach(option IN ITEMS compiled=False compiled=True static_dispatch=True)
  run(${create} -o "qmath/*:${option}")
  if(NOT output MATCHES "qmath/${VERSION} \\(test package\\).*100% tests passed")
    message(FATAL_ERROR "no test of qmath ${VERSION} ran")
  endif()
endforeach()
refuse("choose one" ${create} -o "qmath/*:compiled=True" -o "qmath/*:static_dispatch=True")

# What is in the packages: the headers, and the library in one of them.
file(GLOB packages "${SCRATCH}/conan home/p/b/*/p/include")
list(LENGTH packages count)
if(NOT count EQUAL 3)
  message(FATAL_ERROR "${count} packages, not 3")
endif()
foreach(include IN LISTS packages)
  same_headers("${source}/include" "${include}")
endforeach()
