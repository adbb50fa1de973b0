// Node is one server as its client uses it: lanes over connections, and the breaker, which one sick server opens for
// itself alone.
//
// Everything without a note belongs to the client's thread.
#ifndef PARACLE_CACHECORE_REDIS_NODE_H_
#define PARACLE_CACHECORE_REDIS_NODE_H_

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <atomic>
#include <memory>
#include <random>
#include <vector>

#include "cachecore/redis/atomic_counters.h"
#include "cachecore/redis/circuit_breaker.h"
#include "cachecore/redis/client.h"
#include "cachecore/redis/connection.h"

namespace paracle::cachecore::redis {

class Node;

// Who holds the nodes. None of these may destroy one.
class NodeOwner {
 public:
  virtual void OnControlReady(Node& node) = 0;
  virtual void OnControlLost(Node& node) = 0;
  // Whether data commands would be tried there may have changed. `why` counts if they would not.
  virtual void OnAvailability(Node& node, const absl::Status& why) = 0;
  // The command is as Connection leaves it: what is moved out of it is the owner's.
  virtual void OnReply(Node& node, PendingCommand& command, absl::StatusOr<Reply> reply) = 0;
  // Bytes that a node itself is going to write, and that it has written, or dropped. The second from any thread.
  virtual void OnSubmitted(size_t bytes) = 0;
  virtual void OnWritten(size_t bytes) = 0;
  virtual void AfterReplies() = 0;

 protected:
  ~NodeOwner() = default;
};

class Node final : private ConnectionOwner {
 public:
  // What all nodes of a client have in common; outlives them.
  struct Common {
    asio::io_context& io;
    AtomicCounters& counters;
    std::atomic<size_t>& pending;  // Commands.
  };

  Node(const Common& common, ClientOptions options, NodeOwner& owner);
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  void Start();

  // For good: what is pending is answered with CANCELLED, in a moment.
  void Stop();
  // Whether it has stopped and nothing of it runs any more: it may be destroyed.
  bool stopped() const;

  const Url& url() const { return options_.url(); }

  // Whether a data command would be tried: connected, and the breaker closed.
  bool available() const { return AnyDataReady() && !breaker_.open(); }
  bool control_ready() const { return control_->ready(); }

  // Takes the command, or leaves it when it would not be tried. Nothing is written before Flush.
  void Submit(std::unique_ptr<PendingCommand>& command);
  // The same for two that must follow each other.
  void SubmitBoth(std::unique_ptr<PendingCommand>& first, std::unique_ptr<PendingCommand>& second);
  void Flush();

  // Any thread. As Connection::SendAlone.
  void SendAlone(std::unique_ptr<PendingCommand>& command) { data_.front()->SendAlone(command); }

  // Ends the data connections, or all, to be made anew.
  void AbandonData(const absl::Status& why);
  void Abandon(const absl::Status& why);

 private:
  void OnReady(Connection& connection) override;
  void OnDown(Connection& connection, bool was_ready, const absl::Status& why) override;
  void Answer(PendingCommand& command, absl::StatusOr<Reply> reply) override;
  void OnLateReply() override { AtomicCounters::Count(common_.counters.late_replies); }
  void OnWritten(size_t bytes) override { owner_.OnWritten(bytes); }
  void AfterReplies() override { owner_.AfterReplies(); }

  Connection* ConnectionFor(PendingCommand::Kind kind, SteadyTime now);
  bool AnyDataReady() const;
  void HurryOthers(const Connection& first);

  void Judge(const PendingCommand& command, const absl::StatusOr<Reply>& reply);
  void OnSuccess(const PendingCommand& command);
  void OnFailure(const absl::Status& why);
  void AddToOpenCircuits(int change);
  void ScheduleProbe();
  void Probe();

  const Common common_;
  const ClientOptions options_;
  NodeOwner& owner_;
  bool stopping_ = false;
  std::vector<std::unique_ptr<Connection>> data_;
  std::unique_ptr<Connection> control_;
  int ready_connections_ = 0;
  CircuitBreaker breaker_;
  asio::steady_timer probe_timer_;
  std::minstd_rand random_{std::random_device()()};
};

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_NODE_H_
