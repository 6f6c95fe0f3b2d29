// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// GEMM around the inner kernel: walks the tiles of C, prepares what they need of their columns and rows, and
// hands their sums to an epilogue. Compiled once per target (detail/foreach_target.hpp).
//
// A task is a block of rows and columns of C. Its rows of A stay in the second level of cache while its columns
// pass by, two panels of B at a time, which stay in the first one while the rows pass by; or all of them at a time,
// where the inner kernel rearranges its rows of A first (gemm_split-inl.hpp, gemm_matmul-inl.hpp). The
// last rows, too few for the register tile, take all columns of the task at once.
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The sum of n bytes modulo 2^32.
HWY_NOINLINE HWY_MAYBE_UNUSED static std::uint32_t sum_of_bytes(const std::uint8_t* a,
                                                                std::size_t n, bool is_signed) {
  const hn::ScalableTag<std::uint8_t> d8;
  const hn::Repartition<std::uint64_t, decltype(d8)> d64;
  const std::size_t N = hn::Lanes(d8);
  const auto flip = hn::Set(d8, is_signed ? 0x80 : 0);
  auto sums = hn::Zero(d64);
  std::size_t i = 0;
  for (; i + N <= n; i += N) {
    sums = hn::Add(sums, hn::SumsOf8(hn::Xor(hn::LoadU(d8, a + i), flip)));
  }
  std::uint32_t sum = static_cast<std::uint32_t>(hn::ReduceSum(d64, sums));
  for (; i < n; ++i) sum += static_cast<std::uint32_t>(a[i] ^ (is_signed ? 0x80 : 0));
  return is_signed ? sum - 128u * static_cast<std::uint32_t>(n) : sum;
}

HWY_INLINE gemm_vector load_column_sums(const std::byte* from) {
  const gemm_tag d;
#if HWY_IS_LITTLE_ENDIAN
  const hn::Repartition<std::uint8_t, gemm_tag> d8;
  return hn::BitCast(d, hn::LoadU(d8, reinterpret_cast<const std::uint8_t*>(from)));
#else
  HWY_ALIGN std::int32_t sums[panel_columns];
  for (std::size_t i = 0; i < hn::Lanes(d); ++i) {
    sums[i] = static_cast<std::int32_t>(detail::load_le32(from + 4 * i));
  }
  return hn::LoadU(d, sums);
#endif
}

class gemm_loop {
 public:
  gemm_loop(const gemm_problem& problem, const gemm_dot& inner)
      : p(problem), dot(inner), finish(choose_finish(problem.epilogue.output)) {
    // A' = A + a_offset has the sign that the dot product wants, B' = B - b_offset is what is stored, and with
    // za' = za + a_offset, zb' = zb - b_offset, all modulo 2^32:
    //   sum (A - za) (B - zb) = sum A' B' - za' (column sum of B' - k zb') - zb' row sum of A'
    const bool flip = p.a_is_signed != dot.a_is_signed;
    a_offset = !flip ? 0 : p.a_is_signed ? 128 : -128;
    b_offset = p.b_is_signed ? 0 : 128;
    needs_row_sums = p.b_zero_points != nullptr || p.b_zero_point != b_offset;
    writes_c = p.epilogue.output == gemm_output::s32;
    adds_c = writes_c && p.epilogue.accumulate;
    t.k = p.k;
    t.a_stride = p.a_stride;
    t.panel_bytes = packed_panel_bytes(p.k);
    t.a_flip = flip ? static_cast<std::int32_t>(0x80808080u) : 0;
  }

  void run(std::size_t task) {
    const std::size_t task_rows = gemm_task_rows(p.k);
    const std::size_t across = (p.n + gemm_task_columns - 1) / gemm_task_columns;
    const std::size_t down =
        across == 1 ? task : task / across;  // divisions take long in small calls
    const std::size_t row = down * task_rows, rows = HWY_MIN(task_rows, p.m - row);
    column = (task - down * across) * gemm_task_columns;
    columns = HWY_MIN(gemm_task_columns, p.n - column);
    prepare_columns();
    if (needs_row_sums && row != first_row) prepare_row_sums(row, rows);
    first_row = row;

    const std::size_t few =
        static_cast<std::uint32_t>(rows) % static_cast<std::uint32_t>(dot.max_rows);
    if (few != rows) {
      for (std::size_t c = 0; c < columns; c += dot.main_columns) {
        const std::size_t n = HWY_MIN(dot.main_columns, columns - c);
        for (std::size_t r = 0; r < rows - few; r += dot.main_rows) {
          run_tile(row + r, HWY_MIN(dot.main_rows, rows - few - r), c, n);
        }
      }
    }
    if (few != 0) run_tile(row + rows - few, few, 0, columns);
  }

