#include "cachecore/redis/cluster_scan.h"

#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cachecore/redis/slot.h"

namespace paracle::cachecore::redis {

std::optional<ScanPosition> ScanPositionOf(absl::string_view wire) {
  const std::optional<absl::string_view> cursor = ArgumentOf(wire, 1);
  if (ArgumentOf(wire, 0) != "SCAN" || !cursor) return std::nullopt;
  ScanPosition position;
  const size_t colon = cursor->find(':');
  if (colon == absl::string_view::npos) return position;
  if (!absl::SimpleAtoi(cursor->substr(0, colon), &position.primary)) return std::nullopt;
  position.cursor = std::string(cursor->substr(colon + 1));
  return position;
}

Command ScanOfOne(absl::string_view wire, const ScanPosition& position) {
  std::vector<absl::string_view> words = {"SCAN", position.cursor};
  for (int i = 2; const std::optional<absl::string_view> word = ArgumentOf(wire, i); ++i) words.push_back(*word);
  return Command(words);
}

Reply ScanOfAll(Reply reply, const ScanPosition& position, size_t primaries) {
  if (!reply.is_array() || reply.elements.empty() || !reply.elements.front().is_string()) return reply;
  std::string& cursor = reply.elements.front().text;
  if (cursor != "0") {
    cursor = absl::StrCat(position.primary, ":", cursor);
  } else if (position.primary + 1 < primaries) {
    cursor = absl::StrCat(position.primary + 1, ":0");
  }
  return reply;
}

}  // namespace paracle::cachecore::redis
