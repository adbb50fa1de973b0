#include "cachecore/redis/sentinel_watch.h"

#include <asio/co_spawn.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <exception>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cachecore/redis/backoff.h"
#include "cachecore/redis/command.h"
#include "cachecore/redis/handshake.h"
#include "cachecore/redis/steady_time.h"

namespace paracle::cachecore::redis {
namespace {

constexpr absl::Duration kBetweenQuestions = absl::Seconds(1);
constexpr absl::Duration kAtLeast = absl::Milliseconds(100);  // Between two, however hurried.

ClientOptions ForSentinels(const ClientOptions& options) {
  ClientOptions sentinels = options;
  for (Url& url : sentinels.deployment.servers) url.db = 0;
  sentinels.auth_is_optional = true;
  sentinels.must_be_master = false;
  sentinels.addresses = std::make_shared<AddressBook>(sentinels.deployment.servers);
  return sentinels;
}

}  // namespace

SentinelWatch::SentinelWatch(asio::io_context& io, const ClientOptions& options, OnMaster on_master,
                             OnTrouble on_trouble)
    : io_(io),
      options_(ForSentinels(options)),
      on_master_(std::move(on_master)),
      on_trouble_(std::move(on_trouble)),
      pause_(io),
      deadline_(io) {}

void SentinelWatch::Start() {
  asio::co_spawn(io_, Run(), [](const std::exception_ptr& thrown) {
    if (thrown) std::rethrow_exception(thrown);
  });
  SubscriberCallbacks callbacks;
  callbacks.on_message = [this](absl::string_view, absl::string_view) { asio::post(io_, [this] { Hurry(); }); };
  subscriber_ = Subscriber::Create(options_, {"+switch-master"}, std::move(callbacks));
}

void SentinelWatch::Stop() {
  stopping_ = true;
  if (stream_ != nullptr) stream_->Close();
  pause_.cancel();
  deadline_.cancel();
}

void SentinelWatch::Hurry() {
  hurried_ = true;
  pause_.cancel();
}

asio::awaitable<void> SentinelWatch::Run() {
  const std::vector<Url>& sentinels = options_.deployment.servers;
  size_t failed = 0;  // In a row.
  for (size_t turn = 0; !stopping_; ++turn) {
    const absl::Status why = co_await Serve(sentinels[turn % sentinels.size()]);
    stream_->Close();
    if (stopping_) break;
    if (why.ok()) failed = 0;
    if (++failed % sentinels.size() == 0) on_trouble_(why);
    co_await Pause(failed < sentinels.size() ? kAtLeast : kBetweenQuestions);
  }
}

// OK: it has named a master before it was lost.
asio::awaitable<absl::Status> SentinelWatch::Serve(const Url& sentinel) {
  stream_ = std::make_unique<Stream>(io_);
  reader_ = std::make_unique<ReplyReader>();
  Arm();
  absl::Status status = co_await stream_->Connect(sentinel, options_.tls, /*attempt=*/0);
  if (status.ok()) status = co_await ShakeHands(*stream_, *reader_, options_);
  bool named = false;
  while (status.ok() && !stopping_) {
    Arm();
    status = co_await Ask();
    if (!status.ok()) break;
    named = true;
    Disarm();
    co_await Pause(kBetweenQuestions);
  }
  Disarm();
  co_return named ? absl::OkStatus() : status;
}

asio::awaitable<absl::Status> SentinelWatch::Ask() {
  const Command question{"SENTINEL", "get-master-addr-by-name", options_.deployment.master};
  if (auto status = co_await WriteAll(*stream_, question.wire()); !status.ok()) co_return status;
  const absl::StatusOr<Reply> reply = co_await ReadReply(*stream_, *reader_);
  if (!reply.ok()) co_return reply.status();
  if (reply->is_error()) co_return StatusOf(*reply);
  if (reply->is_nil()) {
    co_return absl::NotFoundError(
        absl::StrCat("the Sentinels know no master of the name '", options_.deployment.master, "'"));
  }
  int port = 0;
  if (!reply->is_array() || reply->elements.size() != 2 || !absl::SimpleAtoi(reply->elements[1].text, &port) ||
      port < 1 || port > 65535) {
    co_return absl::DataLossError("a Sentinel answered something else than an address");
  }
  if (!stopping_) on_master_({.host = reply->elements[0].text, .port = static_cast<uint16_t>(port)});
  co_return absl::OkStatus();
}

asio::awaitable<void> SentinelWatch::Pause(absl::Duration duration) {
  std::error_code ignored;
  if (!std::exchange(hurried_, false)) {
    pause_.expires_after(Steady(Jitter(duration, std::uniform_real_distribution<>()(random_))));
    co_await pause_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  if (std::exchange(hurried_, false) && !stopping_) {
    pause_.expires_after(Steady(kAtLeast));
    co_await pause_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

void SentinelWatch::Arm() {
  deadline_.expires_after(Steady(options_.connect_timeout));
  deadline_.async_wait([this](const std::error_code& error) {
    if (!error && stream_ != nullptr) stream_->Close();
  });
}

}  // namespace paracle::cachecore::redis
