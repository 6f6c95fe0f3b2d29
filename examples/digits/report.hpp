// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The tables that the program prints.
#ifndef QMATH_EXAMPLES_DIGITS_REPORT_HPP_
#define QMATH_EXAMPLES_DIGITS_REPORT_HPP_

#include <string>

#include "dataset.hpp"
#include "float_network.hpp"
#include "int8_network.hpp"

namespace digits {

// What is compared.
struct networks {
  float_network& in_float;
  int8_network& per_tensor;
  int8_network& per_channel;
};

// The names of the CPU targets that this build and this CPU have, best first.
std::string supported_targets();

void print_data(const dataset_split& split);
void print_network(const float_network& network, double training_seconds);
void print_active_target();
void print_accuracy(const networks& n, const dataset& test);
void print_size(const networks& n);
void print_time(const networks& n, const dataset& test);

// Runs the network on every CPU target; returns whether all of them gave the same bits.
bool print_targets(int8_network& network, const dataset& test);

}  // namespace digits

#endif  // QMATH_EXAMPLES_DIGITS_REPORT_HPP_
