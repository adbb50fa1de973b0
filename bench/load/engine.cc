#include "bench/load/engine.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <utility>

#include "absl/strings/str_cat.h"

namespace paracle::load {
namespace {

constexpr int kStatusDeadlineExceeded = 4;
constexpr int kStatusUnavailable = 14;
constexpr int64_t kMillisecond = 1'000'000;
constexpr int64_t kTickNanos = 100 * kMillisecond;
constexpr int64_t kStopGraceNanos = 1000 * kMillisecond;
constexpr int64_t kMaxBackoffNanos = 500 * kMillisecond;
// BatchGet answers stop at 3.5 MB; single answers are as long as what was stored.
constexpr int64_t kMinResponseLimit = 8 << 20;

// At most eight digits, so milliseconds once microseconds would need more.
std::string TimeoutHeader(absl::Duration timeout) {
  const int64_t micros = absl::ToInt64Microseconds(timeout);
  return micros < 100'000'000 ? absl::StrCat(micros, "u") : absl::StrCat(micros / 1000, "m");
}

std::string NoAnswerWithin(absl::Duration time) {
  return absl::StrCat("no answer within ", absl::FormatDuration(time));
}

absl::string_view Message(const absl::Status& status) { return status.message(); }

}  // namespace

// One connection, replaced when it breaks, and its share of the calls.
struct Engine::Lane : GrpcConnection::Listener {
  explicit Lane(Engine* engine) : engine(engine) {}
  void OnCallDone(GrpcCall* call) override { engine->OnCallDone(*this, call); }
  bool ready() const { return connection != nullptr && connection->ready(); }

  Engine* engine;
  std::vector<GrpcCall> calls;
  std::vector<GrpcCall*> free;
  std::unique_ptr<GrpcConnection> connection;  // Null: broken, to be opened again at retry_nanos.
  uint32_t watched = 0;                        // Events asked of epoll.
  bool dirty = false;                          // Has something to flush.
  size_t failures = 0;                         // Since the connection was ready last.
  int64_t opened_nanos = 0;
  int64_t retry_nanos = 0;
};

int64_t Engine::NowNanos() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

Engine::Engine(const LoadOptions& options, const std::atomic<bool>* stop) : options_(options), stop_(stop) {
  for (int i = 0; i < options.connections; ++i) {
    auto lane = std::make_unique<Lane>(this);
    const int share = options.concurrency / options.connections + (i < options.concurrency % options.connections);
    lane->calls = std::vector<GrpcCall>(static_cast<size_t>(share));
    for (GrpcCall& call : lane->calls) lane->free.push_back(&call);
    lanes_.push_back(std::move(lane));
  }
}

Engine::~Engine() {
  lanes_.clear();
  if (epoll_ >= 0) close(epoll_);
}

absl::StatusOr<std::unique_ptr<Engine>> Engine::Create(const LoadOptions& options, const std::atomic<bool>* stop) {
  std::unique_ptr<Engine> engine(new Engine(options, stop));
  const absl::Status status = engine->Connect();
  if (!status.ok()) return status;
  return engine;
}

absl::Status Engine::Connect() {
  absl::StatusOr<Endpoint> endpoint = ParseEndpoint(options_.endpoint);
  if (!endpoint.ok()) return endpoint.status();
  endpoint_ = *std::move(endpoint);
  absl::StatusOr<std::vector<SocketAddress>> addresses = Resolve(endpoint_);
  if (!addresses.ok()) return addresses.status();
  addresses_ = *std::move(addresses);
  connection_options_.authority = endpoint_.Authority();
  connection_options_.token = options_.token;
  connection_options_.timeout = TimeoutHeader(options_.call_timeout);
  connection_options_.max_response_bytes =
      static_cast<size_t>(std::max(kMinResponseLimit, options_.value_sizes.max_bytes() + (64 << 10)));
  if (options_.tls || !options_.ca_cert_file.empty() || !options_.client_cert_file.empty()) {
    absl::StatusOr<std::shared_ptr<const TlsContext>> tls = TlsContext::Create(options_);
    if (!tls.ok()) return tls.status();
    tls_ = *std::move(tls);
    connection_options_.scheme = "https";
  }
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) return absl::ResourceExhaustedError("epoll_create1 failed: too many open files?");

