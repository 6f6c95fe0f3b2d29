// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Every granularity gives each element the parameter that its coordinates say.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <qmath/granularity.hpp>
#include <span>
#include <vector>

namespace {

using shape = std::vector<std::size_t>;

std::size_t elements_of(const shape& s) {
  std::size_t n = 1;
  for (const std::size_t size : s) n *= size;
  return n;
}

// The number of an element of a row-major tensor.
std::size_t number_of(const shape& s, const shape& coordinates) {
  std::size_t i = 0;
  for (std::size_t axis = 0; axis < s.size(); ++axis) i = i * s[axis] + coordinates[axis];
  return i;
}

// Every element's coordinates in the order of memory, counted up like the digits of a number.
void for_each_element(const shape& s, const std::function<void(const shape&)>& f) {
  if (elements_of(s) == 0) return;
  shape coordinates(s.size(), 0);
  for (;;) {
    f(coordinates);
    std::size_t axis = s.size();
    while (axis != 0 && ++coordinates[axis - 1] == s[axis - 1]) coordinates[--axis] = 0;
    if (axis == 0) return;
  }
}

// The parameters are a row-major tensor of another shape; `parameter` has the coordinates in it.
void check(const qmath::granularity& g, const shape& s, const shape& parameters,
           const std::function<shape(const shape&)>& parameter) {
  CAPTURE(s);
  CAPTURE(parameters);
  CHECK(g.count() == elements_of(parameters));
  REQUIRE(g.period() != 0);
  CHECK(elements_of(s) % g.period() == 0);
  std::size_t i = 0, wrong = 0;
  for_each_element(s, [&](const shape& coordinates) {
    if (g.index(i) != number_of(parameters, parameter(coordinates))) ++wrong;
    ++i;
  });
  CHECK(wrong == 0);
  // A repeat behind the last element begins anew.
  CHECK(g.index(i) == 0);
}

std::size_t blocks(std::size_t n, std::size_t size) { return (n + size - 1) / size; }

const std::vector<shape> shapes_of_4 = {{2, 3, 4, 5}, {1, 3, 1, 5}, {3, 1, 1, 1}, {1, 1, 1, 4},
                                        {2, 2, 7, 1}, {4, 1, 3, 2}, {1, 1, 1, 1}};

}  // namespace

TEST_CASE("granularity: per_tensor") {
  for (const std::size_t n : {1u, 2u, 100u}) {
    check(qmath::per_tensor(n), {n}, {1}, [](const shape&) { return shape{0}; });
  }
  CHECK(qmath::per_tensor(0).count() == 1);
}

TEST_CASE("granularity: per_row, per_token") {
  for (const shape& s : {shape{1, 1}, shape{1, 7}, shape{7, 1}, shape{4, 6}}) {
    const auto row = [](const shape& at) { return shape{at[0]}; };
    check(qmath::per_row(s[0], s[1]), s, {s[0]}, row);
    check(qmath::per_token(s[0], s[1]), s, {s[0]}, row);
  }
  CHECK(qmath::per_row(3, 0).count() == 3);
  CHECK(qmath::per_row(0, 3).count() == 1);
}

TEST_CASE("granularity: per_column, any number of rows") {
  for (const shape& s : {shape{1, 1}, shape{5, 7}, shape{7, 1}}) {
    check(qmath::per_column(s[1]), s, {s[1]}, [](const shape& at) { return shape{at[1]}; });
  }
  CHECK(qmath::per_column(0).count() == 1);
}

TEST_CASE("granularity: per_group") {
  for (const std::size_t size : {1u, 2u, 3u, 4u, 7u, 8u, 100u}) {
    CAPTURE(size);
    for (const shape& s : {shape{1, 1}, shape{3, 7}, shape{2, 8}, shape{4, 1}}) {
      check(qmath::per_group(s[0], s[1], size), s, {s[0], blocks(s[1], size)},
            [&](const shape& at) { return shape{at[0], at[1] / size}; });
    }
  }
}

