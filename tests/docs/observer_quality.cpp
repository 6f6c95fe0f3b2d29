// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Writes docs/observer_quality.md: what each observer's range is worth, by data, granularity and bits.
//   qmath_observer_quality > docs/observer_quality.md
//   qmath_observer_quality --pictures FILE          what scripts/draw_pictures.py makes docs/pictures of
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <qmath/qmath.hpp>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "pictures.hpp"

namespace {

using qmath::value_range;

constexpr std::size_t rows = 16, cols = 1024, group = 128;

// ---- Data ---------------------------------------------------------------------------------------

/// From raw bits, whose sequence the C++ standard fixes.
class source {
 public:
  explicit source(std::uint64_t seed) : bits_(seed) {}
  double uniform() { return (static_cast<double>(bits_() >> 11) + 0.5) * 0x1p-53; }  // in (0, 1)
  double sign() { return bits_() >> 63 == 0 ? 1.0 : -1.0; }
  double normal() {
    const double radius = std::sqrt(-2.0 * std::log(uniform()));
    return radius * std::cos(6.283185307179586 * uniform());
  }

 private:
  std::mt19937_64 bits_;
};

double student3(source& s) {
  const double n = s.normal();
  double chi = 0.0;
  for (int i = 0; i < 3; ++i) {
    const double x = s.normal();
    chi += x * x;
  }
  return n / std::sqrt(chi / 3.0);
}

struct kind_of_data {
  const char* file;
  const char* name;
  double (*draw)(source&);
  bool outliers = false;
};

constexpr kind_of_data kinds[] = {
    {"normal", "Gaussian", [](source& s) { return s.normal(); }},
    {"laplace", "Laplace", [](source& s) { return -s.sign() * std::log(s.uniform()); }},
    {"uniform", "uniform, -1 to 1", [](source& s) { return 2.0 * s.uniform() - 1.0; }},
    {"bimodal", "bimodal: Gaussian, sigma 1/2, around -1 and 3",
     [](source& s) { return 1.0 + 2.0 * s.sign() + 0.5 * s.normal(); }},
    {"relu", "ReLU: Gaussian, negative ones are 0",
     [](source& s) { return std::max(s.normal(), 0.0); }},
    {"heavy", "heavy tails: Student's t, 3 degrees of freedom", student3},
    {"outliers", "outliers: Gaussian, 0.1 % are 10 to 100 times as large",
     [](source& s) { return s.normal(); }, true},
};

struct tensor {
  std::vector<float> x;
  std::vector<std::uint8_t> ordinary;  // no outlier
};

tensor make(const kind_of_data& kind) {
  source s(5);
  tensor t{std::vector<float>(rows * cols), std::vector<std::uint8_t>(rows * cols, 1)};
  for (float& x : t.x) x = static_cast<float>(kind.draw(s));
  for (std::size_t i = 0; kind.outliers && i < t.x.size(); ++i) {
    if (s.uniform() >= 0.001) continue;
    t.x[i] *= static_cast<float>(10.0 + 90.0 * s.uniform());
    t.ordinary[i] = 0;
  }
  return t;
}

// ---- Observers ----------------------------------------------------------------------------------

using histogram = qmath::histogram_observer<>;
using data = std::span<const float>;

template <class Observer>
Observer seen(data x) {
  Observer o;
  const std::size_t batch = x.size() / 8;
  for (std::size_t i = 0; i < x.size(); i += batch) qmath::observe(o, x.subspan(i, batch));
  return o;
}

template <class F>
struct observers {
  struct one {
    const char* name;
    value_range (*range)(data);
  };
  static constexpr one all[] = {
      {"min/max", [](data x) { return qmath::range_of(seen<qmath::min_max_observer>(x)); }},
      {"absmax",
       [](data x) {
         return qmath::absmax_range(qmath::range_of(seen<qmath::min_max_observer>(x)));
       }},
      {"power of two",
       [](data x) {
         return qmath::power_of_two_range(qmath::range_of(seen<qmath::min_max_observer>(x)));
       }},
      {"moving average",
       [](data x) { return qmath::range_of(seen<qmath::moving_average_observer>(x)); }},
      {"mean ± 3 sigma",
       [](data x) { return qmath::sigma_range(seen<qmath::moments_observer>(x), 3.0); }},
      {"percentiles 0.1, 99.9",
       [](data x) { return qmath::percentile(seen<histogram>(x), 0.001, 0.999); }},
      {"entropy", [](data x) { return qmath::entropy_range<F>(seen<histogram>(x)); }},
      // The last one, which has to be the best.
      {"mse", [](data x) { return qmath::mse_range<F>(seen<histogram>(x)); }},
  };
};

constexpr std::size_t observer_count = std::size(observers<qmath::u4>::all);

/// A column of the table: parameters for each run of `size` neighbours.
template <class F>
double sqnr(const tensor& t, std::size_t size, std::size_t observer, bool without_outliers) {
  std::vector<float> back(size);
  qmath::error_sums errors;
  for (std::size_t i = 0; i < t.x.size(); i += size) {
    const data x = data(t.x).subspan(i, size);
    const auto params = qmath::choose_params<F>(observers<F>::all[observer].range(x));
    qmath::fake_quantize<F>(x, params, back);
    qmath::error_options options;
    if (without_outliers) options.which.mask = std::span(t.ordinary).subspan(i, size);
    qmath::add_errors(x, back, errors, options);
  }
  return qmath::sqnr_db(errors);
}

// ---- The page -----------------------------------------------------------------------------------

/// Prints a table; returns whether mse is the best observer in it.
bool print_table(const tensor& t, const char* name, bool without_outliers) {
  std::printf("\n## %s%s\n\n", name, without_outliers ? ", the error of all others" : "");
  std::printf("| | tensor: 8 bits | 4 | 2 | row: 8 bits | 4 | 2 | group: 8 bits | 4 | 2 |\n");
  std::printf("|---|---|---|---|---|---|---|---|---|---|\n");
  bool best = true;
  std::vector<double> most(9, -1000.0);
  for (std::size_t o = 0; o < observer_count; ++o) {
    std::printf("| %s", observers<qmath::u4>::all[o].name);
    std::size_t column = 0;
    for (const std::size_t size : {rows * cols, cols, group}) {
      for (const double db : {sqnr<std::uint8_t>(t, size, o, without_outliers),
                              sqnr<qmath::u4>(t, size, o, without_outliers),
                              sqnr<qmath::u2>(t, size, o, without_outliers)}) {
        std::printf(" | %.1f", db);
        if (o + 1 == observer_count) best = best && db > most[column] - 0.05;
        most[column] = std::max(most[column], db);
        ++column;
      }
    }
    std::printf(" |\n");
  }
  return best;
}

constexpr const char* head =
    R"(# What an observer's range is worth

The signal to quantization noise ratio in dB (`sqnr_db`) of %zu numbers, a matrix of [%zu, %zu], after they were
quantized by the range that an observer found, and dequantized: 6 dB are a bit. Parameters are for the whole tensor, for
each row, or for each group of %zu; `uint8`, `u4` and `u2`, `affine`. Moving averages see their data in 8
batches; histograms have 2048 bins; "absmax" and "power of two" are `absmax_range` and `power_of_two_range` of the smallest
and the largest number. [choosing.md](choosing.md) has the advice, [observers.md](observers.md) the
definitions.

This page is written by a program, tests/docs/observer_quality.cpp, and tests compare it and the data of its pictures:

