#include "service/auth/token_table.h"

#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace paracle::service::auth {
namespace {

uint64_t BucketOf(const TokenHash& hash) {
  uint64_t bucket;
  memcpy(&bucket, hash.data(), sizeof(bucket));
  return bucket;
}

absl::Status AtLine(int number, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat("line ", number, ": ", problem));
}

}  // namespace

absl::StatusOr<std::shared_ptr<const TokenTable>> TokenTable::Parse(absl::string_view text) {
  auto table = std::make_shared<TokenTable>();
  int number = 0;
  for (absl::string_view raw : absl::StrSplit(text, '\n')) {
    ++number;
    const absl::string_view trimmed = absl::StripAsciiWhitespace(raw);
    if (trimmed.empty() || absl::StartsWith(trimmed, "#")) continue;
    absl::StatusOr<TokenLine> line = ParseTokenLine(trimmed);
    if (!line.ok()) return AtLine(number, line.status().message());
    if (!table->Add(*std::move(line))) return AtLine(number, "sha256, uri or dns: an earlier line has the same");
  }
  if (table->tokens_.empty() && table->uris_.empty() && table->dns_.empty()) {
    return absl::InvalidArgumentError("names nobody; `paracle cache token new` makes a line");
  }
  return table;
}

bool TokenTable::Add(TokenLine line) {
  auto identity = std::make_shared<const Identity>(std::move(line.identity));
  switch (line.proof) {
    case TokenLine::Proof::kToken:
      return tokens_.try_emplace(BucketOf(line.hash), Known{line.hash, std::move(identity)}).second;
    case TokenLine::Proof::kUri:
      return uris_.try_emplace(std::move(line.name), std::move(identity)).second;
    case TokenLine::Proof::kDns:
      break;
  }
  return dns_.try_emplace(std::move(line.name), std::move(identity)).second;
}

std::shared_ptr<const Identity> TokenTable::FindToken(const TokenHash& hash) const {
  static const Known kNobody = {};
  const auto found = tokens_.find(BucketOf(hash));
  const Known& known = found == tokens_.end() ? kNobody : found->second;
  return SameHash(known.hash, hash) ? known.identity : nullptr;
}

std::shared_ptr<const Identity> TokenTable::FindUri(absl::string_view uri) const {
  const auto found = uris_.find(uri);
  return found == uris_.end() ? nullptr : found->second;
}

std::shared_ptr<const Identity> TokenTable::FindDns(absl::string_view name) const {
  const auto found = dns_.find(absl::AsciiStrToLower(name));
  return found == dns_.end() ? nullptr : found->second;
}

}  // namespace paracle::service::auth
