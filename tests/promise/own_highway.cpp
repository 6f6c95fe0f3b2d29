// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// A user's translation unit with Highway code of its own, which includes qmath in one of five places.
//     1  before its own target loop              4  after hwy/highway.h, without a loop
//     2  in the part that its loop repeats       5  before hwy/highway.h, without a loop
//     3  after its loop, in the HWY_ONCE part
// Its kernels and qmath's must both be right, on every target.
#define HWY_HEADER_ONLY  // the kernels below need nothing from its library
#if ORDER == 1 || ORDER == 5
#include <qmath/qmath.hpp>
#endif

#ifdef FORBID_HIGHWAY
// In compiled mode qmath has shown nothing of Highway.
#if defined(HWY_TARGETS) || defined(HWY_TARGET) || defined(HWY_NAMESPACE) || \
    defined(HIGHWAY_HWY_BASE_H_)
#error "Highway is visible"
#endif
#undef FORBID_HIGHWAY
#endif

#if ORDER <= 3
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "own_highway.cpp"
#include "hwy/foreach_target.h"
#endif
#include "hwy/highway.h"
#include "hwy/contrib/algo/transform-inl.h"

#if ORDER == 2 || ORDER == 4
#include <qmath/qmath.hpp>
#endif
#include "hwy/contrib/algo/find-inl.h"

#ifndef PROJECT_KERNELS_
#define PROJECT_KERNELS_
#include <cstddef>
namespace project {

// The user's own list of kernels; Highway's dispatch would need its compiled library.
struct kernel {
  const char* target;
  std::size_t (*twice)(int* x, std::size_t n, std::size_t* position);
  const kernel* next;
};
static const kernel* kernels = nullptr;

}  // namespace project
#endif

HWY_BEFORE_NAMESPACE();
namespace project {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// x[i] *= 2; the position of the first 40; the number of lanes.
static std::size_t twice(int* x, std::size_t n, std::size_t* position) {
  const hn::ScalableTag<int> d;
  hn::Transform(d, x, n, [](auto tag, auto v) HWY_ATTR { return hn::Mul(v, hn::Set(tag, 2)); });
  *position = hn::Find(d, 40, x, n);
  return hn::Lanes(d);
}

}  // namespace HWY_NAMESPACE
}  // namespace project
HWY_AFTER_NAMESPACE();

namespace project {
namespace HWY_NAMESPACE {
#define PROJECT_STRING_(x) #x
#define PROJECT_STRING(x) PROJECT_STRING_(x)
static const kernel entry{PROJECT_STRING(HWY_NAMESPACE), &twice, kernels};
[[maybe_unused]] static const bool added = (kernels = &entry, true);
#undef PROJECT_STRING_
#undef PROJECT_STRING
}  // namespace HWY_NAMESPACE
}  // namespace project

#if HWY_ONCE
#if ORDER == 3
#include <qmath/qmath.hpp>
#endif
#include <cstdio>
#include <cstring>

#include "exercise.hpp"

namespace {

// Named N_<target> by Highway.
bool is_supported(const char* highway_namespace) {
  for (const char* supported : qmath::cpu::supported_targets()) {
    if (std::strcmp(supported, highway_namespace + 2) == 0) return true;
  }
  return false;
}

bool is_right(const project::kernel& kernel) {
  int x[37];
  for (int i = 0; i < 37; ++i) x[i] = i;
  std::size_t position = 0;
  const std::size_t lanes = kernel.twice(x, 37, &position);
  std::printf("own kernel: %s, %zu lanes\n", kernel.target, lanes);
  bool right = position == 20;
  for (int i = 0; i < 37; ++i) right = right && x[i] == 2 * i;
  return right;
}

}  // namespace

int main() {
  int failures = 0, own_kernels = 0;
  for (const auto* kernel = project::kernels; kernel != nullptr; kernel = kernel->next) {
    if (!is_supported(kernel->target)) continue;
    ++own_kernels;
    if (!is_right(*kernel)) {
      std::printf("FAILED: own kernel: %s\n", kernel->target);
      ++failures;
    }
  }
  if (own_kernels < (ORDER <= 3 ? 2 : 1)) {
    std::printf("FAILED: only %d of the user's own kernels exist\n", own_kernels);
    ++failures;
  }
  failures += exercise::all_targets("qmath");
  return failures != 0;
}
#endif  // HWY_ONCE
