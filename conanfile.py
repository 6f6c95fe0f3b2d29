# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
#
# The Conan 2 recipe. A package is one of the three modes, and has the target that the CMake package
# gives to it:
#   conan create . -s compiler.cppstd=20      qmath::qmath, header-only
#     ... -o "qmath/*:compiled=True"          qmath::compiled
#     ... -o "qmath/*:static_dispatch=True"   qmath::static_dispatch
# Highway from the system instead of Conan Center: tests/package/conan/system_highway.profile.
import os
import re

from conan import ConanFile
from conan.errors import ConanException, ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load, rmdir

required_conan_version = ">=2.0"


class Qmath(ConanFile):
    name = "qmath"
    description = "The arithmetic of quantized inference: exact, and at the speed of the machine"
    license = "Apache-2.0"
    topics = ("quantization", "int8", "simd", "gemm", "inference", "numerics")
    settings = "os", "arch", "compiler", "build_type"
    options = {
        "compiled": [True, False],
        "static_dispatch": [True, False],
        "with_xsimd": [True, False],
        "fPIC": [True, False],
    }
    default_options = {
        "compiled": False,
        "static_dispatch": False,
        "with_xsimd": False,
        "fPIC": True,
    }
    exports = "include/qmath/version.hpp"
    exports_sources = "CMakeLists.txt", "LICENSE", "cmake/*", "include/*"

    def set_version(self):
        text = load(self, os.path.join(self.recipe_folder, "include", "qmath", "version.hpp"))
        numbers = re.findall(r"^#define QMATH_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", text, re.M)
        if len(numbers) != 3:
            raise ConanException("include/qmath/version.hpp does not have a version of three numbers")
        self.version = ".".join(numbers)

    def config_options(self):
        if self.settings.os == "Windows":
            del self.options.fPIC

    def configure(self):
        if self.options.compiled:
            self.package_type = "static-library"
        else:
            self.package_type = "header-library"
            self.options.rm_safe("fPIC")

    def layout(self):
        cmake_layout(self)

    def requirements(self):
        # Headers only, and in the compiled mode not even these for those who use the package.
        self.requires("highway/[>=1.2 <2]", libs=False,
                      transitive_headers=not self.options.compiled)
        if self.options.with_xsimd:  # for <qmath/simd/xsimd.hpp>
            self.requires("xsimd/[>=13 <14]", transitive_headers=True)

    def validate(self):
        if self.options.compiled and self.options.static_dispatch:
            raise ConanInvalidConfiguration("compiled and static_dispatch are two modes; choose one")
        check_min_cppstd(self, 20)

    def package_id(self):
        if not self.info.options.compiled:
            self.info.settings.clear()

    def generate(self):
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables["QMATH_BUILD_COMPILED"] = bool(self.options.compiled)
        for option in ("QMATH_BUILD_TESTS", "QMATH_BUILD_EXAMPLES", "QMATH_FETCH"):
            toolchain.cache_variables[option] = False
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        CMake(self).install()
        # Conan writes these itself, for whatever build system asks.
        for directory in ("lib/cmake", "lib/pkgconfig", "share"):
            rmdir(self, os.path.join(self.package_folder, directory))

    def package_info(self):
        if self.options.compiled:
            target, mode = "compiled", "QMATH_MODE=QMATH_MODE_COMPILED"
            self.cpp_info.libs = ["qmath_compiled"]
        else:
            self.cpp_info.libdirs = []
            if self.options.static_dispatch:
                target, mode = "static_dispatch", "QMATH_MODE=QMATH_MODE_STATIC"
            else:
                target, mode = "qmath", None
        self.cpp_info.bindirs = []
        if mode:
            self.cpp_info.defines = [mode]
        self.cpp_info.set_property("cmake_file_name", "qmath")
        self.cpp_info.set_property("cmake_target_name", f"qmath::{target}")
        self.cpp_info.set_property("pkg_config_name",
                                   "qmath" if target == "qmath" else f"qmath-{target}")