TEST_CASE("granularity: per_block") {
  for (const std::size_t block_rows : {1u, 2u, 3u, 5u, 9u}) {
    for (const std::size_t block_cols : {1u, 2u, 3u, 7u, 20u}) {
      CAPTURE(block_rows);
      CAPTURE(block_cols);
      for (const shape& s : {shape{1, 1}, shape{5, 7}, shape{6, 6}, shape{1, 9}, shape{9, 1}}) {
        check(qmath::per_block(s[0], s[1], block_rows, block_cols), s,
              {blocks(s[0], block_rows), blocks(s[1], block_cols)},
              [&](const shape& at) { return shape{at[0] / block_rows, at[1] / block_cols}; });
      }
    }
  }
}

TEST_CASE("granularity: per_channel on each axis") {
  for (const shape& s : shapes_of_4) {
    for (std::size_t axis = 0; axis < s.size(); ++axis) {
      CAPTURE(axis);
      check(qmath::per_channel(s, axis), s, {s[axis]},
            [&](const shape& at) { return shape{at[axis]}; });
    }
  }
  check(qmath::per_channel(shape{6}, 0), {6}, {6}, [](const shape& at) { return at; });
}

TEST_CASE("granularity: per_axis_block on each axis") {
  for (const shape& s : shapes_of_4) {
    for (std::size_t axis = 0; axis < s.size(); ++axis) {
      for (const std::size_t size : {1u, 2u, 3u, 10u}) {
        CAPTURE(axis);
        CAPTURE(size);
        shape parameters = s;
        parameters[axis] = blocks(s[axis], size);
        check(qmath::per_axis_block(s, axis, size), s, parameters, [&](shape at) {
          at[axis] /= size;
          return at;
        });
      }
    }
  }
}

TEST_CASE("granularity: broadcast, every shape of entries") {
  for (shape s :
       {shape{2, 3, 4, 5}, shape{1, 3, 1, 5}, shape{2, 3, 1, 4}, shape{3, 1, 1, 1},
        shape{1, 1, 1, 1}, shape{2, 1, 2, 3, 2}, shape{2, 3, 2, 2, 2}, shape{6}, shape{}}) {
    for (std::size_t kept = 0; kept < std::size_t{1} << s.size(); ++kept) {
      shape entries(s.size(), 1);
      std::size_t runs = 0;
      bool shared = true;
      for (std::size_t axis = 0; axis < s.size(); ++axis) {
        if ((kept >> axis & 1) != 0) entries[axis] = s[axis];
        if (s[axis] == 1) continue;
        if (entries[axis] != 1 && shared) ++runs;
        shared = entries[axis] == 1;
      }
      CAPTURE(entries);
      const qmath::granularity g = qmath::broadcast(s, entries);
      if (runs > 2) {
        CHECK(g == qmath::granularity{0, 0, 0, 0, 3});
        continue;
      }
      check(g, s, entries, [&](shape at) {
        for (std::size_t axis = 0; axis < at.size(); ++axis) {
          if (entries[axis] == 1) at[axis] = 0;
        }
        return at;
      });
      // Axes that are missing are shared.
      for (shape fewer = entries; !fewer.empty() && fewer.front() == 1;) {
        fewer.erase(fewer.begin());
        CHECK(qmath::broadcast(s, fewer) == g);
      }
    }
    // What has a name already is the same.
    for (std::size_t axis = 0; axis < s.size(); ++axis) {
      shape one(s.size(), 1);
      one[axis] = s[axis];
      if (s[axis] != 1) CHECK(qmath::broadcast(s, one) == qmath::per_channel(s, axis));
    }
    CHECK(qmath::broadcast(s, shape{}) == qmath::per_tensor(elements_of(s)));
  }
}

TEST_CASE("granularity: any numbers, as the header says") {
  for (const std::size_t outer : {1u, 3u}) {
    for (const std::size_t rows : {1u, 4u, 5u}) {
      for (const std::size_t cols : {1u, 6u}) {
        for (const std::size_t block_rows : {1u, 2u, 8u}) {
          for (const std::size_t block_cols : {1u, 4u, 8u}) {
            check({outer, rows, cols, block_rows, block_cols}, {2, outer, rows, cols},
                  {outer, blocks(rows, block_rows), blocks(cols, block_cols)},
                  [&](const shape& at) {
                    return shape{at[1], at[2] / block_rows, at[3] / block_cols};
                  });
          }
        }
      }
    }
  }
}

