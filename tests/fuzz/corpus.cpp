// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Usage: qmath_fuzz_corpus <directory of all corpora>
//
// Adds the seeds of each parser, and names each file after what the parser says of it and after its contents:
// <status>-<CRC-32>. The replay (corpus_test.cpp) expects that status.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "fuzz/parsers.hpp"
#include "support/saved_bytes.hpp"

namespace fs = std::filesystem;

namespace {

std::string name_of(const fuzz::parser& p, const fuzz::bytes& b) {
  char name[64];
  std::snprintf(name, sizeof(name), "%s-%08x", p.use(b).status,
                static_cast<unsigned>(support::saved_sum(b)));
  return name;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: %s <directory of all corpora>\n", argv[0]), 2;
  for (const fuzz::parser* p : fuzz::parsers) {
    const fs::path corpus = fs::path(argv[1]) / p->name;
    fs::create_directories(corpus);
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(corpus)) found.push_back(entry.path());
    for (const fs::path& file : found) {
      std::ifstream in(file, std::ios::binary);
      const fuzz::bytes b{std::istreambuf_iterator<char>(in), {}};
      fs::rename(file, corpus / name_of(*p, b));
    }
    for (const fuzz::bytes& b : p->seeds()) {
      std::ofstream out(corpus / name_of(*p, b), std::ios::binary);
      for (const std::uint8_t byte : b) out.put(static_cast<char>(byte));
    }
  }
}
