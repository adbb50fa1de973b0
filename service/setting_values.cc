#include "service/setting_values.h"

#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace paracle::service {
namespace {

// Digits with at most one point. SimpleAtod alone would take "1e3", "inf" and "-1".
std::optional<double> ParseDecimal(absl::string_view text) {
  int points = 0;
  int digits = 0;
  for (char c : text) {
    if (c == '.') {
      ++points;
    } else if (absl::ascii_isdigit(c)) {
      ++digits;
    } else {
      return std::nullopt;
    }
  }
  double value;
  if (digits == 0 || points > 1 || !absl::SimpleAtod(text, &value)) return std::nullopt;
  return value;
}

size_t NumberLength(absl::string_view text) {
  const size_t end = text.find_first_not_of("0123456789.");
  return end == absl::string_view::npos ? text.size() : end;
}

std::optional<double> SizeUnit(absl::string_view unit) {
  static constexpr std::pair<absl::string_view, double> kUnits[] = {
      {"", 1},          {"b", 1},    {"kb", 1e3},      {"kib", 1024.0}, {"mb", 1e6},
      {"mib", 1 << 20}, {"gb", 1e9}, {"gib", 1 << 30}, {"tb", 1e12},    {"tib", 1099511627776.0},
  };
  for (const auto& [name, factor] : kUnits) {
    if (absl::EqualsIgnoreCase(unit, name)) return factor;
  }
  return std::nullopt;
}

}  // namespace

std::optional<int64_t> ParseCount(absl::string_view text) {
  int64_t value;
  if (text.empty() || NumberLength(text) != text.size() || !absl::SimpleAtoi(text, &value)) return std::nullopt;
  return value;
}

std::optional<int64_t> ParseSize(absl::string_view text) {
  if (const auto bytes = ParseCount(text)) return bytes;
  const size_t split = NumberLength(text);
  const auto number = ParseDecimal(text.substr(0, split));
  const absl::string_view unit = absl::StripLeadingAsciiWhitespace(text.substr(split));
  const auto factor = SizeUnit(unit);
  if (!number || !factor || unit.empty()) return std::nullopt;
  const double bytes = *number * *factor;
  if (bytes >= 9.2e18) return std::nullopt;
  return static_cast<int64_t>(bytes);
}

std::optional<absl::Duration> ParseDuration(absl::string_view text) {
  if (text.empty()) return std::nullopt;
  absl::Duration total;
  if (const auto seconds = ParseDecimal(text)) {
    total = absl::Seconds(*seconds);
  } else {
    // Days are ours; the rest is Abseil's, which would also take signs, "inf" and units of nanoseconds.
    const size_t day_end = NumberLength(text);
    if (day_end < text.size() && text[day_end] == 'd') {
      const auto days = ParseDecimal(text.substr(0, day_end));
      if (!days) return std::nullopt;
      total = *days * absl::Hours(24);
      text.remove_prefix(day_end + 1);
    }
    absl::Duration rest;
    if (!text.empty() && (!absl::ascii_isdigit(text[0]) || !absl::ParseDuration(text, &rest))) return std::nullopt;
    total += rest;
  }
  // google.protobuf.Duration ends at 10,000 years; a hundred are enough here and cannot overflow a sum.
  if (total > absl::Hours(24 * 36525)) return std::nullopt;
  return total;
}

std::optional<bool> ParseSwitch(absl::string_view text) {
  for (absl::string_view yes : {"true", "yes", "on", "1"}) {
    if (absl::EqualsIgnoreCase(text, yes)) return true;
  }
  for (absl::string_view no : {"false", "no", "off", "0"}) {
    if (absl::EqualsIgnoreCase(text, no)) return false;
  }
  return std::nullopt;
}

}  // namespace paracle::service
