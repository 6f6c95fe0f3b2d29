// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The kept corpora of the fuzzers, and their seeds, once more on every CPU target.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "fuzz/parsers.hpp"
#include "support/targets.hpp"

namespace {

std::string text(const char* s) { return s == nullptr ? "" : s; }

void replay(const fuzz::parser& p) {
  std::size_t files = 0, accepted = 0;
  const std::filesystem::path corpus = std::filesystem::path(QMATH_FUZZ_CORPUS_DIR) / p.name;
  for (const auto& entry : std::filesystem::directory_iterator(corpus)) {
    const std::string name = entry.path().filename().string();
    CAPTURE(name);
    std::ifstream in(entry.path(), std::ios::binary);
    REQUIRE(in);
    const fuzz::bytes grown{std::istreambuf_iterator<char>(in), {}};
    // In memory of exactly that size, so that a sanitizer sees what is read behind it.
    const fuzz::bytes b = grown;
    support::for_each_target([&] {
      const fuzz::outcome o = p.use(b);
      CHECK(text(o.wrong) == "");
      // Files are named after their status (corpus.cpp).
      CHECK(text(o.status) == name.substr(0, name.find('-')));
    });
    ++files;
    if (name.starts_with("ok-")) ++accepted;
  }
  CHECK(accepted > 0);
  CHECK(files > accepted);
  for (fuzz::bytes b : p.seeds()) {
    const fuzz::outcome o = p.use(b);
    CHECK(text(o.wrong) == "");
    CHECK(text(o.status) == "ok");
    // The fuzzer's own sum is that of the library, and what it repairs is accepted.
    const fuzz::bytes seed = b;
    for (unsigned kind = 4; kind < 8; ++kind) p.repair(b, b.size(), kind);
    CHECK(b == seed);
  }
}

}  // namespace

TEST_CASE("fuzz corpus: load_min_max") { replay(fuzz::load_min_max); }
TEST_CASE("fuzz corpus: load_moving_average") { replay(fuzz::load_moving_average); }
TEST_CASE("fuzz corpus: load_moments") { replay(fuzz::load_moments); }
TEST_CASE("fuzz corpus: load_histogram") { replay(fuzz::load_histogram); }
TEST_CASE("fuzz corpus: open_packed") { replay(fuzz::open_packed); }
