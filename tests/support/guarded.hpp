// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Arrays that end, or begin, exactly at a page that cannot be touched: one byte too far is a crash.
#ifndef QMATH_TESTS_SUPPORT_GUARDED_HPP_
#define QMATH_TESTS_SUPPORT_GUARDED_HPP_

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

namespace support {

enum class guard { behind, before };

/// n elements of T between two pages without access, at one end of the memory between them. What is left
/// of that memory is filled with a pattern; intact() tells whether it is still there.
template <class T>
class guarded {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  explicit guarded(std::size_t n, guard side = guard::behind) : size_(n) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    inner_bytes_ = (n * sizeof(T) + page - 1) / page * page;
    if (inner_bytes_ == 0) inner_bytes_ = page;
    mapped_bytes_ = inner_bytes_ + 2 * page;
    void* all = mmap(nullptr, mapped_bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED) std::abort();
    mapped_ = static_cast<std::byte*>(all);
    inner_ = mapped_ + page;
    if (mprotect(inner_, inner_bytes_, PROT_READ | PROT_WRITE) != 0) std::abort();
    std::memset(inner_, pattern, inner_bytes_);
    std::byte* first = side == guard::behind ? inner_ + inner_bytes_ - n * sizeof(T) : inner_;
    data_ = reinterpret_cast<T*>(first);
  }
  explicit guarded(const std::vector<T>& values, guard side = guard::behind)
      : guarded(values.size(), side) {
    if (!values.empty()) std::memcpy(data_, values.data(), values.size() * sizeof(T));
  }
  ~guarded() { munmap(mapped_, mapped_bytes_); }
  guarded(const guarded&) = delete;
  guarded& operator=(const guarded&) = delete;

  T* data() const { return data_; }
  std::size_t size() const { return size_; }
  std::span<T> span() const { return {data_, size_}; }
  T& operator[](std::size_t i) const { return data_[i]; }

  bool intact() const {
    const auto* first = reinterpret_cast<std::byte*>(data_);
    return is_pattern(inner_, first) &&
           is_pattern(first + size_ * sizeof(T), inner_ + inner_bytes_);
  }

 private:
  static constexpr unsigned char pattern = 0xA5;
  // Every byte is the one before it: memcmp, which is fast under emulation and without optimization too.
  static bool is_pattern(const std::byte* first, const std::byte* last) {
    if (first == last) return true;
    const auto n = static_cast<std::size_t>(last - first);
    return *first == std::byte{pattern} && std::memcmp(first, first + 1, n - 1) == 0;
  }
  std::byte* mapped_ = nullptr;
  std::byte* inner_ = nullptr;
  std::size_t mapped_bytes_ = 0;
  std::size_t inner_bytes_ = 0;
  T* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace support

#endif  // QMATH_TESTS_SUPPORT_GUARDED_HPP_
