# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
#
# Stands in for vcpkg: the functions that ports/qmath/portfile.cmake calls, as far as their
# documentation says what they do to the packages directory. Source is the repository, the triplet is
# static Linux, and `installed` has what the port depends on.

function(vcpkg_check_linkage)
endfunction()

function(vcpkg_from_github)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "OUT_SOURCE_PATH;REPO;REF;SHA512;HEAD_REF" "")
  if(NOT arg_REPO OR NOT arg_REF STREQUAL "v${VERSION}" OR NOT DEFINED arg_SHA512 OR NOT arg_HEAD_REF
     OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "vcpkg_from_github: ${ARGN}")
  endif()
  set(${arg_OUT_SOURCE_PATH} "${source}" PARENT_SCOPE)
endfunction()

function(vcpkg_check_features)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "OUT_FEATURE_OPTIONS" "FEATURES")
  set(options)
  set(names)
  while(arg_FEATURES)
    list(POP_FRONT arg_FEATURES feature option)
    list(APPEND names ${feature})
    if(feature IN_LIST FEATURES)
      list(APPEND options -D${option}=ON)
    else()
      list(APPEND options -D${option}=OFF)
    endif()
  endwhile()
  if(NOT names STREQUAL manifest_features)
    message(FATAL_ERROR "the portfile has features ${names}, vcpkg.json has ${manifest_features}")
  endif()
  set(${arg_OUT_FEATURE_OPTIONS} "${options}" PARENT_SCOPE)
endfunction()

# The configurations that are built, and where each is installed.
macro(each_configuration)
  set(configurations Release)
  if(NOT DEFINED VCPKG_BUILD_TYPE)
    set(configurations Release Debug)
  endif()
  set(subdir_of_Release "")
  set(subdir_of_Debug /debug)
endmacro()

function(vcpkg_cmake_configure)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "SOURCE_PATH" "OPTIONS")
  each_configuration()
  foreach(configuration IN LISTS configurations)
    run(${configure} -S "${arg_SOURCE_PATH}" -B "${CURRENT_BUILDTREES_DIR}/${configuration}"
        -DCMAKE_BUILD_TYPE=${configuration} ${arg_OPTIONS} -DBUILD_SHARED_LIBS=OFF
        "-DCMAKE_CXX_FLAGS_RELEASE=-O0" "-DCMAKE_CXX_FLAGS_DEBUG=-O0"
        "-DCMAKE_INSTALL_PREFIX=${CURRENT_PACKAGES_DIR}${subdir_of_${configuration}}"
        -DCMAKE_INSTALL_LIBDIR:STRING=lib)
  endforeach()
endfunction()

function(vcpkg_cmake_install)
  each_configuration()
  foreach(configuration IN LISTS configurations)
    run("${CMAKE_COMMAND}" --build "${CURRENT_BUILDTREES_DIR}/${configuration}" --target install)
  endforeach()
endfunction()

# Moves the CMake package to share/, where it is two directories below the prefix, and adds the debug
# configuration, whose library is below debug/.
function(vcpkg_cmake_config_fixup)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "CONFIG_PATH" "")
  set(share "${CURRENT_PACKAGES_DIR}/share/${PORT}")
  file(GLOB files "${CURRENT_PACKAGES_DIR}/${arg_CONFIG_PATH}/*")
  if(NOT files)
    message(FATAL_ERROR "there is no CMake package in ${arg_CONFIG_PATH}")
  endif()
  file(COPY ${files} DESTINATION "${share}")
  file(GLOB debug_files "${CURRENT_PACKAGES_DIR}/debug/${arg_CONFIG_PATH}/*-debug.cmake")
  foreach(file IN LISTS debug_files)
    file(READ "${file}" text)
    string(REPLACE "\${_IMPORT_PREFIX}/lib" "\${_IMPORT_PREFIX}/debug/lib" text "${text}")
    cmake_path(GET file FILENAME name)
    file(WRITE "${share}/${name}" "${text}")
  endforeach()
  foreach(root IN ITEMS "" debug/)
    file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/${root}lib/cmake")
  endforeach()
  set(up "get_filename_component(_IMPORT_PREFIX \"\${_IMPORT_PREFIX}\" PATH)\n")
  file(GLOB files "${share}/*.cmake")
  foreach(file IN LISTS files)
    file(READ "${file}" text)
    string(REPLACE "${up}${up}${up}" "${up}${up}" text "${text}")
    string(REPLACE "\${CMAKE_CURRENT_LIST_DIR}/../../../" "\${CMAKE_CURRENT_LIST_DIR}/../../" text
           "${text}")
    file(WRITE "${file}" "${text}")
  endforeach()
endfunction()

# Every file must name a package that pkg-config finds, with what it requires.
function(vcpkg_fixup_pkgconfig)
  foreach(root IN ITEMS "" /debug)
    file(GLOB files "${CURRENT_PACKAGES_DIR}${root}/lib/pkgconfig/*.pc")
    foreach(file IN LISTS files)
      cmake_path(GET file STEM LAST_ONLY name)
      run("${CMAKE_COMMAND}" -E env
          "PKG_CONFIG_PATH=${CURRENT_PACKAGES_DIR}${root}/lib/pkgconfig:${installed}/lib/pkgconfig"
          "${PKG_CONFIG}" --print-errors --exists ${name})
    endforeach()
  endforeach()
endfunction()

function(vcpkg_install_copyright)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "" "FILE_LIST")
  file(COPY_FILE "${arg_FILE_LIST}" "${CURRENT_PACKAGES_DIR}/share/${PORT}/copyright")
endfunction()
