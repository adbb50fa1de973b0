// The counters of a ledger row as whole numbers, and the texts in which they travel to the shared ledger.
//
// Whole numbers, because sums of many replicas must not drift: money in millionths of a dollar, times in microseconds,
// each up to 2^53 (9.0e9 dollars; 285 years), which is what Lua counts exactly. What is rounded is the sum of a
// replica's life, not each call.
#ifndef PARACLE_CACHECORE_INTERNAL_LEDGER_ROW_H_
#define PARACLE_CACHECORE_INTERNAL_LEDGER_ROW_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "cachecore/stats_ledger.h"

namespace paracle::cachecore::internal {

// In the order of LedgerCounts. A later version may append counters; sums of those that are not known are kept.
using RowCounts = std::array<int64_t, 13>;

// By name: see RowName.
using RowMap = std::map<std::string, RowCounts, std::less<>>;

RowCounts ToRowCounts(const LedgerCounts& counts);
LedgerCounts ToLedgerCounts(const RowCounts& counts);
bool IsZero(const RowCounts& counts);

// Saturating; differences are never negative.
RowCounts Sum(const RowCounts& a, const RowCounts& b);
RowCounts Difference(const RowCounts& a, const RowCounts& b);

// Numbers between spaces. Whatever is no number reads as 0.
std::string RowText(const RowCounts& counts);
RowCounts ParseRowText(absl::string_view text);

// "<bytes of namespace>:<namespace><model>", so that no two rows share a name; the row of what is beyond the limit is
// kOverflowRow.
inline constexpr absl::string_view kOverflowRow = "overflow";
std::string RowPrefix(absl::string_view ns);
std::string RowName(const LedgerRowSnapshot& row);

// How much of a row's name is the prefix of its namespace; 0: it has none.
size_t RowPrefixSize(absl::string_view row);

// Whether it is a row of `ns`; empty: of any.
bool IsRowOf(absl::string_view ns, absl::string_view name);

RowMap ToRowMap(const LedgerSnapshot& snapshot);

// What users are shown: rows in order, the overflow row last, none that is all zero. Leaves the times alone.
void FillSnapshot(const RowMap& rows, absl::string_view ns, LedgerSnapshot& snapshot);

}  // namespace paracle::cachecore::internal

#endif  // PARACLE_CACHECORE_INTERNAL_LEDGER_ROW_H_
