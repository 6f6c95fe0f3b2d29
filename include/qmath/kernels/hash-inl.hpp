// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// What is learned from packed lines while they are in registers: their part of the checksum (detail/packed_hash.hpp),
// the sums of their columns, the lowest code. Compiled once per target (detail/foreach_target.hpp).
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// A line is 4 rows of a panel. So many rows of so many panels are packed together.
constexpr std::size_t line_bytes = 4 * panel_columns;
constexpr std::size_t pack_rows = 64;
constexpr std::size_t most_panels = 8;

// Whole lines where the target has such vectors. Those without a size are used as if they had one.
using block_u8 = hn::CappedTag<std::uint8_t, 16>;
using wide_u8 = hn::CappedTag<std::uint8_t, HWY_HAVE_SCALABLE ? 16 : line_bytes>;

// What is known of panels, so far.
struct panel_state {
  HWY_ALIGN std::uint64_t words[most_panels * hash_words];
  HWY_ALIGN std::int32_t sums[most_panels * panel_columns];

  HWY_INLINE explicit panel_state(std::size_t panels) {
    std::memset(words, 0, panels * line_bytes);
    std::memset(sums, 0, panels * line_bytes);
  }
};

// hash_turn(s) ^ words.
template <class V, class Line>
HWY_INLINE V turn(V s, Line line) {
  auto words = hn::BitCast(hn::DFromV<V>(), line);
  if (!HWY_IS_LITTLE_ENDIAN) words = hn::ReverseLaneBytes(words);
  const auto t = hn::Xor(s, hn::ShiftLeft<detail::hash_left>(s));
  return hn::Xor3(t, words, hn::ShiftRight<detail::hash_right>(t));
}

// Codes of 4 rows are added up in the columns' lanes: in 32 bits where one instruction does it, otherwise in 16, in
// which those of pack_rows rows fit.
template <class D>
using partial_sum = hn::Vec<hn::Repartition<
    std::conditional_t<HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3_DL, std::int32_t, std::int16_t>, D>>;

template <class Sum, class Line>
HWY_INLINE Sum add_codes(Sum sum, Line line) {
  const hn::DFromV<Sum> d;
  const hn::DFromV<Line> d8;
  const auto codes = hn::BitCast(hn::RebindToSigned<hn::DFromV<Line>>(), line);
  if constexpr (sizeof(hn::TFromV<Sum>) == 4) {
    return hn::SumOfMulQuadAccumulate(d, hn::Set(d8, 1), codes, sum);
  } else if constexpr (HWY_ARCH_X86) {
    return hn::Add(sum, hn::SatWidenMulPairwiseAdd(d, hn::Set(d8, 1), codes));
  } else {
    return hn::Add(sum, hn::SumsOf2(codes));
  }
}

template <class V, class Sum>
HWY_INLINE V add_partial(V sums, Sum partial) {
  if constexpr (sizeof(hn::TFromV<Sum>) == 4) {
    return hn::Add(sums, partial);
  } else {
    const hn::DFromV<V> d32;
    return hn::Add(sums, hn::WidenMulPairwiseAdd(d32, partial, hn::Set(hn::DFromV<Sum>(), 1)));
  }
}

// What is learned from the vectors of one place in the lines.
template <bool Codes, class D>
struct line_reader {
  hn::Vec<hn::Repartition<std::uint64_t, D>>& words;
  partial_sum<D>& sum;
  hn::Vec<D>& lowest;

  HWY_INLINE void operator()(hn::Vec<D> v) const {
    words = turn(words, v);
    if constexpr (Codes) {
      const hn::RebindToSigned<D> ds8;
      sum = add_codes(sum, v);
      lowest = hn::BitCast(D(), hn::Min(hn::BitCast(ds8, lowest), hn::BitCast(ds8, v)));
    }
  }
};

// Where the four vectors of a strip are: side by side from byte `at` of the lines of panels on.
template <class D, class Byte>
struct strip_places {
  Byte *p0, *p1, *p2, *p3;

  HWY_INLINE strip_places(Byte* panels, std::size_t panel_bytes, std::size_t at) {
    constexpr std::size_t N = hn::MaxLanes(D());
    const auto place = [&](std::size_t byte) {
      return panels + byte / line_bytes * panel_bytes + byte % line_bytes;
    };
    p0 = place(at), p1 = place(at + N), p2 = place(at + 2 * N), p3 = place(at + 3 * N);
  }
};

