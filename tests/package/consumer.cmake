# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
#
# Common to the consumer projects: a program per mode, built by default, run by CTest.
#   consume(header_only compiled static_dispatch)
enable_testing()
set(consumer_dir "${CMAKE_CURRENT_LIST_DIR}")

function(consume)
  set(target_of_header_only qmath::qmath)
  set(mode_of_header_only QMATH_MODE_HEADER_ONLY)
  set(target_of_compiled qmath::compiled)
  set(mode_of_compiled QMATH_MODE_COMPILED)
  set(target_of_static_dispatch qmath::static_dispatch)
  set(mode_of_static_dispatch QMATH_MODE_STATIC)
  foreach(mode IN LISTS ARGN)
    add_executable(${mode} "${consumer_dir}/consumer.cpp")
    target_link_libraries(${mode} PRIVATE ${target_of_${mode}})
    target_compile_definitions(${mode} PRIVATE EXPECTED_MODE=${mode_of_${mode}})
    add_test(NAME ${mode} COMMAND ${mode})
  endforeach()
endfunction()
