#include "cachecore/redis/multiplexed_client.h"

#include <pthread.h>

#include <algorithm>
#include <asio/post.hpp>
#include <cassert>
#include <utility>

#include "absl/strings/match.h"
#include "cachecore/redis/backoff.h"

namespace paracle::cachecore::redis {
namespace {

using Kind = PendingCommand::Kind;

bool IsOfDataLane(Kind kind) { return kind != Kind::kControl; }

// To a PING it is a sign of life: its user needs no right to it.
bool MayNotAsk(const Reply& reply) { return absl::StartsWith(reply.text, "NOPERM"); }

absl::Status NotAvailable() { return absl::UnavailableError("redis is not available"); }

}  // namespace

std::unique_ptr<Client> Client::Create(ClientOptions options, ClientObserver observer) {
  return std::make_unique<MultiplexedClient>(std::move(options), std::move(observer));
}

MultiplexedClient::MultiplexedClient(ClientOptions options, ClientObserver observer)
    : options_(std::move(options)), observer_(std::move(observer)) {
  assert(options_.Validate().ok());
  ConnectionOwner& owner = *this;
  for (int i = 0; i < options_.data_connections; ++i) {
    data_.push_back(std::make_unique<Connection>(io_, options_, owner));
    data_.back()->Start();
  }
  control_ = std::make_unique<Connection>(io_, options_, owner);
  control_->Start();
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "redis");
    io_.run();
  });
}

MultiplexedClient::~MultiplexedClient() {
  asio::post(io_, [this] { Shutdown(); });
  thread_.join();
  // What the last answers led to.
  for (PendingList left = submitted_.TakeAll(); !left.empty(); left = submitted_.TakeAll()) {
    while (!left.empty()) Refuse(*left.Pop(), absl::CancelledError("the client has been closed"));
  }
}

void MultiplexedClient::Shutdown() {
  closing_ = true;
  data_open_ = control_open_ = false;
  probe_timer_.cancel();
  tasks_.clear();
  for (auto& connection : data_) connection->Stop();
  control_->Stop();
  Drain();
  work_.reset();
}

