// A server on a real socket of this machine, for tests: its own cache, ledger and configuration.
#ifndef PARACLE_TESTS_SERVICE_RUNNING_SERVER_H_
#define PARACLE_TESTS_SERVICE_RUNNING_SERVER_H_

#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cachecore/cache_factory.h"
#include "cachecore/stats_ledger.h"
#include "grpcpp/grpcpp.h"
#include "paracle/cache/v1/admin.grpc.pb.h"
#include "paracle/cache/v1/cache.grpc.pb.h"
#include "service/server.h"
#include "service/settings.h"

namespace paracle::service {

using Overrides = std::vector<std::pair<std::string, std::string>>;  // {"MAX_SIZE", "5"}

// Settings as flags would give them. LISTEN is a free port of 127.0.0.1 and THREADS 2, unless overridden.
std::vector<Setting> SettingsWith(const Overrides& overrides);

class RunningServer {
 public:
  // Stops the test when the server does not start.
  explicit RunningServer(const Overrides& overrides = {});
  // Serves `cache` instead of one of its own.
  RunningServer(cachecore::Cache* cache, const Overrides& overrides);
  ~RunningServer();

  const std::string& address() const { return server_->addresses()[0]; }
  int port() const;
  Server& server() { return *server_; }
  cachecore::StatsLedger& ledger() { return ledger_; }
  cache::v1::CacheService::Stub& cache() { return *cache_stub_; }
  cache::v1::AdminService::Stub& admin() { return *admin_stub_; }
  std::shared_ptr<grpc::Channel> channel() { return channel_; }

  // Calls an RPC with bytes that no stub would send.
  std::pair<grpc::Status, std::string> CallRaw(absl::string_view method, absl::string_view request_bytes);
  // The same, of any service: "/grpc.health.v1.Health/Check".
  std::pair<grpc::Status, std::string> CallPath(const std::string& path, absl::string_view request_bytes);

 private:
  void Start(cachecore::Cache* cache, const Overrides& overrides);

  cachecore::StatsLedger ledger_;
  cachecore::CacheStack stack_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<cache::v1::CacheService::Stub> cache_stub_;
  std::unique_ptr<cache::v1::AdminService::Stub> admin_stub_;
};

// Starts a server that may fail to start, on a cache that is never asked.
absl::Status TryToStart(const Overrides& overrides);

// A context whose deadline is far enough for a loaded machine.
std::unique_ptr<grpc::ClientContext> Patient();

cache::v1::EntryRef RefOf(char digest_byte, absl::string_view ns = "");
cache::v1::SetRequest SetOf(const cache::v1::EntryRef& ref, absl::string_view payload);

}  // namespace paracle::service

#endif  // PARACLE_TESTS_SERVICE_RUNNING_SERVER_H_