// Reads a strip of panels. lines(r0, r1, r2, r3) calls the reader of each of the four places
// with the vectors there, line after line. With Codes, these are added up, those of pack_rows rows at most, and
// `lowest` is lowered to the lowest one.
template <bool Codes, class D, class Lines>
HWY_INLINE void read_strip(D, std::size_t at, panel_state& state, hn::Vec<D>& lowest,
                           const Lines& lines) {
  const hn::Repartition<std::uint64_t, D> d64;
  const hn::Repartition<std::int32_t, D> d32;
  const std::size_t N = hn::MaxLanes(D());
  std::uint64_t* const words = state.words + at / 8;
  std::int32_t* const sums = state.sums + at / 4;
  auto s0 = hn::Load(d64, words), s1 = hn::Load(d64, words + N / 8);
  auto s2 = hn::Load(d64, words + 2 * N / 8), s3 = hn::Load(d64, words + 3 * N / 8);
  auto c0 = hn::Zero(hn::DFromV<partial_sum<D>>()), c1 = c0, c2 = c0, c3 = c0;
  using reader = line_reader<Codes, D>;
  lines(reader{s0, c0, lowest}, reader{s1, c1, lowest}, reader{s2, c2, lowest},
        reader{s3, c3, lowest});
  const auto keep = [&](std::size_t i, auto s, auto c) HWY_ATTR {
    hn::Store(s, d64, words + i * N / 8);
    if constexpr (Codes) {
      hn::Store(add_partial(hn::Load(d32, sums + i * N / 4), c), d32, sums + i * N / 4);
    }
  };
  keep(0, s0, c0), keep(1, s1, c1), keep(2, s2, c2), keep(3, s3, c3);
}

// So many lines of panels in memory.
template <class D>
struct packed_lines {
  strip_places<D, const std::uint8_t> from;
  std::size_t count;

  template <class R>
  HWY_INLINE void operator()(R r0, R r1, R r2, R r3) const {
    const D d8;
    const auto p = from;
    for (std::size_t i = 0; i < count * line_bytes; i += line_bytes) {
      r0(hn::LoadU(d8, p.p0 + i));
      r1(hn::LoadU(d8, p.p1 + i));
      r2(hn::LoadU(d8, p.p2 + i));
      r3(hn::LoadU(d8, p.p3 + i));
    }
  }
};

template <bool Codes, class D>
HWY_INLINE void read_packed_strip(D d8, const std::uint8_t* panels, std::size_t panel_bytes,
                                  std::size_t lines, std::size_t at, panel_state& state,
                                  hn::Vec<D>& lowest) {
  read_strip<Codes>(d8, at, state, lowest, packed_lines<D>{{panels, panel_bytes, at}, lines});
}

// The lines of so many panels, for the checksum alone.
HWY_INLINE void hash_lines(const std::uint8_t* from, std::size_t panel_bytes, std::size_t panels,
                           std::size_t lines, panel_state& state) {
  const wide_u8 wide;
  const block_u8 block;
  auto unused = hn::Zero(wide);
  auto unused_too = hn::Zero(block);
  std::size_t at = 0;
  for (; at + 4 * hn::MaxLanes(wide) <= panels * line_bytes; at += 4 * hn::MaxLanes(wide)) {
    read_packed_strip<false>(wide, from, panel_bytes, lines, at, state, unused);
  }
  for (; at < panels * line_bytes; at += line_bytes) {
    read_packed_strip<false>(block, from, panel_bytes, lines, at, state, unused_too);
  }
}

// The last line of each panel, that of its sums; then the panels are added to the hash.
HWY_INLINE void hash_sums(std::uint64_t* hash, const std::byte* sums, std::size_t panels,
                          panel_state& state) {
  hash_lines(reinterpret_cast<const std::uint8_t*>(sums), line_bytes, panels, 1, state);
  for (std::size_t p = 0; p < panels; ++p) {
    for (std::size_t j = 0; j < hash_words; ++j) {
      hash[j] = detail::hash_step(hash[j], state.words[p * hash_words + j]);
    }
  }
}

// The checksum of panels that exist, by itself.
HWY_NOINLINE HWY_MAYBE_UNUSED static void hash_panels(const hash_job& job) {
  const std::size_t panel_bytes = packed_panel_bytes(job.k);
  const std::size_t count = padded_columns(job.n) / panel_columns;
  const auto* from = reinterpret_cast<const std::uint8_t*>(job.panels);
  constexpr std::size_t most = 4;
  for (std::size_t first = 0; first < count; first += most) {
    const std::size_t panels = HWY_MIN(most, count - first);
    panel_state state(panels);
    hash_lines(from, panel_bytes, panels, panel_bytes / line_bytes, state);
    hash_sums(job.hash, job.column_sums + first * line_bytes, panels, state);
    from += most * panel_bytes;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
