// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The shim: C types outside, qmath inside. No exception and no abort crosses it.
#include "engine.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <new>
#include <qmath/qmath.hpp>
#include <span>
#include <vector>

struct engine_linear {
  std::vector<float> scales, bias;
  qmath::packed_weights weights;
};

namespace {

// The contract handler runs in the thread of the call that was wrong.
thread_local char message[256] = "";

void remember(const char* text) { std::snprintf(message, sizeof(message), "%s", text); }

template <class F>
engine_status guarded(const F& f) {
  message[0] = '\0';
  try {
    f();
  } catch (const std::bad_alloc&) {
    remember("out of memory");
    return ENGINE_NO_MEMORY;
  }
  return message[0] == '\0' ? ENGINE_OK : ENGINE_BAD_ARGUMENT;
}

}  // namespace

extern "C" {

void engine_init(void) { qmath::set_contract_handler(remember); }

const char* engine_message(void) { return message; }

engine_status engine_linear_create(const float* weights, const float* bias, size_t out, size_t in,
                                   engine_linear** layer) {
  *layer = nullptr;
  return guarded([&] {
    auto made = std::make_unique<engine_linear>();
    made->scales.resize(out);
    if (bias != nullptr) made->bias.assign(bias, bias + out);
    std::vector<std::int8_t> codes(out * in);
    qmath::dynamic_quantize(std::span(weights, out * in), qmath::per_row(out, in), made->scales, {},
                            codes, qmath::symmetric);
    if (message[0] != '\0') return;
    made->weights = qmath::packed_weights::transposed(qmath::matrix_view(codes.data(), out, in));
    if (message[0] == '\0') *layer = made.release();
  });
}

void engine_linear_destroy(engine_linear* layer) { delete layer; }

size_t engine_linear_scratch(const engine_linear* layer, size_t rows) {
  return qmath::dynamic_linear_scratch(rows, layer->weights.matrix().k);
}

engine_status engine_linear_run(const engine_linear* layer, const float* x, size_t rows, float* y,
                                void* scratch, size_t scratch_bytes) {
  return guarded([&] {
    const qmath::packed_matrix& w = layer->weights;
    qmath::dynamic_linear(qmath::matrix_view(x, rows, w.k), w,
                          qmath::to_float{.b_scales = layer->scales, .bias = layer->bias},
                          qmath::matrix_view(y, rows, w.n),
                          {static_cast<std::byte*>(scratch), scratch_bytes});
  });
}

}  // extern "C"
