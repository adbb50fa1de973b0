// Entry is one stored answer: an immutable payload with what is known about it, in one allocation, refcounted.
//
// An EntryHandle keeps an entry alive after the cache has let go of it, so a response can be sent straight from the
// stored bytes. Handles are as thread-safe as std::shared_ptr; the bytes and facts never change after Create.
#ifndef PARACLE_CACHECORE_ENTRY_H_
#define PARACLE_CACHECORE_ENTRY_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "cachecore/digest.h"
#include "cachecore/internal/lru_list.h"

namespace paracle::cachecore {

// Names an entry. The namespace partitions storage and is no part of the digest.
struct EntryId {
  absl::string_view ns;  // Not empty; the caller has replaced "" by "default".
  Digest digest;
};

// What the original model call cost. Zero means unknown, in every field.
struct Origin {
  uint32_t prompt_tokens = 0;
  uint32_t completion_tokens = 0;
  double cost_usd = 0;  // Finite, >= 0.
  absl::Duration latency;
};

// The sequence number at which a fill began, in the history (epoch) that it belongs to. See mark_table.h. With a lease,
// also whose fill it is.
// On the wire it is 17 opaque bytes: a version byte, then both numbers in big-endian order; with a lease 25.
struct FillToken {
  uint64_t epoch = 0;
  uint64_t sequence = 0;
  uint64_t lease = 0;  // 0: no lease.
  bool alone = false;  // The lease was given by one server alone, while the shared tier was away.

  std::string Encode() const;
  static std::optional<FillToken> Decode(absl::string_view bytes);  // nullopt: not a token of ours.

  friend bool operator==(const FillToken&, const FillToken&) = default;
};

// What a new entry is made of. Views must outlive Create only.
struct EntrySpec {
  EntryId id;
  absl::string_view provider;
  absl::string_view model;
  absl::string_view content_type;
  absl::Span<const absl::string_view> payload;  // Pieces, stored end to end.
  absl::Span<const std::string> tags;
  Origin origin;
  absl::Duration ttl;                     // > 0, already cut to the maximum. Over 730 days counts as 730 days.
  std::optional<FillToken> fill_token;    // nullopt: the fill counts as begun now.
  std::optional<absl::Time> create_time;  // When its life began, on the wall clock; nullopt: now.
};

class Label;  // label_table.h: namespace, provider, model, content type, and the ledger row they count in.
class LabelTable;
class Clock;
class EntryHandle;

namespace internal {
class Shard;
}

// 120 bytes before the payload, so that together with malloc's own 8 a payload of a multiple of 16 bytes wastes
// nothing. What many entries share (names, content type, epoch) is in their Label; tags are apart, for those that have
// any.
class Entry final : private internal::LruNode {
 public:
  static constexpr absl::Duration kMaxTtl = absl::Hours(24 * 730);  // Longer lives are cut to it.

  // Copies the payload, once. `clock` is used during the call only; the label is shared and refcounted.
  // The fill began at `begun`; spec.fill_token is not read. Times shown to users are kept to the millisecond.
  // REQUIRES: the payload is smaller than 4 GiB.
  static EntryHandle Create(const EntrySpec& spec, FillToken begun, LabelTable& labels, const Clock& clock);

  // What charge() of such an entry would be, up to allocator slack.
  static size_t SizeFor(const EntrySpec& spec);

  const Digest& digest() const { return digest_; }
  const Label& label() const { return *label_; }  // Namespace, provider, model.
  absl::string_view payload() const;
  absl::string_view content_type() const;
  absl::Span<const std::string> tags() const;
  Origin origin() const;
  absl::Time create_time() const;
  absl::Time expire_time() const;  // create_time() + ttl, on the wall clock: what users are shown.
  int64_t expires_nanos() const { return expires_nanos_; }  // On Clock::MonotonicNanos(): what decides.

  // The latest sequence number at which this entry is known to be valid; the beginning of its fill at first.
  FillToken fill_token() const;

  // Bytes of heap that this entry really takes, tags and allocator slack counted; its share of labels is not.
  size_t charge() const;

  // The count behind EntryHandle, for C interfaces that keep a `const void*` (grpc_slice): take the pointer with
  // EntryHandle::release(), and call Unref once when done.
  static void Ref(const Entry* entry) { entry->refs_.fetch_add(1, std::memory_order_relaxed); }
  static void Unref(const Entry* entry) {
    if (entry->refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) Destroy(entry);
  }

 private:
  friend class internal::Shard;  // Its lock guards what changes: the LruNode, generation_, hits_, and writes of
                                 // valid_from_.

  Entry() = default;
  ~Entry() = default;
  static void Destroy(const Entry* entry);
  char* PayloadStart() { return reinterpret_cast<char*>(this) + sizeof(Entry); }
  const std::vector<std::string>* tag_list() const;

  // What a lookup reads and writes comes first: at most two cache lines.
  uint16_t generation_ = 0;  // Of its shard, when it was last moved in the order of use.
  uint16_t ttl_ms_high_ = 0;
  Digest digest_;
  Label* label_ = nullptr;
  int64_t expires_nanos_ = 0;
  std::atomic<uint64_t> valid_from_ = 0;
  mutable std::atomic<uint32_t> refs_ = 1;
  uint32_t hits_ = 0;
  double cost_usd_ = 0;
  uint32_t prompt_tokens_ = 0;
  uint32_t completion_tokens_ = 0;
  uint64_t created_ms_ : 43 = 0;  // On the wall clock.
  uint64_t ttl_ms_low_ : 20 = 0;
  uint64_t has_tags_ : 1 = 0;  // Then a pointer to them stands behind the payload, unaligned.
  uint32_t payload_size_ = 0;
  float latency_s_ = 0;
};

// A shared reference to an entry. Copying is one relaxed atomic add.
class EntryHandle {
 public:
  EntryHandle() = default;
  EntryHandle(const EntryHandle& other) : entry_(other.entry_) {
    if (entry_ != nullptr) Entry::Ref(entry_);
  }
  EntryHandle(EntryHandle&& other) noexcept : entry_(std::exchange(other.entry_, nullptr)) {}
  EntryHandle& operator=(EntryHandle other) noexcept {
    std::swap(entry_, other.entry_);
    return *this;
  }
  ~EntryHandle() {
    if (entry_ != nullptr) Entry::Unref(entry_);
  }

  // Takes over a reference that somebody else counted.
  static EntryHandle Adopt(const Entry* entry) {
    EntryHandle handle;
    handle.entry_ = entry;
    return handle;
  }

  // Gives the reference away: the caller owes one Entry::Unref.
  [[nodiscard]] const Entry* release() { return std::exchange(entry_, nullptr); }

  const Entry* get() const { return entry_; }
  const Entry& operator*() const { return *entry_; }
  const Entry* operator->() const { return entry_; }
  explicit operator bool() const { return entry_ != nullptr; }

 private:
  const Entry* entry_ = nullptr;
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_ENTRY_H_
