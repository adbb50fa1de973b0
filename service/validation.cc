#include "service/validation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "cachecore/cache_key.h"
#include "cachecore/error.h"

namespace paracle::service {
namespace {

using cachecore::Digest;
using cachecore::InvalidField;
namespace v1 = paracle::cache::v1;

constexpr size_t kMaxNamespaceBytes = 128;
constexpr size_t kMaxNameBytes = 256;  // Of a provider or a model.
constexpr size_t kMaxEndpointBytes = 2048;
constexpr size_t kMaxTagBytes = 128;
constexpr size_t kMaxContentTypeBytes = 128;
constexpr size_t kMaxFillTokenBytes = 64;

std::string Join(absl::string_view parent, absl::string_view field) {
  return absl::StrCat(parent, parent.empty() || field.empty() ? "" : ".", field);
}

absl::Status CheckSize(absl::string_view value, size_t most, absl::string_view parent, absl::string_view field) {
  if (value.size() <= most) return absl::OkStatus();
  return InvalidField(Join(parent, field),
                      absl::StrCat("is ", value.size(), " bytes; at most ", most, " are accepted"));
}

absl::Status CheckNameSize(absl::string_view value, size_t most, absl::string_view field) {
  if (!value.empty() && value.size() <= most) return absl::OkStatus();
  return InvalidField(field, absl::StrCat("is ", value.size(), " bytes; 1 to ", most, " are accepted"));
}

// The same refusal, seen from the whole request: "params_json: ..." becomes "entry.key.params_json: ...".
absl::Status Under(absl::string_view parent, const absl::Status& status) {
  const std::string field = cachecore::FieldOf(status);
  absl::string_view message = status.message();
  if (absl::ConsumePrefix(&message, field)) absl::ConsumePrefix(&message, ": ");
  const std::string reason = cachecore::ReasonOf(status);
  return InvalidField(field.empty() ? std::string(parent) : Join(parent, field), message,
                      reason.empty() ? cachecore::kReasonKeyInvalid : absl::string_view(reason));
}

// `parent` makes the path of the CacheKey; only a refusal pays for it.
template <typename Path>
absl::StatusOr<Digest> DigestOfKey(const v1::CacheKey& key, Path parent) {
  absl::Status status = CheckNameSize(key.provider(), kMaxNameBytes, "provider");
  if (status.ok()) status = CheckSize(key.endpoint(), kMaxEndpointBytes, "", "endpoint");
  if (status.ok()) status = CheckSize(key.model(), kMaxNameBytes, "", "model");
  if (!status.ok()) return Under(parent(), status);
  cachecore::CacheKeyFields fields;
  fields.provider = key.provider();
  fields.endpoint = key.endpoint();
  fields.model = key.model();
  if (key.has_temperature()) fields.temperature = key.temperature();
  if (key.has_max_tokens()) fields.max_tokens = key.max_tokens();
  fields.variant = key.variant();
  fields.messages_json = key.messages_json();
  fields.params_json = key.params_json();
  fields.headers_json = key.headers_json();
  absl::StatusOr<Digest> digest = cachecore::DigestOf(fields);
  if (!digest.ok()) return Under(parent(), digest.status());
  return digest;
}

template <typename Path>
absl::StatusOr<Digest> DigestOfBytes(absl::string_view bytes, Path field) {
  const auto digest = Digest::FromBytes(bytes);
  if (!digest) return InvalidField(field(), absl::StrCat("is ", bytes.size(), " bytes; exactly 32 are accepted"));
  return *digest;
}

bool IsNamespaceChar(char c) {
  return absl::ascii_isalnum(c) || absl::string_view("._:/-").find(c) != std::string::npos;
}

// Shorter holds would be renewed all the time.
constexpr absl::Duration kMinHold = absl::Milliseconds(100);

constexpr absl::Duration kDefaultKeepAlive = absl::Milliseconds(200);
constexpr absl::Duration kMinKeepAlive = absl::Milliseconds(50);
constexpr absl::Duration kMaxKeepAlive = absl::Seconds(60);

// nullopt: outside google.protobuf.Duration's own rules (10,000 years, one sign).
std::optional<absl::Duration> ToDuration(const google::protobuf::Duration& proto) {
  constexpr int64_t kMaxSeconds = 315'576'000'000;
  const bool in_range = proto.seconds() >= -kMaxSeconds && proto.seconds() <= kMaxSeconds &&
                        std::abs(int64_t{proto.nanos()}) < 1'000'000'000;
  const bool one_sign = proto.seconds() == 0 || proto.nanos() == 0 || (proto.seconds() < 0) == (proto.nanos() < 0);
  if (!in_range || !one_sign) return std::nullopt;
  return absl::Seconds(proto.seconds()) + absl::Nanoseconds(proto.nanos());
}

// Of a SetRequest or a RecordEnd.
template <typename Request>
absl::StatusOr<absl::Duration> ResolveTtl(const Request& request, const RequestLimits& limits, const FieldPath& path) {
  if (!request.has_ttl()) return limits.default_ttl;
  const auto ttl = ToDuration(request.ttl());
  if (!ttl || *ttl <= absl::ZeroDuration()) return InvalidField(path.Of("ttl"), "must be a positive duration");
  return std::min(*ttl, limits.max_ttl);
}

template <typename Request>
absl::Status ResolveTags(const Request& request, const FieldPath& path, std::vector<std::string>* tags) {
  tags->clear();
  if (request.tags_size() > kMaxTags) {
    return InvalidField(path.Of("tags"),
                        absl::StrCat("has ", request.tags_size(), " tags; at most ", kMaxTags, " are accepted"));
  }
  for (const std::string& tag : request.tags()) {
    const std::string field = path.Of(absl::StrCat("tags[", tags->size(), "]"));
    if (absl::Status status = CheckNameSize(tag, kMaxTagBytes, field); !status.ok()) return status;
    if (std::find(tags->begin(), tags->end(), tag) != tags->end()) return InvalidField(field, "repeats another tag");
    tags->push_back(tag);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<cachecore::FillToken>> ResolveToken(absl::string_view bytes, const FieldPath& path) {
  if (bytes.empty()) return std::nullopt;
  if (bytes.size() <= kMaxFillTokenBytes) {
    if (auto token = cachecore::FillToken::Decode(bytes)) return token;
  }
  return InvalidField(path.Of("fill_token"), "is not a token that a Miss or a Lease of this server carries");
}

uint32_t SaturatedTokens(int64_t tokens) {
  return static_cast<uint32_t>(std::min<int64_t>(tokens, std::numeric_limits<uint32_t>::max()));
}

absl::StatusOr<cachecore::Origin> ResolveOrigin(const v1::Origin& origin, const FieldPath& path) {
  if (origin.prompt_tokens() < 0) return InvalidField(path.Of("origin.prompt_tokens"), "must not be negative");
  if (origin.completion_tokens() < 0) return InvalidField(path.Of("origin.completion_tokens"), "must not be negative");
  if (!std::isfinite(origin.cost_usd()) || origin.cost_usd() < 0) {
    return InvalidField(path.Of("origin.cost_usd"), "must be finite and not negative");
  }
  const auto latency = ToDuration(origin.latency());
  if (!latency || *latency < absl::ZeroDuration()) {
    return InvalidField(path.Of("origin.latency"), "must be a duration that is not negative");
  }
  // Adding zero makes of -0.0 what it means.
  return cachecore::Origin{SaturatedTokens(origin.prompt_tokens()), SaturatedTokens(origin.completion_tokens()),
                           origin.cost_usd() + 0.0, *latency};
}

absl::Status CheckSetSizes(const v1::SetRequest& request, size_t payload_size, const RequestLimits& limits,
                           const FieldPath& path) {
  if (payload_size > static_cast<size_t>(limits.max_entry_bytes)) {
    return InvalidField(path.Of("payload"),
                        absl::StrCat("is ", payload_size, " bytes; at most ", limits.max_entry_bytes, " are accepted"),
                        cachecore::kReasonEntryTooLarge);
  }
  // Built only when it is needed.
  if (request.content_type().size() <= kMaxContentTypeBytes) return absl::OkStatus();
  return CheckContentType(request.content_type(), path.Of("content_type"));
}

}  // namespace

std::string FieldPath::Of(absl::string_view field) const {
  if (list.empty()) return std::string(field.empty() ? "request" : field);
  return Join(index ? absl::StrCat(list, "[", *index, "]") : std::string(list), field);
}

absl::StatusOr<absl::string_view> ResolveNamespace(absl::string_view ns, absl::string_view field) {
  if (ns.empty()) return kDefaultNamespace;
  if (absl::Status status = CheckSize(ns, kMaxNamespaceBytes, "", field); !status.ok()) return status;
  if (!std::all_of(ns.begin(), ns.end(), IsNamespaceChar)) {
    return InvalidField(field, "has a character outside [A-Za-z0-9._:/-]");
  }
  return ns;
}

absl::StatusOr<ResolvedEntry> ResolveEntry(const v1::EntryRef& ref, const FieldPath& path, absl::string_view field) {
  const auto under = [&](absl::string_view name) {
    if (field.empty() && !path.list.empty()) return path.Of(name);
    return path.Of(Join(field, name));
  };
  ResolvedEntry entry{{kDefaultNamespace, {}}, ref.provider(), ref.model()};
  if (!ref.namespace_().empty()) {
    absl::StatusOr<absl::string_view> ns = ResolveNamespace(ref.namespace_(), "namespace");
    if (!ns.ok()) return Under(path.Of(field), ns.status());
    entry.id.ns = *ns;
  }
  absl::StatusOr<Digest> digest;
  switch (ref.id_case()) {
    case v1::EntryRef::kKey:
      digest = DigestOfKey(ref.key(), [&] { return under("key"); });
      entry.provider = ref.key().provider();
      entry.model = ref.key().model();
      break;
    case v1::EntryRef::kDigest:
      digest = DigestOfBytes(ref.digest(), [&] { return under("digest"); });
      if (entry.provider.size() > kMaxNameBytes)
        digest = CheckSize(entry.provider, kMaxNameBytes, "", under("provider"));
      if (entry.model.size() > kMaxNameBytes) digest = CheckSize(entry.model, kMaxNameBytes, "", under("model"));
      break;
    case v1::EntryRef::ID_NOT_SET:
      return InvalidField(under("key"), "is missing; give it or digest");
  }
  if (!digest.ok()) return digest.status();
  entry.id.digest = *digest;
  return entry;
}

absl::StatusOr<cachecore::EntrySpec> ResolveSet(const v1::SetRequest& request, size_t payload_size,
                                                const RequestLimits& limits, const FieldPath& path,
                                                std::vector<std::string>* tags) {
  if (absl::Status status = CheckSetSizes(request, payload_size, limits, path); !status.ok()) return status;
  const absl::StatusOr<ResolvedEntry> entry = ResolveEntry(request.entry(), path, "entry");
  if (!entry.ok()) return entry.status();
  const absl::StatusOr<absl::Duration> ttl = ResolveTtl(request, limits, path);
  if (!ttl.ok()) return ttl.status();
  if (absl::Status status = ResolveTags(request, path, tags); !status.ok()) return status;
  const auto token = ResolveToken(request.fill_token(), path);
  if (!token.ok()) return token.status();
  const absl::StatusOr<cachecore::Origin> origin = ResolveOrigin(request.origin(), path);
  if (!origin.ok()) return origin.status();

  cachecore::EntrySpec spec;
  spec.id = entry->id;
  spec.provider = entry->provider;
  spec.model = entry->model;
  spec.content_type = request.content_type();
  spec.tags = *tags;
  spec.origin = *origin;
  spec.ttl = *ttl;
  spec.fill_token = *token;
  return spec;
}

absl::StatusOr<absl::Duration> ResolveHold(const google::protobuf::Duration* hold, const RequestLimits& limits,
                                           absl::string_view field) {
  if (hold == nullptr) return std::min(limits.default_hold, limits.max_hold);
  const auto duration = ToDuration(*hold);
  if (!duration || *duration <= absl::ZeroDuration()) return InvalidField(field, "must be a positive duration");
  return std::min(std::max(*duration, kMinHold), limits.max_hold);
}

absl::StatusOr<LeaseTerms> ResolveLease(const v1::LeaseRequest& request, const RequestLimits& limits) {
  const auto hold = ResolveHold(request.has_hold() ? &request.hold() : nullptr, limits, "lease.hold");
  if (!hold.ok()) return hold.status();
  const auto wait = ToDuration(request.wait());
  if (!wait || *wait < absl::ZeroDuration()) {
    return InvalidField("lease.wait", "must be a duration that is not negative");
  }
  const auto waited = ToDuration(request.waited());
  if (!waited || *waited < absl::ZeroDuration()) {
    return InvalidField("lease.waited", "must be a duration that is not negative");
  }
  return LeaseTerms{.hold = *hold, .wait = *wait, .waited = *waited};
}

absl::StatusOr<cachecore::FillToken> ResolveLeaseToken(absl::string_view bytes, absl::string_view field) {
  const auto token = cachecore::FillToken::Decode(bytes);
  if (!token || token->lease == 0) return InvalidField(field, "is not a token that a Lease of this server carries");
  return *token;
}

absl::Status CheckContentType(absl::string_view content_type, absl::string_view field) {
  return CheckSize(content_type, kMaxContentTypeBytes, "", field);
}

absl::StatusOr<cachecore::RecordedFacts> ResolveRecordEnd(const v1::RecordEnd& end, const RequestLimits& limits,
                                                          std::vector<std::string>* tags) {
  const FieldPath path{"end", std::nullopt};
  const absl::StatusOr<absl::Duration> ttl = ResolveTtl(end, limits, path);
  if (!ttl.ok()) return ttl.status();
  if (absl::Status status = ResolveTags(end, path, tags); !status.ok()) return status;
  const absl::StatusOr<cachecore::Origin> origin = ResolveOrigin(end.origin(), path);
  if (!origin.ok()) return origin.status();
  return cachecore::RecordedFacts{.ttl = *ttl, .tags = *tags, .origin = *origin};
}

absl::StatusOr<absl::Duration> ResolveKeepAlive(const v1::FollowRequest& request) {
  if (!request.has_keep_alive()) return kDefaultKeepAlive;
  const auto keep_alive = ToDuration(request.keep_alive());
  if (keep_alive && *keep_alive >= kMinKeepAlive && *keep_alive <= kMaxKeepAlive) return *keep_alive;
  return InvalidField("keep_alive", "must be a duration from 50 ms to 60 s");
}

absl::StatusOr<cachecore::InvalidationTarget> ResolveTarget(const v1::InvalidateRequest& request) {
  using Kind = cachecore::InvalidationTarget::Kind;
  const auto ns = ResolveNamespace(request.namespace_(), "namespace");
  if (!ns.ok()) return ns.status();
  cachecore::InvalidationTarget target{std::string(*ns), Kind::kNamespace, {}, ""};
  absl::StatusOr<Digest> digest = Digest{};
  absl::Status status;
  switch (request.target_case()) {
    case v1::InvalidateRequest::kKey:
      target.kind = Kind::kDigest;
      digest = DigestOfKey(request.key(), [] { return std::string("key"); });
      break;
    case v1::InvalidateRequest::kDigest:
      target.kind = Kind::kDigest;
      digest = DigestOfBytes(request.digest(), [] { return std::string("digest"); });
      break;
    case v1::InvalidateRequest::kTag:
      target.kind = Kind::kTag;
      target.value = request.tag();
      status = CheckNameSize(request.tag(), kMaxTagBytes, "tag");
      break;
    case v1::InvalidateRequest::kModel:
      target.kind = Kind::kModel;
      target.value = request.model();
      status = CheckNameSize(request.model(), kMaxNameBytes, "model");
      break;
    case v1::InvalidateRequest::kEverything:
      if (!request.everything()) status = InvalidField("everything", "must be true");
      break;
    case v1::InvalidateRequest::TARGET_NOT_SET:
      status = InvalidField("target", "is missing; give key, digest, tag, model or everything");
      break;
  }
  if (!digest.ok()) return digest.status();
  if (!status.ok()) return status;
  target.digest = *digest;
  return target;
}

}  // namespace paracle::service
