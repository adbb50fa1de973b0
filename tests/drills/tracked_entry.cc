#include "tests/drills/tracked_entry.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tests/support/verified_entries.h"

namespace paracle::drills {
namespace {

constexpr size_t kPayloadBytes = 512;
constexpr char kTag[] = "faq";
constexpr char kModel[] = "gpt-4";
constexpr size_t kRemembered = 1'000;

}  // namespace

TrackedEntry::TrackedEntry(int number)
    : ns_(absl::StrCat("invalidated-", number)), digest_(support::DigestOf(static_cast<uint64_t>(number))) {}

void TrackedEntry::Acknowledge(uint64_t version, absl::Time when) {
  const std::lock_guard lock(mutex_);
  acknowledged_.emplace_back(when, version);
  if (acknowledged_.size() > kRemembered) acknowledged_.pop_front();
}

bool TrackedEntry::IsStale(uint64_t version, absl::Time begin) const {
  const std::lock_guard lock(mutex_);
  const auto dead = [&](const auto& one) { return one.first + kHardBound < begin && version < one.second; };
  return std::any_of(acknowledged_.rbegin(), acknowledged_.rend(), dead);
}

cache::v1::GetRequest TrackedEntry::Get() const {
  cache::v1::GetRequest request;
  request.mutable_entry()->set_namespace_(ns_);
  request.mutable_entry()->set_digest(digest_);
  request.mutable_entry()->set_model(kModel);
  return request;
}

cache::v1::SetRequest TrackedEntry::Set(uint64_t version, const std::string& fill_token) const {
  cache::v1::SetRequest request;
  *request.mutable_entry() = Get().entry();
  request.add_tags(kTag);
  request.set_fill_token(fill_token);
  request.set_payload(support::PayloadFor(ns_, digest_, version, kPayloadBytes));
  return request;
}

cache::v1::InvalidateRequest TrackedEntry::Invalidate(InvalidateKind kind) const {
  cache::v1::InvalidateRequest request;
  request.set_namespace_(ns_);
  switch (kind) {
    case InvalidateKind::kDigest:
      request.set_digest(digest_);
      break;
    case InvalidateKind::kTag:
      request.set_tag(kTag);
      break;
    case InvalidateKind::kModel:
      request.set_model(kModel);
      break;
    case InvalidateKind::kNamespace:
      request.set_everything(true);
  }
  return request;
}

uint64_t TrackedEntry::VersionOf(const cache::v1::Hit& hit) const {
  const uint64_t version = support::Verify(hit.payload(), ns_, digest_).value_or(0);
  return version <= truth_ ? version : 0;
}

}  // namespace paracle::drills
