// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The command line.
#ifndef QMATH_EXAMPLES_DIGITS_OPTIONS_HPP_
#define QMATH_EXAMPLES_DIGITS_OPTIONS_HPP_

#include <span>
#include <stdexcept>
#include <string>

namespace digits {

struct options {
  std::string target;  // empty: the best one
  std::string data;
  std::string pictures;  // the file to write; empty: none
  bool help = false;
};

// what() is one line that says what is wrong with the command line.
struct usage_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// arguments: without the program's name. Throws usage_error.
options parse_options(std::span<char* const> arguments, const std::string& default_data);

}  // namespace digits

#endif  // QMATH_EXAMPLES_DIGITS_OPTIONS_HPP_
