# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
#
# `cmake --install`, and the prefix moved afterwards. The other tests use what this one leaves.
include("${CMAKE_CURRENT_LIST_DIR}/run.cmake")

# What a release contains that builds; no build directories.
file(REMOVE_RECURSE "${SCRATCH}")
file(COPY "${SOURCE}/CMakeLists.txt" "${SOURCE}/LICENSE" "${SOURCE}/conanfile.py" "${SOURCE}/cmake"
          "${SOURCE}/include" "${SOURCE}/ports" "${SOURCE}/test_package"
     DESTINATION "${source}" PATTERN __pycache__ EXCLUDE)
file(COPY "${SOURCE}/tests/package" DESTINATION "${source}/tests")

run(${configure} -S "${source}" -B "${SCRATCH}/build tree" -DQMATH_BUILD_TESTS=OFF
    -DQMATH_BUILD_EXAMPLES=OFF -DCMAKE_INSTALL_LIBDIR=lib "-DCMAKE_INSTALL_PREFIX=${SCRATCH}/first prefix")
run("${CMAKE_COMMAND}" --build "${SCRATCH}/build tree")
run("${CMAKE_COMMAND}" --install "${SCRATCH}/build tree")
file(RENAME "${SCRATCH}/first prefix" "${prefix}")

same_headers("${source}/include" "${prefix}/include")
relocatable("${prefix}" "${SCRATCH}" "${SOURCE}" "${HIGHWAY}")
foreach(file IN ITEMS lib/libqmath_compiled.a share/doc/qmath/LICENSE)
  if(NOT EXISTS "${prefix}/${file}")
    message(FATAL_ERROR "${file} is not installed")
  endif()
endforeach()
