#include "cachecore/redis/slot_map.h"

#include <optional>
#include <utility>

#include "cachecore/redis/slot.h"

namespace paracle::cachecore::redis {
namespace {

absl::Status NoSlots() { return absl::DataLossError("CLUSTER SLOTS was answered with something else"); }

// [host or nil, port, id, ...]. A node that does not know its own host says nothing, or "?".
std::optional<HostAndPort> ParseNode(const Reply& reply, absl::string_view asked) {
  if (!reply.is_array() || reply.elements.size() < 2 || !reply.elements[1].is_integer()) return std::nullopt;
  const int64_t port = reply.elements[1].integer;
  if (port < 1 || port > 65535) return std::nullopt;
  const std::string& host = reply.elements[0].text;
  return HostAndPort{.host = host.empty() || host == "?" ? std::string(asked) : host,
                     .port = static_cast<uint16_t>(port)};
}

// [first, last, primary, replica ...]
std::optional<SlotRange> ParseRange(const Reply& reply, absl::string_view asked) {
  if (!reply.is_array() || reply.elements.size() < 3) return std::nullopt;
  const int64_t first = reply.elements[0].integer;
  const int64_t last = reply.elements[1].integer;
  if (!reply.elements[0].is_integer() || !reply.elements[1].is_integer()) return std::nullopt;
  if (first < 0 || last < first || last >= kSlots) return std::nullopt;
  SlotRange range{.first = static_cast<int>(first), .last = static_cast<int>(last), .primary = {}, .replicas = {}};
  for (size_t i = 2; i < reply.elements.size(); ++i) {
    std::optional<HostAndPort> node = ParseNode(reply.elements[i], asked);
    if (!node) return std::nullopt;
    if (i == 2) {
      range.primary = *std::move(node);
    } else {
      range.replicas.push_back(*std::move(node));
    }
  }
  return range;
}

}  // namespace

absl::StatusOr<std::vector<SlotRange>> ParseSlots(const Reply& reply, absl::string_view asked) {
  if (reply.is_error()) return StatusOf(reply);
  if (!reply.is_array()) return NoSlots();
  std::vector<SlotRange> ranges;
  for (const Reply& element : reply.elements) {
    std::optional<SlotRange> range = ParseRange(element, asked);
    if (!range) return NoSlots();
    ranges.push_back(*std::move(range));
  }
  return ranges;
}

}  // namespace paracle::cachecore::redis
