#include "cachecore/redis/threaded_client.h"

#include <pthread.h>

#include <algorithm>
#include <asio/post.hpp>
#include <cassert>
#include <utility>

namespace paracle::cachecore::redis {
namespace {

using Kind = PendingCommand::Kind;

// Longer than any handler that a stopped node may still have posted.
constexpr absl::Duration kUntilDestroyed = absl::Seconds(5);

absl::Status NotAvailable() { return absl::UnavailableError("redis is not available"); }
absl::Status Closed() { return absl::CancelledError("the client is being closed"); }

}  // namespace

ThreadedClient::ThreadedClient(ClientOptions options, ClientObserver observer)
    : options_(std::move(options)), observer_(std::move(observer)) {
  assert(options_.Validate().ok());
}

void ThreadedClient::Run() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "redis");
    io_.run();
  });
}

void ThreadedClient::Close() {
  asio::post(io_, [this] { Shutdown(); });
  thread_.join();
  // What the last answers led to.
  for (PendingList left = submitted_.TakeAll(); !left.empty(); left = submitted_.TakeAll()) {
    while (!left.empty()) Refuse(*left.Pop(), absl::CancelledError("the client has been closed"));
  }
}

void ThreadedClient::Shutdown() {
  closing_ = true;
  data_open_ = control_open_ = false;
  tasks_.clear();
  for (auto& node : nodes_) node->Stop();
  Drain();
  work_.reset();
}

absl::Status ThreadedClient::Admit(Lane lane, absl::Duration timeout, size_t bytes) const {
  if (timeout <= absl::ZeroDuration()) return absl::DeadlineExceededError("no time is left to ask redis");
  const auto& open = lane == Lane::kData ? data_open_ : control_open_;
  if (!open.load(std::memory_order_relaxed)) return NotAvailable();
  if (pending_.load(std::memory_order_relaxed) >= options_.max_pending_commands) {
    return absl::ResourceExhaustedError("too many commands are waiting for redis");
  }
  // A single command may be larger than the limit, when it is alone.
  const size_t unwritten = unwritten_bytes_.load(std::memory_order_relaxed);
  if (unwritten > 0 && unwritten + bytes > options_.max_pending_bytes) {
    return absl::ResourceExhaustedError("too many bytes are waiting for redis");
  }
  return absl::OkStatus();
}

// Whoever gave redis little time learns nothing about its health when that is over.
Kind ThreadedClient::KindOf(Lane lane, absl::Duration timeout) const {
  if (lane == Lane::kControl) return Kind::kControl;
  return timeout * 2 < options_.operation_timeout ? Kind::kHurriedData : Kind::kData;
}

void ThreadedClient::Send(Lane lane, Command command, absl::Duration timeout, Done done) {
  const size_t bytes = command.wire().size();
  if (absl::Status refusal = Admit(lane, timeout, bytes); !refusal.ok()) {
    AtomicCounters::Count(counters_.refused);
    return std::move(done)(std::move(refusal));
  }
  const absl::Duration granted = lane == Lane::kData ? std::min(timeout, options_.operation_timeout) : timeout;
  Node* const lone = lane == Lane::kData && pending_.load(std::memory_order_relaxed) == 0 ? Lone() : nullptr;
  auto pending = std::make_unique<PendingCommand>(
      KindOf(lane, timeout), std::move(command), SteadyNow() + Steady(granted), std::move(done), PendingSlot(pending_));
  OnSubmitted(bytes);
  if (lone != nullptr) {
    lone->SendAlone(pending);
    if (pending == nullptr) return AtomicCounters::Count(counters_.sent);
  }
  if (submitted_.Push(std::move(pending))) asio::post(io_, [this] { Drain(); });
}

void ThreadedClient::Drain() {
  RouteLeftOvers();
  PendingList submitted = submitted_.TakeAll();
  while (!submitted.empty()) {
    std::unique_ptr<PendingCommand> command = submitted.Pop();
    if (!closing_) Route(command);
    if (command != nullptr) Refuse(*command, closing_ ? Closed() : NotAvailable());
  }
  for (auto& node : nodes_) node->Flush();
}

void ThreadedClient::Refuse(PendingCommand& command, const absl::Status& why) {
  OnWritten(command.command.wire().size());
  AtomicCounters::Count(counters_.refused);
  std::move(command.done)(why);
}

void ThreadedClient::OnReply(Node&, PendingCommand& command, absl::StatusOr<Reply> reply) {
  std::move(command.done)(std::move(reply));
}

Node& ThreadedClient::AddNode(const Url& url) {
  ClientOptions options = options_;
  options.deployment = Deployment{.kind = Deployment::Kind::kServer, .servers = {url}, .master = ""};
  NodeOwner& here = *this;
  return *nodes_.emplace_back(std::make_unique<Node>(common_, std::move(options), here));
}

void ThreadedClient::Retire(Node& node) {
  const auto found = std::find_if(nodes_.begin(), nodes_.end(), [&](const auto& one) { return one.get() == &node; });
  assert(found != nodes_.end());
  retired_.splice(retired_.end(), nodes_, found);
  node.Stop();
  AddTask(kUntilDestroyed, [this] { DestroyStopped(); });
}

void ThreadedClient::DestroyStopped() {
  retired_.remove_if([](const std::unique_ptr<Node>& node) { return node->stopped(); });
  if (!retired_.empty()) AddTask(kUntilDestroyed, [this] { DestroyStopped(); });
}

void ThreadedClient::TellAvailability(bool open, const absl::Status& why) {
  if (closing_) return;
  data_open_ = open;
  if (!open && why.ok()) return;  // Connected, but the breaker waits for its probe.
  const absl::StatusCode code = open ? absl::StatusCode::kOk : why.code();
  if (told_ == code) return;
  told_ = code;
  observer_.on_availability(open, open ? absl::OkStatus() : why);
}

void ThreadedClient::TellControl(bool open) {
  if (closing_ || (!open && !control_open_)) return;
  control_open_ = open;
  if (open) {
    observer_.on_control_connected();
  } else {
    observer_.on_control_lost();
  }
}

std::unique_ptr<PendingCommand> ThreadedClient::Own(Kind kind, Command command, absl::Duration timeout, Done done) {
  OnSubmitted(command.wire().size());
  return std::make_unique<PendingCommand>(kind, std::move(command), SteadyNow() + Steady(timeout), std::move(done),
                                          PendingSlot(pending_));
}

// Posted, because whoever calls may stand in the middle of that connection's replies.
void ThreadedClient::Distrust(absl::string_view why) {
  RunAfter(absl::ZeroDuration(), [this, status = absl::UnavailableError(why)] {
    for (auto& node : nodes_) node->AbandonData(status);
  });
}

void ThreadedClient::RunAfter(absl::Duration delay, absl::AnyInvocable<void() &&> task) {
  asio::post(io_, [this, delay, task = std::move(task)]() mutable { AddTask(delay, std::move(task)); });
}

void ThreadedClient::AddTask(absl::Duration delay, absl::AnyInvocable<void() &&> run) {
  if (closing_) return;
  const auto task = tasks_.insert(tasks_.end(), Task{asio::steady_timer(io_, Steady(delay)), std::move(run)});
  task->timer.async_wait([this, task](const std::error_code& error) {
    if (error || closing_) return;
    auto run = std::move(task->run);
    tasks_.erase(task);
    std::move(run)();
  });
}

}  // namespace paracle::cachecore::redis
