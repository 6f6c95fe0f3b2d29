# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
#
# A copied include folder, Highway and a compiler; no build system.
include("${CMAKE_CURRENT_LIST_DIR}/run.cmake")
set(dir "${SCRATCH}/include only")
file(REMOVE_RECURSE "${dir}")
file(MAKE_DIRECTORY "${dir}")
file(COPY "${source}/include" DESTINATION "${dir}")
set(include "-I${dir}/include")

run(${compile} "${include}" ${HIGHWAY_OPTION} -DEXPECTED_MODE=QMATH_MODE_HEADER_ONLY
    "${here}/consumer.cpp" -o "${dir}/header_only")
run("${dir}/header_only")

run(${compile} "${include}" ${HIGHWAY_OPTION} -DQMATH_MODE=QMATH_MODE_STATIC
    -DEXPECTED_MODE=QMATH_MODE_STATIC "${here}/consumer.cpp" -o "${dir}/static")
run("${dir}/static")

# One file of the user's contains the kernels; only this one sees Highway.
file(WRITE "${dir}/kernels.cpp" "#define QMATH_IMPLEMENTATION\n#include <qmath/qmath.hpp>\n")
set(compiled ${compile} "${include}" -DQMATH_MODE=QMATH_MODE_COMPILED)
run(${compiled} ${HIGHWAY_OPTION} -c "${dir}/kernels.cpp" -o "${dir}/kernels.o")
run(${compiled} -DEXPECTED_MODE=QMATH_MODE_COMPILED "${here}/consumer.cpp" "${dir}/kernels.o"
    -o "${dir}/compiled")
run("${dir}/compiled")
