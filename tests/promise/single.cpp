// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// A program with one translation unit; what is special about it are the flags and macros.
#include "exercise.hpp"

#ifdef FORBID_HIGHWAY
#if defined(HWY_TARGETS) || defined(HWY_NAMESPACE) || defined(HIGHWAY_HWY_BASE_H_)
#error "Highway is visible"
#endif
#endif

int main() { return exercise::all_targets("single unit") != 0; }
