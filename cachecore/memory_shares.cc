#include "cachecore/memory_shares.h"

#include <algorithm>

namespace paracle::cachecore {
namespace {

constexpr uint16_t kBeyond = 1;

}  // namespace

bool MemoryShareRules::any() const {
  return others > 0 || std::any_of(named.begin(), named.end(), [](const auto& rule) { return rule.second > 0; });
}

MemoryShares::MemoryShares(const MemoryShareRules& rules, size_t max_entries, size_t max_bytes)
    : max_entries_(max_entries), max_bytes_(max_bytes) {
  shares_.push_back(MakeShare(0));
  shares_.push_back(MakeShare(rules.others));
  for (const auto& [ns, part] : rules.named) {
    named_[ns] = part > 0 ? static_cast<uint16_t>(shares_.size()) : kNone;
    if (part > 0) shares_.push_back(MakeShare(part));
  }
  first_other_ = static_cast<uint16_t>(shares_.size());
  if (rules.others <= 0) return;
  other_names_.resize(kMaxOthers);
  for (size_t i = 0; i < kMaxOthers; ++i) {
    free_.push_back(static_cast<uint16_t>(shares_.size()));
    shares_.push_back(MakeShare(rules.others));
  }
}

std::unique_ptr<MemoryShares::Share> MemoryShares::MakeShare(double part) const {
  auto share = std::make_unique<Share>();
  const auto part_of = [part](size_t whole) { return static_cast<int64_t>(static_cast<double>(whole) * part); };
  if (max_entries_ != 0) share->max_entries = std::max<int64_t>(part_of(max_entries_), 1);
  share->max_bytes = part_of(max_bytes_);
  return share;
}

uint16_t MemoryShares::Enter(absl::string_view ns) {
  if (const auto it = named_.find(ns); it != named_.end()) return it->second;
  if (first_other_ == count()) return kNone;
  MutexLock lock(mutex_);
  if (const auto it = others_.find(ns); it != others_.end()) {
    ++it->second.uses;
    return it->second.share;
  }
  if (free_.empty()) return kBeyond;
  const uint16_t share = free_.back();
  free_.pop_back();
  others_.emplace(ns, Other{share, 1});
  other_names_[share - first_other_] = std::string(ns);
  return share;
}

void MemoryShares::Leave(uint16_t share) {
  if (share < first_other_) return;
  MutexLock lock(mutex_);
  const auto it = others_.find(other_names_[share - first_other_]);
  if (--it->second.uses > 0) return;
  others_.erase(it);
  free_.push_back(share);
}

void MemoryShares::Charge(uint16_t share, int64_t entries, int64_t bytes) {
  if (share == kNone) return;
  shares_[share]->entries.fetch_add(entries, std::memory_order_relaxed);
  shares_[share]->bytes.fetch_add(bytes, std::memory_order_relaxed);
}

bool MemoryShares::Over(uint16_t share) const {
  if (share == kNone) return false;
  const Share& s = *shares_[share];
  return (s.max_entries != 0 && s.entries.load(std::memory_order_relaxed) > s.max_entries) ||
         s.bytes.load(std::memory_order_relaxed) > s.max_bytes;
}

bool MemoryShares::Fits(uint16_t share, int64_t bytes) const {
  return share == kNone || bytes <= shares_[share]->max_bytes;
}

}  // namespace paracle::cachecore
