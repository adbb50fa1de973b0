// TestClient is a Client whose calls block, and which remembers what its observer was told.
#ifndef PARACLE_TESTS_REDIS_TEST_CLIENT_H_
#define PARACLE_TESTS_REDIS_TEST_CLIENT_H_

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "cachecore/redis/client.h"

namespace paracle::cachecore::redis {

// Waits until it is so, for `seconds` at most. Whether it is.
bool Eventually(const std::function<bool()>& condition, double seconds = 10);

// With patience enough for a busy machine: tests of impatience set their own.
ClientOptions OptionsFor(const std::string& url);

class TestClient {
 public:
  explicit TestClient(ClientOptions options);
  explicit TestClient(const std::string& url) : TestClient(OptionsFor(url)) {}

  Client& operator*() { return *client_; }
  Client* operator->() { return client_.get(); }

  bool BecomesAvailable(double seconds = 10);
  absl::StatusOr<Reply> Call(Command command, Lane lane = Lane::kData, absl::Duration timeout = absl::Seconds(20));

  // What Call gave, in one line: "+OK", a string's own bytes, "nil", or the name of the status code.
  std::string Say(Command command, Lane lane = Lane::kData);

  // What on_availability has told: "yes" or the name of a code.
  std::vector<std::string> told() const;
  int control_connects() const { return told_->control_connects; }

  void Destroy() { client_.reset(); }

 private:
  struct Told {
    std::mutex mutex;
    std::vector<std::string> availability;
    std::atomic<int> control_connects = 0;
  };

  std::shared_ptr<Told> told_ = std::make_shared<Told>();
  std::unique_ptr<Client> client_;
};

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_TESTS_REDIS_TEST_CLIENT_H_
