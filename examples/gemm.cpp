// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Integer matrix products: the code of docs/gemm.md. Checks its own results.
#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <functional>
#include <mutex>
#include <qmath/qmath.hpp>
#include <qmath/thread_executor.hpp>
#include <thread>
#include <vector>

namespace {

/// A thread pool as many programs have one.
class thread_pool {
 public:
  explicit thread_pool(unsigned threads) {
    for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
  }
  ~thread_pool() {
    {
      const std::lock_guard lock(mutex_);
      ends_ = true;
    }
    wake_.notify_all();
    for (std::thread& t : threads_) t.join();
  }
  void submit(std::function<void()> job) {
    {
      const std::lock_guard lock(mutex_);
      jobs_.push_back(std::move(job));
    }
    wake_.notify_one();
  }

 private:
  void work() {
    for (std::unique_lock lock(mutex_);;) {
      wake_.wait(lock, [this] { return ends_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      const std::function<void()> job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  std::vector<std::thread> threads_;
  bool ends_ = false;
};

int failures = 0;
void check(bool right, const char* what) {
  std::printf("%s: %s\n", what, right ? "ok" : "WRONG");
  if (!right) ++failures;
}

template <class T>
std::vector<T> numbers(std::size_t n, unsigned step) {
  std::vector<T> v(n);
  for (std::size_t i = 0; i < n; ++i) v[i] = static_cast<T>(i * step % 251);
  return v;
}

void sums_and_files() {
  constexpr std::size_t m = 5, n = 20, k = 37;
  const auto a = numbers<std::uint8_t>(m * k, 7);
  const auto b = numbers<std::int8_t>(k * n, 3);
  std::vector<std::int32_t> c(m * n), want(m * n);

  // Once. Memory of yours, or qmath::packed_weights, which has its own.
  std::vector<std::byte> memory(qmath::packed_size(k, n));
  const qmath::packed_matrix packed = qmath::pack(qmath::matrix_view(b.data(), k, n), memory);

  // Every time. 128 is the zero point of A, that of B is 0.
  qmath::gemm(qmath::matrix_view(a.data(), m, k), {.a = 128}, packed,
              qmath::matrix_view(c.data(), m, n));

  qmath::reference::gemm(qmath::matrix_view(a.data(), m, k), {.a = 128},
                         qmath::matrix_view(b.data(), k, n), qmath::to_sums{},
                         qmath::matrix_view(want.data(), m, n));
  check(c == want, "sums");

  // Anywhere else, on any CPU: from a file that was mapped, say.
  const std::span<const std::byte> file = qmath::packed_bytes(packed);
  qmath::packed_matrix mapped;
  if (qmath::open_packed(file, mapped) != qmath::packed_status::ok) return check(false, "file");
  check(mapped.k == k && mapped.n == n, "file");
}

void epilogues() {
  constexpr std::size_t m = 5, n = 20, k = 37;
  const auto a = numbers<std::uint8_t>(m * k, 7);
  const auto w = numbers<std::int8_t>(n * k, 3);  // [out, in]
  const qmath::matrix_view a_view(a.data(), m, k);
  const auto packed = qmath::packed_weights::transposed(qmath::matrix_view(w.data(), n, k));
  const std::vector<float> w_scales(n, 0.01f);
  const std::vector<float> real_bias(n, 0.5f);
  const float a_scale = 0.05f, y_scale = 0.1f;
  const std::int32_t a_zero_point = 3, y_zero_point = -4;

  // The bias in units of the sums: int32, with the scales a_scale * w_scales[i].
  std::vector<float> sum_scales(n);
  for (std::size_t i = 0; i < n; ++i) sum_scales[i] = a_scale * w_scales[i];
  std::vector<std::int32_t> bias(n);
  qmath::quantize(real_bias, qmath::channel_params{sum_scales, {}, qmath::per_column(n)}, bias);

  // int8 out, ReLU: no code below that of 0.
  std::vector<float> multipliers(n);
  for (std::size_t i = 0; i < n; ++i) multipliers[i] = a_scale * w_scales[i] / y_scale;
  qmath::to_quantized relu{.multipliers = multipliers, .bias = bias, .zero_point = y_zero_point};
  relu.min = relu.zero_point;
  std::vector<std::int8_t> q(m * n);
  const qmath::matrix_view q_view(q.data(), m, n);
  qmath::gemm(a_view, {.a = a_zero_point}, packed, relu, q_view);
  check(*std::min_element(q.begin(), q.end()) >= y_zero_point, "int8 and ReLU");

  // The same by integers alone, as TFLite computes it.
  std::vector<qmath::fixed_point_multiplier> fixed(n);
  qmath::to_quantized integers =
      qmath::to_quantized::from(qmath::fixed_point::for_channels(
                                    qmath::fixed_point::tflite_double_rounding, a_scale, w_scales,
                                    y_scale, fixed, qmath::per_column(n), y_zero_point),
                                bias);
  integers.min = integers.zero_point;
  std::vector<std::int8_t> q_integers(m * n);
  qmath::gemm(a_view, {.a = a_zero_point}, packed, integers,
              qmath::matrix_view(q_integers.data(), m, n));
  check(q_integers[0] - q[0] <= 1 && q[0] - q_integers[0] <= 1, "fixed point");

  // float out, added to what is there.
  std::vector<float> y(m * n, 1.0f);
  const qmath::to_float residual{.a_scale = a_scale, .b_scales = w_scales, .accumulate = true};
  qmath::gemm(a_view, {.a = a_zero_point}, packed, residual, qmath::matrix_view(y.data(), m, n));

  // Anything else: your function gets parts of rows, each sum once.
  std::int32_t largest[m] = {};
  const auto look = [&](std::size_t row, std::size_t, std::span<const std::int32_t> sums) {
    for (const std::int32_t sum : sums) largest[row] = std::max(largest[row], sum);
  };
  qmath::gemm_with(a_view, {.a = a_zero_point}, packed, look);
  check(largest[0] > 0, "a function");

  // float in, float out: rows are quantized on the way, each with a scale of its own.
  const std::vector<float> x(m * k, 0.25f);
  std::vector<std::byte> scratch(qmath::dynamic_linear_scratch(m, k));
  qmath::dynamic_linear(qmath::matrix_view(x.data(), m, k), packed,
                        qmath::to_float{.b_scales = w_scales}, qmath::matrix_view(y.data(), m, n),
                        scratch);
}

// Scores of an attention layer: for every head queries times transposed keys. q: [tokens, heads, size],
// keys: [past, heads, size], scores: [heads, tokens, past].
void attention() {
  constexpr std::size_t heads = 6, tokens = 40, past = 300, size = 64;
  const auto q = numbers<std::int8_t>(tokens * heads * size, 5);
  const auto keys = numbers<std::int8_t>(past * heads * size, 11);
  const std::vector<float> k_scales(heads, 0.02f);
  std::vector<float> scores(heads * tokens * past), want;

  std::vector<qmath::packed_weights> packed(heads);
  std::vector<qmath::gemm_plan> plans(heads);
  for (std::size_t h = 0; h < heads; ++h) {
    const qmath::matrix_view q_h(&q[h * size], tokens, size, heads * size);
    const qmath::matrix_view keys_h(&keys[h * size], past, size, heads * size);
    packed[h] = qmath::packed_weights::transposed(keys_h);
    plans[h] = qmath::plan_gemm(q_h, {}, packed[h],
                                qmath::to_float{.a_scale = 0.1f, .b_scales = {&k_scales[h], 1}},
                                qmath::matrix_view(&scores[h * tokens * past], tokens, past));
  }
  const qmath::gemm_batch batch(plans);
  batch.run(0, batch.tasks());  // on this thread
  want = scores;

  const auto again = [&](const char* what, const auto& executor) {
    std::fill(scores.begin(), scores.end(), 0.0f);
    qmath::run(batch, executor);
    check(scores == want, what);
  };
  again("threads that start and end", qmath::thread_executor(3));

  thread_pool pool(3);
  const auto executor = [&pool](std::size_t parts, const auto& f) {
    std::mutex mutex;
    std::condition_variable done;
    std::size_t left = parts;
    for (std::size_t i = 0; i < parts; ++i) {
      pool.submit([&, i] {
        f(i);
        const std::lock_guard lock(mutex);
        if (--left == 0) done.notify_one();
      });
    }
    std::unique_lock lock(mutex);
    done.wait(lock, [&] { return left == 0; });
  };
  again("a thread pool", executor);

  std::fill(scores.begin(), scores.end(), 0.0f);
  // Without an executor: a fixed share for each of your threads.
  const auto part = [&](std::size_t thread, std::size_t threads) {
    const std::size_t first = batch.tasks() * thread / threads;
    const std::size_t last = batch.tasks() * (thread + 1) / threads;
    batch.run(first, last);
  };
  std::thread other(part, 0, 2);
  part(1, 2);
  other.join();
  check(scores == want, "fixed shares");
}

}  // namespace

int main() {
  sums_and_files();
  epilogues();
  attention();
  return failures == 0 ? 0 : 1;
}
