// Replicas of the service as far as their ledgers go, and a client that loses acknowledgements.
#ifndef PARACLE_TESTS_CACHECORE_LEDGER_REPLICA_H_
#define PARACLE_TESTS_CACHECORE_LEDGER_REPLICA_H_

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "cachecore/redis/client.h"
#include "cachecore/shared_ledger.h"
#include "gtest/gtest.h"
#include "tests/support/redis_process.h"

namespace paracle::cachecore {

inline constexpr Origin kOrigin{
    .prompt_tokens = 100, .completion_tokens = 20, .cost_usd = 0.25, .latency = absl::Seconds(2)};
inline constexpr absl::Duration kPatience = absl::Seconds(20);
inline constexpr absl::Duration kNever = absl::Hours(1);

inline bool Eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(kPatience);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

// Carries commands out, and loses what the server answered to flushes when it is told to.
class LossyClient final : public redis::Client {
 public:
  explicit LossyClient(std::unique_ptr<redis::Client> client) : client_(std::move(client)) {}

  void LoseAnswers(bool lose) { lose_ = lose; }
  int lost() const { return lost_; }

  void Send(redis::Lane lane, redis::Command command, absl::Duration timeout, Done done) override {
    const bool flush = absl::StrContains(command.wire(), ":seen:");
    client_->Send(lane, std::move(command), timeout,
                  [this, flush, done = std::move(done)](absl::StatusOr<redis::Reply> reply) mutable {
                    const bool unknown_script = reply.ok() && absl::IsNotFound(redis::StatusOf(*reply));
                    if (!flush || !lose_ || unknown_script) return std::move(done)(std::move(reply));
                    ++lost_;
                    std::move(done)(absl::DeadlineExceededError("lost"));
                  });
  }
  void Distrust(absl::string_view why) override { client_->Distrust(why); }
  void RunAfter(absl::Duration delay, absl::AnyInvocable<void() &&> task) override {
    client_->RunAfter(delay, std::move(task));
  }
  bool available() const override { return client_->available(); }
  bool control_available() const override { return client_->control_available(); }
  redis::ClientCounters counters() const override { return client_->counters(); }
  const redis::ClientOptions& options() const override { return client_->options(); }

 private:
  std::atomic<bool> lose_ = false;
  std::atomic<int> lost_ = 0;
  std::unique_ptr<redis::Client> client_;
};

// What one process of the service has. Flushes when it is told to, unless `options` say an interval.
class Replica {
 public:
  explicit Replica(const std::string& url, SharedLedgerOptions options = {.interval = kNever}) {
    redis::ClientOptions client_options;
    client_options.deployment = *redis::Deployment::Parse(url);
    auto connected = std::make_shared<std::promise<void>>();
    connected_ = connected->get_future();
    auto first = std::make_shared<std::atomic<bool>>(true);
    client_ = std::make_unique<LossyClient>(
        redis::Client::Create(std::move(client_options), {.on_control_connected = [connected, first] {
                                if (first->exchange(false)) connected->set_value();
                              }}));
    shared_ = std::make_unique<SharedLedger>(client_.get(), &ledger_, std::move(options), Clock::System());
  }

  bool Connected() { return connected_.wait_for(absl::ToChronoNanoseconds(kPatience)) == std::future_status::ready; }

  // Whether everything counted so far is added; asks again while it does not come through.
  bool Flush() {
    return Eventually([this] { return shared_->Flush(kPatience); });
  }

  absl::Status Reset(absl::string_view ns) {
    auto status = std::make_shared<std::promise<absl::Status>>();
    shared_->Reset(ns, [status](absl::Status told) { status->set_value(std::move(told)); });
    return status->get_future().get();
  }

  void Hit(int count, absl::string_view ns = "team", absl::string_view model = "gpt-4") {
    for (int i = 0; i < count; ++i) ledger_.RecordHit(ledger_.RowFor(ns, model), kOrigin, absl::Milliseconds(10));
  }
  void Miss(int count) {
    for (int i = 0; i < count; ++i) ledger_.RecordMiss(ledger_.RowFor("team", "gpt-4"));
  }

  int64_t Hits(absl::string_view ns = "") const { return shared_->Snapshot(ns).ledger.total.hits; }
  int64_t OwnHits(absl::string_view ns = "") const { return ledger_.Snapshot(ns).total.hits; }

  LossyClient& client() { return *client_; }
  StatsLedger& ledger() { return ledger_; }
  SharedLedger& shared() { return *shared_; }

 private:
  StatsLedger ledger_{{}, Clock::System()};
  std::future<void> connected_;
  std::unique_ptr<LossyClient> client_;
  std::unique_ptr<SharedLedger> shared_;  // Goes first.
};

class SharedLedgerTest : public testing::Test {
 protected:
  std::unique_ptr<Replica> NewReplica(SharedLedgerOptions options = {.interval = kNever}) {
    auto replica = std::make_unique<Replica>(server_.Url(), std::move(options));
    EXPECT_TRUE(replica->Connected());
    return replica;
  }

  // What a replica that has just come sees.
  int64_t SeenByANewOne() {
    const auto replica = NewReplica();
    EXPECT_TRUE(replica->Flush());
    return replica->Hits();
  }

  support::RedisProcess server_;
};

}  // namespace paracle::cachecore

#endif  // PARACLE_TESTS_CACHECORE_LEDGER_REPLICA_H_
