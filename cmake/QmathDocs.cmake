# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0

find_package(Doxygen REQUIRED)

# The kernels and detail/ are not for users; they are documented by plain comments.
set(DOXYGEN_EXCLUDE_PATTERNS */detail/* */kernels/*)
set(DOXYGEN_EXCLUDE_SYMBOLS *::detail *::impl *::impl::*)
set(DOXYGEN_STRIP_FROM_PATH "${CMAKE_CURRENT_SOURCE_DIR}/include" "${CMAKE_CURRENT_SOURCE_DIR}")
set(DOXYGEN_STRIP_FROM_INC_PATH "${CMAKE_CURRENT_SOURCE_DIR}/include")
set(DOXYGEN_EXTRACT_ALL YES)
# Overloads refer to the one above.
set(DOXYGEN_SORT_MEMBER_DOCS NO)
# docs/topics.dox: headers by task.
set(DOXYGEN_FILE_PATTERNS *.hpp *.md *.dox)
set(DOXYGEN_IMAGE_PATH "${CMAKE_CURRENT_SOURCE_DIR}/docs")
# A current theme, light or dark as the reader's system is, where there is one (Debian: doxygen-awesome-css).
find_file(QMATH_DOCS_THEME doxygen-awesome.css PATH_SUFFIXES share/doxygen-awesome-css doxygen-awesome-css)
mark_as_advanced(QMATH_DOCS_THEME)
set(DOXYGEN_GENERATE_TREEVIEW YES)
set(DOXYGEN_TREEVIEW_WIDTH 340)
if(QMATH_DOCS_THEME)
  set(DOXYGEN_HTML_EXTRA_STYLESHEET "${QMATH_DOCS_THEME}")
  set(DOXYGEN_HTML_COLORSTYLE LIGHT)
endif()
# The first sentence of a description is its summary.
set(DOXYGEN_JAVADOC_AUTOBRIEF YES)
set(DOXYGEN_QUIET YES)
set(DOXYGEN_WARN_AS_ERROR FAIL_ON_WARNINGS)
set(DOXYGEN_HAVE_DOT NO)
find_program(QMATH_SED sed)
mark_as_advanced(QMATH_SED)
if(QMATH_SED)
  set(filter "${QMATH_SED} -E -f '${CMAKE_CURRENT_SOURCE_DIR}/cmake/docs_")
  set(DOXYGEN_FILTER_PATTERNS "\"*.hpp=${filter}headers.sed'\" \"*.md=${filter}pages.sed'\"")
  set(DOXYGEN_VERBATIM_VARS DOXYGEN_FILTER_PATTERNS)
endif()
# The macros that open and close namespaces would otherwise be read as declarations.
set(DOXYGEN_MACRO_EXPANSION YES)
set(DOXYGEN_EXPAND_ONLY_PREDEF YES)
set(DOXYGEN_PREDEFINED
  "QMATH_BEGIN_TYPES=namespace qmath {" "QMATH_END_TYPES=}"
  "QMATH_BEGIN_NAMESPACE=namespace qmath {" "QMATH_END_NAMESPACE=}"
  "QMATH_BEGIN_LIBRARY=namespace qmath {" "QMATH_END_LIBRARY=}"
  "QMATH_LIBRARY=" "QMATH_INLINE=inline" "QMATH_COLD=")
# In this order they are in the menu: what it is, how to use it, what is behind it, how to change it.
set(qmath_docs_inputs include)
foreach(input README.md docs/equation.md docs/choosing.md docs/layouts.md docs/rounding.md docs/conventions.md
              docs/observers.md docs/observer_quality.md docs/metrics.md docs/drift_and_sensitivity.md docs/gemm.md
              docs/cookbook.md docs/cookbook_engine.md docs/migrating.md
              docs/exactness.md docs/conformance.md docs/dispatch.md docs/performance.md docs/pipeline_models.md
              docs/instruction_counts.md docs/benchmarks.md docs/compile_cost.md
              CONTRIBUTING.md docs/adding_a_kernel.md SECURITY.md CHANGELOG.md docs/topics.dox)
  if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${input}")
    list(APPEND qmath_docs_inputs ${input})
  endif()
endforeach()
# What pages link to besides.
file(GLOB DOXYGEN_HTML_EXTRA_FILES examples/*.cpp benchmarks/instructions/*.cpp tests/package/conan/*.profile
     ports/qmath/portfile.cmake)
if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/README.md")
  set(DOXYGEN_USE_MDFILE_AS_MAINPAGE README.md)
endif()
doxygen_add_docs(docs ${qmath_docs_inputs})

find_package(Python3 COMPONENTS Interpreter)
if(Python3_FOUND)
  add_custom_command(TARGET docs POST_BUILD
    COMMAND "${Python3_EXECUTABLE}" -B "${CMAKE_CURRENT_SOURCE_DIR}/scripts/check_site.py"
            "${CMAKE_CURRENT_BINARY_DIR}/html")
endif()
