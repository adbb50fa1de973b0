#include "cachecore/background_sweeper.h"

#include <semaphore>
#include <utility>

namespace paracle::cachecore {
namespace {

// Shared by the two functions that make the ordinary Wait.
struct Timer {
  std::binary_semaphore stop{0};
};

}  // namespace

BackgroundSweeper::BackgroundSweeper(absl::AnyInvocable<void()> step, absl::Duration interval) {
  auto timer = std::make_shared<Timer>();
  const auto pause = absl::ToChronoNanoseconds(interval);
  interrupt_ = [timer] { timer->stop.release(); };
  thread_ = std::thread([timer, pause, step = std::move(step)]() mutable {
    while (!timer->stop.try_acquire_for(pause)) step();
  });
}

BackgroundSweeper::BackgroundSweeper(absl::AnyInvocable<void()> step, Wait wait, absl::AnyInvocable<void()> interrupt)
    : interrupt_(std::move(interrupt)), thread_([step = std::move(step), wait = std::move(wait)]() mutable {
        while (wait()) step();
      }) {}

BackgroundSweeper::~BackgroundSweeper() {
  interrupt_();
  thread_.join();
}

}  // namespace paracle::cachecore
