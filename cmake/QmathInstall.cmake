# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0

include(CMakePackageConfigHelpers)

set(qmath_config_dir "${CMAKE_INSTALL_LIBDIR}/cmake/qmath")

# Two export sets: only the first needs Highway where qmath is used.
install(TARGETS qmath qmath_static EXPORT qmath-header-only
        FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(TARGETS qmath_compiled EXPORT qmath-compiled
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(EXPORT qmath-header-only NAMESPACE qmath:: DESTINATION "${qmath_config_dir}")
install(EXPORT qmath-compiled NAMESPACE qmath:: DESTINATION "${qmath_config_dir}")

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