    build/dev/tests/qmath_observer_quality > docs/observer_quality.md
    build/dev/tests/qmath_observer_quality --pictures p.json && scripts/draw_pictures.py p.json docs/pictures

![SQNR of each observer with 4 bits, one range for the tensor](pictures/sqnr_4_bits.svg)
![SQNR of each observer with 8 bits, one range for the tensor](pictures/sqnr_8_bits.svg)

Where the ranges are, with 4 bits and one range for the tensor (the number of values has a logarithmic scale):

![Gaussian](pictures/normal.svg)
![Laplace](pictures/laplace.svg)
![Uniform](pictures/uniform.svg)
![Bimodal](pictures/bimodal.svg)
![ReLU](pictures/relu.svg)
![Heavy tails](pictures/heavy.svg)
![Outliers](pictures/outliers.svg)

- `mse` is the best of each column, as it should be; the program that writes this page fails where it is more than
  0.05 dB below another observer. With 8 bits `min/max` comes close to it, with 4 and 2 bits it does not.
- `absmax` costs a bit where data have one sign, and little where both ends are alike; a power of two costs up to another
  one.
- The squared error looks after large numbers. Where outliers carry nothing, look at the last table: there percentiles
  and sigmas are better, in ranges that most of the numbers share.
- A moving average of few numbers is too small: the extremes of 16 neighbours are not those of 128.
- Percentiles 0.1 and 99.9 of 128 numbers are their smallest and largest one.
- Entropy wants many more numbers than bins: 128 or 1024 numbers in 2048 bins are not a distribution. And it asks whether
  codes describe the distribution, not the numbers. Uniform data are described perfectly by any number of codes, and
  the range may be as small as it likes.
)";

bool write_page() {
  bool best = true;
  std::printf(head, rows * cols, rows, cols, group);
  for (const kind_of_data& kind : kinds) {
    const tensor t = make(kind);
    best = print_table(t, kind.name, false) && best;
    if (kind.outliers) print_table(t, kind.name, true);
  }
  return best;
}

// ---- Pictures -----------------------------------------------------------------------------------

template <class F>
void add_bars(pictures::collection& all, const char* name, const char* title) {
  std::vector<std::string> groups;
  std::vector<pictures::named_values> series;
  for (const auto& o : observers<F>::all) series.push_back({o.name, {}});
  for (const kind_of_data& kind : kinds) {
    groups.push_back(kind.file);
    const tensor t = make(kind);
    for (std::size_t o = 0; o < observer_count; ++o) {
      series[o].values.push_back(sqnr<F>(t, t.x.size(), o, false));
    }
  }
  all.add_bars(name, title, "SQNR in dB", groups, series);
}

void write_pictures(const char* file) {
  pictures::collection all;
  add_bars<qmath::u4>(all, "sqnr_4_bits", "4 bits, one range for the tensor");
  add_bars<std::uint8_t>(all, "sqnr_8_bits", "8 bits, one range for the tensor");
  for (const kind_of_data& kind : kinds) {
    const tensor t = make(kind);
    std::vector<pictures::named_range> ranges;
    for (const auto& o : observers<qmath::u4>::all) ranges.push_back({o.name, o.range(t.x)});
    all.add_histogram(kind.file, kind.name, seen<qmath::histogram_observer<128>>(t.x), ranges);
  }
  all.write(file);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], "--pictures") == 0) {
    write_pictures(argv[2]);
  } else if (!write_page()) {
    std::fprintf(stderr, "qmath_observer_quality: mse is not the best observer\n");
    return 1;
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}
