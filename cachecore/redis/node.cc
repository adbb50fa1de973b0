#include "cachecore/redis/node.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "cachecore/redis/backoff.h"

namespace paracle::cachecore::redis {
namespace {

using Kind = PendingCommand::Kind;

bool IsOfDataLane(Kind kind) { return kind != Kind::kControl; }

// To a PING it is a sign of life: its user needs no right to it.
bool MayNotAsk(const Reply& reply) { return absl::StartsWith(reply.text, "NOPERM"); }

void Count(AtomicCounters::Counter& counter) { AtomicCounters::Count(counter); }

}  // namespace

Node::Node(const Common& common, ClientOptions options, NodeOwner& owner)
    : common_(common), options_(std::move(options)), owner_(owner), probe_timer_(common.io) {
  ConnectionOwner& here = *this;
  for (int i = 0; i < options_.data_connections; ++i) {
    data_.push_back(std::make_unique<Connection>(common_.io, options_, here));
  }
  control_ = std::make_unique<Connection>(common_.io, options_, here);
}

void Node::Start() {
  for (auto& connection : data_) connection->Start();
  control_->Start();
}

void Node::Stop() {
  // From now on nothing is judged, so nothing closes it.
  if (!std::exchange(stopping_, true) && breaker_.open()) AddToOpenCircuits(-1);
  probe_timer_.cancel();
  for (auto& connection : data_) connection->Stop();
  control_->Stop();
}

bool Node::stopped() const {
  return control_->ended() &&
         std::all_of(data_.begin(), data_.end(), [](const auto& connection) { return connection->ended(); });
}

void Node::Submit(std::unique_ptr<PendingCommand>& command) {
  Connection* const connection = ConnectionFor(command->kind, SteadyNow());
  if (connection == nullptr) return;
  Count(common_.counters.sent);
  connection->Submit(std::move(command));
}

void Node::SubmitBoth(std::unique_ptr<PendingCommand>& first, std::unique_ptr<PendingCommand>& second) {
  Connection* const connection = ConnectionFor(second->kind, SteadyNow());
  if (connection == nullptr) return;
  Count(common_.counters.sent);
  connection->Submit(std::move(first));
  connection->Submit(std::move(second));
}

void Node::Flush() {
  for (auto& connection : data_) connection->Flush();
  control_->Flush();
}

// The first data connection as long as it flows: commands that travel together cost half of what they cost apart. The
// others are for what would otherwise wait behind a large entry.
Connection* Node::ConnectionFor(Kind kind, SteadyTime now) {
  if (stopping_) return nullptr;
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

void Node::AbandonData(const absl::Status& why) {
  for (auto& connection : data_) connection->Abandon(why);
}

void Node::Abandon(const absl::Status& why) {
  AbandonData(why);
  control_->Abandon(why);
}

bool Node::AnyDataReady() const {
  return std::any_of(data_.begin(), data_.end(), [](const auto& connection) { return connection->ready(); });
}

void Node::OnReady(Connection& connection) {
  Count(common_.counters.connects);
  if (++ready_connections_ == 1 && !connection.hurried()) HurryOthers(connection);
  if (&connection == control_.get()) return owner_.OnControlReady(*this);
  if (breaker_.open()) Probe();
  owner_.OnAvailability(*this, absl::OkStatus());
}

// The server is there again, so the lanes need not come back one by one: while the marks are known and entries cannot
// be had, or the other way round, each replica leases alone. Only one that came by itself hurries the rest, so a server
// that lets nobody stay is tried by all of them as often as one's backoff says, not in a loop.
void Node::HurryOthers(const Connection& first) {
  for (auto& connection : data_) {
    if (connection.get() != &first) connection->Hurry();
  }
  if (control_.get() != &first) control_->Hurry();
}

void Node::OnDown(Connection& connection, bool was_ready, const absl::Status& why) {
  if (was_ready) {
    Count(common_.counters.disconnects);
    --ready_connections_;
  }
  if (stopping_) return;
  if (&connection != control_.get()) return owner_.OnAvailability(*this, why);
  if (was_ready) owner_.OnControlLost(*this);
}

void Node::Answer(PendingCommand& command, absl::StatusOr<Reply> reply) {
  command.answered = true;
  if (absl::IsDeadlineExceeded(reply.status())) Count(common_.counters.timeouts);
  if (reply.ok() && reply->is_error()) Count(common_.counters.error_replies);
  Judge(command, reply);
  owner_.OnReply(*this, command, std::move(reply));
}

void Node::Judge(const PendingCommand& command, const absl::StatusOr<Reply>& reply) {
  if (!IsOfDataLane(command.kind) || stopping_) return;
  if (!reply.ok()) {
    const bool hurried = command.kind == Kind::kHurriedData && absl::IsDeadlineExceeded(reply.status());
    if (!hurried) OnFailure(reply.status());
  } else if (IsSickness(*reply) && !(command.kind == Kind::kProbe && MayNotAsk(*reply))) {
    OnFailure(StatusOf(*reply));
  } else {
    OnSuccess(command);
  }
}

void Node::OnSuccess(const PendingCommand& command) {
  breaker_.RecordSuccess(SteadyNow());
  if (command.kind != Kind::kProbe || !breaker_.open()) return;
  breaker_.Close();
  AddToOpenCircuits(-1);
  owner_.OnAvailability(*this, absl::OkStatus());
}

void Node::OnFailure(const absl::Status& why) {
  if (!breaker_.RecordFailure(SteadyNow())) return;
  Count(common_.counters.circuit_opened);
  AddToOpenCircuits(1);
  owner_.OnAvailability(*this, why);
  ScheduleProbe();
}

void Node::AddToOpenCircuits(int change) {
  common_.counters.circuits_open.fetch_add(change, std::memory_order_relaxed);
}

void Node::ScheduleProbe() {
  probe_timer_.expires_after(Steady(Jitter(options_.probe_interval, std::uniform_real_distribution<>()(random_))));
  probe_timer_.async_wait([this](const std::error_code& error) {
    if (error || !breaker_.open() || stopping_) return;
    Probe();
    ScheduleProbe();
  });
}

void Node::Probe() {
  Connection* const connection = ConnectionFor(Kind::kProbe, SteadyNow());
  if (connection == nullptr) return;
  Command ping{"PING"};
  owner_.OnSubmitted(ping.wire().size());
  Client::Done ignore = [](const absl::StatusOr<Reply>&) {};
  connection->Submit(std::make_unique<PendingCommand>(Kind::kProbe, std::move(ping),
                                                      SteadyNow() + Steady(options_.operation_timeout),
                                                      std::move(ignore), PendingSlot(common_.pending)));
  connection->Flush();
}

}  // namespace paracle::cachecore::redis
