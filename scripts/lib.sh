# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
#
# Common to all scripts; sourced, never run. Every script works from the root of the repository.
# shellcheck shell=bash
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
# shellcheck disable=SC2034  # the scripts use it
deps=$root/build/deps

say() { printf '%s\n' "$*"; }
die() { say "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# The Python that has matplotlib, which may be the system's and not the first in PATH; fails where none has.
python_with_matplotlib() {
  local python
  for python in python3 /usr/bin/python3; do
    if "$python" -c 'import matplotlib' 2>/dev/null; then say "$python"; return; fi
  done
  return 1
}

# first COMMAND...: the first of the commands that exists; fails where none does.
first() {
  local candidate
  for candidate; do
    if have "$candidate"; then say "$candidate"; return; fi
  done
  return 1
}

# usage "$@": prints the comment at the top of the script when asked for help.
usage() {
  local argument
  for argument; do
    case $argument in
      -h | --help) awk 'NR > 1 && !/^#/ { exit } NR > 4 { sub(/^# ?/, ""); print }' "$0"; exit ;;
    esac
  done
}

# ---- building and testing ------------------------------------------------------------------------

passed=0
failed=0
times=()  # a line per step

# use_ccache: from here on CMake compiles through ccache, where there is one. Build trees share what it has, though
# the debug information names one of them: what links the compiled library is the same for all versions of Highway.
use_ccache() {
  if have ccache; then export CMAKE_CXX_COMPILER_LAUNCHER=ccache CCACHE_NOHASHDIR=1; fi
}

# step NAME COMMAND...: runs a step, prints its time; counts it only when it fails, since what it
# tests counts itself. Never stops the script: the other steps have something to say too.
step() {
  local name=$1 start=$SECONDS outcome=finished
  shift
  printf '\n==== %s\n' "$name"
  if ! "$@"; then
    outcome=FAILED
    failed=$((failed + 1))
  fi
  say "---- $name: $outcome after $((SECONDS - start)) s"
  times+=("$(printf '%6d s  %s' "$((SECONDS - start))" "$name")")
}

# check NAME COMMAND...: a step that is itself a test.
check() {
  local before=$failed
  step "$@"
  if [ "$failed" = "$before" ]; then passed=$((passed + 1)); fi
}

# build PRESET TREE [CMAKE OPTION...]: configures and builds in build/TREE.
build() {
  local preset=$1 tree=build/$2
  shift 2
  cmake --preset "$preset" -B "$tree" "$@" && cmake --build "$tree"
}

# run_ctest TREE: runs its tests, adds them to the counts, remembers the targets that ran.
run_ctest() {
  local tree=build/$1 log
  log=$tree/ctest.log
  ctest --test-dir "$tree" --output-on-failure --no-tests=error -j "$(nproc)" | tee "$log" || true
  # The last line of interest: "90% tests passed, 1 tests failed out of 10".
  local line numbers
  line=$(grep -E '^[0-9]+% tests passed' "$log") || { say "ctest did not finish"; return 1; }
  read -r -a numbers <<<"${line//[^0-9]/ }"
  failed=$((failed + numbers[1]))
  passed=$((passed + numbers[2] - numbers[1]))
}

# build_and_test PRESET TREE [CMAKE OPTION...]
build_and_test() {
  build "$@" && run_ctest "$2"
}

# finish: the seconds of each step, the last line, and the exit status.
finish() {
  say "seconds:"
  printf '%s\n' "${times[@]}" "$(printf '%6d s  all' "$SECONDS")"
  say "$passed passed, $failed failed"
  [ "$failed" = 0 ]
}
