# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
#
# Kernels that are compiled with their callers are compiled only if they are called. Arguments: nm, object (of
# one_call.cpp).
execute_process(COMMAND "${nm}" -C "${object}" OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
if(NOT symbols MATCHES "::quantize")
  message(FATAL_ERROR "quantize is not in ${object}:\n${symbols}")
endif()
foreach(kernel IN ITEMS gemm dequantize requantize min_max pack)
  if(symbols MATCHES "impl::N_[A-Z0-9_]+::${kernel}[(]")
    message(FATAL_ERROR "${kernel} is in ${object}, which does not call it:\n${symbols}")
  endif()
endforeach()
