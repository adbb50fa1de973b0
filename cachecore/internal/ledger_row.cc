#include "cachecore/internal/ledger_row.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace paracle::cachecore::internal {
namespace {

constexpr int64_t kMost = int64_t{1} << 53;

int64_t MicrosOf(double dollars) {
  return static_cast<int64_t>(std::llround(std::clamp(dollars * 1e6, 0.0, static_cast<double>(kMost))));
}

int64_t MicrosOf(absl::Duration time) { return std::clamp<int64_t>(absl::ToInt64Microseconds(time), 0, kMost); }

// nullopt: not the name of a row.
std::optional<LedgerRowSnapshot> ParseRowName(absl::string_view name) {
  LedgerRowSnapshot row;
  row.overflow = name == kOverflowRow;
  if (row.overflow) return row;
  const size_t colon = name.find(':');
  size_t size = 0;
  if (colon == absl::string_view::npos || !absl::SimpleAtoi(name.substr(0, colon), &size)) return std::nullopt;
  name.remove_prefix(colon + 1);
  if (size > name.size()) return std::nullopt;
  row.ns = std::string(name.substr(0, size));
  row.model = std::string(name.substr(size));
  return row;
}

}  // namespace

RowCounts ToRowCounts(const LedgerCounts& c) {
  return {c.hits,
          c.misses,
          c.sets,
          c.evictions,
          c.expirations,
          c.invalidations,
          c.cached_tokens,
          c.uncached_tokens,
          MicrosOf(c.saved_cost_usd),
          MicrosOf(c.saved_time),
          MicrosOf(c.cached_time),
          MicrosOf(c.uncached_time),
          c.timed_sets};
}

LedgerCounts ToLedgerCounts(const RowCounts& c) {
  return {.hits = c[0],
          .misses = c[1],
          .sets = c[2],
          .evictions = c[3],
          .expirations = c[4],
          .invalidations = c[5],
          .cached_tokens = c[6],
          .uncached_tokens = c[7],
          .saved_cost_usd = static_cast<double>(c[8]) / 1e6,
          .saved_time = absl::Microseconds(c[9]),
          .cached_time = absl::Microseconds(c[10]),
          .uncached_time = absl::Microseconds(c[11]),
          .timed_sets = c[12]};
}

bool IsZero(const RowCounts& counts) { return counts == RowCounts{}; }

RowCounts Sum(const RowCounts& a, const RowCounts& b) {
  RowCounts sum;
  std::transform(a.begin(), a.end(), b.begin(), sum.begin(),
                 [](int64_t x, int64_t y) { return std::min(std::min(x, kMost) + std::min(y, kMost), kMost); });
  return sum;
}

RowCounts Difference(const RowCounts& a, const RowCounts& b) {
  RowCounts difference;
  std::transform(a.begin(), a.end(), b.begin(), difference.begin(),
                 [](int64_t x, int64_t y) { return std::max<int64_t>(0, x - y); });
  return difference;
}

std::string RowText(const RowCounts& counts) { return absl::StrJoin(counts, " "); }

RowCounts ParseRowText(absl::string_view text) {
  RowCounts counts{};
  auto next = counts.begin();
  for (absl::string_view word : absl::StrSplit(text, ' ')) {
    if (next == counts.end()) break;
    int64_t value = 0;
    *next++ = absl::SimpleAtoi(word, &value) ? std::clamp<int64_t>(value, 0, kMost) : 0;
  }
  return counts;
}

std::string RowPrefix(absl::string_view ns) { return absl::StrCat(ns.size(), ":", ns); }

std::string RowName(const LedgerRowSnapshot& row) {
  return row.overflow ? std::string(kOverflowRow) : absl::StrCat(RowPrefix(row.ns), row.model);
}

size_t RowPrefixSize(absl::string_view row) {
  size_t ns_size = 0;
  const size_t colon = row.find(':');
  if (colon == absl::string_view::npos || !absl::SimpleAtoi(row.substr(0, colon), &ns_size)) return 0;
  return colon + 1 + ns_size;
}

bool IsRowOf(absl::string_view ns, absl::string_view name) {
  return ns.empty() || absl::StartsWith(name, RowPrefix(ns));
}

RowMap ToRowMap(const LedgerSnapshot& snapshot) {
  RowMap rows;
  for (const LedgerRowSnapshot& row : snapshot.rows) rows.emplace(RowName(row), ToRowCounts(row.counts));
  return rows;
}

void FillSnapshot(const RowMap& rows, absl::string_view ns, LedgerSnapshot& snapshot) {
  RowCounts total{};
  for (const auto& [name, counts] : rows) {
    std::optional<LedgerRowSnapshot> row = ParseRowName(name);
    if (!row.has_value() || IsZero(counts) || !IsRowOf(ns, name)) continue;
    total = Sum(total, counts);
    row->counts = ToLedgerCounts(counts);
    snapshot.rows.push_back(*std::move(row));
  }
  snapshot.total = ToLedgerCounts(total);
  std::sort(snapshot.rows.begin(), snapshot.rows.end(), [](const auto& a, const auto& b) {
    return std::tie(a.overflow, a.ns, a.model) < std::tie(b.overflow, b.ns, b.model);
  });
}

}  // namespace paracle::cachecore::internal
