// An answer on its way: one writes, many read.
#include "cachecore/recording.h"

#include <atomic>
#include <random>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/answer.h"

namespace paracle::cachecore {
namespace {

using State = Recording::State;
using testing::ElementsAre;

Chunk ChunkOf(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

class CountingWaker final : public Waker {
 public:
  void Wake() override {
    wakes.fetch_add(1);
    wakes.notify_all();
  }
  std::atomic<int> wakes = 0;
};

class RecordingTest : public testing::Test {
 protected:
  std::vector<std::string> Texts(size_t index, size_t max_charge = SIZE_MAX) {
    std::vector<std::string> texts;
    for (const Chunk& chunk : recording_.Read(index, max_charge).chunks) texts.push_back(*chunk);
    return texts;
  }

  const EntryTag tag_ = EntryTag::Of({.ns = "default", .digest = DigestOfQuestion(1)}, NameHash());
  Recording recording_{tag_, {}, "gpt-4", "text/plain"};
};

TEST_F(RecordingTest, ChunksAreReadInTheOrderInWhichTheyCame) {
  for (const char* text : {"a", "b", "c"}) recording_.Append(ChunkOf(text));
  EXPECT_THAT(Texts(0), ElementsAre("a", "b", "c"));
  EXPECT_THAT(Texts(2), ElementsAre("c"));
  EXPECT_THAT(Texts(3), ElementsAre());
  EXPECT_THAT(Texts(99), ElementsAre());
  EXPECT_EQ(recording_.count(), 3u);
  EXPECT_EQ(recording_.bytes(), 3u);
  EXPECT_EQ(recording_.charge(), 3 * (1 + kChunkOverhead));
  EXPECT_EQ(recording_.Joined(), "abc");
}

TEST_F(RecordingTest, ReadGivesOneChunkAtLeastAndThenNoMoreThanItsLimit) {
  recording_.Append(ChunkOf(std::string(1000, 'x')));
  recording_.Append(ChunkOf("b"));
  recording_.Append(ChunkOf("c"));
  EXPECT_EQ(Texts(0, 0).size(), 1u);
  EXPECT_EQ(Texts(0, 1000 + kChunkOverhead).size(), 1u);
  EXPECT_EQ(Texts(0, 1001 + 2 * kChunkOverhead).size(), 2u);
  EXPECT_EQ(Texts(0, 1002 + 3 * kChunkOverhead).size(), 3u);
}

TEST_F(RecordingTest, TheEndIsToldWithTheLastChunkAndNotBefore) {
  for (const char* text : {"a", "b"}) recording_.Append(ChunkOf(text));
  AnswerEnd end;
  end.origin.prompt_tokens = 7;
  recording_.Complete(end);
  EXPECT_EQ(recording_.Read(0, 0).state, State::kRunning);
  EXPECT_EQ(recording_.Read(1, 0).state, State::kComplete);
  EXPECT_EQ(recording_.Read(2, 0).state, State::kComplete);
  EXPECT_EQ(recording_.Read(2, 0).end.origin.prompt_tokens, 7u);
}

TEST_F(RecordingTest, WhatComesAfterTheEndIsDroppedAndTheFirstEndCounts) {
  EXPECT_TRUE(recording_.Append(ChunkOf("a")));
  recording_.Abort();
  EXPECT_FALSE(recording_.Append(ChunkOf("b")));
  recording_.Complete({});
  EXPECT_EQ(recording_.state(), State::kAborted);
  EXPECT_THAT(Texts(0), ElementsAre("a"));
  EXPECT_EQ(recording_.charge(), 1 + kChunkOverhead);
}

TEST_F(RecordingTest, AwaitIsRefusedWhenThereIsMoreOrAnEnd) {
  const auto waker = std::make_shared<CountingWaker>();
  EXPECT_TRUE(recording_.Await(0, waker));
  recording_.Append(ChunkOf("a"));
  EXPECT_FALSE(recording_.Await(0, waker));
  EXPECT_TRUE(recording_.Await(1, waker));
  recording_.Complete({});
  EXPECT_FALSE(recording_.Await(1, waker));
  EXPECT_EQ(waker->wakes, 2);
}

TEST_F(RecordingTest, WhoAwaitsIsWokenOnceForEachAwait) {
  const auto waker = std::make_shared<CountingWaker>();
  const auto other = std::make_shared<CountingWaker>();
  ASSERT_TRUE(recording_.Await(0, waker));
  ASSERT_TRUE(recording_.Await(0, waker)) << "twice is once";
  ASSERT_TRUE(recording_.Await(0, other));
  for (const char* text : {"a", "b", "c"}) recording_.Append(ChunkOf(text));
  recording_.Abort();
  EXPECT_EQ(waker->wakes, 1);
  EXPECT_EQ(other->wakes, 1);
}

TEST_F(RecordingTest, WhoHasGoneOrAwaitsNoLongerIsNotWoken) {
  auto gone = std::make_shared<CountingWaker>();
  const auto stopped = std::make_shared<CountingWaker>();
  ASSERT_TRUE(recording_.Await(0, gone));
  ASSERT_TRUE(recording_.Await(0, stopped));
  gone.reset();
  recording_.StopAwaiting(stopped.get());
  recording_.StopAwaiting(stopped.get());
  recording_.Append(ChunkOf("a"));
  EXPECT_EQ(stopped->wakes, 0);
}

TEST_F(RecordingTest, ManyReadersSeeWhatOneWriterWritesEachAtItsOwnPace) {
  constexpr int kReaders = 6;
  constexpr int kChunks = 20'000;
  std::vector<std::string> read(kReaders);
  std::vector<std::thread> readers;
  for (int reader = 0; reader < kReaders; ++reader) {
    readers.emplace_back([&, reader] {
      const auto waker = std::make_shared<CountingWaker>();
      std::mt19937 random(reader);
      size_t position = 0;
      while (true) {
        const int wakes = waker->wakes;
        const Recording::Part part = recording_.Read(position, random() % 4096);
        for (const Chunk& chunk : part.chunks) read[reader] += *chunk;
        position += part.chunks.size();
        if (part.state != State::kRunning) return;
        if (recording_.Await(position, waker)) waker->wakes.wait(wakes);
      }
    });
  }
  std::string written;
  for (int i = 0; i < kChunks; ++i) {
    const std::string text = absl::StrCat(i, ";");
    written += text;
    ASSERT_TRUE(recording_.Append(ChunkOf(text)));
  }
  recording_.Complete({});
  for (std::thread& reader : readers) reader.join();
  for (const std::string& text : read) EXPECT_TRUE(text == written) << text.size() << " of " << written.size();
}

}  // namespace
}  // namespace paracle::cachecore
