// ThreadedClient is what all clients have in common, whatever servers there are: the thread that runs sockets, timers
// and callbacks, the way of commands to it, and their limits. Which server a command goes to, those derived from it say.
//
// Everything without a note belongs to the client's thread. Send touches only what is atomic, and a lone node's
// SendAlone.
#ifndef PARACLE_CACHECORE_REDIS_THREADED_CLIENT_H_
#define PARACLE_CACHECORE_REDIS_THREADED_CLIENT_H_

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <atomic>
#include <list>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "cachecore/redis/client.h"
#include "cachecore/redis/node.h"
#include "cachecore/redis/submission_stack.h"

namespace paracle::cachecore::redis {

class ThreadedClient : public Client, protected NodeOwner {
 public:
  void Send(Lane lane, Command command, absl::Duration timeout, Done done) override;
  void Distrust(absl::string_view why) override;
  void RunAfter(absl::Duration delay, absl::AnyInvocable<void() &&> task) override;
  bool available() const override { return data_open_.load(std::memory_order_relaxed); }
  bool control_available() const override { return control_open_.load(std::memory_order_relaxed); }
  ClientCounters counters() const override { return counters_.Read(); }
  const ClientOptions& options() const override { return options_; }

 protected:
  ThreadedClient(ClientOptions options, ClientObserver observer);

  // At the end of the constructor, and at the beginning of the destructor, of the class that says where commands go.
  void Run();
  void Close();

  // Gives the command to a node, or leaves it.
  virtual void Route(std::unique_ptr<PendingCommand>& command) = 0;
  // Before Route, if something is left over of the last replies.
  virtual void RouteLeftOvers() {}
  // Any thread: the only node there is, if there is one for good.
  virtual Node* Lone() { return nullptr; }

  // Not started yet.
  Node& AddNode(const Url& url);
  // Stops it, and destroys it when nothing of it runs any more.
  void Retire(Node& node);
  const std::list<std::unique_ptr<Node>>& nodes() const { return nodes_; }

  // What the observer is told. `why` counts only when there is nothing to be had.
  void TellAvailability(bool open, const absl::Status& why);
  void TellControl(bool open);

  // A command of the client itself. REQUIRES: it is small.
  std::unique_ptr<PendingCommand> Own(PendingCommand::Kind kind, Command command, absl::Duration timeout, Done done);
  void Refuse(PendingCommand& command, const absl::Status& why);
  void AddTask(absl::Duration delay, absl::AnyInvocable<void() &&> run);

  asio::io_context& io() { return io_; }
  bool closing() const { return closing_; }

  void OnReply(Node& node, PendingCommand& command, absl::StatusOr<Reply> reply) override;
  void OnSubmitted(size_t bytes) override { unwritten_bytes_.fetch_add(bytes, std::memory_order_relaxed); }
  void OnWritten(size_t bytes) override { unwritten_bytes_.fetch_sub(bytes, std::memory_order_relaxed); }
  void AfterReplies() override { Drain(); }

 private:
  struct Task {
    asio::steady_timer timer;
    absl::AnyInvocable<void() &&> run;
  };

  // OK: it may be queued. Any thread.
  absl::Status Admit(Lane lane, absl::Duration timeout, size_t bytes) const;
  PendingCommand::Kind KindOf(Lane lane, absl::Duration timeout) const;

  // Gives what has been submitted to the nodes, and flushes these.
  void Drain();
  void DestroyStopped();
  void Shutdown();

  const ClientOptions options_;
  ClientObserver observer_;

  // Any thread.
  SubmissionStack submitted_;
  std::atomic<size_t> pending_ = 0;
  std::atomic<size_t> unwritten_bytes_ = 0;
  std::atomic<bool> data_open_ = false;
  std::atomic<bool> control_open_ = false;
  AtomicCounters counters_;

  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  const Node::Common common_{io_, counters_, pending_};
  bool closing_ = false;
  std::list<std::unique_ptr<Node>> nodes_;
  std::list<std::unique_ptr<Node>> retired_;
  std::optional<absl::StatusCode> told_;  // Of availability; kOk: it is there.
  std::list<Task> tasks_;
  std::thread thread_;  // The last: it uses all of the above.
};

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_THREADED_CLIENT_H_
