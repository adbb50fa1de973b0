#include "tests/drills/entry_pool.h"

#include "absl/strings/str_cat.h"
#include "tests/support/verified_entries.h"

namespace paracle::drills {

using cache::v1::GetRequest;
using cache::v1::Hit;
using cache::v1::SetRequest;

// The same digests in every namespace, so that an answer of the wrong namespace would be found.
EntryPool::EntryPool(int namespaces, int entries_each, size_t payload_bytes)
    : payload_bytes_(payload_bytes), entries_(static_cast<size_t>(namespaces) * static_cast<size_t>(entries_each)) {
  for (size_t i = 0; i < entries_.size(); ++i) {
    entries_[i].ns = absl::StrCat("drill-", i % static_cast<size_t>(namespaces));
    entries_[i].digest = support::DigestOf(i / static_cast<size_t>(namespaces));
  }
}

GetRequest EntryPool::Get(int entry) const {
  GetRequest request;
  request.mutable_entry()->set_namespace_(entries_[entry].ns);
  request.mutable_entry()->set_digest(entries_[entry].digest);
  return request;
}

SetRequest EntryPool::Set(int entry, const std::string& fill_token) {
  Entry& of = entries_[entry];
  const uint64_t version = of.versions.fetch_add(1) + 1;
  SetRequest request;
  request.mutable_entry()->set_namespace_(of.ns);
  request.mutable_entry()->set_digest(of.digest);
  request.set_fill_token(fill_token);
  request.set_payload(support::PayloadFor(of.ns, of.digest, version, payload_bytes_));
  return request;
}

bool EntryPool::IsRight(int entry, const Hit& hit) const {
  const Entry& of = entries_[entry];
  const auto version = support::Verify(hit.payload(), of.ns, of.digest);
  return version && *version >= 1 && *version <= of.versions.load();
}

}  // namespace paracle::drills
