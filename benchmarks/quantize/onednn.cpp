// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// oneDNN's reorder from f32 to s8, with a scale and without a zero point, on one thread. Groups are rows.
// It multiplies by the reciprocal of the scale: numerics::onednn.
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>

#include "quantize/cases.hpp"

namespace {

// How many runs of neighbours, how long they are, and which of both dimensions scales belong to.
struct shape {
  dnnl::memory::dim rows, size;
  int mask;

  shape(const bench::layout& where, std::size_t n)
      : rows(where.what == bench::layout::shape::tensor
                 ? 1
                 : static_cast<std::int64_t>(n / where.size)),
        size(static_cast<std::int64_t>(n) / rows),
        mask(where.what == bench::layout::shape::tensor   ? 0
             : where.what == bench::layout::shape::column ? 2
                                                          : 1) {}
};

void quantize(benchmark::State& state, const bench::quantize_case& c, std::size_t n) {
  const char* threads = std::getenv("OMP_NUM_THREADS");
  if (threads == nullptr || std::string_view(threads) != "1") {
    return state.SkipWithError("oneDNN needs OMP_NUM_THREADS=1 to run on one thread as qmath does");
  }
  state.SetLabel("oneDNN " + std::to_string(dnnl_version()->major) + "." +
                 std::to_string(dnnl_version()->minor));
  const qmath::channel_params p = bench::channel_params<std::int8_t>(c.where, n);
  const shape s(c.where, n);
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  const auto array = [&](dnnl::memory::data_type type, const void* data) {
    const dnnl::memory::desc desc({s.rows, s.size}, type, dnnl::memory::format_tag::ab);
    return dnnl::memory(desc, engine, const_cast<void*>(data));
  };
  dnnl::memory x = array(dnnl::memory::data_type::f32, bench::float_input());
  dnnl::memory q = array(dnnl::memory::data_type::s8, bench::output<std::int8_t>());
  std::unordered_map<int, dnnl::memory> arguments = {{DNNL_ARG_FROM, x}, {DNNL_ARG_TO, q}};
  dnnl::primitive_attr attributes;
#if DNNL_VERSION_MAJOR >= 3
  attributes.set_scales_mask(DNNL_ARG_TO, s.mask);
  const dnnl::memory::desc scales({static_cast<dnnl::memory::dim>(p.scales.size())},
                                  dnnl::memory::data_type::f32, dnnl::memory::format_tag::a);
  arguments.emplace(DNNL_ARG_ATTR_SCALES | DNNL_ARG_TO,
                    dnnl::memory(scales, engine, const_cast<float*>(p.scales.data())));
#else
  std::vector<float> reciprocals;
  for (const float scale : p.scales) reciprocals.push_back(1.0f / scale);
  attributes.set_output_scales(s.mask, reciprocals);
#endif
  const dnnl::reorder reorder(dnnl::reorder::primitive_desc(x, q, attributes));
  bench::run(state, n, 5 * n, [&] {
    reorder.execute(stream, arguments);
    stream.wait();
  });
}

const bool registered = bench::at_start([] {
  for (const bench::quantize_case& c : bench::quantize_cases) {
    if (!c.is_default() || c.to.index() != bench::any_code(bench::s8).index()) continue;
    for (const std::size_t size : c.sizes()) {
      bench::add("quantize", c.name(), "onednn", std::to_string(size),
                 [=](benchmark::State& state) { quantize(state, c, c.where.elements(size)); });
    }
  }
});

}  // namespace
