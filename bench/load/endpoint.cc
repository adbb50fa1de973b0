#include "bench/load/endpoint.h"

#include <sys/un.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace paracle::load {
namespace {

bool Consume(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool IsPort(std::string_view text) {
  int port = 0;
  return !text.empty() && text.front() >= '0' && text.front() <= '9' &&
         absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &port) && port >= 1 && port <= 65535;
}

}  // namespace

std::string Endpoint::Authority() const {
  if (!unix_path.empty()) return "localhost";
  return host.find(':') == host.npos ? absl::StrCat(host, ":", port) : absl::StrCat("[", host, "]:", port);
}

absl::StatusOr<Endpoint> ParseEndpoint(std::string_view text) {
  const absl::Status refused = absl::InvalidArgumentError(absl::StrCat(
      "endpoint '", std::string(text), "': expected HOST:PORT, dns:///HOST:PORT or unix:/path (under 108 bytes)"));
  Endpoint endpoint;
  if (Consume(text, "unix:")) {
    if (text.starts_with("///")) text.remove_prefix(2);
    if (text.empty() || text.size() >= sizeof(sockaddr_un::sun_path)) return refused;
    endpoint.unix_path = text;
    return endpoint;
  }
  if (Consume(text, "dns:")) Consume(text, "///");
  const size_t colon = text.rfind(':');
  if (colon == text.npos || !IsPort(text.substr(colon + 1))) return refused;
  endpoint.port = text.substr(colon + 1);
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (host.empty() || host.find_first_of("/[] ") != host.npos) return refused;
  if (!bracketed && host.find(':') != host.npos) return refused;
  endpoint.host = host;
  return endpoint;
}

}  // namespace paracle::load
