// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Reads the frozen vectors of tests/conformance/data; scripts/regenerate_vectors writes them and describes the
// format. A file that is not well-formed ends the program. Cases remember which fields were read, so that a
// test can tell what it has forgotten.
#ifndef QMATH_TESTS_SUPPORT_VECTORS_HPP_
#define QMATH_TESTS_SUPPORT_VECTORS_HPP_

#include <bit>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <qmath/qmath.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace support {

[[noreturn]] inline void bad_vectors(const std::string& where, std::string_view what) {
  std::fprintf(stderr, "%s: %.*s\n", where.c_str(), static_cast<int>(what.size()), what.data());
  std::abort();
}

/// One case of a file: fields by name.
class vector_case {
 public:
  std::string name;   ///< as in the file
  std::string where;  ///< file, number of the case and name, for messages

  bool has(const std::string& field) const { return fields_.count(field) != 0; }

  /// The values of a field: float, double, qmath::half or bfloat16, std::string, or integers, whose values
  /// must fit T.
  template <class T>
  std::vector<T> get(const std::string& field) const {
    const auto found = fields_.find(field);
    if (found == fields_.end()) bad_vectors(where, "no field " + field);
    found->second.read = true;
    if (found->second.type != type_name<T>()) bad_vectors(where, "the type of " + field);
    std::vector<T> values;
    for (const std::string& token : found->second.tokens) values.push_back(parse<T>(token));
    return values;
  }

  /// The value of a field that has one.
  template <class T>
  T one(const std::string& field) const {
    const std::vector<T> values = get<T>(field);
    if (values.size() != 1) bad_vectors(where, "not one value in " + field);
    return values[0];
  }
  std::string word(const std::string& field) const { return one<std::string>(field); }
  std::int32_t integer(const std::string& field) const { return one<std::int32_t>(field); }

  /// Counts a field as read: one that qmath has no counterpart of, for the reason given.
  void leave_out(const std::string& field, std::string_view /*reason*/) const {
    const auto found = fields_.find(field);
    if (found == fields_.end()) bad_vectors(where, "no field " + field);
    found->second.read = true;
  }
  /// The same for the whole case.
  void leave_out(std::string_view /*reason*/) const {
    for (const auto& field : fields_) field.second.read = true;
  }
  /// The fields that nobody has read or left out, separated by spaces.
  std::string forgotten() const {
    std::string names;
    for (const auto& [field, values] : fields_) {
      if (!values.read) names += (names.empty() ? "" : " ") + field;
    }
    return names;
  }

 private:
  friend std::vector<vector_case> read_vectors(const std::string& file);
  struct field_values {
    std::string type;
    std::vector<std::string> tokens;
    mutable bool read = false;
  };

  template <class T>
  static constexpr std::string_view type_name() {
    if constexpr (std::is_same_v<T, double>) return "f64";
    if constexpr (std::is_same_v<T, float>) return "f32";
    if constexpr (std::is_same_v<T, qmath::half>) return "f16";
    if constexpr (std::is_same_v<T, qmath::bfloat16>) return "bf16";
    if constexpr (std::is_same_v<T, std::string>) return "s";
    if constexpr (std::is_integral_v<T>) return "i";
  }

  template <class I>
  I number(const std::string& token, int base) const {
    I value{};
    const char* end = token.data() + token.size();
    const auto [stop, error] = std::from_chars(token.data(), end, value, base);
    if (error != std::errc{} || stop != end) bad_vectors(where, "not a number: " + token);
    return value;
  }

  template <class T>
  T parse(const std::string& token) const {
    if constexpr (std::is_same_v<T, std::string>) {
      return token;
    } else if constexpr (std::is_integral_v<T>) {
      const auto value = number<std::int64_t>(token, 10);
      if (static_cast<std::int64_t>(static_cast<T>(value)) != value) {
        bad_vectors(where, "too large: " + token);
      }
      return static_cast<T>(value);
    } else {
      if (token.size() != 2 * sizeof(T)) bad_vectors(where, "not the bits of a float: " + token);
      const auto bits = number<std::uint64_t>(token, 16);
      if constexpr (sizeof(T) == 8) return std::bit_cast<T>(bits);
      if constexpr (sizeof(T) == 4) return std::bit_cast<T>(static_cast<std::uint32_t>(bits));
      if constexpr (sizeof(T) == 2) return std::bit_cast<T>(static_cast<std::uint16_t>(bits));
    }
  }

  std::map<std::string, field_values> fields_;
};

/// All cases of a file of tests/conformance/data.
inline std::vector<vector_case> read_vectors(const std::string& file) {
  const std::string path = std::string(QMATH_TEST_DATA_DIR) + "/" + file;
  std::ifstream in(path);
  if (!in) bad_vectors(path, "cannot be read");
  std::vector<std::string> tokens;
  for (std::string line, token; std::getline(in, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    while (words >> token) tokens.push_back(token);
  }
  std::vector<vector_case> cases;
  std::size_t at = 0;
  const auto next = [&]() -> const std::string& {
    if (at == tokens.size()) bad_vectors(cases.back().where, "the file ends in a case");
    return tokens[at++];
  };
  while (at != tokens.size()) {
    vector_case& c = cases.emplace_back();
    c.where = file + ", case " + std::to_string(cases.size());
    if (next() != "case") bad_vectors(c.where, "does not begin with 'case'");
    c.name = next();
    c.where += ", " + c.name;
    for (std::string field = next(); field != "end"; field = next()) {
      vector_case::field_values v{next(), {}, false};
      const auto count = c.number<std::size_t>(next(), 10);
      if (count > tokens.size() - at) bad_vectors(c.where, "values are missing in " + field);
      v.tokens.assign(tokens.begin() + static_cast<std::ptrdiff_t>(at),
                      tokens.begin() + static_cast<std::ptrdiff_t>(at + count));
      at += count;
      if (!c.fields_.emplace(field, std::move(v)).second) bad_vectors(c.where, "twice: " + field);
    }
  }
  if (cases.empty()) bad_vectors(file, "has no cases");
  return cases;
}

}  // namespace support

#endif  // QMATH_TESTS_SUPPORT_VECTORS_HPP_