  const int64_t give_up = NowNanos() + absl::ToInt64Nanoseconds(options_.connect_timeout);
  for (const auto& lane : lanes_) Open(*lane);
  while (true) {
    const int64_t now = NowNanos();
    const auto all_ready = std::all_of(lanes_.begin(), lanes_.end(), [](const auto& lane) { return lane->ready(); });
    if (all_ready) return absl::OkStatus();
    const bool refused = std::any_of(lanes_.begin(), lanes_.end(),
                                     [&](const auto& lane) { return lane->failures >= addresses_.size(); });
    if (refused || now >= give_up || StopAsked()) {
      if (!refused) last_error_ = NoAnswerWithin(options_.connect_timeout);
      if (StopAsked()) return absl::CancelledError("stopped while connecting");
      return absl::UnavailableError(absl::StrCat("cannot connect to ", options_.endpoint, ": ", last_error_));
    }
    Wait(now, std::min(give_up, now + 10 * kMillisecond));
    KeepConnections(NowNanos());
  }
}

void Engine::Open(Lane& lane) {
  lane.opened_nanos = NowNanos();
  absl::StatusOr<std::unique_ptr<Transport>> transport = ConnectPlain(addresses_[lane.failures % addresses_.size()]);
  if (!transport.ok()) return Close(lane, transport.status());
  if (tls_ != nullptr) {
    transport = tls_->Wrap(*std::move(transport), endpoint_.unix_path.empty() ? endpoint_.host : "localhost");
  }
  lane.connection = std::make_unique<GrpcConnection>(*std::move(transport), &connection_options_, &lane);
  lane.watched = EPOLLIN | EPOLLOUT;
  epoll_event event = {};
  event.events = lane.watched;
  event.data.ptr = &lane;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, lane.connection->fd(), &event);
}

void Engine::Close(Lane& lane, const absl::Status& why) {
  if (lane.connection != nullptr) {
    closed_totals_.bytes_sent += lane.connection->bytes_sent();
    closed_totals_.bytes_received += lane.connection->bytes_received();
    lane.connection.reset();  // Closing the socket takes it out of the epoll set.
    if (lane.failures == 0) ++closed_totals_.reconnects;
  }
  lane.dirty = false;
  last_error_ = std::string(Message(why));
  const bool other_address = ++lane.failures % addresses_.size() != 0;
  const int64_t backoff = std::min(kMaxBackoffNanos, kMillisecond << std::min<size_t>(lane.failures, 9));
  lane.retry_nanos = NowNanos() + (other_address ? 0 : backoff);
}

void Engine::WatchSocket(Lane& lane) {
  const uint32_t wanted = EPOLLIN | (lane.connection->wants_write() ? EPOLLOUT : 0U);
  if (wanted == lane.watched) return;
  lane.watched = wanted;
  epoll_event event = {};
  event.events = wanted;
  event.data.ptr = &lane;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, lane.connection->fd(), &event);
}

void Engine::Send(Lane& lane, GrpcCall* call, int64_t now) {
  call->started_nanos = now;
  ++in_flight_;
  lane.connection->StartCall(call);
  lane.dirty = true;
}

void Engine::OnCallDone(Lane& lane, GrpcCall* call) {
  --in_flight_;
  if (!discard_) {
    const int64_t now = NowNanos();
    last_end_nanos_ = now;
    if (workload_->Finish(*call, now - call->due_nanos)) {
      if (lane.ready()) return Send(lane, call, now);
      call->status = kStatusUnavailable;
      call->message = "connection lost";
      workload_->Finish(*call, now - call->due_nanos);
    }
  }
  lane.free.push_back(call);
}

