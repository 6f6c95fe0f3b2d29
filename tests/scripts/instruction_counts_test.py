# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of scripts/instruction-counts: it counts what is executed, and believes no numbers that do not agree."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "instruction-counts")

# Writes what QEMU writes of a program whose call is a block of three instructions, of which one is long, 7 times, and
# a block of two, translated anew when it comes back.
QEMU = """#!{python}
import sys
calls = sys.argv[-1]
if calls == "--version":
    print("qemu-aarch64 version 7.2.22")
elif calls == "operations":
    print("gemm_few 46\\nquantize 23")
elif calls == "targets":
    print("\\n".join(["SVE2", "NEON"]))
else:
    calls = {calls}
    log = ["IN: main\\n0x0040d390:  a94363f7  ldp      x23, x24\\n\\nTrace 0: 0x7f00 [0/0040d390/1/2] main"]
    log += ["IN: not executed\\n0x99:  90  nop      "]
    block = "IN: f\\n0x01:  48 8b  movq     (%rax), %rbx\\n0x03:  48 8b 04 25 00 00 00 00  movq  0, %rax\\n0x0b:  00 \\n"
    log += [block + "0x0c:  c3                       retq     \\n\\nTrace 0: 0x7f10 [0/01/1/2] f"]
    for i in range(calls):
        log += ["Trace 0: 0x7f10 [0/01/1/2] f"] * 7
        log += ["----------------\\nIN: g\\n0x10:  90  nop      \\n0x11:  c3  retq     \\n\\nTrace 0: 0x7f20 [0/10/1/2] g"]
    print("\\n".join(log), file=sys.stderr)
    sys.exit({status})
"""

# 1000 times two instructions, and three more, for each call.
COUNTED = {
    "x86_64": "mov {n}, %%eax\\n1: mov $1000, %%ecx\\n2: dec %%ecx\\njnz 2b\\ndec %%eax\\njnz 1b",
    "aarch64": "mov w0, {n:w}\\n1: mov w1, 1000\\n2: subs w1, w1, 1\\nb.ne 2b\\nsubs w0, w0, 1\\nb.ne 1b",
}
PROGRAM = """
#include <cstdio>
#include <cstdlib>
#include <cstring>
int main(int argc, char** argv) {
  if (argc == 4) {
    unsigned n = static_cast<unsigned>(std::atoi(argv[3]));
    __asm__ volatile("%s" : : %s : "cc", %s);
  } else {
    std::puts(std::strcmp(argv[1], "targets") == 0 ? "NEON\\nSVE" : "loop 1");
  }
}
"""


def script(*arguments, **environment):
    return subprocess.run([sys.executable, "-B", SCRIPT, *arguments], capture_output=True, text=True, check=False,
                          env={**os.environ, **environment})


class WithoutEmulator(unittest.TestCase):
    def counted(self, calls="int(calls)", status=0):
        with tempfile.TemporaryDirectory(prefix="qmath counts ") as folder:
            path = os.path.join(folder, "qemu-aarch64")
            with open(path, "w", encoding="utf-8") as file:
                file.write(QEMU.format(python=sys.executable, calls=calls, status=status))
            os.chmod(path, stat.S_IRWXU)
            return script("--architecture", "aarch64", "--program", "none", PATH=folder)

    def test_blocks_are_what_was_translated(self):
        run = self.counted()
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(run.stdout, """\
| target | bits | gemm_few | quantize |
| --- | --- | --- | --- |
| SVE2 | 128 | 0.500 | 1.000 |
| SVE2 | 256 | 0.500 | 1.000 |
| SVE2 | 512 | 0.500 | 1.000 |
| NEON | 128 | 0.500 | 1.000 |
""")

    def test_what_does_not_add_up_is_refused(self):
        for calls, numbers in (("int(calls) ** 2", "27, 96, 211 instructions"), ("1", "27, 27, 27 instructions")):
            run = self.counted(calls)
            self.assertEqual((run.returncode, run.stdout), (2, ""))
            self.assertIn(numbers, run.stderr)

    def test_failures_have_a_reason(self):
        run = self.counted(status=3)
        self.assertEqual((run.returncode, run.stdout), (2, ""))
        self.assertIn("exit status 3", run.stderr)
        run = script("--architecture", "aarch64", "--program", "none", PATH="/nowhere")
        self.assertEqual(run.returncode, 2)
        self.assertIn("no qemu-aarch64", run.stderr)
        self.assertEqual(script("--program", "none").returncode, 2)


class Emulated(unittest.TestCase):
    def count(self, architecture, constraint, clobbered):
        compiler = next(filter(shutil.which, [f"{architecture}-linux-gnu-g++{v}" for v in ("", "-12", "-13", "-14")]), None)
        if compiler is None or shutil.which(f"qemu-{architecture}") is None:
            self.skipTest(f"no compiler or no QEMU for {architecture}")
        with tempfile.TemporaryDirectory(prefix="qmath counts ") as folder:
            program = os.path.join(folder, "program")
            text = PROGRAM % (COUNTED[architecture].replace("{n:w}", "%w0").replace("{n}", "%0"), constraint, clobbered)
            subprocess.run([compiler, "-x", "c++", "-O2", "-static", "-o", program, "-"], input=text, text=True, check=True)
            run = script("--architecture", architecture, "--program", program)
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stdout.splitlines()[2:]

    def test_a_loop_on_x86(self):
        self.assertEqual(self.count("x86_64", '"r"(n)', '"eax", "ecx"'), ["| NEON | 128 | 2003.000 |", "| SVE | 128 | 2003.000 |"])

    def test_a_loop_on_aarch64(self):
        self.assertEqual(self.count("aarch64", '"r"(n)', '"w0", "w1"'),
                         ["| NEON | 128 | 2003.000 |", *(f"| SVE | {bits} | 2003.000 |" for bits in (128, 256, 512))])


if __name__ == "__main__":
    unittest.main()
