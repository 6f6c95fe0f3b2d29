# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0

include(CMakePackageConfigHelpers)

set(qmath_config_dir "${CMAKE_INSTALL_LIBDIR}/cmake/qmath")

# ---- CMake ---------------------------------------------------------------------------------------

# Two export sets: only the first needs Highway where qmath is used.
install(TARGETS qmath qmath_static EXPORT qmath-header-only
        FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT qmath-header-only NAMESPACE qmath:: DESTINATION "${qmath_config_dir}")
if(QMATH_BUILD_COMPILED)
  install(TARGETS qmath_compiled EXPORT qmath-compiled
          ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  install(EXPORT qmath-compiled NAMESPACE qmath:: DESTINATION "${qmath_config_dir}")
endif()

configure_package_config_file(cmake/qmath-config.cmake.in qmath-config.cmake
  INSTALL_DESTINATION "${qmath_config_dir}" NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may change the API. Headers fit every architecture; the config file
# itself leaves out a compiled library that does not.
write_basic_package_version_file(qmath-config-version.cmake
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/qmath-config.cmake"
              "${CMAKE_CURRENT_BINARY_DIR}/qmath-config-version.cmake"
              cmake/QmathHighway.cmake cmake/QmathHeaders.cmake
        DESTINATION "${qmath_config_dir}")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")

# ---- pkg-config ----------------------------------------------------------------------------------

# qmath_install_pkg_config(<name> <field> ...). A file per mode, named like the CMake targets.
function(qmath_install_pkg_config qmath_pc_name)
  set(dir "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
  file(RELATIVE_PATH qmath_pc_prefix "/${dir}" "/")
  string(REGEX REPLACE "/$" "" qmath_pc_prefix "${qmath_pc_prefix}")
  list(JOIN ARGN "\n" qmath_pc_fields)
  configure_file(cmake/qmath.pc.in "${qmath_pc_name}.pc" @ONLY)
  install(FILES "${CMAKE_CURRENT_BINARY_DIR}/${qmath_pc_name}.pc" DESTINATION "${dir}")
endfunction()

# Absolute directories are the choice of whoever packages for one place; prefix is not theirs.
if(NOT IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}" AND NOT IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
  set(targets)
  if(QMATH_ALL_TARGETS)
    set(targets " -DQMATH_ALL_TARGETS")
  endif()
  # Private: of Highway the flags of its headers are wanted, not its library.
  qmath_install_pkg_config(qmath
    "Requires.private: libhwy >= 1.2" "Cflags: -I\${includedir}${targets}")
  qmath_install_pkg_config(qmath-static_dispatch
    "Requires.private: libhwy >= 1.2" "Cflags: -I\${includedir} -DQMATH_MODE=QMATH_MODE_STATIC")
  if(QMATH_BUILD_COMPILED)
    qmath_install_pkg_config(qmath-compiled
      "Cflags: -I\${includedir} -DQMATH_MODE=QMATH_MODE_COMPILED${targets}"
      "Libs: -L\${libdir} -lqmath_compiled")
  endif()
endif()

# ---- CPack ---------------------------------------------------------------------------------------

if(PROJECT_IS_TOP_LEVEL)
  set(CPACK_PACKAGE_VENDOR "qmath contributors")
  set(CPACK_PACKAGE_CONTACT "qmath contributors")
  set(CPACK_RESOURCE_FILE_LICENSE "${CMAKE_CURRENT_SOURCE_DIR}/LICENSE")
  set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
  set(CPACK_DEBIAN_PACKAGE_NAME libqmath-dev)
  set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
  set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
  # Not Depends: the compiled library does without.
  set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "libhwy-dev (>= 1.2)")
  if(NOT QMATH_BUILD_COMPILED)
    set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE all)
  endif()
  set(CPACK_GENERATOR DEB CACHE STRING "What `cpack` makes where it is not told")
  mark_as_advanced(CPACK_GENERATOR)
  include(CPack)
endif()
