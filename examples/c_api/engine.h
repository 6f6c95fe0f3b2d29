/* Copyright (c) qmath contributors. */
/* SPDX-License-Identifier: Apache-2.0 */

/* An int8 linear layer behind a C ABI: what an engine in C, Rust, Go or Zig would bind to. */
#ifndef QMATH_EXAMPLES_C_API_ENGINE_H_
#define QMATH_EXAMPLES_C_API_ENGINE_H_

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum engine_status {
  ENGINE_OK = 0,
  ENGINE_BAD_ARGUMENT = 1, /* engine_message has the reason; nothing was written */
  ENGINE_NO_MEMORY = 2
} engine_status;

typedef struct engine_linear engine_linear; /* opaque */

/* Once, before everything else: errors become messages instead of ending the program. */
void engine_init(void);

/* Why the last call of this thread failed; "" if it did not. Valid until the next call. */
const char* engine_message(void);

/* weights: [out, in], row-major; bias: [out], or NULL. Both are copied. */
engine_status engine_linear_create(const float* weights, const float* bias, size_t out, size_t in,
                                   engine_linear** layer);
void engine_linear_destroy(engine_linear* layer);

/* Bytes of scratch memory for that many rows. */
size_t engine_linear_scratch(const engine_linear* layer, size_t rows);

/* y = x * transpose(weights) + bias. x: [rows, in], y: [rows, out]. Any number of threads at once, each with scratch
 * memory of its own. */
engine_status engine_linear_run(const engine_linear* layer, const float* x, size_t rows, float* y,
                                void* scratch, size_t scratch_bytes);

#ifdef __cplusplus
}
#endif

#endif /* QMATH_EXAMPLES_C_API_ENGINE_H_ */
