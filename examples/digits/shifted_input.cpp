// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
#include "shifted_input.hpp"

#include "random.hpp"

namespace digits {
namespace {

constexpr input_shift all_shifts[] = {
    {"none"},
    {"brightness: pixels + 0.75", 1.0f, 0.75f, 0.0f, true},
    {"contrast: pixels * 3", 3.0f, 0.0f, 0.0f, false},
    {"both: pixels + 0.5 +- 0.3", 1.0f, 0.5f, 0.3f, false},
    {"noise: pixels +- 1", 1.0f, 0.0f, 1.0f, true},
};

}  // namespace

std::span<const input_shift> input_shifts() { return all_shifts; }

dataset shifted(const dataset& data, const input_shift& shift, std::uint64_t seed) {
  random_engine random(seed);
  dataset result = data;
  for (float& pixel : result.pixels) {
    pixel = shift.gain * pixel + shift.offset;
    if (shift.noise != 0.0f) pixel += shift.noise * uniform_float(random);
  }
  return result;
}

dataset with_shifts(const dataset& data, std::uint64_t seed) {
  dataset result = data;
  for (const input_shift& shift : input_shifts().subspan(1)) {
    const dataset more = shifted(data, shift, seed++);
    result.pixels.insert(result.pixels.end(), more.pixels.begin(), more.pixels.end());
    result.labels.insert(result.labels.end(), more.labels.begin(), more.labels.end());
  }
  return result;
}

}  // namespace digits