TEST_CASE("granularity: the drawings of the header") {
  constexpr qmath::granularity g = qmath::per_group(2, 10, 4);
  static_assert(g.count() == 6 && g.period() == 20 && g.row_blocks() == 2 && g.col_blocks() == 3);
  std::vector<std::size_t> index(20);
  for (std::size_t i = 0; i < index.size(); ++i) index[i] = g.index(i);
  CHECK(index ==
        std::vector<std::size_t>{0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5});
  static constexpr std::size_t s[] = {2, 3, 4};
  constexpr qmath::granularity channels = qmath::per_channel(s, 1);
  static_assert(channels == qmath::granularity{3, 1, 4, 1, 4});
  static_assert(channels.index(23) == 2 && channels.index(12) == 0);
}

TEST_CASE("granularity: an axis that is not there, and sizes of 0") {
  const shape s = {2, 3};
  // Nothing that the functions accept, with the numbers that they report: see contract_test.cpp.
  CHECK(qmath::per_channel(s, 2) == qmath::granularity{0, 2, 2, 0, 0});
  CHECK(qmath::per_axis_block(s, 5, 4) == qmath::granularity{0, 2, 5, 0, 0});
  CHECK(qmath::per_channel(shape{}, 0) == qmath::granularity{0, 0, 0, 0, 0});
  CHECK(qmath::broadcast(s, shape{2, 1, 3}) == qmath::granularity{0, 2, 3, 0, 1});
  CHECK(qmath::broadcast(s, shape{2, 4}) == qmath::granularity{0, 3, 4, 0, 2});
  CHECK(qmath::broadcast(s, shape{2}) == qmath::granularity{0, 3, 2, 0, 2});
  CHECK(qmath::broadcast(s, shape{0, 1}) == qmath::granularity{0, 2, 0, 0, 2});
  CHECK(qmath::broadcast(s, shape{2, 4}).count() == 0);
  // Whoever allocates the parameters asks for their number before a function refuses the layout.
  CHECK(qmath::per_channel(s, 2).count() == 0);
  CHECK(qmath::per_group(2, 3, 0).count() == 0);
  CHECK(qmath::per_block(2, 3, 0, 2).count() == 0);
  CHECK(qmath::per_block(2, 3, 2, 0).count() == 0);
  CHECK(qmath::per_axis_block(shape{2, 3, 4}, 1, 0).count() == 0);
  for (std::size_t axis = 0; axis < 3; ++axis) {
    for (std::size_t empty = 0; empty < 3; ++empty) {
      shape with_0 = {4, 5, 6};
      with_0[empty] = 0;
      shape kept(3, 1), shared = with_0;
      kept[axis] = with_0[axis], shared[axis] = 1;
      for (const qmath::granularity& g :
           {qmath::per_channel(with_0, axis), qmath::per_axis_block(with_0, axis, 2),
            qmath::broadcast(with_0, kept), qmath::broadcast(with_0, shared)}) {
        // Something that the functions accept for n = 0.
        CHECK(g.count() >= 1);
        CHECK(g.period() >= 1);
      }
    }
  }
}

TEST_CASE("granularity: shapes in braces") {
  const shape s = {2, 3, 4, 5};
  for (std::size_t axis = 0; axis < 5; ++axis) {  // one is out of range
    CHECK(qmath::per_channel({2, 3, 4, 5}, axis) == qmath::per_channel(s, axis));
    CHECK(qmath::per_axis_block({2, 3, 4, 5}, axis, 2) == qmath::per_axis_block(s, axis, 2));
  }
  static_assert(qmath::per_channel({2, 3, 4}, 1) == qmath::granularity{3, 1, 4, 1, 4});
  static_assert(qmath::per_channel({2, 3, 4}, 2) == qmath::per_column(4));
  static_assert(qmath::per_axis_block({64, 10}, 0, 32).count() == 20);
  static_assert(qmath::broadcast({2, 8, 6, 4}, {2, 1, 6, 1}) == qmath::granularity{2, 8, 24, 8, 4});
  static_assert(qmath::broadcast({2, 8, 6, 6}, {6, 6}) == qmath::per_column(36));
}

TEST_CASE("granularity: a part of an array has a layout of its own, as granularity.hpp says") {
  const qmath::granularity whole = qmath::per_row(4, 6), part = qmath::per_row(2, 6);
  for (std::size_t i = 0; i < part.period(); ++i) {
    CHECK(whole.index(2 * 6 + i) == 2 + part.index(i));
  }
}
