# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
#
# A Conan profile for machines that have Highway's headers but do not reach Conan Center:
#   conan create . --no-remote --profile:all tests/package/conan/system_highway.profile
# Conan takes the version below as given and downloads nothing. Where the compiler does not find
# <hwy/highway.h> by itself, the environment variable QMATH_HIGHWAY_INCLUDE_DIR names the directory.
{% set include_dir = os.getenv("QMATH_HIGHWAY_INCLUDE_DIR", "") %}
{% set compiler, version, _ = detect_api.detect_default_compiler() %}
[settings]
os={{ detect_api.detect_os() }}
arch={{ detect_api.detect_arch() }}
compiler={{ compiler }}
compiler.version={{ detect_api.default_compiler_version(compiler, version) }}
compiler.cppstd=20
compiler.libcxx={{ detect_api.detect_libcxx(compiler, version) }}
build_type=Release

[platform_requires]
highway/1.2.0
xsimd/13.2.0

{% if include_dir %}
[conf]
tools.build:cxxflags+=["-isystem{{ include_dir }}"]
tools.cmake.cmaketoolchain:extra_variables={"QMATH_HIGHWAY_INCLUDE_DIR": "{{ include_dir }}"}
{% endif %}
