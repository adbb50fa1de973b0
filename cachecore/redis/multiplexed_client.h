// MultiplexedClient is Client: lanes over connections, the breaker, and the thread that runs them.
//
// Everything without a note belongs to that thread. Send touches only what is atomic, and a connection's SendAlone.
#ifndef PARACLE_CACHECORE_REDIS_MULTIPLEXED_CLIENT_H_
#define PARACLE_CACHECORE_REDIS_MULTIPLEXED_CLIENT_H_

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <atomic>
#include <list>
#include <memory>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include "cachecore/redis/circuit_breaker.h"
#include "cachecore/redis/client.h"
#include "cachecore/redis/connection.h"
#include "cachecore/redis/submission_stack.h"

namespace paracle::cachecore::redis {

class MultiplexedClient final : public Client, private ConnectionOwner {
 public:
  MultiplexedClient(ClientOptions options, ClientObserver observer);
  ~MultiplexedClient() override;

  void Send(Lane lane, Command command, absl::Duration timeout, Done done) override;
  void Distrust(absl::string_view why) override;
  void RunAfter(absl::Duration delay, absl::AnyInvocable<void() &&> task) override;
  bool available() const override { return data_open_.load(std::memory_order_relaxed); }
  bool control_available() const override { return control_open_.load(std::memory_order_relaxed); }
  ClientCounters counters() const override;
  const ClientOptions& options() const override { return options_; }

 private:
  using Counter = std::atomic<int64_t>;
  struct Counters {
    Counter sent{0}, timeouts{0}, late_replies{0}, error_replies{0}, connects{0}, disconnects{0}, refused{0},
        circuit_opened{0};
  };
  struct Task {
    asio::steady_timer timer;
    absl::AnyInvocable<void() &&> run;
  };

  static void Count(Counter& counter) { counter.fetch_add(1, std::memory_order_relaxed); }

  // OK: it may be queued. Any thread.
  absl::Status Admit(Lane lane, absl::Duration timeout, size_t bytes) const;
  PendingCommand::Kind KindOf(Lane lane, absl::Duration timeout) const;

  void OnReady(Connection& connection) override;
  void OnDown(Connection& connection, bool was_ready, const absl::Status& why) override;
  void Answer(PendingCommand& command, absl::StatusOr<Reply> reply) override;
  void OnLateReply() override { Count(counters_.late_replies); }
  void OnWritten(size_t bytes) override { unwritten_bytes_.fetch_sub(bytes, std::memory_order_relaxed); }
  void AfterReplies() override { Drain(); }

  // Gives what has been submitted to the connections, and flushes these.
  void Drain();
  Connection* ConnectionFor(PendingCommand::Kind kind, SteadyTime now);
  void Refuse(PendingCommand& command, const absl::Status& why);
  bool AnyDataReady() const;
  void HurryOthers(const Connection& first);

  void Judge(const PendingCommand& command, const absl::StatusOr<Reply>& reply);
  void OnSuccess(const PendingCommand& command);
  void OnFailure(const absl::Status& why);
  void ScheduleProbe();
  void Probe();
  void TellAvailability(const absl::Status& why);

  void AddTask(absl::Duration delay, absl::AnyInvocable<void() &&> run);
  void Shutdown();

  const ClientOptions options_;
  ClientObserver observer_;

  // Any thread.
  SubmissionStack submitted_;
  std::atomic<size_t> pending_ = 0;
  std::atomic<size_t> unwritten_bytes_ = 0;
  std::atomic<bool> data_open_ = false;
  std::atomic<bool> control_open_ = false;
  Counters counters_;

  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  bool closing_ = false;
  std::vector<std::unique_ptr<Connection>> data_;
  std::unique_ptr<Connection> control_;
  int ready_connections_ = 0;
  CircuitBreaker breaker_;
  std::optional<absl::StatusCode> told_;  // Of availability; kOk: it is there.
  asio::steady_timer probe_timer_{io_};
  std::minstd_rand random_{std::random_device()()};
  std::list<Task> tasks_;
  std::thread thread_;  // The last: it uses all of the above.
};

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_MULTIPLEXED_CLIENT_H_
