// LabelTable interns what many entries have in common, so that each carries one pointer instead of five texts.
//
// A label lives as long as anybody refers to it. Its bytes are counted: a caller who invents a model name per entry
// pays for the names out of the cache's byte limit. Thread-safe. Labels may outlive the table (an entry handle may
// outlive the cache), but their ledger row lives no longer than the ledger.
#ifndef PARACLE_CACHECORE_LABEL_TABLE_H_
#define PARACLE_CACHECORE_LABEL_TABLE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "cachecore/memory_shares.h"
#include "cachecore/stats_ledger.h"

namespace paracle::cachecore {

// The parts of a label. Views must outlive the call only.
struct LabelParts {
  absl::string_view ns;
  absl::string_view provider;
  absl::string_view model;
  absl::string_view content_type;
  uint64_t epoch = 0;  // Of the fill tokens of these entries.

  friend bool operator==(const LabelParts&, const LabelParts&) = default;
};

class Label {
 public:
  absl::string_view ns() const { return parts_.ns; }
  absl::string_view provider() const { return parts_.provider; }
  absl::string_view model() const { return parts_.model; }
  absl::string_view content_type() const { return parts_.content_type; }
  uint64_t epoch() const { return parts_.epoch; }
  uint64_t ns_hash() const { return ns_hash_; }  // As LabelTable::HashOfNamespace tells.
  LedgerRow* row() const { return row_; }        // Of this namespace and model.
  uint16_t share() const { return share_; }      // Of this namespace, as LabelTable::UseShares had it.
  const LabelParts& parts() const { return parts_; }

  // Gives back what LabelTable::Intern counted. The label may be gone afterwards.
  static void Unref(Label* label);

 private:
  friend class LabelTable;
  friend struct std::default_delete<Label>;
  struct Interned;

  Label(const LabelParts& parts, LedgerRow* row, std::shared_ptr<Interned> home);
  ~Label();

  std::string text_;
  LabelParts parts_;  // Views into text_.
  const uint64_t ns_hash_;
  LedgerRow* const row_;
  uint16_t share_;
  const std::shared_ptr<Interned> home_;
  size_t charge_ = 0;
  // Written by every Set, while lookups read the names: not on their cache line.
  alignas(64) std::atomic<uint64_t> refs_ = 1;
};

class LabelTable {
 public:
  // `ledger` must outlive the table. nullptr: labels have no row.
  explicit LabelTable(StatsLedger* ledger);
  ~LabelTable();

  // The same in all tables of this process, and in no other process.
  static uint64_t HashOfNamespace(absl::string_view ns);

  // Labels know the share of their namespace from now on; before, it is MemoryShares::kNone. REQUIRES: nothing is
  // interned yet.
  void UseShares(std::shared_ptr<MemoryShares> shares);

  // Counts one reference; give it back with Label::Unref.
  Label* Intern(const LabelParts& parts);

  // Heap taken by all labels that are alive, the table's share included.
  size_t bytes() const;
  size_t size() const;

 private:
  StatsLedger* const ledger_;
  const std::shared_ptr<Label::Interned> interned_;
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_LABEL_TABLE_H_
