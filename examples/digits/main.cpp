// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Trains a small network on handwritten digits, quantizes it to 8 bits with qmath, and reports what
// that costs in accuracy and gains in size and time, for each way to calibrate. Then shows it images
// that are not like those of the calibration, and checks that the monitors see it and calibrating
// again helps. Last it runs the int8 network on every CPU target of this machine and checks that all
// of them return the same bits.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <qmath/qmath.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "calibration.hpp"
#include "calibration_report.hpp"
#include "dataset.hpp"
#include "drift_report.hpp"
#include "float_network.hpp"
#include "int8_network.hpp"
#include "options.hpp"
#include "pictures.hpp"
#include "report.hpp"
#include "shifted_input.hpp"
#include "training.hpp"

namespace digits {
namespace {

constexpr std::uint64_t split_seed = 1;
constexpr std::uint64_t shift_seed = 4;

enum exit_code { success = 0, failure = 1, wrong_usage = 2 };

constexpr const char* help_text =
    "usage: digits [--target NAME] [--data FILE] [--pictures FILE]\n"
    "\n"
    "Trains a small network on handwritten digits, quantizes it to 8 bits with qmath,\n"
    "and compares accuracy, size and time.\n"
    "\n"
    "  --target NAME  the CPU target to report on; default: the best one of this machine\n"
    "  --data FILE    64 pixels of 0 to 16 and the label in each line, separated by commas;\n"
    "                 default: %s\n"
    "  --pictures FILE  what scripts/draw_pictures.py can draw: histograms, comparisons\n"
    "  --help         print this and exit\n"
    "\n"
    "exit code: 0 all well, 1 bad data, drift is not seen or not cured, or CPU targets disagree,\n"
    "2 wrong usage\n";

void select_target(const std::string& name) {
  if (!name.empty() && !qmath::cpu::use_target(name.c_str())) {
    throw usage_error("target '" + name +
                      "' is not available; available here: " + supported_targets());
  }
}

exit_code run(const options& o) {
  const dataset_split split = split_dataset(load_dataset(o.data), split_seed);

  const auto start = std::chrono::steady_clock::now();
  float_network in_float = train_network(with_shifts(split.train, shift_seed), training_options{});
  const std::chrono::duration<double> training_time = std::chrono::steady_clock::now() - start;

  const std::vector<qmath::value_range> ranges =
      calibrate(calibrators().front(), in_float, in_float.layer_inputs(split.calibration.pixels));
  int8_network per_tensor(in_float, ranges, weight_scales::per_tensor);
  int8_network per_channel(in_float, ranges, weight_scales::per_channel);
  const networks n{in_float, per_tensor, per_channel};

  print_data(split);
  print_network(in_float, training_time.count());
  print_active_target();
  print_accuracy(n, split.test);
  print_size(n);
  print_time(n, split.test);
  pictures::collection drawn;
  print_calibrators(in_float, split, drawn);
  print_damage(in_float, split, drawn);
  print_clipping(in_float, split, drawn);
  if (!o.pictures.empty()) drawn.write(o.pictures);
  if (!print_drift(in_float, split)) {
    std::fprintf(stderr,
                 "digits: drift was not seen, cost nothing, or calibrating again did not help\n");
    return failure;
  }
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
