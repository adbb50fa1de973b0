#include "cachecore/cache_key.h"

#include "absl/strings/str_cat.h"
#include "cachecore/error.h"
#include "cachecore/internal/json_buffer.h"
#include "cachecore/internal/json_canonicalizer.h"
#include "cachecore/internal/key_document.h"
#include "cachecore/internal/key_sources.h"
#include "cachecore/internal/sha256.h"

namespace paracle::cachecore {
namespace {

using internal::AppendKeyDocument;
using internal::JsonBuffer;
using internal::JsonCanonicalizer;
using internal::JsonProblem;
using internal::KeyProblem;
using internal::OwnedKeyFields;

// What a thread keeps between calls of DigestOf; a huge document's needs beyond this are given back.
constexpr size_t kKeptBytes = 1 << 20;

// Says a problem in the terms of what the caller gave.
using Restate = absl::Status (*)(const KeyProblem&);

absl::Status AboutField(const KeyProblem& found) {
  return InvalidField(absl::StrCat(found.member, found.is_json ? "_json" : ""), found.problem.ToString(),
                      kReasonKeyInvalid);
}

absl::Status AboutDocument(const KeyProblem& found) {
  const JsonProblem problem{absl::StrCat("/", found.member, found.problem.place), found.problem.why};
  return InvalidField("document", problem.ToString(), kReasonKeyInvalid);
}

absl::Status AboutRequest(const KeyProblem& found) {
  if (found.member == "params") return InvalidField("body", found.problem.ToString(), kReasonKeyInvalid);
  if (found.member == "provider" || found.member == "endpoint" || found.member == "headers") {
    return InvalidField(found.member, found.problem.ToString(), kReasonKeyInvalid);
  }
  const JsonProblem problem{absl::StrCat("/", found.member, found.problem.place), found.problem.why};
  return InvalidField("body", problem.ToString(), kReasonKeyInvalid);
}

absl::StatusOr<DerivedKey> Derive(const CacheKeyFields& fields, Restate restate) {
  JsonCanonicalizer canonicalizer;
  JsonBuffer document;
  if (const auto problem = AppendKeyDocument(fields, canonicalizer, document)) return restate(*problem);
  DerivedKey key;
  key.digest = internal::Sha256(document.view());
  key.canonical = std::string(document.view());
  key.provider = std::string(fields.provider);
  key.model = std::string(fields.model);
  return key;
}

}  // namespace

absl::StatusOr<Digest> DigestOf(const CacheKeyFields& fields) {
  thread_local JsonCanonicalizer canonicalizer;
  thread_local JsonBuffer document;
  const auto problem = AppendKeyDocument(fields, canonicalizer, document);
  absl::StatusOr<Digest> digest = problem ? absl::StatusOr<Digest>(AboutField(*problem))
                                          : absl::StatusOr<Digest>(internal::Sha256(document.view()));
  document.Clear(kKeptBytes);
  canonicalizer.Trim(kKeptBytes);
  return digest;
}

absl::StatusOr<DerivedKey> DeriveFromFields(const CacheKeyFields& fields) { return Derive(fields, AboutField); }

absl::StatusOr<DerivedKey> DeriveFromDocument(absl::string_view json) {
  const absl::StatusOr<OwnedKeyFields> fields = internal::ReadDocument(json);
  if (!fields.ok()) return fields.status();
  return Derive(fields->Views(), AboutDocument);
}

absl::StatusOr<DerivedKey> DeriveFromRequest(const ProviderRequest& request) {
  absl::StatusOr<OwnedKeyFields> fields = internal::ReadRequest(request);
  if (!fields.ok()) return fields.status();
  absl::StatusOr<DerivedKey> key = Derive(fields->Views(), AboutRequest);
  if (key.ok()) key->dropped = std::move(fields->dropped);
  return key;
}

}  // namespace paracle::cachecore
