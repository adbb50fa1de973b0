#include "tests/drills/shared_versions.h"

#include <openssl/sha.h>

#include <cstring>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace paracle::drills {
namespace {

constexpr size_t kNamespaceBytes = 16;

// As docs/redis.md has it, with the default prefix.
std::string KeyOf(const cache::v1::EntryRef& entry) {
  unsigned char sum[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(entry.namespace_().data()), entry.namespace_().size(), sum);
  const absl::string_view ns(reinterpret_cast<const char*>(sum), kNamespaceBytes);
  return absl::StrCat("paracle:llm:{", absl::BytesToHexString(ns), "/", absl::BytesToHexString(entry.digest()), "}:e");
}

}  // namespace

SharedVersions::SharedVersions(const EntryPool& pool, Topology* topology) : pool_(pool), topology_(*topology) {
  for (int entry = 0; entry < pool.size(); ++entry) {
    keys_.push_back(KeyOf(pool.Get(entry).entry()));
    slots_.push_back(topology_.SlotOf(keys_.back()));
  }
}

std::vector<bool> SharedVersions::InSlots(const std::vector<bool>& slots) const {
  std::vector<bool> entries;
  for (const int slot : slots_) entries.push_back(slots[slot]);
  return entries;
}

SharedVersions::Acknowledged SharedVersions::Look(const CallLog& log, const std::vector<bool>& entries,
                                                  int server) const {
  std::map<int, LoggedSet> last;
  std::map<std::pair<int, uint64_t>, absl::Time> ends;
  for (const LoggedSet& set : log.Sets()) {
    if (!entries[set.entry]) continue;
    ends[{set.entry, set.version}] = set.end;
    if (set.outcome == LoggedSet::Outcome::kShared) last[set.entry] = set;
  }
  Acknowledged acknowledged = {.entries = static_cast<int64_t>(last.size())};
  for (const auto& [entry, version] : Read(last, server)) {
    const LoggedSet& wanted = last[entry];
    if (version >= wanted.version) continue;
    // Of two at the same time either may have come last.
    const auto found = ends.find({entry, version});
    if (found == ends.end() || found->second < wanted.begin) ++acknowledged.missing;
  }
  return acknowledged;
}

std::map<int, uint64_t> SharedVersions::Read(const std::map<int, LoggedSet>& wanted, int server) const {
  support::BlockingRedis redis = topology_.Connect(server);
  for (const auto& [entry, set] : wanted) redis.Append({"GET", keys_[entry]});
  std::map<int, uint64_t> versions;
  for (const auto& [entry, set] : wanted) versions[entry] = VersionIn(entry, redis.Read().text);
  return versions;
}

// The payload stands in what is stored as it is: version, name, and what follows from them; see PayloadFor.
uint64_t SharedVersions::VersionIn(int entry, const std::string& value) const {
  const cache::v1::EntryRef ref = pool_.Get(entry).entry();
  const size_t name = value.find(absl::StrCat(ref.namespace_(), "\n", absl::BytesToHexString(ref.digest()), "\n"));
  uint64_t version = 0;
  if (name != std::string::npos && name >= sizeof(version)) {
    std::memcpy(&version, value.data() + name - sizeof(version), sizeof(version));
  }
  return version;
}

}  // namespace paracle::drills
