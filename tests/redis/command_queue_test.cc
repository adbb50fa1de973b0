// CommandQueue: replies come in the order of the commands, and a place is kept until its reply has come.
#include "cachecore/redis/command_queue.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace paracle::cachecore::redis {
namespace {

constexpr SteadyTime kEpoch{};

class CommandQueueTest : public testing::Test {
 protected:
  void Push(absl::string_view name, int deadline_ms = 1000) {
    Client::Done ignore = [](const absl::StatusOr<Reply>&) {};
    queue_.Push(std::make_unique<PendingCommand>(PendingCommand::Kind::kData, Command{name},
                                                 kEpoch + std::chrono::milliseconds(deadline_ms), std::move(ignore),
                                                 PendingSlot(count_)));
    sizes_ += Command{name}.wire().size();
  }

  std::string Gathered() const {
    std::array<iovec, 64> pieces;
    const size_t count = queue_.Gather(absl::MakeSpan(pieces));
    std::string bytes;
    for (size_t i = 0; i < count; ++i) bytes.append(static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len);
    return bytes;
  }

  std::vector<int64_t> Expire(int now_ms) {
    std::vector<int64_t> deadlines;
    queue_.Expire(kEpoch + std::chrono::milliseconds(now_ms), [&](PendingCommand& command) {
      deadlines.push_back((command.deadline - kEpoch) / std::chrono::milliseconds(1));
    });
    return deadlines;
  }

  std::atomic<size_t> count_ = 0;
  size_t sizes_ = 0;
  CommandQueue queue_;
};

std::string Wire(absl::string_view name) { return std::string(Command{name}.wire()); }

TEST_F(CommandQueueTest, BytesGoOutInOrderWhateverTheCuts) {
  Push("A");
  Push("BB");
  Push("CCC");
  const std::string all = Gathered();
  EXPECT_EQ(all, Wire("A") + Wire("BB") + Wire("CCC"));
  for (size_t i = 0; i < all.size(); ++i) {
    ASSERT_EQ(Gathered(), all.substr(i));
    ASSERT_EQ(queue_.unsent_bytes(), all.size() - i);
    queue_.Wrote(1);
  }
  EXPECT_EQ(queue_.due(), 3u);
  EXPECT_EQ(Gathered(), "");
}

TEST_F(CommandQueueTest, NothingIsDueBeforeItsLastByteIsWritten) {
  Push("A");
  queue_.Wrote(Wire("A").size() - 1);
  EXPECT_EQ(queue_.PopDue(), nullptr);
  queue_.Wrote(1);
  EXPECT_NE(queue_.PopDue(), nullptr);
  EXPECT_EQ(queue_.PopDue(), nullptr);
}

TEST_F(CommandQueueTest, WrittenCommandsKeepTheirPlaceWhenTheyExpire) {
  Push("A", 10);
  Push("B", 30);
  queue_.Wrote(sizes_);
  EXPECT_EQ(Expire(20), std::vector<int64_t>{10});
  EXPECT_EQ(Expire(20), std::vector<int64_t>{}) << "told once";
  EXPECT_TRUE(queue_.PopDue()->answered);
  EXPECT_FALSE(queue_.PopDue()->answered);
}

TEST_F(CommandQueueTest, WhatTheServerHasNotSeenIsDroppedButNotHalfOfIt) {
  Push("A", 10);
  Push("B", 10);
  Push("C", 30);
  queue_.Wrote(3);
  EXPECT_EQ(Expire(20), (std::vector<int64_t>{10, 10}));
  EXPECT_EQ(Gathered(), Wire("A").substr(3) + Wire("C"));
  EXPECT_EQ(queue_.size(), 2u);
  EXPECT_EQ(queue_.unsent_bytes(), Gathered().size());
  EXPECT_EQ(count_, 2u);
}

TEST_F(CommandQueueTest, TheNextDeadlineIsTheEarliestOfThoseWhoWait) {
  EXPECT_EQ(queue_.next_deadline(), SteadyTime::max());
  Push("A", 30);
  Push("B", 10);
  EXPECT_EQ(queue_.next_deadline(), kEpoch + std::chrono::milliseconds(10));
  Expire(10);
  EXPECT_EQ(queue_.next_deadline(), kEpoch + std::chrono::milliseconds(30));
  Expire(30);
  EXPECT_EQ(queue_.next_deadline(), SteadyTime::max());
}

TEST_F(CommandQueueTest, TakeAllLeavesNothing) {
  Push("A");
  Push("B");
  queue_.Wrote(Wire("A").size() + 2);
  {
    PendingList all = queue_.TakeAll();
    EXPECT_EQ(count_, 2u);
  }
  EXPECT_EQ(count_, 0u);
  EXPECT_EQ(queue_.size(), 0u);
  EXPECT_EQ(queue_.unsent_bytes(), 0u);
  Push("C");
  EXPECT_EQ(Gathered(), Wire("C"));
}

}  // namespace
}  // namespace paracle::cachecore::redis
