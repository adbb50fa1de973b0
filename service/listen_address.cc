#include "service/listen_address.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "service/setting_values.h"

namespace paracle::service {
namespace {

std::optional<ListenAddress> ParseUnix(absl::string_view path) {
  if (!absl::StartsWith(path, "/") || path.size() >= sizeof(sockaddr_un::sun_path)) return std::nullopt;
  return ListenAddress{.host = "", .port = 0, .unix_path = std::string(path)};
}

}  // namespace

std::optional<ListenAddress> ListenAddress::Parse(absl::string_view text) {
  if (absl::ConsumePrefix(&text, "unix:")) return ParseUnix(text);
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos || colon == 0) return std::nullopt;
  const auto port = ParseCount(text.substr(colon + 1));
  absl::string_view host = text.substr(0, colon);
  const bool bracketed = absl::ConsumePrefix(&host, "[") && absl::ConsumeSuffix(&host, "]");
  // A colon in the host means IPv6, which needs brackets to tell its port apart.
  if (!port || *port > 65535 || host.empty() || absl::StrContains(host, '/')) return std::nullopt;
  if (absl::StrContains(host, ':') != bracketed) return std::nullopt;
  return ListenAddress{.host = std::string(host), .port = static_cast<int>(*port), .unix_path = ""};
}

bool ListenAddress::IsLoopback() const {
  if (is_unix() || host == "localhost") return true;
  in_addr v4;
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6;
  return inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

std::string ListenAddress::ToString(int bound_port) const {
  if (is_unix()) return absl::StrCat("unix:", unix_path);
  const bool v6 = absl::StrContains(host, ':');
  return absl::StrCat(v6 ? "[" : "", host, v6 ? "]" : "", ":", bound_port);
}

}  // namespace paracle::service
