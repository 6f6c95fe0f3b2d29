# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
from conan import ConanFile
from conan.tools.build import can_run
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout


class TestPackage(ConanFile):
    settings = "os", "arch", "compiler", "build_type"

    def requirements(self):
        self.requires(self.tested_reference_str)

    def layout(self):
        # Not below this directory, so that a test leaves nothing among the sources.
        cmake_layout(self, build_folder="../build/test_package")

    def generate(self):
        options = self.dependencies["qmath"].options
        modes = [mode for mode in ("compiled", "static_dispatch") if options.get_safe(mode)]
        toolchain = CMakeToolchain(self)
        toolchain.user_presets_path = False
        toolchain.cache_variables["MODE"] = modes[0] if modes else "header_only"
        toolchain.generate()
        CMakeDeps(self).generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def test(self):
        if can_run(self):
            CMake(self).ctest(["--output-on-failure"], env="conanrun")
