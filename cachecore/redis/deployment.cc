#include "cachecore/redis/deployment.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace paracle::cachecore::redis {
namespace {

constexpr uint16_t kSentinelPort = 26379;

// The text may hold a password, so no message repeats any of it.
absl::Status Refuse(absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat(what,
                   "; accepted are redis://[[user]:password@]host[:port][/db], unix://..., for a Cluster "
                   "redis://[[user]:password@]host:port,host:port or redis+cluster://..., and "
                   "redis+sentinel://[[user]:password@]host[:port][,...]/master-name[/db]; with rediss over TLS"));
}

struct Parts {
  absl::string_view credentials;  // With the @.
  std::vector<absl::string_view> hosts;
  absl::string_view path;  // Without the first slash.
};

Parts Split(absl::string_view text) {
  Parts parts;
  const size_t slash = text.find('/');
  absl::string_view authority = text.substr(0, slash);
  if (slash != absl::string_view::npos) parts.path = text.substr(slash + 1);
  if (const size_t at = authority.rfind('@'); at != absl::string_view::npos) {
    parts.credentials = authority.substr(0, at + 1);
    authority.remove_prefix(at + 1);
  }
  parts.hosts = absl::StrSplit(authority, ',');
  return parts;
}

// By the rules of one server's URL.
absl::Status ReadServers(absl::string_view scheme, const Parts& parts, absl::string_view path,
                         Deployment& deployment) {
  deployment.servers.clear();
  for (absl::string_view host : parts.hosts) {
    absl::StatusOr<Url> url = Url::Parse(absl::StrCat(scheme, "://", parts.credentials, host, path));
    if (!url.ok()) return url.status();
    deployment.servers.push_back(*std::move(url));
  }
  return absl::OkStatus();
}

absl::StatusOr<Deployment> ParseCluster(absl::string_view scheme, absl::string_view text) {
  Deployment deployment;
  deployment.kind = Deployment::Kind::kCluster;
  const Parts parts = Split(text);
  if (!parts.path.empty() && parts.path != "0") return Refuse("a Cluster has no database but 0");
  if (auto status = ReadServers(scheme, parts, "", deployment); !status.ok()) return status;
  return deployment;
}

bool NamesPort(absl::string_view host) { return absl::StrContains(host.substr(host.rfind(']') + 1), ':'); }

absl::StatusOr<Deployment> ParseSentinel(absl::string_view scheme, absl::string_view text) {
  Deployment deployment;
  deployment.kind = Deployment::Kind::kSentinel;
  const Parts parts = Split(text);
  const std::pair<absl::string_view, absl::string_view> path = absl::StrSplit(parts.path, absl::MaxSplits('/', 1));
  deployment.master = std::string(path.first);
  if (deployment.master.empty()) return Refuse("the name of the master is missing behind the Sentinels");
  for (unsigned char c : deployment.master) {
    if (c <= ' ' || c > '~') return Refuse("the name of the master is not printable ASCII");
  }
  if (auto status = ReadServers(scheme, parts, absl::StrCat("/", path.second), deployment); !status.ok()) return status;
  for (size_t i = 0; i < parts.hosts.size(); ++i) {
    const bool v6 = absl::StartsWith(parts.hosts[i], "[");
    if (!NamesPort(v6 ? parts.hosts[i] : absl::StrCat("]", parts.hosts[i]))) deployment.servers[i].port = kSentinelPort;
  }
  return deployment;
}

std::string HostAndPort(const Url& url) {
  const bool v6 = absl::StrContains(url.host, ":");
  return absl::StrCat(v6 ? "[" : "", url.host, v6 ? "]:" : ":", url.port);
}

}  // namespace

absl::StatusOr<Deployment> Deployment::Parse(absl::string_view text) {
  for (absl::string_view scheme : {"redis", "rediss"}) {
    absl::string_view rest = text;
    if (absl::ConsumePrefix(&rest, absl::StrCat(scheme, "+sentinel://"))) return ParseSentinel(scheme, rest);
    rest = text;
    if (absl::ConsumePrefix(&rest, absl::StrCat(scheme, "+cluster://"))) return ParseCluster(scheme, rest);
    rest = text;
    if (!absl::ConsumePrefix(&rest, absl::StrCat(scheme, "://"))) continue;
    if (Split(rest).hosts.size() > 1) return ParseCluster(scheme, rest);
  }
  absl::StatusOr<Url> url = Url::Parse(text);
  if (!url.ok()) return Refuse(url.status().message().substr(0, url.status().message().find(';')));
  Deployment deployment;
  deployment.servers = {*std::move(url)};
  return deployment;
}

std::string Deployment::ToString() const {
  if (kind == Kind::kServer) return servers.front().ToString();
  const std::string hosts = absl::StrJoin(servers, ",", [](std::string* out, const Url& url) {
    absl::StrAppend(out, HostAndPort(url));
  });
  const absl::string_view scheme = servers.front().kind == Url::Kind::kTls ? "rediss" : "redis";
  if (kind == Kind::kCluster) return absl::StrCat(scheme, "+cluster://", hosts);
  return absl::StrCat(scheme, "+sentinel://", hosts, "/", master, "/", servers.front().db);
}

}  // namespace paracle::cachecore::redis
