# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
#
# The version is written in include/qmath/version.hpp. Whatever cannot read it from there says the
# same; what is generated from it is checked by the other tests.
include("${CMAKE_CURRENT_LIST_DIR}/run.cmake")

file(STRINGS "${SOURCE}/include/qmath/version.hpp" lines
     REGEX "^#define QMATH_VERSION_(MAJOR|MINOR|PATCH) [0-9]+")
string(REGEX REPLACE "[^;0-9]" "" version "${lines}")
string(REPLACE ";" "." version "${version}")
if(NOT version STREQUAL VERSION)
  message(FATAL_ERROR "the build has version ${VERSION}, version.hpp has ${version}")
endif()
file(READ "${SOURCE}/ports/qmath/vcpkg.json" manifest)
string(JSON port GET "${manifest}" version)
if(NOT port STREQUAL version)
  message(FATAL_ERROR "vcpkg.json has version ${port}, version.hpp has ${version}")
endif()
# The recipe reads version.hpp; a version of its own would win.
file(STRINGS "${SOURCE}/conanfile.py" own REGEX "^ +version *=")
file(STRINGS "${SOURCE}/conanfile.py" reads REGEX "\"version.hpp\"")
if(own OR NOT reads)
  message(FATAL_ERROR "conanfile.py does not take its version from version.hpp")
endif()
