#include "cachecore/redis/connection.h"

#include <algorithm>
#include <array>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <cassert>
#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cachecore/redis/handshake.h"

namespace paracle::cachecore::redis {
namespace {

constexpr size_t kPiecesPerWrite = 256;
constexpr int kReadsInARow = 16;  // Then the other connections have their turn.
constexpr size_t kCongestedBytes = 256 << 10;
constexpr std::chrono::milliseconds kCongestedSilence{5};
constexpr std::chrono::seconds kStable{5};
constexpr std::chrono::milliseconds kTimerGrain{1};

absl::Status TimedOut() { return absl::DeadlineExceededError("no reply from redis in time"); }

}  // namespace

Connection::Connection(asio::io_context& io, const ClientOptions& options, ConnectionOwner& owner)
    : io_(io),
      options_(options),
      owner_(owner),
      backoff_(options.min_backoff, options.max_backoff),
      pause_(io),
      timer_(io) {}

void Connection::Start() {
  asio::co_spawn(io_, Run(), [this](const std::exception_ptr& thrown) {
    if (thrown) std::rethrow_exception(thrown);
    ended_ = true;
  });
}

void Connection::Stop() {
  stopping_ = true;
  {
    MutexLock turn(turn_);
    Lose(absl::CancelledError("the client is being closed"));
  }
  pause_.cancel();
  timer_.cancel();
}

void Connection::Abandon(const absl::Status& why) {
  MutexLock turn(turn_);
  if (ready_) Lose(why);
}

size_t Connection::pending() const {
  MutexLock turn(turn_);
  return queue_.size();
}

asio::awaitable<void> Connection::Run() {
  while (!stopping_) {
    absl::Status why = co_await Open();
    if (why.ok()) why = co_await Serve();
    GoDown(why);
    co_await Pause();
  }
}

asio::awaitable<absl::Status> Connection::Open() {
  ++generation_;
  stream_ = std::make_unique<Stream>(io_);
  reader_ = std::make_unique<ReplyReader>();
  lost_ = absl::OkStatus();
  opening_ = true;
  since_ = SteadyNow();
  ArmTimer();
  const unsigned attempt = attempts_++;
  absl::Status status = co_await stream_->Connect(options_.url(), options_.tls, attempt);
  if (status.ok()) status = co_await ShakeHands(*stream_, *reader_, options_);
  opening_ = false;
  co_return lost_.ok() ? status : lost_;
}

asio::awaitable<absl::Status> Connection::Serve() {
  ready_ = true;
  since_ = SteadyNow();
  {
    MutexLock turn(turn_);
    open_to_others_ = lost_.ok() && options_.url().kind != Url::Kind::kTls;
  }
  owner_.OnReady(*this);
  while (lost_.ok()) {
    const bool more = ReadSome();
    if (!lost_.ok()) break;
    if (more) {
      co_await asio::post(io_, asio::use_awaitable);
    } else {
      co_await stream_->Wait(Want::kRead);
    }
  }
  co_return lost_;
}

// The owner first, so that nobody who is told of the loss tries the same connection again.
void Connection::GoDown(const absl::Status& why) {
  const bool was_ready = std::exchange(ready_, false);
  if (was_ready && SteadyNow() - since_ >= kStable) backoff_.Reset();
  PendingList pending;
  {
    MutexLock turn(turn_);
    open_to_others_ = false;
    owner_.OnWritten(queue_.unsent_bytes());
    pending = queue_.TakeAll();
  }
  stream_->Close();
  write_blocked_ = proven_ = false;
  owner_.OnDown(*this, was_ready, why);
  const absl::Status answer = stopping_ ? absl::CancelledError("the client is being closed")
                                        : absl::UnavailableError(absl::StrCat("redis was lost: ", why.message()));
  while (!pending.empty()) {
    const std::unique_ptr<PendingCommand> command = pending.Pop();
    if (!command->answered) owner_.Answer(*command, answer);
  }
}

asio::awaitable<void> Connection::Pause() {
  if (stopping_) co_return;
  std::error_code ignored;
  hurried_ = false;
  pause_.expires_after(Steady(backoff_.Next(std::uniform_real_distribution<>()(random_))));
  co_await pause_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

bool Connection::ReadSome() {
  bool more = true;
  for (int reads = 0; more && reads < kReadsInARow; ++reads) {
    {
      MutexLock turn(turn_);
      more = ReadInTurn();
    }
    owner_.AfterReplies();
  }
  return more;
}

bool Connection::ReadInTurn() {
  const absl::Span<char> buffer = reader_->Buffer();
  const Progress progress = stream_->Read(buffer);
  if (progress.bytes > 0) {
    progress_ = SteadyNow();
    reader_->Commit(progress.bytes);
    Deliver();
  }
  if (!progress.error.ok()) Lose(progress.error);
  return lost_.ok() && progress.bytes == buffer.size();
}

void Connection::Deliver() {
  while (lost_.ok()) {
    auto next = reader_->Next();
    if (!next.ok()) return Lose(next.status());
    if (!next->has_value()) return;
    const std::unique_ptr<PendingCommand> command = queue_.PopDue();
    if (command == nullptr) return Lose(absl::InternalError("protocol error: a reply that nobody asked for"));
    Receive(*command, **std::move(next));
  }
}

void Connection::Receive(PendingCommand& command, Reply reply) {
  if (!proven_ && command.kind != PendingCommand::Kind::kProbe && !reply.is_error()) {
    proven_ = true;
    backoff_.Reset();
  }
  if (command.answered) {
    owner_.OnLateReply();
  } else {
    owner_.Answer(command, std::move(reply));
  }
}

bool Connection::congested(SteadyTime now) const {
  MutexLock turn(turn_);
  if (write_blocked_ || reader_->reading_long() || queue_.unsent_bytes() > kCongestedBytes) return true;
  return queue_.due() > 0 && now - progress_ > kCongestedSilence;
}

void Connection::Submit(std::unique_ptr<PendingCommand> command) {
  assert(ready_);
  MutexLock turn(turn_);
  queue_.Push(std::move(command));
}

void Connection::Flush() {
  if (!ready_ || !lost_.ok() || write_blocked_) return;
  {
    MutexLock turn(turn_);
    FlushInTurn();
  }
  ArmTimer();
}

void Connection::FlushInTurn() {
  const bool idle = queue_.due() == 0;
  while (queue_.unsent_bytes() > 0 || stream_->unwritten()) {
    const Progress progress = WriteOnce();
    if (!progress.error.ok()) return Lose(progress.error);
    if (progress.want == Want::kWrite) AwaitWritable();
    if (progress.want != Want::kNothing) break;
  }
  if (idle && queue_.size() > 0) progress_ = SteadyNow();
}

void Connection::SendAlone(std::unique_ptr<PendingCommand>& command) {
  if (!turn_.TryLock()) return;
  if (open_to_others_ && queue_.size() == 0) WriteAlone(std::move(command));
  turn_.Unlock();
}

// Whatever does not go well here, the connection's thread meets again.
void Connection::WriteAlone(std::unique_ptr<PendingCommand> command) {
  const SteadyTime deadline = command->deadline;
  queue_.Push(std::move(command));
  progress_ = SteadyNow();
  WriteOnce();
  if (queue_.unsent_bytes() > 0) {
    asio::post(io_, [this] { Flush(); });
  } else if (deadline < armed_) {
    asio::post(io_, [this] { ArmTimer(); });
  }
}

Progress Connection::WriteOnce() {
  std::array<iovec, kPiecesPerWrite> pieces;
  const size_t count = queue_.Gather(absl::MakeSpan(pieces));
  Progress progress = stream_->Write(absl::MakeConstSpan(pieces.data(), count));
  if (progress.bytes > 0) {
    queue_.Wrote(progress.bytes);
    owner_.OnWritten(progress.bytes);
  }
  return progress;
}

void Connection::AwaitWritable() {
  write_blocked_ = true;
  stream_->WhenWritable([this, generation = generation_] {
    if (generation != generation_ || !ready_) return;
    write_blocked_ = false;
    {
      MutexLock turn(turn_);
      progress_ = SteadyNow();
    }
    Flush();
  });
}

void Connection::Lose(absl::Status why) {
  if (!lost_.ok()) return;
  lost_ = std::move(why);
  open_to_others_ = false;
  if (stream_ != nullptr) stream_->Close();
}

// Armed once for many commands: it is set anew only when something is due earlier than it would ring.
void Connection::ArmTimer() {
  MutexLock turn(turn_);
  const SteadyTime wake = NextWake();
  if (wake >= armed_ || stopping_) return;
  armed_ = std::max(wake, SteadyNow() + kTimerGrain);
  timer_.expires_at(armed_);
  timer_.async_wait([this](const std::error_code& error) {
    if (error) return;
    OnTimer();
    ArmTimer();
  });
}

SteadyTime Connection::NextWake() const {
  if (!lost_.ok()) return SteadyTime::max();
  if (opening_) return since_ + Steady(options_.connect_timeout);
  if (!ready_ || queue_.size() == 0) return SteadyTime::max();
  return std::min(queue_.next_deadline(), progress_ + Steady(options_.liveness));
}

void Connection::OnTimer() {
  MutexLock turn(turn_);
  armed_ = SteadyTime::max();
  if (!lost_.ok()) return;
  const SteadyTime now = SteadyNow();
  if (opening_) {
    if (now >= since_ + Steady(options_.connect_timeout)) Lose(absl::UnavailableError("connecting took too long"));
    return;
  }
  if (!ready_) return;
  const size_t waiting = queue_.unsent_bytes();
  queue_.Expire(now, [this](PendingCommand& command) { owner_.Answer(command, TimedOut()); });
  owner_.OnWritten(waiting - queue_.unsent_bytes());
  if (queue_.size() > 0 && now >= progress_ + Steady(options_.liveness)) {
    Lose(absl::UnavailableError("replies are due and nothing comes"));
  }
}

}  // namespace paracle::cachecore::redis
