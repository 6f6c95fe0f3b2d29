// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Where oneDNN's int8 matmul is wrong without VNNI: it adds two products of 8 bits in 16, with saturation. Prints,
// for one instruction set (an argument: AVX2, AVX512_CORE, AVX512_CORE_VNNI; the library takes one per process), the
// sums of rows that are all the same number, from oneDNN, from qmath and from a plain loop.
//
//     saturation AVX2
//
// The exit code is 1 if qmath is wrong.
#include <cstdio>
#include <cstdlib>
#include <oneapi/dnnl/dnnl.hpp>
#include <qmath/qmath.hpp>
#include <string_view>
#include <vector>

namespace {

using data_type = dnnl::memory::data_type;
constexpr std::size_t m = 16, n = 64, k = 64;

template <class T>
dnnl::memory memory_of(const dnnl::engine& engine, std::size_t rows, std::size_t cols,
                       data_type type, std::vector<T>& data) {
  const dnnl::memory::desc desc(
      {static_cast<dnnl::memory::dim>(rows), static_cast<dnnl::memory::dim>(cols)}, type,
      dnnl::memory::format_tag::ab);
  return {desc, engine, data.data()};
}

template <class A>
bool show(A a_value, std::int8_t b_value) {
  std::vector<A> a(m * k, a_value);
  std::vector<std::int8_t> b(k * n, b_value);
  std::vector<std::int32_t> theirs(m * n), ours(m * n);
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  const bool is_signed = std::is_signed_v<A>;
  dnnl::memory a_memory = memory_of(engine, m, k, is_signed ? data_type::s8 : data_type::u8, a);
  dnnl::memory b_memory = memory_of(engine, k, n, data_type::s8, b);
  dnnl::memory c_memory = memory_of(engine, m, n, data_type::s32, theirs);
#if DNNL_VERSION_MAJOR >= 3
  const dnnl::matmul::primitive_desc pd(engine, a_memory.get_desc(), b_memory.get_desc(),
                                        c_memory.get_desc());
#else
  const dnnl::matmul::primitive_desc pd(
      dnnl::matmul::desc(a_memory.get_desc(), b_memory.get_desc(), c_memory.get_desc()), engine);
#endif
  dnnl::matmul(pd).execute(
      stream, {{DNNL_ARG_SRC, a_memory}, {DNNL_ARG_WEIGHTS, b_memory}, {DNNL_ARG_DST, c_memory}});
  stream.wait();
  const qmath::packed_weights packed(qmath::matrix_view<const std::int8_t>(b.data(), k, n));
  bool right = true;
  const int want = static_cast<int>(k) * a_value * b_value;
  for (const char* target : qmath::cpu::supported_targets()) {
    if (!qmath::cpu::use_target(target)) return false;
    qmath::gemm(qmath::matrix_view<const A>(a.data(), m, k), {}, packed,
                qmath::matrix_view(ours.data(), m, n));
    for (const std::int32_t sum : ours) right = right && sum == want;
  }
  std::printf("%s  %4d * %4d * %zu = %9d   oneDNN %9d%s   qmath, all targets %9d   (%s)\n",
              is_signed ? "s8s8s32" : "u8s8s32", int{a_value}, int{b_value}, k, want, theirs[0],
              theirs[0] == want ? "      " : " WRONG", ours[0], pd.impl_info_str());
  return right;
}

dnnl::cpu_isa isa_of(std::string_view name) {
  if (name == "AVX2") return dnnl::cpu_isa::avx2;
  if (name == "AVX512_CORE") return dnnl::cpu_isa::avx512_core;
  if (name == "AVX512_CORE_VNNI") return dnnl::cpu_isa::avx512_core_vnni;
  std::fprintf(stderr, "usage: saturation AVX2 | AVX512_CORE | AVX512_CORE_VNNI\n");
  std::exit(2);
}

}  // namespace

int main(int count, char** arguments) {
  const dnnl::cpu_isa isa = isa_of(count == 2 ? arguments[1] : "");
  if (dnnl::set_max_cpu_isa(isa) != dnnl::status::success || dnnl::get_effective_cpu_isa() != isa) {
    std::fprintf(stderr, "oneDNN does not run with %s on this machine\n", arguments[1]);
    return 2;
  }
  bool right = show(std::uint8_t{255}, 127);
  right = show(std::uint8_t{255}, -128) && right;
  right = show(std::uint8_t{200}, 100) && right;
  right = show(std::uint8_t{127}, 127) && right;
  right = show(std::int8_t{127}, 127) && right;
  right = show(std::int8_t{127}, -128) && right;
  right = show(std::int8_t{-128}, -128) && right;
  right = show(std::int8_t{64}, 64) && right;
  return right ? 0 : 1;
}