void Engine::SendDue(int64_t now) {
  // Round robin, one call a lane and round, so that an open loop loads its connections alike.
  size_t idle = 0;
  while (idle < lanes_.size()) {
    Lane& lane = *lanes_[next_lane_];
    next_lane_ = (next_lane_ + 1) % lanes_.size();
    ++idle;
    if (lane.free.empty() || !lane.ready()) continue;
    const std::optional<int64_t> due = schedule_.Take(now);
    if (!due) return;
    idle = 0;
    GrpcCall* call = lane.free.back();
    lane.free.pop_back();
    call->due_nanos = *due;
    workload_->Start(*call);
    Send(lane, call, now);
  }
}

void Engine::FlushLanes() {
  for (const auto& lane : lanes_) {
    if (!std::exchange(lane->dirty, false) || lane->connection == nullptr) continue;
    const absl::Status status = lane->connection->Flush();
    if (!status.ok()) {
      Close(*lane, status);
    } else {
      WatchSocket(*lane);
    }
  }
}

void Engine::Wait(int64_t now, int64_t until) {
  epoll_event events[64];
  const int64_t nanos = std::max<int64_t>(until - now, 0);
  const timespec timeout = {nanos / 1'000'000'000, nanos % 1'000'000'000};
  int n = epoll_pwait2(epoll_, events, std::size(events), &timeout, nullptr);
  // Kernels before 5.11: milliseconds, rounded down, so that an open loop is never late.
  if (n < 0 && errno == ENOSYS)
    n = epoll_wait(epoll_, events, std::size(events), static_cast<int>(nanos / kMillisecond));
  for (int i = 0; i < n; ++i) {
    Lane& lane = *static_cast<Lane*>(events[i].data.ptr);
    if (lane.connection == nullptr) continue;
    const absl::Status status = lane.connection->OnReady();
    lane.dirty = false;
    if (!status.ok()) {
      Close(lane, status);
      continue;
    }
    WatchSocket(lane);
    if (lane.ready()) lane.failures = 0;
  }
}

void Engine::KeepDeadlines(int64_t now) {
  const int64_t timeout = absl::ToInt64Nanoseconds(options_.call_timeout);
  next_deadline_check_ = now + std::clamp(timeout / 20, kMillisecond / 10, 10 * kMillisecond);
  for (const auto& lane : lanes_) {
    if (lane->connection == nullptr || lane->connection->in_flight() == 0) continue;
    for (GrpcCall& call : lane->calls) {
      if (!call.in_flight() || now < call.started_nanos + timeout) continue;
      lane->connection->Cancel(&call, kStatusDeadlineExceeded, NoAnswerWithin(options_.call_timeout));
      lane->dirty = true;
    }
  }
}

void Engine::KeepConnections(int64_t now) {
  const int64_t patience = absl::ToInt64Nanoseconds(options_.connect_timeout);
  for (const auto& lane : lanes_) {
    if (lane->ready()) {
      last_ready_nanos_ = now;
      continue;
    }
    if (lane->connection != nullptr && lane->connection->draining() && lane->connection->in_flight() == 0) {
      Close(*lane, absl::UnavailableError("the server asked for no more calls"));
    } else if (lane->connection != nullptr && !lane->connection->draining() && now > lane->opened_nanos + patience) {
      Close(*lane, absl::UnavailableError(NoAnswerWithin(options_.connect_timeout)));
    }
    if (lane->connection == nullptr && now >= lane->retry_nanos) Open(*lane);
  }
}

void Engine::CancelAll(int status, const char* why) {
  for (const auto& lane : lanes_) {
    if (lane->connection == nullptr) continue;
    for (GrpcCall& call : lane->calls) {
      if (call.in_flight()) lane->connection->Cancel(&call, status, why);
    }
    lane->dirty = true;
  }
}

Engine::Totals Engine::Count() const {
  Totals totals = closed_totals_;
  for (const auto& lane : lanes_) {
    if (lane->connection == nullptr) continue;
    totals.bytes_sent += lane->connection->bytes_sent();
    totals.bytes_received += lane->connection->bytes_received();
  }
  return totals;
}

