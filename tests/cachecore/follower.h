// What tests of recordings do: ask for a lease, record under it, follow; each as one call that waits for its answer.
#ifndef PARACLE_TESTS_CACHECORE_FOLLOWER_H_
#define PARACLE_TESTS_CACHECORE_FOLLOWER_H_

#include <chrono>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "cachecore/cache_factory.h"
#include "cachecore/follow_session.h"
#include "gtest/gtest.h"
#include "tests/support/answer.h"

namespace paracle::cachecore {

inline EntryId IdOf(int question) { return {.ns = "default", .digest = DigestOfQuestion(question)}; }

// A lookup with a lease.
class AskedLease final : public LeaseCall {
 public:
  AskedLease(LeasedCache& leases, int question, absl::Duration hold, absl::Duration wait) {
    ns = "default";
    digest = DigestOfQuestion(question);
    model = "gpt-4";
    holder = "test";
    deadline = absl::InfiniteFuture();
    this->hold = hold;
    this->wait = wait;
    leases.Get(*this);
  }

  void Answer(LeaseOutcome outcome) override { answered_.set_value(std::move(outcome)); }
  bool cancelled() const override { return false; }

  LeaseOutcome Outcome() { return answered_.get_future().get(); }

 private:
  std::promise<LeaseOutcome> answered_;
};

// REQUIRES: the lease is free.
inline FillToken LeaseOf(CacheStack& stack, int question, absl::Duration hold = absl::Minutes(5)) {
  const LeaseOutcome outcome = AskedLease(*stack.leases, question, hold, absl::ZeroDuration()).Outcome();
  EXPECT_TRUE(std::holds_alternative<Lease>(outcome)) << "outcome " << outcome.index();
  return std::holds_alternative<Lease>(outcome) ? std::get<Lease>(outcome).token : FillToken();
}

inline bool LeaseIsFree(CacheStack& stack, int question) {
  const LeaseOutcome outcome =
      AskedLease(*stack.leases, question, absl::Minutes(5), absl::ZeroDuration()).Outcome();
  if (const auto* lease = std::get_if<Lease>(&outcome)) stack.leases->Release(IdOf(question), lease->token, [] {});
  return std::holds_alternative<Lease>(outcome);
}

inline absl::StatusOr<std::shared_ptr<Recorder>> Begin(CacheStack& stack, int question, FillToken token,
                                                       const std::string& content_type = "text/event-stream") {
  std::promise<absl::StatusOr<std::shared_ptr<Recorder>>> begun;
  stack.recordings->Begin({.ns = "default",
                           .digest = DigestOfQuestion(question),
                           .provider = "openai",
                           .model = "gpt-4",
                           .content_type = content_type},
                          token, [&](auto recorder) { begun.set_value(std::move(recorder)); });
  return begun.get_future().get();
}

// With a lease of its own.
inline std::shared_ptr<Recorder> Record(CacheStack& stack, int question) {
  auto recorder = Begin(stack, question, LeaseOf(stack, question));
  EXPECT_TRUE(recorder.ok()) << recorder.status();
  return recorder.ok() ? *std::move(recorder) : nullptr;
}

inline absl::StatusOr<SetOutcome> End(Recorder& recorder, const RecordedFacts& facts = {.ttl = absl::Hours(1)}) {
  std::promise<absl::StatusOr<SetOutcome>> stored;
  recorder.End(facts, absl::InfiniteFuture(), [&](auto outcome) { stored.set_value(std::move(outcome)); });
  return stored.get_future().get();
}

inline std::optional<Hit> FindEntry(CacheStack& stack, int question) {
  std::promise<GetOutcome> answered;
  stack.cache->Get(IdOf(question), absl::InfiniteFuture(),
                   [&](GetOutcome outcome) { answered.set_value(std::move(outcome)); });
  GetOutcome outcome = answered.get_future().get();
  if (!std::holds_alternative<Hit>(outcome)) return std::nullopt;
  return std::get<Hit>(std::move(outcome));
}

inline absl::Status Invalidate(CacheStack& stack, const InvalidationTarget& target) {
  std::promise<absl::Status> done;
  stack.cache->Invalidate(target, false, [&](auto outcome) { done.set_value(outcome.status()); });
  return done.get_future().get();
}

// One reader, who takes a step when the test says so.
class Follower {
 public:
  using Step = FollowSession::Step;
  using Kind = Step::Kind;

  // REQUIRES: there is room for one more.
  explicit Follower(CacheStack& stack, int question, absl::Duration keep_alive = absl::Minutes(1),
                    absl::string_view model = "gpt-4")
      : readiness_(std::make_shared<Readiness>()) {
    EXPECT_TRUE(stack.recordings->EnterFollower());
    session_ = std::make_shared<FollowSession>(stack.recordings.get(), IdOf(question), model, absl::InfiniteFuture(),
                                               keep_alive, [readiness = readiness_] { readiness->Tell(); });
  }

  Step Next() { return session_->Next(); }

  // The next step that is not to wait, once there is one; kWait: not within `seconds`.
  Step Await(double seconds = 20) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    while (true) {
      const int told = readiness_->count();
      Step step = session_->Next();
      if (step.kind != Kind::kWait || !readiness_->Await(told, give_up)) return step;
    }
  }

  // The next one that says something.
  Step AwaitNews(double seconds = 20) {
    Step step = Await(seconds);
    while (step.kind == Kind::kKeepAlive) step = Await(seconds);
    return step;
  }

  // Steps until so many bytes of the answer have come in all, or what ends it has.
  void ReadUntil(size_t bytes, double seconds = 20) {
    while (text.size() < bytes && last == Kind::kWait) {
      const Step step = AwaitNews(seconds);
      if (step.kind == Kind::kWait) return;
      Note(step);
    }
  }

  // To the end. `last` is kWait when it does not come.
  Follower& ReadAll(double seconds = 20) {
    ReadUntil(SIZE_MAX, seconds);
    return *this;
  }

  int times_ready() const { return readiness_->count(); }
  // True: `ready` has been called for the `count`th time.
  bool IsReady(int count, double seconds = 20) {
    return readiness_->Await(count - 1, std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds));
  }

  void Destroy() { session_.reset(); }

  // What has come.
  int starts = 0;
  std::string content_type;
  bool live = false;
  bool coalesced = false;
  std::string text;
  std::vector<std::string> chunks;
  Kind last = Kind::kWait;
  AnswerEnd end;

 private:
  class Readiness {
   public:
    void Tell() {
      std::lock_guard lock(mutex_);
      ++count_;
      changed_.notify_all();
    }
    int count() {
      std::lock_guard lock(mutex_);
      return count_;
    }
    template <typename Time>
    bool Await(int told, Time give_up) {
      std::unique_lock lock(mutex_);
      return changed_.wait_until(lock, give_up, [&] { return count_ > told; });
    }

   private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int count_ = 0;
  };

  void Note(const Step& step) {
    if (step.kind == Kind::kStart) {
      ++starts;
      content_type = step.content_type;
      live = step.live;
      coalesced = step.coalesced;
    } else if (step.kind == Kind::kChunks) {
      EXPECT_EQ(starts, 1) << "a start comes before the first chunk";
      for (const Chunk& chunk : step.chunks) {
        text += *chunk;
        chunks.push_back(*chunk);
      }
    } else {
      last = step.kind;
      end = step.end;
    }
  }

  const std::shared_ptr<Readiness> readiness_;
  std::shared_ptr<FollowSession> session_;
};

}  // namespace paracle::cachecore

#endif  // PARACLE_TESTS_CACHECORE_FOLLOWER_H_
