#include "cachecore/redis/url.h"

#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace paracle::cachecore::redis {
namespace {

constexpr size_t kLongestSocketPath = 107;  // sockaddr_un, less the final zero.

// The text may hold a password, so no message repeats any of it.
absl::Status Refuse(absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat(what,
                   "; accepted are redis://[[user]:password@]host[:port][/db], rediss://... (TLS) and "
                   "unix://[[user]:password@]/path[?db=N], user and password percent-encoded"));
}

std::optional<std::string> PercentDecoded(absl::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    if (i + 2 >= text.size() || !absl::ascii_isxdigit(text[i + 1]) || !absl::ascii_isxdigit(text[i + 2])) return {};
    decoded += absl::HexStringToBytes(text.substr(i + 1, 2));
    i += 2;
  }
  return decoded;
}

absl::Status ReadCredentials(absl::string_view text, Url& url) {
  const size_t colon = text.find(':');
  if (colon == absl::string_view::npos) return Refuse("a user without a password");
  auto user = PercentDecoded(text.substr(0, colon));
  auto password = PercentDecoded(text.substr(colon + 1));
  if (!user || !password) return Refuse("user or password is not well percent-encoded");
  if (password->empty() && !user->empty()) return Refuse("a user with an empty password");
  url.user = *std::move(user);
  url.password = *std::move(password);
  return absl::OkStatus();
}

bool AllDigits(absl::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == absl::string_view::npos;
}

absl::Status ReadDb(absl::string_view text, Url& url) {
  if (!AllDigits(text) || !absl::SimpleAtoi(text, &url.db)) return Refuse("the database is not a number from 0 on");
  return absl::OkStatus();
}

absl::Status ReadPort(absl::string_view text, Url& url) {
  int port = 0;
  if (!AllDigits(text) || !absl::SimpleAtoi(text, &port) || port < 1 || port > 65535) {
    return Refuse("the port is not a number from 1 to 65535");
  }
  url.port = static_cast<uint16_t>(port);
  return absl::OkStatus();
}

bool IsHost(absl::string_view host) {
  for (char c : host) {
    if (!absl::ascii_isgraph(c) || absl::StrContains("/?#[],\\\"<>", absl::string_view(&c, 1))) return false;
  }
  return !host.empty();
}

absl::Status ReadHostAndPort(absl::string_view text, Url& url) {
  absl::string_view rest;
  if (absl::ConsumePrefix(&text, "[")) {
    const size_t end = text.find(']');
    if (end == absl::string_view::npos) return Refuse("the bracket of an IPv6 address is not closed");
    url.host = std::string(text.substr(0, end));
    rest = text.substr(end + 1);
    if (!rest.empty() && rest[0] != ':') return Refuse("something stands between the IPv6 address and the port");
  } else {
    const size_t colon = text.find(':');
    url.host = std::string(text.substr(0, colon));
    rest = colon == absl::string_view::npos ? "" : text.substr(colon);
  }
  if (!IsHost(url.host)) return Refuse("the host is missing, a list, or holds what no host name holds");
  return rest.empty() ? absl::OkStatus() : ReadPort(rest.substr(1), url);
}

absl::StatusOr<Url> ParseNetwork(absl::string_view rest, Url::Kind kind) {
  Url url;
  url.kind = kind;
  if (rest.find_first_of("?#") != absl::string_view::npos) return Refuse("a query or fragment means nothing here");
  const size_t slash = rest.find('/');
  absl::string_view authority = rest.substr(0, slash);
  const size_t at = authority.rfind('@');
  if (at != absl::string_view::npos) {
    if (auto status = ReadCredentials(authority.substr(0, at), url); !status.ok()) return status;
    authority.remove_prefix(at + 1);
  }
  if (auto status = ReadHostAndPort(authority, url); !status.ok()) return status;
  if (slash == absl::string_view::npos || slash + 1 == rest.size()) return url;
  if (auto status = ReadDb(rest.substr(slash + 1), url); !status.ok()) return status;
  return url;
}

absl::StatusOr<Url> ParseUnix(absl::string_view rest) {
  Url url;
  url.kind = Url::Kind::kUnix;
  if (const size_t query = rest.find('?'); query != absl::string_view::npos) {
    absl::string_view parameter = rest.substr(query + 1);
    if (!absl::ConsumePrefix(&parameter, "db=")) return Refuse("the query is not db=N");
    if (auto status = ReadDb(parameter, url); !status.ok()) return status;
    rest = rest.substr(0, query);
  }
  const size_t slash = rest.find('/');
  if (slash == absl::string_view::npos) return Refuse("the path of the socket is not absolute");
  if (slash > 0) {
    if (rest[slash - 1] != '@') return Refuse("the path of the socket is not absolute");
    if (auto status = ReadCredentials(rest.substr(0, slash - 1), url); !status.ok()) return status;
  }
  url.path = std::string(rest.substr(slash));
  if (url.path.size() > kLongestSocketPath) return Refuse("the path of the socket is longer than 107 bytes");
  return url;
}

}  // namespace

absl::StatusOr<Url> Url::Parse(absl::string_view text) {
  if (text.find('\0') != absl::string_view::npos) return Refuse("a zero byte");
  if (absl::ConsumePrefix(&text, "redis://")) return ParseNetwork(text, Kind::kTcp);
  if (absl::ConsumePrefix(&text, "rediss://")) return ParseNetwork(text, Kind::kTls);
  if (absl::ConsumePrefix(&text, "unix://")) return ParseUnix(text);
  return Refuse("the scheme is not known");
}

std::string Url::ToString() const {
  if (kind == Kind::kUnix) return absl::StrCat("unix://", path, db == 0 ? "" : absl::StrCat("?db=", db));
  const bool v6 = absl::StrContains(host, ":");
  return absl::StrCat(kind == Kind::kTls ? "rediss://" : "redis://", v6 ? "[" : "", host, v6 ? "]" : "", ":", port, "/",
                      db);
}

}  // namespace paracle::cachecore::redis
