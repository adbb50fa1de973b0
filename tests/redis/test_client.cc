#include "tests/redis/test_client.h"

#include <chrono>
#include <cstdlib>
#include <future>
#include <stdexcept>
#include <thread>

namespace paracle::cachecore::redis {

bool Eventually(const std::function<bool()>& condition, double seconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

ClientOptions OptionsFor(const std::string& url) {
  ClientOptions options;
  options.deployment = Deployment::Parse(url).value();
  options.operation_timeout = absl::Seconds(20);
  options.connect_timeout = absl::Seconds(5);
  options.liveness = absl::Seconds(10);
  return options;
}

TestClient::TestClient(ClientOptions options) {
  ClientObserver observer;
  observer.on_control_connected = [told = told_] { ++told->control_connects; };
  observer.on_availability = [told = told_](bool available, const absl::Status& why) {
    const std::lock_guard lock(told->mutex);
    told->availability.push_back(available ? "yes" : absl::StatusCodeToString(why.code()));
  };
  client_ = Client::Create(std::move(options), std::move(observer));
}

bool TestClient::BecomesAvailable(double seconds) {
  return Eventually([this] { return client_->available() && control_connects() > 0; }, seconds);
}

absl::StatusOr<Reply> TestClient::Call(Command command, Lane lane, absl::Duration timeout) {
  std::promise<absl::StatusOr<Reply>> promise;
  client_->Send(lane, std::move(command), timeout,
                [&promise](absl::StatusOr<Reply> reply) { promise.set_value(std::move(reply)); });
  auto future = promise.get_future();
  if (future.wait_for(std::chrono::seconds(60)) != std::future_status::ready) std::abort();  // Never answered.
  return future.get();
}

std::string TestClient::Say(Command command, Lane lane) {
  const auto reply = Call(std::move(command), lane);
  if (!reply.ok()) return absl::StatusCodeToString(reply.status().code());
  switch (reply->type) {
    case Reply::Type::kNil:
      return "nil";
    case Reply::Type::kStatus:
      return "+" + reply->text;
    case Reply::Type::kError:
      return "-" + reply->text;
    case Reply::Type::kInteger:
      return ":" + std::to_string(reply->integer);
    default:
      return reply->text;
  }
}

std::vector<std::string> TestClient::told() const {
  const std::lock_guard lock(told_->mutex);
  return told_->availability;
}

}  // namespace paracle::cachecore::redis
