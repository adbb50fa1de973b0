#include "service/limits/limit_rules.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "service/setting_values.h"
#include "service/validation.h"

namespace paracle::service {
namespace {

constexpr absl::string_view kEveryone = "*";
constexpr absl::string_view kWant =
    "want rps=NUMBER, in_flight=NUMBER, bytes=SIZE (a second) or memory=PERCENT%, or none";
// Beyond, a token would last less than a nanosecond.
constexpr int64_t kMostRequests = 100'000'000;
constexpr int64_t kMostBytes = int64_t{1} << 40;

absl::Status Bad(absl::string_view part, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat("in \"", part, "\": ", problem));
}

bool SetNumber(const std::optional<int64_t>& value, int64_t most, int64_t* out) {
  if (!value || *value < 1 || *value > most) return false;
  *out = *value;
  return true;
}

bool SetShare(absl::string_view text, double* out) {
  double percent;
  if (!absl::ConsumeSuffix(&text, "%") || text.find_first_not_of("0123456789.") != absl::string_view::npos)
    return false;
  if (!absl::SimpleAtod(text, &percent) || !(percent > 0 && percent <= 100)) return false;
  *out = percent / 100;
  return true;
}

bool SetField(absl::string_view name, absl::string_view value, LimitRule* rule) {
  const bool none = value == "none";
  if (name == "rps") {
    return none ? (rule->requests_per_second = 0, true)
                : SetNumber(ParseCount(value), kMostRequests, &rule->requests_per_second);
  }
  if (name == "in_flight")
    return none ? (rule->in_flight = 0, true) : SetNumber(ParseCount(value), 1'000'000, &rule->in_flight);
  if (name == "bytes") {
    return none ? (rule->bytes_per_second = 0, true) : SetNumber(ParseSize(value), kMostBytes, &rule->bytes_per_second);
  }
  if (name == "memory") return none ? (rule->memory_share = 0, true) : SetShare(value, &rule->memory_share);
  return false;
}

absl::Status SetFields(absl::string_view entry, absl::string_view fields, LimitRule* rule) {
  for (absl::string_view field : absl::StrSplit(fields, ',')) {
    field = absl::StripAsciiWhitespace(field);
    const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(field, absl::MaxSplits('=', 1));
    if (!SetField(parts.first, parts.second, rule))
      return Bad(entry, absl::StrCat("\"", field, "\" is no limit; ", kWant));
  }
  return absl::OkStatus();
}

// The namespace of an entry and its fields.
struct Entry {
  absl::string_view text, ns, fields;
};

// Namespaces may have colons themselves; limits have none.
absl::StatusOr<Entry> SplitEntry(absl::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos || colon == 0) {
    return Bad(text, "no namespace; want NAMESPACE:LIMIT,LIMIT or *:LIMIT,LIMIT");
  }
  const Entry entry{text, text.substr(0, colon), text.substr(colon + 1)};
  if (entry.ns == kEveryone) return entry;
  if (const auto ns = ResolveNamespace(entry.ns, "the namespace"); !ns.ok()) return Bad(text, ns.status().message());
  return entry;
}

}  // namespace

absl::StatusOr<LimitRules> LimitRules::Parse(absl::string_view text) {
  LimitRules rules;
  std::vector<Entry> entries;
  for (absl::string_view part : absl::StrSplit(text, ';', absl::SkipWhitespace())) {
    const absl::StatusOr<Entry> entry = SplitEntry(absl::StripAsciiWhitespace(part));
    if (!entry.ok()) return entry.status();
    entries.push_back(*entry);
  }
  bool everyone = false;
  for (const Entry& entry : entries) {
    if (entry.ns != kEveryone) continue;
    if (std::exchange(everyone, true)) return Bad(entry.text, "\"*\" is there twice");
    if (absl::Status status = SetFields(entry.text, entry.fields, &rules.others); !status.ok()) return status;
  }
  for (const Entry& entry : entries) {
    if (entry.ns == kEveryone) continue;
    const auto [it, inserted] = rules.named.emplace(std::string(entry.ns), rules.others);
    if (!inserted) return Bad(entry.text, "the namespace is there twice");
    if (absl::Status status = SetFields(entry.text, entry.fields, &it->second); !status.ok()) return status;
  }
  if (rules.named.size() <= kMaxNamed) return rules;
  return absl::InvalidArgumentError(
      absl::StrCat("names ", rules.named.size(), " namespaces; at most ", kMaxNamed, " are accepted"));
}

const LimitRule& LimitRules::Of(absl::string_view ns) const {
  const auto it = named.find(ns);
  return it == named.end() ? others : it->second;
}

bool LimitRules::limit_calls() const {
  return others.limits_calls() ||
         std::any_of(named.begin(), named.end(), [](const auto& rule) { return rule.second.limits_calls(); });
}

bool LimitRules::limit_memory() const {
  return others.memory_share > 0 ||
         std::any_of(named.begin(), named.end(), [](const auto& rule) { return rule.second.memory_share > 0; });
}

}  // namespace paracle::service
