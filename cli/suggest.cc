#include "cli/suggest.h"

#include <algorithm>

#include "absl/strings/match.h"

namespace paracle::cli {
namespace {

// Beyond this nobody mistyped a word of ours, and the cost is quadratic.
constexpr size_t kMaxTyped = 64;
constexpr size_t kMinPrefix = 3;

}  // namespace

size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    before_last.swap(last);
    last.swap(row);
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
  }
  return row[b.size()];
}

std::optional<std::string> Suggest(absl::string_view typed, const std::vector<std::string>& known) {
  if (typed.empty() || typed.size() > kMaxTyped) return std::nullopt;
  std::optional<std::string> nearest;
  size_t nearest_distance = 0;
  for (const std::string& word : known) {
    const size_t allowed = std::max<size_t>(1, std::max(typed.size(), word.size()) / 3);
    const bool is_start = typed.size() >= kMinPrefix && absl::StartsWith(word, absl::string_view(typed));
    const size_t distance = is_start ? 1 : EditDistance(typed, word);
    if (distance > allowed || (nearest && distance >= nearest_distance)) continue;
    nearest = word;
    nearest_distance = distance;
  }
  return nearest;
}

}  // namespace paracle::cli
