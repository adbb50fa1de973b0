// ShareOrders are the orders of use of what has a share of the memory tier, within one shard: one list for each share,
// and the same questions as of a single list, over all of them.
//
// Guarded by the shard's lock, but for Pressure.
#ifndef PARACLE_CACHECORE_INTERNAL_SHARE_ORDERS_H_
#define PARACLE_CACHECORE_INTERNAL_SHARE_ORDERS_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "cachecore/internal/lru_list.h"
#include "cachecore/memory_shares.h"

namespace paracle::cachecore::internal {

class ShareOrders {
 public:
  // REQUIRES: every share is below `count`.
  explicit ShareOrders(size_t count) : count_(count), orders_(std::make_unique<Order[]>(count)) {}

  size_t count() const { return count_; }
  LruList& list(size_t share) { return orders_[share].list; }

  // After an entry came into the list of `share`, or left it. kNone has none here.
  void Added(uint16_t share) {
    if (share == MemoryShares::kNone) return;
    if (orders_[share].entries++ == 0) used_.push_back(share);
    Publish(share);
  }
  void Removed(uint16_t share) {
    if (share == MemoryShares::kNone) return;
    if (--orders_[share].entries == 0) used_.erase(std::find(used_.begin(), used_.end(), share));
    Publish(share);
  }

  // After the order of `share` has changed.
  void Publish(uint16_t share) {
    const LruNode* const oldest = orders_[share].list.Oldest();
    orders_[share].oldest.store(oldest == nullptr ? 0 : oldest->stamp, std::memory_order_relaxed);
  }

  // The entry that was used longest ago, `other` among them; null: there is none.
  LruNode* Older(LruNode* other) {
    for (uint16_t share : used_) {
      LruNode* const oldest = orders_[share].list.Oldest();
      // Stamps wrap around after months.
      if (other == nullptr || static_cast<int32_t>(oldest->stamp - other->stamp) < 0) other = oldest;
    }
    return other;
  }

  // How long ago the oldest entry of `share` was used, in ticks and one more; 0: there is none. Read without the lock.
  uint64_t Pressure(uint16_t share, uint32_t now_tick) const {
    const uint32_t oldest = orders_[share].oldest.load(std::memory_order_relaxed);
    return oldest == 0 ? 0 : uint64_t{now_tick - oldest} + 1;
  }

 private:
  struct Order {
    LruList list;
    size_t entries = 0;
    std::atomic<uint32_t> oldest = 0;
  };

  const size_t count_;
  const std::unique_ptr<Order[]> orders_;
  std::vector<uint16_t> used_;  // Shares that have entries here.
};

}  // namespace paracle::cachecore::internal

#endif  // PARACLE_CACHECORE_INTERNAL_SHARE_ORDERS_H_
