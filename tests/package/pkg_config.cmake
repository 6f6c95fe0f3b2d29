# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
#
# The flags that pkg-config gives for the installation of install.cmake, and a compiler.
include("${CMAKE_CURRENT_LIST_DIR}/run.cmake")
set(dir "${SCRATCH}/pkg config")
file(REMOVE_RECURSE "${dir}")
file(MAKE_DIRECTORY "${dir}")

# Highway's own file belongs to where its package is installed; here its headers may lie elsewhere.
file(WRITE "${dir}/libhwy.pc" "Name: libhwy\nDescription: Highway\nVersion: 1.2.0\n"
                              "Cflags: ${HIGHWAY_OPTION}\nLibs: -lhwy_is_not_needed\n")
set(pkg_config "${CMAKE_COMMAND}" -E env "PKG_CONFIG_PATH=${prefix}/lib/pkgconfig:${dir}"
    "${PKG_CONFIG}")
foreach(mode_and_module IN ITEMS "HEADER_ONLY qmath" "STATIC qmath-static_dispatch"
                                 "COMPILED qmath-compiled")
  string(REPLACE " " ";" mode_and_module "${mode_and_module}")
  list(GET mode_and_module 0 mode)
  list(GET mode_and_module 1 module)
  run(${pkg_config} --modversion ${module})
  string(STRIP "${output}" output)
  if(NOT output STREQUAL VERSION)
    message(FATAL_ERROR "${module}.pc has version ${output}, not ${VERSION}")
  endif()
  run(${pkg_config} --cflags --libs ${module})
  separate_arguments(module_flags UNIX_COMMAND "${output}")
  run(${compile} -DEXPECTED_MODE=QMATH_MODE_${mode} "${here}/consumer.cpp" ${module_flags}
      -o "${dir}/${module}")
  run("${dir}/${module}")
endforeach()
