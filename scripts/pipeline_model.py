#!/usr/bin/env python3
# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
"""Finds the hot loops of GEMM in a disassembled object file and runs llvm-mca on them.

usage: pipeline_model.py LLVM_MCA DISASSEMBLY

A hot loop is the innermost loop of a function that has the most dot products. Its cycles per iteration are
compared with those of its dot products alone: the fraction of its time in which the pipes that can do dot
products do them.
"""
import re
import subprocess
import sys

CPUS = ("neoverse-n1", "neoverse-v1", "neoverse-n2", "neoverse-v2")
ITERATIONS = 1000
DOT = re.compile(r"(sdot|smmla)\s+([vz])")
FUNCTION = re.compile(r"^[0-9a-f]+ <(.*)>:$")
INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\s+(\S.*?)\s*$")
BRANCH = re.compile(r"^(b\.?\w*|cbn?z|tbn?z)\s(.*?)\b([0-9a-f]+) <.*>$")
# Highway's namespace of the target, ours of the tile, template arguments
TILE = re.compile(r"N_(\w+)::(\w+)_tile::(?:tile_rows|tile_pairs)<(.*)>\(")


def functions(lines):
    name, body = None, []
    for line in lines:
        line = re.split(r"\s+(?://|;)", line.rstrip())[0]
        if match := FUNCTION.match(line):
            if name:
                yield name, body
            name, body = match[1], []
        elif match := INSTRUCTION.match(line):
            body.append((int(match[1], 16), match[2].replace("\t", " ")))
    if name:
        yield name, body


def hot_loop(body):
    """The instructions of the innermost loop with the most dot products, its branch last."""
    at = {address: i for i, (address, _) in enumerate(body)}
    best = []
    ends = []
    for i, (_, text) in enumerate(body):
        branch = BRANCH.match(text)
        start = at.get(int(branch[3], 16)) if branch else None
        if start is not None and start <= i:
            ends.append((start, i))
    for start, end in ends:
        if any(start <= s and e <= end and (s, e) != (start, end) for s, e in ends):
            continue  # not the innermost
        loop = [text for _, text in body[start:end + 1]]
        if dots(loop) > dots(best):
            best = loop
    return best


def dots(loop):
    return sum(1 for text in loop if DOT.match(text))


def cycles(mca, cpu, loop):
    """Per iteration; None if the CPU does not have the instructions."""
    text = "\n".join(["loop:", *(BRANCH.sub(r"\1 \2 loop", line) for line in loop), ""])
    run = subprocess.run(
        [mca, "-mtriple=aarch64", f"-mcpu={cpu}", f"-iterations={ITERATIONS}"],
        input=text, capture_output=True, text=True)
    if run.returncode != 0:
        if re.search(r"instruction requires|unsupported instruction", run.stderr):
            return None
        sys.exit(f"llvm-mca for {cpu} refused:\n{text}\n{run.stderr}")
    return int(re.search(r"Total Cycles:\s+(\d+)", run.stdout)[1]) / ITERATIONS


def alone(mca, cpu, loop):
    """Cycles of the dot products of a loop, were there nothing else, and sums enough to hide their latency."""
    kind, register = next(filter(None, map(DOT.match, loop))).groups()
    lanes = ("4s", "16b") if register == "v" else ("s", "b")
    sums = 24
    took = cycles(mca, cpu, [f"{kind} {register}{i}.{lanes[0]}, {register}30.{lanes[1]}, "
                             f"{register}31.{lanes[1]}" for i in range(sums)])
    return took and took / sums * dots(loop)


def row_of(name):
    """Target, rows x vectors of columns of the tile, and the A for which it is."""
    match = TILE.search(name)
    if not match:
        return None
    target, tile, arguments = match.groups()
    numbers = [int(n) for n in re.findall(r"(?:^|[ ,])(\d+)ul?", arguments)]
    if tile == "matmul":
        rows, vectors = 2 * numbers[0], numbers[1]
        target = target.replace("NEON_WITHOUT_AES", "NEON") + "_I8MM"
    else:
        rows, vectors = numbers
        if tile == "variant":
            target = "NEON_DOTPROD"
    # enum class flip in gemm_tile-inl.hpp; pairs of rows have their signs flipped beforehand
    flip = re.search(r"flip\)(\d)", arguments)
    return target, f"{rows} x {vectors}", ("u8", "s8", "any")[int(flip[1]) if flip else 2]


def main():
    mca, disassembly = sys.argv[1:]
    rows = []
    with open(disassembly, encoding="utf-8") as lines:
        for name, body in functions(lines):
            key = row_of(name)
            loop = hot_loop(body) if key else []
            if not loop:
                continue
            kind, register = next(filter(None, map(DOT.match, loop))).groups()
            fractions = []
            for cpu in CPUS:
                took, bound = cycles(mca, cpu, loop), alone(mca, cpu, loop)
                fractions.append("" if took is None or bound is None else f"{bound / took:.2f}")
            rows.append((*key, f"{kind} {register}", str(dots(loop)), str(len(loop)), *fractions))
    if not rows:
        sys.exit(f"{disassembly}: no loop of GEMM in it")
    # Of tiles of the same rows the one with the most columns: the others are for what it leaves over.
    widest = {}
    for row in rows:
        of_rows = (row[0], row[1].split()[0], row[2])
        vectors = int(row[1].split()[2])
        if of_rows not in widest or vectors > int(widest[of_rows][1].split()[2]):
            widest[of_rows] = row
    rows = list(widest.values())
    # The tile of most of the work first.
    rows.sort(key=lambda row: (row[0], -int(row[1].split()[0]), row[2]))
    head = ("target", "rows x vectors", "A", "instruction", "of them", "of all", *CPUS)
    for row in (head, ("---",) * len(head), *rows):
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
