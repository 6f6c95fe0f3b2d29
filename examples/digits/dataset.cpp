// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
#include "dataset.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <numeric>
#include <string_view>
#include <system_error>

#include "random.hpp"

namespace digits {
namespace {

constexpr unsigned max_pixel = 16;
constexpr std::size_t column_count = pixels_per_image + 1;
constexpr std::size_t min_image_count = 100;  // fewer make no sensible split

[[noreturn]] void fail_at_line(const std::string& path, std::size_t line_number,
                               const std::string& problem) {
  throw dataset_error(path + ":" + std::to_string(line_number) + ": " + problem);
}

// The text is quoted in the message, so cut it short and replace what a terminal may not show.
std::string printable(std::string_view text) {
  constexpr std::size_t max_length = 20;
  std::string result;
  for (const char c : text.substr(0, max_length)) {
    result += c >= ' ' && c <= '~' ? c : '?';
  }
  return text.size() > max_length ? result + "..." : result;
}

unsigned parse_number(std::string_view text, unsigned max, const std::string& path,
                      std::size_t line_number, std::size_t column) {
  unsigned value = 0;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto [stop, error] = std::from_chars(begin, end, value);
  const std::string where = "column " + std::to_string(column) + ": '" + printable(text) + "'";
  if (error == std::errc::invalid_argument || stop != end) {
    fail_at_line(path, line_number, where + " is not a whole number of 0 or more");
  }
  if (error == std::errc::result_out_of_range || value > max) {
    fail_at_line(path, line_number,
                 where + " is out of range, expected 0 to " + std::to_string(max));
  }
  return value;
}

void append_line(std::string_view line, const std::string& path, std::size_t line_number,
                 dataset& data) {
  std::vector<std::string_view> fields;
  for (std::size_t begin = 0; begin <= line.size();) {
    const std::size_t comma = std::min(line.find(',', begin), line.size());
    fields.push_back(line.substr(begin, comma - begin));
    begin = comma + 1;
  }
  if (fields.size() != column_count) {
    fail_at_line(path, line_number,
                 "expected " + std::to_string(column_count) + " columns, found " +
                     std::to_string(fields.size()));
  }
  for (std::size_t i = 0; i < pixels_per_image; ++i) {
    const unsigned pixel = parse_number(fields[i], max_pixel, path, line_number, i + 1);
    data.pixels.push_back(static_cast<float>(pixel) / static_cast<float>(max_pixel));
  }
  data.labels.push_back(
      parse_number(fields.back(), class_count - 1, path, line_number, column_count));
}

dataset select(const dataset& all, const std::vector<std::size_t>& order, std::size_t begin,
               std::size_t end) {
  dataset part;
  for (std::size_t i = begin; i < end; ++i) {
    const float* const image = &all.pixels[order[i] * pixels_per_image];
    part.pixels.insert(part.pixels.end(), image, image + pixels_per_image);
    part.labels.push_back(all.labels[order[i]]);
  }
  return part;
}

}  // namespace

dataset load_dataset(const std::string& path) {
  errno = 0;
  std::ifstream file(path);
  if (!file) {
    const std::string reason = errno != 0 ? std::strerror(errno) : "cannot open the file";
    throw dataset_error(path + ": " + reason);
  }
  dataset data;
  std::size_t line_number = 0;
  for (std::string line; std::getline(file, line);) {
    ++line_number;
    if (!line.empty() && line.back() == '\r') {
      line.pop_back();
    }
    append_line(line, path, line_number, data);
  }
  if (file.bad()) {
    throw dataset_error(path + ": cannot read the file");
  }
  if (data.size() < min_image_count) {
    throw dataset_error(path + ": has " + std::to_string(data.size()) + " images, at least " +
                        std::to_string(min_image_count) + " are needed");
  }
  return data;
}

dataset_split split_dataset(const dataset& all, std::uint64_t seed) {
  std::vector<std::size_t> order(all.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  random_engine random(seed);
  shuffle(order, random);

  const std::size_t train_end = all.size() * 60 / 100;
  const std::size_t calibration_end = all.size() * 75 / 100;
  return {select(all, order, 0, train_end), select(all, order, train_end, calibration_end),
          select(all, order, calibration_end, all.size())};
}

}  // namespace digits