 private:
  void run_tile(std::size_t row, std::size_t rows, std::size_t c, std::size_t n) {
    t.a = static_cast<const std::uint8_t*>(p.a) + row * p.a_stride;
    t.rows = rows;
    t.panels = p.panels + (column + c) / panel_columns * t.panel_bytes;
    t.columns = padded_columns(n);
    t.initial = numbers.initial + c;
    t.initial_stride = 0;
    const gemm_sums tile = {sums, t.columns, row, rows, column + c, n, c};
    if (p.a_zero_points != nullptr || needs_row_sums || adds_c) {
      start_rows(tile, numbers, p.a_zero_points, a_offset,
                 needs_row_sums ? row_sums + (row - first_row) : nullptr,
                 adds_c ? first_of_c<std::int32_t>(p, tile) : nullptr, p.c_stride);
      t.initial = sums;
      t.initial_stride = tile.stride;
    }
    if (writes_c && t.columns == n) {  // sums are what is asked for: straight from the registers
      t.sums = first_of_c<std::int32_t>(p, tile);
      t.sums_stride = p.c_stride;
      return dot.tile(t);
    }
    t.sums = sums;
    t.sums_stride = tile.stride;
    dot.tile(t);
    finish(p, tile);
  }

  void prepare_columns() {
    const gemm_tag d;
    const std::size_t N = hn::Lanes(d);
    const auto za = hn::Set(d, p.a_zero_points ? 0 : p.a_zero_point + a_offset);
    const auto k = hn::Set(d, static_cast<std::int32_t>(p.k));
    for (std::size_t c = 0; c < columns; c += N) {  // sums there are of whole panels
      const std::size_t n = HWY_MIN(N, columns - c);
      auto sum = load_column_sums(p.column_sums + 4 * (column + c));
      if (p.a_zero_points != nullptr || needs_row_sums) {
        auto zb = hn::Set(d, p.b_zero_point);
        if (p.b_zero_points) zb = load_part(d, p.b_zero_points + column + c, n);
        zb = hn::Sub(zb, hn::Set(d, b_offset));
        sum = hn::Sub(sum, hn::Mul(k, zb));
        hn::StoreU(zb, d, numbers.b_zero_points + c);
        hn::StoreU(sum, d, numbers.b_sums + c);
      }
      const std::int32_t* const bias = p.epilogue.bias_s32;
      const auto start = bias ? load_part(d, bias + column + c, n) : hn::Zero(d);
      hn::StoreU(hn::Sub(start, hn::Mul(za, sum)), d, numbers.initial + c);
    }
    for (std::size_t c = (columns + N - 1) / N * N; c < padded_columns(columns); c += N) {
      hn::StoreU(hn::Zero(d), d, numbers.initial + c);
    }
  }

  // Of A'.
  void prepare_row_sums(std::size_t row, std::size_t rows) {
    const auto* a = static_cast<const std::uint8_t*>(p.a) + row * p.a_stride;
    const std::uint32_t offset =
        static_cast<std::uint32_t>(a_offset) * static_cast<std::uint32_t>(p.k);
    for (std::size_t r = 0; r < rows; ++r) {
      row_sums[r] =
          static_cast<std::int32_t>(sum_of_bytes(a + r * p.a_stride, p.k, p.a_is_signed) + offset);
    }
  }

  const gemm_problem& p;
  const gemm_dot& dot;
  const gemm_finish finish;
  gemm_tile t;
  std::int32_t a_offset, b_offset;
  bool needs_row_sums, writes_c, adds_c;
  std::size_t first_row = ~std::size_t{0}, column = 0, columns = 0;  // of the task
  gemm_columns numbers;
  HWY_ALIGN std::int32_t row_sums[gemm_most_task_rows];
  HWY_ALIGN std::int32_t sums[gemm_most_tile_rows * gemm_task_columns];
};

HWY_NOINLINE HWY_MAYBE_UNUSED static void gemm(const gemm_problem& p, const gemm_dot& dot,
                                               std::size_t first, std::size_t last) {
  if (first >= last) return;
  gemm_loop loop(p, dot);
  for (std::size_t task = first; task < last; ++task) loop.run(task);
}

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
