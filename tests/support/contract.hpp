// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Catches the messages of broken preconditions.
#ifndef QMATH_TESTS_SUPPORT_CONTRACT_HPP_
#define QMATH_TESTS_SUPPORT_CONTRACT_HPP_

#include <qmath/qmath.hpp>
#include <string>

namespace support {

/// While it lives, a broken precondition is a line in `messages` instead of the end of the program.
class contract_log {
 public:
  contract_log() {
    messages().clear();
    previous_ = qmath::set_contract_handler(&append);
  }
  ~contract_log() { qmath::set_contract_handler(previous_); }
  contract_log(const contract_log&) = delete;
  contract_log& operator=(const contract_log&) = delete;

  /// The messages since the last call, joined by newlines.
  std::string take() {
    std::string all;
    all.swap(messages());
    return all;
  }

 private:
  static std::string& messages() {
    static std::string all;
    return all;
  }
  static void append(const char* message) {
    if (!messages().empty()) messages() += '\n';
    messages() += message;
  }

  qmath::contract_handler previous_;
};

}  // namespace support

#endif  // QMATH_TESTS_SUPPORT_CONTRACT_HPP_
