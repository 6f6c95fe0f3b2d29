// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// oneDNN's matmul on one thread, with the weights in the layout that it asks for, reordered beforehand.
//
// Its instruction set is the best of the machine, and fixed at the first use of the library in a process. A fair
// comparison with one of qmath's targets needs a run of its own:
//
//     DNNL_MAX_CPU_ISA=AVX2 scripts/bench gemm --targets AVX2
//     DNNL_MAX_CPU_ISA=AVX512_CORE scripts/bench gemm --targets AVX3         (no VNNI)
//     DNNL_MAX_CPU_ISA=AVX512_CORE_VNNI scripts/bench gemm --targets AVX3_VNNI
//
// The label is the implementation that it chose, and how many of the int32 sums are wrong: without VNNI its partial
// sums of 16 bits saturate.
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>

#include "gemm/check.hpp"

namespace {

using data_type = dnnl::memory::data_type;

class contender {
 public:
  contender(const bench::product& p, const bench::shape& s)
      : p_(p),
        s_(s),
        m_(static_cast<dnnl::memory::dim>(s.m)),
        n_(static_cast<dnnl::memory::dim>(s.n)),
        k_(static_cast<dnnl::memory::dim>(s.k)),
        a_type_(p.a_is_signed ? data_type::s8 : data_type::u8),
        multipliers_(s.n, bench::multiplier),
        bias_(s.n, bench::bias) {}

  void run(benchmark::State& state) {
    bench::with_a(p_, s_, [&](auto a, std::int32_t a_zero_point) {
      const bool to_codes = p_.output == bench::product::to_q8;
      void* const c = bench::output<char>();
      bind(DNNL_ARG_SRC, plain({m_, k_}, a_type_), const_cast<void*>(voided(a.data)));
      const auto c_desc = plain({m_, n_}, to_codes ? a_type_ : data_type::s32);
      bind(DNNL_ARG_DST, c_desc, c);
      dnnl::primitive_attr attributes;
      set_zero_point(attributes, DNNL_ARG_SRC, a_zero_point);
      if (to_codes) {
        set_zero_point(attributes, DNNL_ARG_DST, bench::zero_point);
        set_multipliers(attributes);
      }
      const auto pd = describe(attributes, c_desc, to_codes);
      dnnl::memory packed(pd.weights_desc(), engine_);
      dnnl::memory b(plain({k_, n_}, data_type::s8), engine_,
                     const_cast<void*>(voided(bench::b_of(s_).data)));
      dnnl::reorder(b, packed).execute(stream_, b, packed);
      arguments_.emplace(DNNL_ARG_WEIGHTS, packed);
      const dnnl::matmul matmul(pd);
      bench::run(state, s_.operations(), s_.bytes(to_codes ? 1 : 4), [&] {
        matmul.execute(stream_, arguments_);
        stream_.wait();
      });
      std::string label = "oneDNN " + std::to_string(dnnl_version()->major) + "." +
                          std::to_string(dnnl_version()->minor) + " " + pd.impl_info_str();
      if (!to_codes) {
        const std::vector<std::int32_t> want = bench::expected_sums(p_, s_);
        label += ", " + bench::differing(want, static_cast<const std::int32_t*>(c)) + " sums wrong";
      }
      state.SetLabel(label);
    });
  }

 private:
  static const void* voided(const void* p) { return p; }
  static dnnl::memory::desc plain(const dnnl::memory::dims& dims, data_type type) {
    return {dims, type,
            dims.size() == 1 ? dnnl::memory::format_tag::a : dnnl::memory::format_tag::ab};
  }
  void bind(int argument, const dnnl::memory::desc& desc, void* data) {
    arguments_.emplace(argument, dnnl::memory(desc, engine_, data));
  }

  // Version 3 takes zero points and scales when it runs, and adds a bias of real numbers after scaling.
#if DNNL_VERSION_MAJOR >= 3
  void set_zero_point(dnnl::primitive_attr& attributes, int argument, std::int32_t value) {
    attributes.set_zero_points_mask(argument, 0);
    std::int32_t& kept = zero_points_[argument == DNNL_ARG_DST];
    kept = value;
    bind(DNNL_ARG_ATTR_ZERO_POINTS | argument, plain({1}, data_type::s32), &kept);
  }
  void set_multipliers(dnnl::primitive_attr& attributes) {
    attributes.set_scales_mask(DNNL_ARG_WEIGHTS, 2);
    bind(DNNL_ARG_ATTR_SCALES | DNNL_ARG_WEIGHTS, plain({n_}, data_type::f32), multipliers_.data());
    bind(DNNL_ARG_BIAS, plain({1, n_}, data_type::f32), multipliers_.data());
  }
  dnnl::matmul::primitive_desc describe(const dnnl::primitive_attr& attributes,
                                        const dnnl::memory::desc& c, bool has_bias) {
    const auto a = plain({m_, k_}, a_type_);
    const dnnl::memory::desc b({k_, n_}, data_type::s8, dnnl::memory::format_tag::any);
    if (!has_bias) return {engine_, a, b, c, attributes};
    return {engine_, a, b, plain({1, n_}, data_type::f32), c, attributes};
  }
#else
  void set_zero_point(dnnl::primitive_attr& attributes, int argument, std::int32_t value) {
    attributes.set_zero_points(argument, 0, {value});
  }
  void set_multipliers(dnnl::primitive_attr& attributes) {
    attributes.set_output_scales(2, multipliers_);
    bind(DNNL_ARG_BIAS, plain({1, n_}, data_type::s32), bias_.data());
  }
  dnnl::matmul::primitive_desc describe(const dnnl::primitive_attr& attributes,
                                        const dnnl::memory::desc& c, bool has_bias) {
    const auto a = plain({m_, k_}, a_type_);
    const dnnl::memory::desc b({k_, n_}, data_type::s8, dnnl::memory::format_tag::any);
    if (!has_bias) return {dnnl::matmul::desc(a, b, c), attributes, engine_};
    return {dnnl::matmul::desc(a, b, plain({1, n_}, data_type::s32), c), attributes, engine_};
  }
#endif

  bench::product p_;
  bench::shape s_;
  dnnl::memory::dim m_, n_, k_;
  data_type a_type_;
  std::vector<float> multipliers_;
  std::vector<std::int32_t> bias_;
  [[maybe_unused]] std::int32_t zero_points_[2] = {};
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  std::unordered_map<int, dnnl::memory> arguments_;
};

void multiply(benchmark::State& state, const bench::product& p, const bench::shape& s) {
  const char* threads = std::getenv("OMP_NUM_THREADS");
  if (threads == nullptr || std::string_view(threads) != "1") {
    return state.SkipWithError("oneDNN needs OMP_NUM_THREADS=1 to run on one thread as qmath does");
  }
  contender(p, s).run(state);
}

const bool registered = bench::at_start([] {
  for (const bench::product& p : bench::products) {
    if (p.output == bench::product::to_f32) continue;
    for (const bench::shape& s : bench::shapes) {
      bench::add("gemm", p.name, "onednn", s.name(),
                 [=](benchmark::State& state) { multiply(state, p, s); });
    }
  }
});

}  // namespace
