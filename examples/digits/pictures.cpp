// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
#include "pictures.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <stdexcept>

namespace pictures {
namespace {

std::string quoted(const std::string& s) { return '"' + s + '"'; }

std::string number(double x) {
  char buffer[32];
  std::snprintf(buffer, sizeof(buffer), "%.9g", x);
  return buffer;
}

template <class Items, class Text>
std::string list(const Items& items, const Text& text) {
  std::string all;
  for (const auto& item : items) all += (all.empty() ? "" : ", ") + text(item);
  return "[" + all + "]";
}

}  // namespace

void collection::add_histogram(const std::string& name, const std::string& title,
                               const qmath::histogram_view& h,
                               std::span<const named_range> ranges) {
  pictures_ +=
      std::string(pictures_.empty() ? "" : ",\n") +
      "{\"kind\": \"histogram\", \"name\": " + quoted(name) + ", \"title\": " + quoted(title) +
      ", \"first\": " + number(h.first_bin) +
      ", \"width\": " + number(std::ldexp(1.0, h.summary.exponent)) +
      ", \"counts\": " + list(h.counts, [](std::uint64_t n) { return std::to_string(n); }) +
      ", \"ranges\": " +
      list(ranges,
           [](const named_range& r) {
             return "{\"name\": " + quoted(r.name) + ", \"min\": " + number(double{r.range.min}) +
                    ", \"max\": " + number(double{r.range.max}) + "}";
           }) +
      "}";
}

void collection::add_bars(const std::string& name, const std::string& title,
                          const std::string& unit, std::span<const std::string> groups,
                          std::span<const named_values> series) {
  pictures_ += std::string(pictures_.empty() ? "" : ",\n") +
               "{\"kind\": \"bars\", \"name\": " + quoted(name) + ", \"title\": " + quoted(title) +
               ", \"unit\": " + quoted(unit) + ", \"groups\": " + list(groups, quoted) +
               ", \"series\": " +
               list(series,
                    [](const named_values& s) {
                      return "{\"name\": " + quoted(s.name) +
                             ", \"values\": " + list(s.values, number) + "}";
                    }) +
               "}";
}

void collection::write(const std::string& path) const {
  std::FILE* const file = std::fopen(path.c_str(), "w");
  bool good = file != nullptr && std::fprintf(file, "[%s]\n", pictures_.c_str()) >= 0;
  if (file != nullptr && std::fclose(file) != 0) good = false;
  if (!good) throw std::runtime_error("cannot write " + path);
}

std::string line_of(const qmath::histogram_view& h, qmath::value_range range,
                    std::size_t characters) {
  constexpr char shades[] = " .:-=+*#%@";
  const double width = std::ldexp(1.0, h.summary.exponent);
  const double begin = double{h.summary.range.min};
  const double step = (double{h.summary.range.max} - begin) / static_cast<double>(characters);
  const auto place = [&](double x) {  // of the character for x
    const double at = step > 0.0 ? (x - begin) / step : 0.0;
    return static_cast<std::size_t>(std::clamp(at, 0.0, static_cast<double>(characters - 1)));
  };
  std::vector<double> counts(characters, 0.0);
  for (std::size_t i = 0; i < h.counts.size(); ++i) {
    const double middle = (h.first_bin + static_cast<double>(i) + 0.5) * width;
    if (h.counts[i] != 0) counts[place(middle)] += static_cast<double>(h.counts[i]);
  }
  const double most = *std::max_element(counts.begin(), counts.end());
  std::string line;
  for (const double n : counts) {
    const double share = n == 0.0 ? 0.0 : std::log1p(n) / std::log1p(most);
    line += shades[static_cast<std::size_t>(std::ceil(share * 9.0))];
  }
  if (double{range.min} > begin) line[place(double{range.min})] = '|';
  if (range.max < h.summary.range.max) line[place(double{range.max})] = '|';
  return line;
}

}  // namespace pictures
