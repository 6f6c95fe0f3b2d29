# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
#
# `cpack -G DEB`, and a consumer of what the package contains.
include("${CMAKE_CURRENT_LIST_DIR}/run.cmake")
set(dir "${SCRATCH}/deb")
file(REMOVE_RECURSE "${dir}")

run("${CMAKE_CPACK_COMMAND}" -G DEB --config "${SCRATCH}/build tree/CPackConfig.cmake" -B "${dir}")
file(GLOB package "${dir}/*.deb")
run(dpkg-deb --field "${package}" Package Version Recommends)
foreach(field IN ITEMS "Package: libqmath-dev" "Version: ${VERSION}" "Recommends: libhwy-dev")
  if(NOT output MATCHES "${field}")
    message(FATAL_ERROR "the package says not `${field}` but\n${output}")
  endif()
endforeach()

run(dpkg-deb --extract "${package}" "${dir}/root")
same_headers("${source}/include" "${dir}/root/usr/include")
# Everything else by name.
file(GLOB_RECURSE files RELATIVE "${dir}/root" "${dir}/root/*")
list(FILTER files EXCLUDE REGEX "^usr/include/")
list(SORT files)
set(expected
  usr/lib/cmake/qmath/QmathHeaders.cmake
  usr/lib/cmake/qmath/QmathHighway.cmake
  usr/lib/cmake/qmath/qmath-compiled-none.cmake
  usr/lib/cmake/qmath/qmath-compiled.cmake
  usr/lib/cmake/qmath/qmath-config-version.cmake
  usr/lib/cmake/qmath/qmath-config.cmake
  usr/lib/cmake/qmath/qmath-header-only.cmake
  usr/lib/libqmath_compiled.a
  usr/lib/pkgconfig/qmath-compiled.pc
  usr/lib/pkgconfig/qmath-static_dispatch.pc
  usr/lib/pkgconfig/qmath.pc
  usr/share/doc/qmath/LICENSE)
list(SORT expected)
if(NOT files STREQUAL expected)
  list(JOIN files "\n  " text)
  message(FATAL_ERROR "the package contains beside the headers:\n  ${text}")
endif()
consumer(find_package "deb consumer" "-DCMAKE_PREFIX_PATH=${dir}/root/usr")
