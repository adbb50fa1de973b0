#include "cachecore/redis/redirect.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "cachecore/redis/slot.h"

namespace paracle::cachecore::redis {

std::optional<Redirect> ParseRedirect(const Reply& reply) {
  if (!reply.is_error()) return std::nullopt;
  const std::vector<absl::string_view> words = absl::StrSplit(reply.text, ' ');
  if (words.size() < 3 || (words[0] != "MOVED" && words[0] != "ASK")) return std::nullopt;
  Redirect redirect;
  redirect.ask = words[0] == "ASK";
  const size_t colon = words[2].rfind(':');
  int port = 0;
  if (colon == absl::string_view::npos || !absl::SimpleAtoi(words[1], &redirect.slot) ||
      !absl::SimpleAtoi(words[2].substr(colon + 1), &port)) {
    return std::nullopt;
  }
  if (redirect.slot < 0 || redirect.slot >= kSlots || port < 1 || port > 65535) return std::nullopt;
  redirect.host = std::string(words[2].substr(0, colon));
  redirect.port = static_cast<uint16_t>(port);
  return redirect;
}

}  // namespace paracle::cachecore::redis
