# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0

# qmath_find_headers(<name> ...) makes the imported INTERFACE target qmath::<name>, nothing but an
# include directory, for a library of which only the headers are used.
#
#   HEADER          a header that identifies the library
#   VERSION_FILE    the header with the macros <VERSION_PREFIX>MAJOR and <VERSION_PREFIX>MINOR
#   MINIMUM         the oldest version that will do
#   URL, SHA256     a release to download where there is no other
#   SUBDIR          where the headers are in that release
#   PROBLEM         variable that receives what is wrong, or an empty string
#
# Order: the cache variable QMATH_<NAME>_INCLUDE_DIR, the search path of CMake, the download.
# The packages' own CMake targets are not used: Highway's links a library that qmath does not need,
# and when cross-compiling it is the library of the wrong machine.
function(qmath_find_headers name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "HEADER;VERSION_FILE;VERSION_PREFIX;MINIMUM;URL;SHA256;\
SUBDIR;PROBLEM" "")
  set(${arg_PROBLEM} "" PARENT_SCOPE)
  if(TARGET qmath::${name})
    return()
  endif()
  string(TOUPPER ${name} upper)
  set(variable QMATH_${upper}_INCLUDE_DIR)
  set(${variable} "" CACHE PATH "Directory that holds ${arg_HEADER}; empty: search for it")

  if(${variable})
    # What the user asks for is taken or refused, never replaced.
    set(dir "${${variable}}")
  else()
    unset(dir)  # a caller's variable of that name would count as found
    find_path(dir ${arg_HEADER} NO_CACHE)
  endif()
  qmath_header_version(version)
  if(version VERSION_LESS arg_MINIMUM)
    set(problem "qmath needs the headers of ${name} ${arg_MINIMUM} or newer")
    if(version)
      string(APPEND problem ", and ${dir} holds ${version}")
    elseif(${variable})
      string(APPEND problem ", and ${dir} holds no ${arg_HEADER}")
    endif()
    if(${variable} OR NOT QMATH_FETCH)
      set(${arg_PROBLEM} "${problem}. Install them, set ${variable} to the directory that holds \
${arg_HEADER}, or allow the download with ${variable}= and QMATH_FETCH=ON." PARENT_SCOPE)
      return()
    endif()
    # Said before, because a failed download stops CMake with an error that does not name the cure.
    message(STATUS "${problem}. Downloading them; if this fails, install them or set ${variable}.")
    include(FetchContent)
    FetchContent_Declare(qmath_${name} URL "${arg_URL}" URL_HASH "SHA256=${arg_SHA256}"
                         SOURCE_SUBDIR headers-only-nothing-to-build)
    FetchContent_MakeAvailable(qmath_${name})
    set(dir "${qmath_${name}_SOURCE_DIR}/${arg_SUBDIR}")
    qmath_header_version(version)
    if(version VERSION_LESS arg_MINIMUM)
      set(${arg_PROBLEM} "${problem}, and so does the download in ${dir}" PARENT_SCOPE)
      return()
    endif()
  endif()

  message(STATUS "qmath: ${name} ${version} in ${dir}")
  add_library(qmath::${name} INTERFACE IMPORTED GLOBAL)
  # An imported target's directories are system includes: its warnings are not ours.
  set_target_properties(qmath::${name} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${dir}")
endfunction()

# The version of the headers in `dir`; empty, which is less than any, where there are none.
macro(qmath_header_version version)
  set(${version} "")
  if(EXISTS "${dir}/${arg_VERSION_FILE}")
    file(STRINGS "${dir}/${arg_VERSION_FILE}" lines
         REGEX "^#define ${arg_VERSION_PREFIX}(MAJOR|MINOR) [0-9]+")
    string(REGEX REPLACE "[^;0-9]" "" ${version} "${lines}")
    string(REPLACE ";" "." ${version} "${${version}}")
  endif()
endmacro()
