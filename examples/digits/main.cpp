// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Trains a small network on handwritten digits, quantizes it to 8 bits with qmath, and reports what
// that costs in accuracy and gains in size and time. Then runs the int8 network on every CPU target
// of this machine and checks that all of them return the same bits.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <qmath/qmath.hpp>
#include <span>
#include <stdexcept>
#include <string>

#include "dataset.hpp"
#include "float_network.hpp"
#include "int8_network.hpp"
#include "options.hpp"
#include "report.hpp"
#include "training.hpp"

namespace digits {
namespace {

constexpr std::uint64_t split_seed = 1;

enum exit_code { success = 0, failure = 1, wrong_usage = 2 };

constexpr const char* help_text =
    "usage: digits [--target NAME] [--data FILE]\n"
    "\n"
    "Trains a small network on handwritten digits, quantizes it to 8 bits with qmath,\n"
    "and compares accuracy, size and time.\n"
    "\n"
    "  --target NAME  the CPU target to report on; default: the best one of this machine\n"
    "  --data FILE    64 pixels of 0 to 16 and the label in each line, separated by commas;\n"
    "                 default: %s\n"
    "  --help         print this and exit\n"
    "\n"
    "exit code: 0 all well, 1 bad data, or CPU targets disagree, 2 wrong usage\n";

void select_target(const std::string& name) {
  if (!name.empty() && !qmath::cpu::use_target(name.c_str())) {
    throw usage_error("target '" + name +
                      "' is not available; available here: " + supported_targets());
  }
}

exit_code run(const options& o) {
  const dataset_split split = split_dataset(load_dataset(o.data), split_seed);

  const auto start = std::chrono::steady_clock::now();
  float_network in_float = train_network(split.train, training_options{});
  const std::chrono::duration<double> training_time = std::chrono::steady_clock::now() - start;

  int8_network per_tensor(in_float, split.calibration.pixels, weight_scales::per_tensor);
  int8_network per_channel(in_float, split.calibration.pixels, weight_scales::per_channel);
  const networks n{in_float, per_tensor, per_channel};

  print_data(split);
  print_network(in_float, training_time.count());
  print_active_target();
  print_accuracy(n, split.test);
  print_size(n);
  print_time(n, split.test);
  if (!print_targets(per_channel, split.test)) {
    std::fprintf(stderr, "digits: CPU targets disagree: compare the checksums\n");
    return failure;
  }
  return success;
}

}  // namespace
}  // namespace digits

int main(int argc, char** argv) {
  try {
    const std::string default_data = QMATH_EXAMPLE_DATA_DIR "/digits.csv";
    const std::span<char* const> arguments(argv, static_cast<std::size_t>(argc));
    const digits::options o =
        digits::parse_options(arguments.empty() ? arguments : arguments.subspan(1), default_data);
    if (o.help) {
      std::printf(digits::help_text, default_data.c_str());
      return digits::success;
    }
    digits::select_target(o.target);
    const digits::exit_code result = digits::run(o);
    if (std::fflush(stdout) != 0 || std::ferror(stdout)) {
      throw std::runtime_error("cannot write the report");
    }
    return result;
  } catch (const digits::usage_error& e) {
    std::fprintf(stderr, "digits: %s\n", e.what());
    return digits::wrong_usage;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "digits: %s\n", e.what());
    return digits::failure;
  }
}
