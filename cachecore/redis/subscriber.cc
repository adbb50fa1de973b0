#include "cachecore/redis/subscriber.h"

#include <pthread.h>

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <cassert>
#include <exception>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cachecore/redis/backoff.h"
#include "cachecore/redis/command.h"
#include "cachecore/redis/handshake.h"
#include "cachecore/redis/reply_reader.h"
#include "cachecore/redis/steady_time.h"
#include "cachecore/redis/stream.h"

namespace paracle::cachecore::redis {
namespace {

constexpr std::chrono::seconds kSilence{1};

// Two coroutines on one thread: Run connects and listens, Watch looks at the clock and closes what is stuck.
class ChannelSubscriber final : public Subscriber {
 public:
  ChannelSubscriber(ClientOptions options, std::vector<std::string> channels, SubscriberCallbacks callbacks);
  ~ChannelSubscriber() override;

 private:
  enum class State { kDown, kOpening, kListening, kPinged };

  void Spawn(asio::awaitable<void> coroutine);
  asio::awaitable<void> Run();
  asio::awaitable<absl::Status> Open();
  asio::awaitable<absl::Status> Listen();
  asio::awaitable<void> Pause();
  absl::Status Handle(const Reply& reply);

  asio::awaitable<void> Watch();
  SteadyTime NextWake() const;
  void OnWake();
  void Ping();
  void Enter(State state);

  const ClientOptions options_;
  const std::vector<std::string> channels_;
  SubscriberCallbacks callbacks_;

  asio::io_context io_{1};
  bool stopping_ = false;
  State state_ = State::kDown;
  SteadyTime since_;  // Of the state; of the last bytes while listening.
  unsigned attempts_ = 0;
  std::unique_ptr<Stream> stream_;
  std::unique_ptr<ReplyReader> reader_;
  Backoff backoff_;
  std::minstd_rand random_{std::random_device()()};
  asio::steady_timer pause_{io_};
  asio::steady_timer watch_{io_};
  std::thread thread_;
};

ChannelSubscriber::ChannelSubscriber(ClientOptions options, std::vector<std::string> channels,
                                     SubscriberCallbacks callbacks)
    : options_(std::move(options)),
      channels_(std::move(channels)),
      callbacks_(std::move(callbacks)),
      backoff_(options_.min_backoff, options_.max_backoff) {
  assert(options_.Validate().ok());
  Spawn(Run());
  Spawn(Watch());
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "redis-sub");
    io_.run();
  });
}

ChannelSubscriber::~ChannelSubscriber() {
  asio::post(io_, [this] {
    stopping_ = true;
    if (stream_ != nullptr) stream_->Close();
    pause_.cancel();
    watch_.cancel();
  });
  thread_.join();
}

void ChannelSubscriber::Spawn(asio::awaitable<void> coroutine) {
  asio::co_spawn(io_, std::move(coroutine), [](const std::exception_ptr& thrown) {
    if (thrown) std::rethrow_exception(thrown);
  });
}

asio::awaitable<void> ChannelSubscriber::Run() {
  while (!stopping_) {
    absl::Status status = co_await Open();
    if (status.ok()) status = co_await Listen();
    stream_->Close();
    Enter(State::kDown);
    co_await Pause();
  }
}

asio::awaitable<absl::Status> ChannelSubscriber::Open() {
  stream_ = std::make_unique<Stream>(io_);
  reader_ = std::make_unique<ReplyReader>();
  Enter(State::kOpening);
  const unsigned attempt = attempts_++;
  const std::optional<Url> url = options_.addresses == nullptr ? options_.url() : options_.addresses->Pick(attempt);
  if (!url) co_return absl::UnavailableError("no server is known yet");
  absl::Status status = co_await stream_->Connect(*url, options_.tls, attempt);
  if (status.ok()) status = co_await ShakeHands(*stream_, *reader_, options_);
  std::vector<absl::string_view> words = {"SUBSCRIBE"};
  words.insert(words.end(), channels_.begin(), channels_.end());
  const Command subscribe(words);
  if (status.ok()) status = co_await WriteAll(*stream_, subscribe.wire());
  co_return status;
}

asio::awaitable<absl::Status> ChannelSubscriber::Listen() {
  while (!stopping_) {
    const auto reply = co_await ReadReply(*stream_, *reader_);
    if (!reply.ok()) co_return reply.status();
    if (auto status = Handle(*reply); !status.ok()) co_return status;
  }
  co_return absl::OkStatus();
}

// Pushed as arrays: ["subscribe", channel, count], ["message", channel, text], ["pong", ""].
absl::Status ChannelSubscriber::Handle(const Reply& reply) {
  if (reply.is_error()) return StatusOf(reply);
  if (!reply.is_array() || reply.elements.empty()) return absl::InternalError("protocol error: no push");
  const std::string& kind = reply.elements[0].text;
  // Bytes of a large message on its way are no silence either, but messages are small.
  if (state_ != State::kOpening) Enter(State::kListening);
  if (kind == "subscribe") {
    Enter(State::kListening);
    const bool all = reply.elements.size() == 3 && reply.elements[2].integer == static_cast<int64_t>(channels_.size());
    if (all) callbacks_.on_subscribed();
  } else if (kind == "message" && reply.elements.size() == 3) {
    callbacks_.on_message(reply.elements[1].text, reply.elements[2].text);
  } else if (kind == "pong") {
    backoff_.Reset();  // It has stood for a while.
  }
  return absl::OkStatus();
}

asio::awaitable<void> ChannelSubscriber::Pause() {
  if (stopping_) co_return;
  std::error_code ignored;
  pause_.expires_after(Steady(backoff_.Next(std::uniform_real_distribution<>()(random_))));
  co_await pause_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

asio::awaitable<void> ChannelSubscriber::Watch() {
  while (!stopping_) {
    std::error_code changed;
    watch_.expires_at(NextWake());
    co_await watch_.async_wait(asio::redirect_error(asio::use_awaitable, changed));
    if (!changed && SteadyNow() >= NextWake()) OnWake();
  }
}

SteadyTime ChannelSubscriber::NextWake() const {
  switch (state_) {
    case State::kDown:
      return SteadyTime::max();
    case State::kOpening:
      return since_ + Steady(options_.connect_timeout);
    case State::kListening:
      return since_ + kSilence;
    case State::kPinged:
      return since_ + Steady(options_.liveness);
  }
  return SteadyTime::max();
}

void ChannelSubscriber::OnWake() {
  if (state_ == State::kListening) {
    Ping();
  } else {
    stream_->Close();
    Enter(State::kDown);
  }
}

// A few bytes that the socket has no room for mean that nobody reads at the other end.
void ChannelSubscriber::Ping() {
  const Command ping{"PING"};
  const iovec piece = {const_cast<char*>(ping.wire().data()), ping.wire().size()};
  const Progress progress = stream_->Write(absl::MakeConstSpan(&piece, 1));
  if (progress.bytes < piece.iov_len || stream_->unwritten()) stream_->Close();
  Enter(State::kPinged);
}

// Watch sleeps until a moment that depends on the state, so it has to look anew.
void ChannelSubscriber::Enter(State state) {
  const bool later = state == state_;
  state_ = state;
  since_ = SteadyNow();
  if (!later) watch_.cancel();
}

}  // namespace

std::unique_ptr<Subscriber> Subscriber::Create(ClientOptions options, std::vector<std::string> channels,
                                               SubscriberCallbacks callbacks) {
  return std::make_unique<ChannelSubscriber>(std::move(options), std::move(channels), std::move(callbacks));
}

}  // namespace paracle::cachecore::redis
