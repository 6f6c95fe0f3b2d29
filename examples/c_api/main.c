/* Copyright (c) qmath contributors. */
/* SPDX-License-Identifier: Apache-2.0 */

/* A program in C that uses engine.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine.h"

enum { rows = 3, in = 40, out = 7 };

int main(void) {
  static float w[out * in], x[rows * in], bias[out], y[rows * out];
  float worst = 0.0f;
  engine_linear* layer;
  void* scratch;
  size_t bytes;
  int i, k, right;

  for (i = 0; i < out * in; ++i) w[i] = (float)(i * 37 % 101 - 50) * 0.01f;
  for (i = 0; i < rows * in; ++i) x[i] = (float)(i * 53 % 89 - 44) * 0.02f;
  for (i = 0; i < out; ++i) bias[i] = (float)i;

  engine_init();
  if (engine_linear_create(w, bias, out, in, &layer) != ENGINE_OK) {
    fprintf(stderr, "%s\n", engine_message());
    return 1;
  }
  bytes = engine_linear_scratch(layer, rows);
  scratch = malloc(bytes);
  if (scratch == NULL || engine_linear_run(layer, x, rows, y, scratch, bytes) != ENGINE_OK) {
    fprintf(stderr, "%s\n", engine_message());
    return 1;
  }

  for (i = 0; i < rows * out; ++i) {
    float sum = bias[i % out];
    for (k = 0; k < in; ++k) sum += x[i / out * in + k] * w[i % out * in + k];
    worst = fmaxf(worst, fabsf(sum - y[i]));
  }
  right = worst < 0.05f;
  printf("largest error %.4f\n", (double)worst);

  /* A mistake is a status and a message. */
  right = engine_linear_run(layer, x, rows, y, scratch, 16) == ENGINE_BAD_ARGUMENT && right;
  printf("with too little scratch: %s\n", engine_message());
  right = engine_linear_run(layer, x, rows, y, scratch, bytes) == ENGINE_OK && right;

  engine_linear_destroy(layer);
  free(scratch);
  printf("%s\n", right ? "ok" : "WRONG");
  return right ? 0 : 1;
}
