// Stage is what the redis drill plays on: one Redis, what stands between it and the server, and the server.
#ifndef PARACLE_TESTS_DRILLS_STAGE_H_
#define PARACLE_TESTS_DRILLS_STAGE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/drills/cache_server.h"
#include "tests/support/fault_proxy.h"
#include "tests/support/redis_process.h"
#include "tests/support/test_certificates.h"

namespace paracle::drills {

// The server's default.
constexpr absl::Duration kOperationTimeout = absl::Milliseconds(50);

// Ends what it holds from the last to the first.
struct Stage {
  std::unique_ptr<support::TestCertificates> certificates;  // Null: no TLS.
  std::unique_ptr<support::RedisProcess> redis;             // Null: there is none.
  std::unique_ptr<support::FaultProxy> proxy;               // Null: nothing stands between.
  std::unique_ptr<CacheServer> server;
};

// Flags of a server with its Redis at `url` and memory for few entries, so that most hits have to come from Redis.
std::vector<std::string> ServerFlags(const std::string& url);

// Each throws std::runtime_error when something cannot be started. All well:
Stage ProxiedStage(const std::string& server);
// The server started while Redis could not be reached; healing the proxy is the cure.
Stage LonelyStage(const std::string& server);
// The name of Redis' machine means nothing. There is no cure.
Stage NamelessStage(const std::string& server);
// Redis shows a certificate that has expired.
Stage ExpiredStage(const std::string& server);
void CureCertificate(Stage& stage);

}  // namespace paracle::drills

#endif  // PARACLE_TESTS_DRILLS_STAGE_H_
