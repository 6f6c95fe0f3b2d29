// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Weights in a file: packed once, written, mapped into memory and used in place, on any CPU.
//   weights_on_disk          writes weights.qmath, opens it, and checks a product
//   weights_on_disk FILE     opens FILE
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <qmath/qmath.hpp>
#include <span>
#include <vector>

namespace {

constexpr std::size_t rows = 4, in = 300, out = 50;

/// A file as memory that cannot be written. Empty if there is no such file; then errno says why.
class mapped_file {
 public:
  explicit mapped_file(const char* path) {
    const int file = open(path, O_RDONLY);
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0) return;
    const auto size = static_cast<std::size_t>(status.st_size);
    void* const p = mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0);
    if (p == MAP_FAILED) return;
    bytes_ = {static_cast<const std::byte*>(p), size};
    close(file);  // the mapping stays
  }
  mapped_file(const mapped_file&) = delete;
  mapped_file& operator=(const mapped_file&) = delete;
  ~mapped_file() {
    if (!bytes_.empty()) munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
  }
  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::span<const std::byte> bytes_;
};

std::vector<float> numbers(std::size_t n, float step) {
  std::vector<float> v(n);
  for (std::size_t i = 0; i < n; ++i) v[i] = std::sin(step * static_cast<float>(i));
  return v;
}

/// The file is the packed matrix, and behind it what belongs to it: here the scales, one per output.
bool write(const char* path) {
  const std::vector<float> w = numbers(out * in, 0.37f);
  std::vector<std::int8_t> q(w.size());
  std::vector<float> scales(out);
  qmath::dynamic_quantize(w, qmath::per_row(out, in), scales, {}, q, qmath::symmetric);
  const auto packed = qmath::packed_weights::transposed(qmath::matrix_view(q.data(), out, in));

  std::FILE* const file = std::fopen(path, "wb");
  if (file == nullptr) return false;
  const std::span<const std::byte> bytes = packed.bytes();
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size() &&
                       std::fwrite(scales.data(), sizeof(float), out, file) == out;
  return std::fclose(file) == 0 && written;
}

}  // namespace

int main(int argc, char** argv) {
  const char* const path = argc > 1 ? argv[1] : "weights.qmath";
  if (argc == 1 && !write(path)) return std::perror(path), 1;

  // A product reads the weights where the file is mapped; nothing is copied or unpacked.
  const mapped_file file(path);
  if (file.bytes().empty()) return std::perror(path), 1;
  qmath::packed_matrix weights;
  const qmath::packed_status status = qmath::open_packed(file.bytes(), weights);
  if (status != qmath::packed_status::ok) {
    std::fprintf(stderr, "%s: %s\n", path, qmath::name(status));
    return 1;
  }
  const std::span<const std::byte> rest = file.bytes().subspan(qmath::packed_bytes(weights).size());
  if (weights.k != in || weights.n != out || rest.size() != out * sizeof(float)) {
    std::fprintf(stderr, "%s: [%zu, %zu] and %zu bytes of scales, not [%zu, %zu] and %zu\n", path,
                 weights.k, weights.n, rest.size(), in, out, out * sizeof(float));
    return 1;
  }
  // The checksum is that of the packed matrix. What is behind it is yours to check: a scale that is not finite and
  // > 0 would be a broken precondition.
  std::vector<float> scales(out);
  std::memcpy(scales.data(), rest.data(), rest.size());
  for (const float s : scales) {
    if (!(std::isfinite(s) && s > 0.0f)) return std::fprintf(stderr, "%s: bad scale\n", path), 1;
  }

  const std::vector<float> x = numbers(rows * in, 0.11f), w = numbers(out * in, 0.37f);
  std::vector<float> y(rows * out);
  std::vector<std::byte> scratch(qmath::dynamic_linear_scratch(rows, in));
  qmath::dynamic_linear(qmath::matrix_view(x.data(), rows, in), weights,
                        qmath::to_float{.b_scales = scales},
                        qmath::matrix_view(y.data(), rows, out), scratch);

  // Against float.
  double worst = 0.0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    double sum = 0.0;
    for (std::size_t k = 0; k < in; ++k) {
      sum += double{x[i / out * in + k]} * double{w[i % out * in + k]};
    }
    worst = std::fmax(worst, std::fabs(sum - double{y[i]}));
  }
  std::printf("%zu bytes in %s, largest error %.3f: %s\n", file.bytes().size(), path, worst,
              worst < 0.5 ? "ok" : "WRONG");
  return worst < 0.5 ? 0 : 1;
}
