// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// What is to be drawn, as a JSON file. scripts/draw_pictures.py makes pictures of it.
#ifndef QMATH_EXAMPLES_DIGITS_PICTURES_HPP_
#define QMATH_EXAMPLES_DIGITS_PICTURES_HPP_

#include <qmath/qmath.hpp>
#include <span>
#include <string>
#include <vector>

namespace pictures {

// Names and titles have neither quotation marks nor backslashes.
struct named_range {
  std::string name;
  qmath::value_range range;
};

struct named_values {
  std::string name;
  std::vector<double> values;
};

// All of them until the file is written.
class collection {
 public:
  // A histogram, with ranges marked in it.
  void add_histogram(const std::string& name, const std::string& title,
                     const qmath::histogram_view& h, std::span<const named_range> ranges);

  // Bars in groups: of series s in group g, series[s].values[g] is the height.
  void add_bars(const std::string& name, const std::string& title, const std::string& unit,
                std::span<const std::string> groups, std::span<const named_values> series);

  // Throws std::runtime_error.
  void write(const std::string& path) const;

 private:
  std::string pictures_;
};

// The histogram in a line of so many characters, from the smallest to the largest element. The darker, the more
// elements, in logarithmic steps; what the range cuts is between the ends of the line and a |.
std::string line_of(const qmath::histogram_view& h, qmath::value_range range,
                    std::size_t characters = 64);

}  // namespace pictures

#endif  // QMATH_EXAMPLES_DIGITS_PICTURES_HPP_
