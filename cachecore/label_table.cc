#include "cachecore/label_table.h"

#include <malloc.h>

#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "cachecore/mutex.h"

namespace paracle::cachecore {
namespace {

constexpr size_t kMallocHeader = 8;
// A slot and its control byte, at the emptiest that a growing table gets.
constexpr size_t kTableShare = 2 * (sizeof(Label*) + 1) + 2;

const LabelParts& PartsOf(const LabelParts& parts) { return parts; }
const LabelParts& PartsOf(const Label* label) { return label->parts(); }

struct LabelHash {
  using is_transparent = void;
  template <typename T>
  size_t operator()(const T& value) const {
    const LabelParts& parts = PartsOf(value);
    return absl::HashOf(parts.ns, parts.provider, parts.model, parts.content_type, parts.epoch);
  }
};

struct LabelEq {
  using is_transparent = void;
  template <typename A, typename B>
  bool operator()(const A& a, const B& b) const {
    return PartsOf(a) == PartsOf(b);
  }
};

}  // namespace

struct Label::Interned {
  Mutex mutex;
  absl::flat_hash_set<Label*, LabelHash, LabelEq> labels ABSL_GUARDED_BY(mutex);
  std::atomic<size_t> bytes = 0;
  std::shared_ptr<MemoryShares> shares;  // Null: nobody has one.
};

Label::Label(const LabelParts& parts, LedgerRow* row, std::shared_ptr<Interned> home)
    : text_(absl::StrCat(parts.ns, parts.provider, parts.model, parts.content_type)),
      parts_(parts),
      ns_hash_(LabelTable::HashOfNamespace(parts.ns)),
      row_(row),
      share_(home->shares == nullptr ? MemoryShares::kNone : home->shares->Enter(parts.ns)),
      home_(std::move(home)) {
  absl::string_view rest = text_;
  for (absl::string_view* part : {&parts_.ns, &parts_.provider, &parts_.model, &parts_.content_type}) {
    *part = rest.substr(0, part->size());
    rest.remove_prefix(part->size());
  }
  const char* const self = reinterpret_cast<const char*>(this);
  const bool inlined = text_.data() >= self && text_.data() < self + sizeof(*this);
  charge_ = malloc_usable_size(this) + kMallocHeader + kTableShare;
  if (!inlined) charge_ += malloc_usable_size(text_.data()) + kMallocHeader;
}

Label::~Label() {
  if (home_->shares != nullptr) home_->shares->Leave(share_);
}

void Label::Unref(Label* label) {
  uint64_t refs = label->refs_.load(std::memory_order_relaxed);
  while (refs > 1) {
    if (label->refs_.compare_exchange_weak(refs, refs - 1, std::memory_order_acq_rel)) return;
  }
  // Perhaps the last one: decided under the lock, where Intern may be handing out another.
  const std::shared_ptr<Interned> home = label->home_;
  {
    MutexLock lock(home->mutex);
    if (label->refs_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    home->labels.erase(label);
  }
  home->bytes.fetch_sub(label->charge_, std::memory_order_relaxed);
  delete label;
}

LabelTable::LabelTable(StatsLedger* ledger) : ledger_(ledger), interned_(std::make_shared<Label::Interned>()) {}

LabelTable::~LabelTable() = default;

uint64_t LabelTable::HashOfNamespace(absl::string_view ns) { return absl::HashOf(ns); }

void LabelTable::UseShares(std::shared_ptr<MemoryShares> shares) { interned_->shares = std::move(shares); }

Label* LabelTable::Intern(const LabelParts& parts) {
  {
    MutexLock lock(interned_->mutex);
    const auto it = interned_->labels.find(parts);
    if (it != interned_->labels.end()) {
      (*it)->refs_.fetch_add(1, std::memory_order_relaxed);
      return *it;
    }
  }
  LedgerRow* const row = ledger_ == nullptr ? nullptr : ledger_->RowFor(parts.ns, parts.model);
  std::unique_ptr<Label> fresh(new Label(parts, row, interned_));
  MutexLock lock(interned_->mutex);
  const auto [it, inserted] = interned_->labels.insert(fresh.get());
  if (!inserted) {
    (*it)->refs_.fetch_add(1, std::memory_order_relaxed);
    return *it;
  }
  interned_->bytes.fetch_add(fresh->charge_, std::memory_order_relaxed);
  return fresh.release();
}

size_t LabelTable::bytes() const { return interned_->bytes.load(std::memory_order_relaxed); }

size_t LabelTable::size() const {
  MutexLock lock(interned_->mutex);
  return interned_->labels.size();
}

}  // namespace paracle::cachecore
