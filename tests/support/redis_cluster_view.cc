#include "tests/support/redis_cluster_view.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace paracle::support {
namespace {

constexpr size_t kFieldsBeforeSlots = 8;

// `0-5460` or `77`; `[77->-id]` is a slot on the move.
void AddSlots(absl::string_view field, std::vector<std::pair<int, int>>* slots) {
  const std::vector<std::string> ends = absl::StrSplit(field, '-');
  int first = 0, last = 0;
  if (!absl::SimpleAtoi(ends.front(), &first) || !absl::SimpleAtoi(ends.back(), &last)) return;
  slots->emplace_back(first, last);
}

bool IsFlag(absl::string_view flags, absl::string_view flag) {
  const std::vector<absl::string_view> all = absl::StrSplit(flags, ',');
  return std::find(all.begin(), all.end(), flag) != all.end();
}

bool IsWell(absl::string_view flags, absl::string_view link) {
  for (const char* bad : {"fail", "fail?", "handshake", "noaddr"}) {
    if (IsFlag(flags, bad)) return false;
  }
  return link == "connected" || IsFlag(flags, "myself");
}

}  // namespace

// id address flags primary ping pong epoch link slot...
std::vector<ClusterNodeView> ParseClusterNodes(const std::string& text) {
  std::vector<ClusterNodeView> view;
  for (const auto line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const std::vector<std::string> fields = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (fields.size() < kFieldsBeforeSlots) continue;
    ClusterNodeView node = {.id = fields[0],
                            .myself = IsFlag(fields[2], "myself"),
                            .primary = IsFlag(fields[2], "master"),
                            .well = IsWell(fields[2], fields[7]),
                            .follows = fields[3] == "-" ? "" : fields[3]};
    if (!absl::SimpleAtoi(fields[6], &node.epoch)) continue;
    for (size_t i = kFieldsBeforeSlots; i < fields.size(); ++i) AddSlots(fields[i], &node.slots);
    view.push_back(std::move(node));
  }
  return view;
}

std::string Agreement(const std::vector<ClusterNodeView>& view) {
  std::vector<std::string> lines;
  for (const ClusterNodeView& node : view) {
    if (!node.well) return "";
    std::string line = absl::StrCat(node.id, node.primary ? " primary" : " follows ", node.follows);
    for (const auto& [first, last] : node.slots) absl::StrAppend(&line, " ", first, "-", last);
    lines.push_back(std::move(line));
  }
  std::sort(lines.begin(), lines.end());
  return absl::StrJoin(lines, "\n");
}

}  // namespace paracle::support
