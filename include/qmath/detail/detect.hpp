// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// CPU detection: the set of targets that this CPU and its operating system support.
//
// Highway's own detection is in its compiled library, and knows nothing of our variants. The features
// required of each of its targets are those with which Highway compiles it (hwy/ops/set_macros-inl.h,
// hwy/targets.cc of release 1.2). On systems without a branch below, the compiler's baseline runs.
#ifndef QMATH_DETAIL_DETECT_HPP_
#define QMATH_DETAIL_DETECT_HPP_

#include <cstdint>

#include "qmath/detail/targets.hpp"

#if QMATH_MODE == QMATH_MODE_STATIC
// One target: nothing to detect.
#elif defined(__x86_64__) || defined(__i386__) || defined(_M_X64) || defined(_M_IX86)
#define QMATH_DETECT_X86
#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#elif defined(__aarch64__) && defined(__linux__)
#define QMATH_DETECT_AARCH64_LINUX
#include <sys/auxv.h>
#endif

QMATH_BEGIN_NAMESPACE
namespace impl {
using detail::mask_of;
using detail::target;
using detail::target_mask;

#if defined(QMATH_DETECT_X86)

struct cpuid_registers {
  std::uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
};

inline cpuid_registers cpuid(std::uint32_t leaf, std::uint32_t subleaf) noexcept {
  cpuid_registers r;
#if defined(_MSC_VER) && !defined(__clang__)
  int max[4], out[4];
  __cpuid(max, static_cast<int>(leaf & 0x80000000u));
  if (static_cast<std::uint32_t>(max[0]) < leaf) return r;
  __cpuidex(out, static_cast<int>(leaf), static_cast<int>(subleaf));
  r = {static_cast<std::uint32_t>(out[0]), static_cast<std::uint32_t>(out[1]),
       static_cast<std::uint32_t>(out[2]), static_cast<std::uint32_t>(out[3])};
#else
  __get_cpuid_count(leaf, subleaf, &r.eax, &r.ebx, &r.ecx, &r.edx);
#endif
  return r;
}

// The register state that the operating system saves: bits 1-2 SSE and AVX, 5-7 AVX-512.
inline std::uint64_t xgetbv0() noexcept {
#if defined(_MSC_VER) && !defined(__clang__)
  return _xgetbv(0);
#else
  std::uint32_t lo, hi;
  __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
  return (static_cast<std::uint64_t>(hi) << 32) | lo;
#endif
}

inline target_mask detect_targets() noexcept {
  const cpuid_registers vendor = cpuid(0, 0);
  const cpuid_registers basic = cpuid(1, 0);
  const cpuid_registers extended = cpuid(7, 0);
  const cpuid_registers extended1 = cpuid(7, 1);
  const cpuid_registers amd = cpuid(0x80000001u, 0);
  const auto all = [](std::uint32_t reg, auto... bits) {
    const std::uint32_t mask = ((std::uint32_t{1} << bits) | ...);
    return (reg & mask) == mask;
  };

  target_mask t = 0;
  if (!all(basic.edx, 25, 26)) return t;  // SSE, SSE2
  t |= mask_of(target::sse2);
  if (!all(basic.ecx, 0, 9)) return t;  // SSE3, SSSE3
  t |= mask_of(target::ssse3);
  if (!all(basic.ecx, 1, 19, 20, 25)) return t;  // PCLMUL, SSE4.1, SSE4.2, AES
  t |= mask_of(target::sse4);

  if (!all(basic.ecx, 27)) return t;  // OSXSAVE
  const std::uint64_t saved = xgetbv0();
  // AVX, FMA, F16C; AVX2, BMI1, BMI2; LZCNT
  if ((saved & 0x6) != 0x6 || !all(basic.ecx, 12, 28, 29) || !all(extended.ebx, 3, 5, 8) ||
      !all(amd.ecx, 5)) {
    return t;
  }
  t |= mask_of(target::avx2);
  if (all(extended1.eax, 4)) t |= mask_of(target::avx2_vnni);  // AVX-VNNI

  // AVX-512 F, DQ, CD, BW, VL
  if ((saved & 0xE6) != 0xE6 || !all(extended.ebx, 16, 17, 28, 30, 31)) return t;
  t |= mask_of(target::avx3);
  if (!all(extended.ecx, 11)) return t;  // VNNI
  t |= mask_of(target::avx3_vnni);
  // VBMI, VBMI2, GFNI, VAES, VPCLMULQDQ, BITALG, VPOPCNTDQ; IFMA, for which Highway does not ask
  if (!all(extended.ecx, 1, 6, 8, 9, 10, 12, 14) || !all(extended.ebx, 21)) return t;
  t |= mask_of(target::avx3_dl);
  if (!all(extended1.eax, 5)) return t;                                        // BF16
  const bool is_amd = vendor.ebx == 0x68747541u && vendor.ecx == 0x444D4163u;  // "Auth" "cAMD"
  if (is_amd) t |= mask_of(target::avx3_zen4);
  if (all(extended.edx, 23)) t |= mask_of(target::avx3_spr);  // FP16
  if (all(extended1.edx, 19)) {                               // AVX10
    const cpuid_registers avx10 = cpuid(0x24, 0);
    if ((avx10.ebx & 0xFF) >= 2 && all(avx10.ebx, 18)) t |= mask_of(target::avx10_2);
  }
  return t;
}

#elif defined(QMATH_DETECT_AARCH64_LINUX)

// Vector length in bytes; only on CPUs with SVE.
inline std::uint64_t sve_bytes() noexcept {
  std::uint64_t bytes;
  __asm__(".inst 0x0420e3e0\n\tmov %0, x0" : "=r"(bytes) : : "x0");  // cntb x0
  return bytes;
}

inline target_mask detect_targets() noexcept {
  // Bits of the Linux kernel's arch/arm64/include/uapi/asm/hwcap.h.
  const std::uint64_t cap = getauxval(16), cap2 = getauxval(26);  // AT_HWCAP, AT_HWCAP2
  const auto has = [](std::uint64_t caps, int bit) { return ((caps >> bit) & 1) != 0; };
  const bool aes = has(cap, 3), fp16 = has(cap, 10), dotprod = has(cap, 20), sve = has(cap, 22);
  const bool sve2 = has(cap2, 1), sve_aes = has(cap2, 2), bf16 = has(cap2, 14);
  const bool i8mm = has(cap2, 13), sve_i8mm = has(cap2, 9);

  target_mask t = mask_of(target::neon_without_aes);
  if (aes) t |= mask_of(target::neon);
  if (dotprod) t |= mask_of(target::neon_dotprod);
  if (dotprod && i8mm) t |= mask_of(target::neon_i8mm);
  if (aes && fp16 && dotprod && bf16) t |= mask_of(target::neon_bf16);
  if (sve) {
    const std::uint64_t bytes = sve_bytes();
    t |= mask_of(target::sve);
    if (sve_i8mm) t |= mask_of(target::sve_i8mm);
    if (bytes == 32) t |= mask_of(target::sve_256);
    if (sve2 && sve_aes) {
      t |= mask_of(target::sve2);
      if (sve_i8mm) t |= mask_of(target::sve2_i8mm);
      if (bytes == 16) t |= mask_of(target::sve2_128);
    }
  }
  return t;
}

#else

inline target_mask detect_targets() noexcept { return 0; }

#endif

}  // namespace impl
QMATH_END_NAMESPACE

#undef QMATH_DETECT_X86
#undef QMATH_DETECT_AARCH64_LINUX

#endif  // QMATH_DETAIL_DETECT_HPP_
