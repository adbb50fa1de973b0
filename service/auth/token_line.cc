#include "service/auth/token_line.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace paracle::service::auth {
namespace {

constexpr size_t kMaxNamespaceBytes = 128;
constexpr size_t kMaxNameBytes = 2048;

absl::Status Refuse(absl::string_view field, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", problem));
}

bool IsNamespaceChar(char c) {
  return absl::ascii_isalnum(c) || absl::string_view("._:/-").find(c) != std::string::npos;
}

absl::Status SetId(absl::string_view value, TokenLine& line) {
  if (!IsId(value)) return Refuse("id", "want 1 to 64 of [A-Za-z0-9._-]");
  line.identity.id = std::string(value);
  return absl::OkStatus();
}

absl::Status SetHash(absl::string_view value, TokenLine& line) {
  const auto hash = HashFromHex(value);
  if (!hash) return Refuse("sha256", "want the 64 hex digits that `paracle cache token new` prints");
  line.hash = *hash;
  return absl::OkStatus();
}

absl::Status SetUri(absl::string_view value, TokenLine& line) {
  line.proof = TokenLine::Proof::kUri;
  line.name = std::string(value);
  const bool is_uri = value.find(':') != absl::string_view::npos && value.size() <= kMaxNameBytes;
  return is_uri ? absl::OkStatus() : Refuse("uri", "want a URI such as spiffe://cluster.local/ns/agents/sa/worker");
}

absl::Status SetDns(absl::string_view value, TokenLine& line) {
  line.proof = TokenLine::Proof::kDns;
  line.name = absl::AsciiStrToLower(value);
  const auto is_dns = [](char c) { return absl::ascii_isalnum(c) || c == '-' || c == '.'; };
  if (!value.empty() && std::all_of(value.begin(), value.end(), is_dns)) return absl::OkStatus();
  return Refuse("dns", "want a host name such as worker.example.com, without wildcards");
}

absl::Status SetRoles(absl::string_view value, TokenLine& line) {
  for (const absl::string_view name : absl::StrSplit(value, ',')) {
    const auto role = ParseRole(name);
    if (!role) return Refuse("roles", absl::StrCat("\"", name, "\" is none of reader, writer, invalidator, admin"));
    line.identity.roles = line.identity.roles | *role;
  }
  return absl::OkStatus();
}

absl::Status SetNamespaces(absl::string_view value, TokenLine& line) {
  if (value == "*") {
    line.identity.all_namespaces = true;
    return absl::OkStatus();
  }
  for (const absl::string_view ns : absl::StrSplit(value, ',')) {
    if (!IsNamespace(ns)) {
      return Refuse("namespaces", "want *, or a comma list of names of [A-Za-z0-9._:/-], at most 128 bytes each");
    }
    line.identity.namespaces.push_back(std::string(ns));
  }
  return absl::OkStatus();
}

absl::Status SetExpires(absl::string_view value, TokenLine& line) {
  std::string why;
  // ParseTime would also take "infinite-future".
  const bool dated = !value.empty() && absl::ascii_isdigit(value[0]);
  if (dated && absl::ParseTime(absl::RFC3339_full, value, &line.identity.expires, &why)) return absl::OkStatus();
  return Refuse("expires", "want a time such as 2027-02-01T00:00:00Z");
}

struct Field {
  absl::string_view name;
  absl::Status (*set)(absl::string_view value, TokenLine& line);
};

constexpr Field kFields[] = {{"id", SetId},          {"sha256", SetHash}, {"uri", SetUri},
                             {"dns", SetDns},        {"roles", SetRoles}, {"namespaces", SetNamespaces},
                             {"expires", SetExpires}};

const Field* FieldNamed(absl::string_view name) {
  const auto* found =
      std::find_if(std::begin(kFields), std::end(kFields), [&](const Field& f) { return f.name == name; });
  return found == std::end(kFields) ? nullptr : found;
}

absl::Status CheckWhole(const std::vector<absl::string_view>& seen) {
  const auto has = [&](absl::string_view name) { return std::find(seen.begin(), seen.end(), name) != seen.end(); };
  for (const absl::string_view name : {"id", "roles", "namespaces"}) {
    if (!has(name)) return Refuse(name, "is missing");
  }
  if (has("sha256") + has("uri") + has("dns") == 1) return absl::OkStatus();
  return Refuse("sha256", "want exactly one of sha256, uri and dns");
}

}  // namespace

bool IsNamespace(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxNamespaceBytes && std::all_of(text.begin(), text.end(), IsNamespaceChar);
}

absl::StatusOr<TokenLine> ParseTokenLine(absl::string_view text) {
  TokenLine line;
  std::vector<absl::string_view> seen;
  for (const absl::string_view word : absl::StrSplit(text, absl::ByAnyChar(" \t\r"), absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(word, absl::MaxSplits('=', 1));
    const Field* const field = FieldNamed(parts.first);
    // The word itself is not repeated: it may be a token that somebody pasted.
    if (field == nullptr) {
      return Refuse("field " + std::to_string(seen.size() + 1),
                    "want NAME=VALUE with one of id, sha256, uri, dns, roles, namespaces, expires");
    }
    if (std::find(seen.begin(), seen.end(), field->name) != seen.end())
      return Refuse(field->name, "stands there twice");
    seen.push_back(field->name);
    if (absl::Status status = field->set(parts.second, line); !status.ok()) return status;
  }
  if (absl::Status status = CheckWhole(seen); !status.ok()) return status;
  return line;
}

std::string FormatTokenLine(const TokenHash& hash, const Identity& identity) {
  std::vector<absl::string_view> roles;
  for (const Role role : {Role::kReader, Role::kWriter, Role::kInvalidator, Role::kAdmin}) {
    if (identity.roles.HasAnyOf(role)) roles.push_back(RoleName(role));
  }
  const std::string namespaces = identity.all_namespaces ? "*" : absl::StrJoin(identity.namespaces, ",");
  std::string line = absl::StrCat("id=", identity.id, " sha256=", ToHex(hash), " roles=", absl::StrJoin(roles, ","),
                                  " namespaces=", namespaces);
  if (identity.expires == absl::InfiniteFuture()) return line;
  return absl::StrCat(line, " expires=", absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", identity.expires, absl::UTCTimeZone()));
}

}  // namespace paracle::service::auth
