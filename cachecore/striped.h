// Striped<T> is a T for each of a few thread slots, so that threads that count share no cache line: each writes its
// own, reading sums them. T is made of relaxed atomics that start at zero.
//
// Thread-safe. A slot is nearly always one thread's own: threads beyond kThreadSlots share, which costs time, not
// counts. Memory is taken as threads come.
#ifndef PARACLE_CACHECORE_STRIPED_H_
#define PARACLE_CACHECORE_STRIPED_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>

namespace paracle::cachecore {

inline constexpr size_t kThreadSlots = 16;

inline size_t ThreadSlot() {
  static std::atomic<size_t> next = 0;
  thread_local const size_t slot = next.fetch_add(1, std::memory_order_relaxed) % kThreadSlots;
  return slot;
}

template <typename T>
class Striped {
 public:
  Striped() = default;
  Striped(const Striped&) = delete;
  Striped& operator=(const Striped&) = delete;
  ~Striped() {
    for (auto& stripe : stripes_) delete stripe.load(std::memory_order_relaxed);
  }

  // This thread's.
  T& Mine() {
    std::atomic<Padded*>& slot = stripes_[ThreadSlot()];
    Padded* const stripe = slot.load(std::memory_order_acquire);
    return stripe != nullptr ? stripe->value : Allocate(slot).value;
  }

  // Calls `read(const T&)` for each that anybody has written to.
  template <typename Read>
  void ForEach(Read read) const {
    for (const auto& slot : stripes_) {
      const Padded* const stripe = slot.load(std::memory_order_acquire);
      if (stripe != nullptr) read(stripe->value);
    }
  }

 private:
  struct alignas(64) Padded {
    T value;
  };

  static Padded& Allocate(std::atomic<Padded*>& slot) {
    auto fresh = std::make_unique<Padded>();
    Padded* seen = nullptr;
    if (slot.compare_exchange_strong(seen, fresh.get(), std::memory_order_acq_rel)) return *fresh.release();
    return *seen;
  }

  std::array<std::atomic<Padded*>, kThreadSlots> stripes_{};
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_STRIPED_H_
