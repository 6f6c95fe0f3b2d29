# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
include("${CMAKE_CURRENT_LIST_DIR}/run.cmake")

set(archive "${SCRATCH}/qmath.tar.gz")
# One directory at the top, as forges pack releases.
execute_process(COMMAND "${CMAKE_COMMAND}" -E tar czf "${archive}" "source tree"
                WORKING_DIRECTORY "${SCRATCH}" COMMAND_ERROR_IS_FATAL ANY)
file(SHA256 "${archive}" sha256)
consumer(fetch_content "fetch content" "-DQMATH_URL=${archive}" "-DQMATH_SHA256=${sha256}")