bool Engine::Step(int64_t now, PhaseResult& result) {
  if (!result.stopped && StopAsked()) {
    result.stopped = true;
    stopped_nanos_ = now;
  }
  if (!result.stopped) SendDue(now);
  FlushLanes();
  if (in_flight_ == 0 && (result.stopped || schedule_.Over(now))) return false;
  if (result.stopped && now >= stopped_nanos_ + kStopGraceNanos) {
    discard_ = true;
    CancelAll(kStatusUnavailable, "stopped");
    FlushLanes();
    return false;
  }
  if (now < next_deadline_check_) return true;
  KeepDeadlines(now);
  KeepConnections(now);
  if (now - last_ready_nanos_ <= absl::ToInt64Nanoseconds(options_.connect_timeout)) return true;
  result.aborted =
      absl::StrCat("no connection for ", absl::FormatDuration(options_.connect_timeout), ": ", last_error_);
  CancelAll(kStatusUnavailable, "no connection");
  return false;
}

int64_t Engine::NextWakeUp(int64_t now, bool stopped) const {
  // A call that is due and finds none free is sent when an answer frees one: no need to wake up for it.
  const bool can_send = !stopped && std::any_of(lanes_.begin(), lanes_.end(),
                                                [](const auto& lane) { return !lane->free.empty() && lane->ready(); });
  return std::min(next_deadline_check_, can_send ? schedule_.NextDue(now) : Schedule::kNever);
}

PhaseResult Engine::Run(Schedule schedule, Workload& workload, const Tick& tick) {
  PhaseResult result;
  const Totals before = Count();
  const int64_t start = NowNanos();
  schedule_ = schedule;
  workload_ = &workload;
  discard_ = false;
  stopped_nanos_ = Schedule::kNever;
  last_end_nanos_ = last_ready_nanos_ = start;
  int64_t next_tick = start;
  for (int64_t now = start; Step(now, result); now = NowNanos()) {
    if (now >= next_tick) {
      if (tick) tick(schedule_, now);
      next_tick = now + kTickNanos;
    }
    Wait(now, std::min(next_tick, NextWakeUp(now, result.stopped)));
  }
  const Totals after = Count();
  const int64_t end = NowNanos();
  result.unsent = schedule_.Overdue(std::min(stopped_nanos_, end));
  result.elapsed_nanos = (result.aborted.empty() ? last_end_nanos_ : end) - start;
  result.reconnects = after.reconnects - before.reconnects;
  result.bytes_sent = after.bytes_sent - before.bytes_sent;
  result.bytes_received = after.bytes_received - before.bytes_received;
  workload_ = nullptr;
  return result;
}

namespace {

class SingleCall : public Workload {
 public:
  SingleCall(Method method, const std::string& message) : method_(method), message_(message) {}

  void Start(GrpcCall& call) override {
    call.method = method_;
    BeginFrame(call.request);
    call.request += message_;
    EndFrame(call.request);
  }
  bool Finish(GrpcCall& call, int64_t /*latency_nanos*/) override {
    if (call.status == 0) {
      answer_ = std::string(call.response);
    } else {
      answer_ = call.ToStatus();
    }
    return false;
  }
  const absl::StatusOr<std::string>& answer() const { return answer_; }

 private:
  Method method_;
  const std::string& message_;
  absl::StatusOr<std::string> answer_ = absl::UnavailableError("no answer");
};

}  // namespace

absl::StatusOr<std::string> Engine::CallOnce(Method method, const std::string& message) {
  SingleCall call(method, message);
  const PhaseResult result = Run(Schedule(0, 1, 0, NowNanos()), call, nullptr);
  if (result.stopped) return absl::CancelledError("stopped");
  if (!result.aborted.empty()) return absl::UnavailableError(result.aborted);
  return call.answer();
}

}  // namespace paracle::load
