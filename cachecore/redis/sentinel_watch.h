// SentinelWatch asks Sentinels who the master is: one after the other until one answers, that one once a second and
// whenever it is hurried. +switch-master, heard on another connection, hurries it too.
//
// A Sentinel names the old master for a second or two after it has gone: whoever connects to what is named looks at its
// role. All of it on the thread that runs the io_context; the callback, too.
#ifndef PARACLE_CACHECORE_REDIS_SENTINEL_WATCH_H_
#define PARACLE_CACHECORE_REDIS_SENTINEL_WATCH_H_

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <memory>
#include <random>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cachecore/redis/client.h"
#include "cachecore/redis/reply_reader.h"
#include "cachecore/redis/slot_map.h"
#include "cachecore/redis/stream.h"
#include "cachecore/redis/subscriber.h"

namespace paracle::cachecore::redis {

class SentinelWatch {
 public:
  using OnMaster = absl::AnyInvocable<void(const HostAndPort& master)>;  // Each time one is named.
  using OnTrouble = absl::AnyInvocable<void(const absl::Status& why)>;   // None of them names one.

  // REQUIRES: options.deployment is of Sentinels.
  SentinelWatch(asio::io_context& io, const ClientOptions& options, OnMaster on_master, OnTrouble on_trouble);
  SentinelWatch(const SentinelWatch&) = delete;
  SentinelWatch& operator=(const SentinelWatch&) = delete;

  void Start();
  // For good. The callbacks are not called any more.
  void Stop();
  // Any thread: the channel's connection ends. Not on the client's.
  void StopListening() { subscriber_.reset(); }

  // Asks at once, but no more than ten times a second.
  void Hurry();

 private:
  asio::awaitable<void> Run();
  asio::awaitable<absl::Status> Serve(const Url& sentinel);
  asio::awaitable<absl::Status> Ask();
  asio::awaitable<void> Pause(absl::Duration duration);
  void Arm();
  void Disarm() { deadline_.cancel(); }

  asio::io_context& io_;
  ClientOptions options_;
  OnMaster on_master_;
  OnTrouble on_trouble_;
  bool stopping_ = false;
  bool hurried_ = false;
  std::unique_ptr<Stream> stream_;
  std::unique_ptr<ReplyReader> reader_;
  asio::steady_timer pause_;
  asio::steady_timer deadline_;  // Of one step; closes the stream.
  std::minstd_rand random_{std::random_device()()};
  std::unique_ptr<Subscriber> subscriber_;
};

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_SENTINEL_WATCH_H_