absl::Status MultiplexedClient::Admit(Lane lane, absl::Duration timeout, size_t bytes) const {
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
PendingCommand::Kind MultiplexedClient::KindOf(Lane lane, absl::Duration timeout) const {
  if (lane == Lane::kControl) return Kind::kControl;
  return timeout * 2 < options_.operation_timeout ? Kind::kHurriedData : Kind::kData;
}

void MultiplexedClient::Send(Lane lane, Command command, absl::Duration timeout, Done done) {
  const size_t bytes = command.wire().size();
  if (absl::Status refusal = Admit(lane, timeout, bytes); !refusal.ok()) {
    Count(counters_.refused);
    return std::move(done)(std::move(refusal));
  }
  const absl::Duration granted = lane == Lane::kData ? std::min(timeout, options_.operation_timeout) : timeout;
  const bool alone = lane == Lane::kData && pending_.load(std::memory_order_relaxed) == 0;
  auto pending = std::make_unique<PendingCommand>(
      KindOf(lane, timeout), std::move(command), SteadyNow() + Steady(granted), std::move(done), PendingSlot(pending_));
  unwritten_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  if (alone) {
    data_.front()->SendAlone(pending);
    if (pending == nullptr) return Count(counters_.sent);
  }
  if (submitted_.Push(std::move(pending))) asio::post(io_, [this] { Drain(); });
}

void MultiplexedClient::Drain() {
  PendingList submitted = submitted_.TakeAll();
  const SteadyTime now = SteadyNow();
  while (!submitted.empty()) {
    std::unique_ptr<PendingCommand> command = submitted.Pop();
    Connection* connection = ConnectionFor(command->kind, now);
    if (connection == nullptr) {
      Refuse(*command, closing_ ? absl::CancelledError("the client is being closed") : NotAvailable());
    } else {
      Count(counters_.sent);
      connection->Submit(std::move(command));
    }
  }
  for (auto& connection : data_) connection->Flush();
  control_->Flush();
}

// The first data connection as long as it flows: commands that travel together cost half of what they cost apart. The
// others are for what would otherwise wait behind a large entry.
Connection* MultiplexedClient::ConnectionFor(PendingCommand::Kind kind, SteadyTime now) {
  if (closing_) return nullptr;
  if (!IsOfDataLane(kind)) return control_->ready() ? control_.get() : nullptr;
  if (breaker_.open() && kind != Kind::kProbe) return nullptr;
  Connection* best = nullptr;
  for (auto& connection : data_) {
    if (!connection->ready()) continue;
    if (!connection->congested(now)) return connection.get();
    if (best == nullptr || connection->pending() < best->pending()) best = connection.get();
  }
  return best;
}

void MultiplexedClient::Refuse(PendingCommand& command, const absl::Status& why) {
  OnWritten(command.command.wire().size());
  Count(counters_.refused);
  std::move(command.done)(why);
}

void MultiplexedClient::Answer(PendingCommand& command, absl::StatusOr<Reply> reply) {
  command.answered = true;
  if (absl::IsDeadlineExceeded(reply.status())) Count(counters_.timeouts);
  if (reply.ok() && reply->is_error()) Count(counters_.error_replies);
  Judge(command, reply);
  std::move(command.done)(std::move(reply));
}

void MultiplexedClient::Judge(const PendingCommand& command, const absl::StatusOr<Reply>& reply) {
  if (!IsOfDataLane(command.kind) || closing_) return;
  if (!reply.ok()) {
    const bool hurried = command.kind == Kind::kHurriedData && absl::IsDeadlineExceeded(reply.status());
    if (!hurried) OnFailure(reply.status());
  } else if (IsSickness(*reply) && !(command.kind == Kind::kProbe && MayNotAsk(*reply))) {
    OnFailure(StatusOf(*reply));
  } else {
    OnSuccess(command);
  }
}

void MultiplexedClient::OnSuccess(const PendingCommand& command) {
  breaker_.RecordSuccess(SteadyNow());
  if (command.kind != Kind::kProbe || !breaker_.open()) return;
  breaker_.Close();
  TellAvailability(absl::OkStatus());
}

void MultiplexedClient::OnFailure(const absl::Status& why) {
  if (!breaker_.RecordFailure(SteadyNow())) return;
  Count(counters_.circuit_opened);
  TellAvailability(why);
  ScheduleProbe();
}

void MultiplexedClient::ScheduleProbe() {
  probe_timer_.expires_after(Steady(Jitter(options_.probe_interval, std::uniform_real_distribution<>()(random_))));
  probe_timer_.async_wait([this](const std::error_code& error) {
    if (error || !breaker_.open() || closing_) return;
    Probe();
    ScheduleProbe();
  });
}

void MultiplexedClient::Probe() {
  const SteadyTime now = SteadyNow();
  Connection* connection = ConnectionFor(Kind::kProbe, now);
  if (connection == nullptr) return;
  Command ping{"PING"};
  unwritten_bytes_.fetch_add(ping.wire().size(), std::memory_order_relaxed);
  Done ignore = [](const absl::StatusOr<Reply>&) {};
  connection->Submit(std::make_unique<PendingCommand>(Kind::kProbe, std::move(ping),
                                                      now + Steady(options_.operation_timeout), std::move(ignore),
                                                      PendingSlot(pending_)));
  connection->Flush();
}

bool MultiplexedClient::AnyDataReady() const {
  return std::any_of(data_.begin(), data_.end(), [](const auto& connection) { return connection->ready(); });
}

void MultiplexedClient::OnReady(Connection& connection) {
  Count(counters_.connects);
  if (++ready_connections_ == 1) HurryOthers(connection);
  if (&connection == control_.get()) {
    control_open_ = true;
    observer_.on_control_connected();
    return;
  }
  if (breaker_.open()) Probe();
  TellAvailability(absl::OkStatus());
}

// The server is there again, so the lanes need not come back one by one: while the marks are known and entries cannot be
// had, or the other way round, each replica leases alone. Only the first hurries the rest, so a server that lets nobody
// stay is tried three times as often as its backoff says, not in a loop.
void MultiplexedClient::HurryOthers(const Connection& first) {
  for (auto& connection : data_) {
    if (connection.get() != &first) connection->Hurry();
  }
  if (control_.get() != &first) control_->Hurry();
}

void MultiplexedClient::OnDown(Connection& connection, bool was_ready, const absl::Status& why) {
  if (was_ready) {
    Count(counters_.disconnects);
    --ready_connections_;
  }
  if (&connection == control_.get()) {
    control_open_ = false;
    if (was_ready && !closing_) observer_.on_control_lost();
  } else {
    TellAvailability(why);
  }
}

// `why` counts only when there is nothing to be had.
void MultiplexedClient::TellAvailability(const absl::Status& why) {
  if (closing_) return;
  const bool open = AnyDataReady() && !breaker_.open();
  data_open_ = open;
  if (!open && why.ok()) return;  // Connected, but the breaker waits for its probe.
  const absl::StatusCode code = open ? absl::StatusCode::kOk : why.code();
  if (told_ == code) return;
  told_ = code;
  observer_.on_availability(open, open ? absl::OkStatus() : why);
}

// Posted, because whoever calls may stand in the middle of that connection's replies.
void MultiplexedClient::Distrust(absl::string_view why) {
  RunAfter(absl::ZeroDuration(), [this, status = absl::UnavailableError(why)] {
    for (auto& connection : data_) connection->Abandon(status);
  });
}

void MultiplexedClient::RunAfter(absl::Duration delay, absl::AnyInvocable<void() &&> task) {
  asio::post(io_, [this, delay, task = std::move(task)]() mutable { AddTask(delay, std::move(task)); });
}

void MultiplexedClient::AddTask(absl::Duration delay, absl::AnyInvocable<void() &&> run) {
  if (closing_) return;
  const auto task = tasks_.insert(tasks_.end(), Task{asio::steady_timer(io_, Steady(delay)), std::move(run)});
  task->timer.async_wait([this, task](const std::error_code& error) {
    if (error || closing_) return;
    auto run = std::move(task->run);
    tasks_.erase(task);
    std::move(run)();
  });
}

ClientCounters MultiplexedClient::counters() const {
  const auto read = [](const Counter& counter) { return counter.load(std::memory_order_relaxed); };
  return {.sent = read(counters_.sent),
          .timeouts = read(counters_.timeouts),
          .late_replies = read(counters_.late_replies),
          .error_replies = read(counters_.error_replies),
          .connects = read(counters_.connects),
          .disconnects = read(counters_.disconnects),
          .refused = read(counters_.refused),
          .circuit_opened = read(counters_.circuit_opened)};
}

}  // namespace paracle::cachecore::redis
