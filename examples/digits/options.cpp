// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <cstddef>

namespace digits {

options parse_options(std::span<char* const> arguments, const std::string& default_data) {
  options result;
  result.data = default_data;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string argument = arguments[i];
    const auto value = [&] {
      if (i + 1 == arguments.size() || *arguments[i + 1] == '\0') {
        throw usage_error(argument + " needs a value; try --help");
      }
      return arguments[++i];
    };
    if (argument == "--help") {
      result.help = true;
    } else if (argument == "--target") {
      result.target = value();
    } else if (argument == "--data") {
      result.data = value();
    } else if (argument == "--pictures") {
      result.pictures = value();
    } else {
      throw usage_error("unknown argument '" + argument + "'; try --help");
    }
  }
  return result;
}

}  // namespace digits
