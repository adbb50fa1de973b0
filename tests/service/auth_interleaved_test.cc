// Who calls is asked of each call, not of its connection: two callers share one.
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/service/auth_server.h"

namespace paracle::service {
namespace {

namespace v1 = cache::v1;

constexpr int kCalls = 20'000;
constexpr int kInFlight = 500;

// One call, of one of two callers into one of two namespaces.
struct Asked {
  grpc::StatusCode expected;
  std::unique_ptr<grpc::ClientContext> context;
  std::unique_ptr<grpc::ClientAsyncResponseReader<v1::GetResponse>> get;
  std::unique_ptr<grpc::ClientAsyncResponseReader<v1::GetStatsResponse>> stats;
  v1::GetResponse answer;
  v1::GetStatsResponse statistics;
  grpc::Status status;
};

class Interleaved {
 public:
  explicit Interleaved(AuthServer* server) : server_(*server) {}

  void Start() {
    auto* const asked = new Asked;
    const int caller = random_() % 3;  // The third has no token.
    const int place = random_() % 2;
    const std::string ns = place == 0 ? "acme" : "elsewhere";
    const std::string tokens[] = {server_.reader.secret, server_.other.secret, ""};
    asked->expected = caller == 2       ? grpc::StatusCode::UNAUTHENTICATED
                      : caller == place ? grpc::StatusCode::OK
                                        : grpc::StatusCode::PERMISSION_DENIED;
    asked->context = With(tokens[caller]);
    if (random_() % 4 == 0) {
      v1::GetStatsRequest request;
      request.set_namespace_(ns);
      asked->stats = server_.server->admin().AsyncGetStats(asked->context.get(), request, &queue_);
      asked->stats->Finish(&asked->statistics, &asked->status, asked);
    } else {
      v1::GetRequest request;
      *request.mutable_entry() = RefOf('a', ns);
      asked->get = server_.server->cache().AsyncGet(asked->context.get(), request, &queue_);
      asked->get->Finish(&asked->answer, &asked->status, asked);
    }
  }

  // Whether the next one to end saw what it was to see.
  bool End() {
    void* tag;
    bool ok;
    if (!queue_.Next(&tag, &ok)) return false;
    const std::unique_ptr<Asked> asked(static_cast<Asked*>(tag));
    return asked->status.error_code() == asked->expected;
  }

  ~Interleaved() {
    queue_.Shutdown();
    void* tag;
    bool ok;
    while (queue_.Next(&tag, &ok)) delete static_cast<Asked*>(tag);
  }

 private:
  AuthServer& server_;
  grpc::CompletionQueue queue_;
  std::mt19937 random_{7};
};

TEST(AuthInterleavedTest, CallersOnOneConnectionAreNeverMixed) {
  AuthServer server(Overrides{{"MAX_IN_FLIGHT", "100000"}});
  Interleaved calls(&server);
  int mixed = 0;
  for (int i = 0; i < kInFlight; ++i) calls.Start();
  for (int i = 0; i < kCalls; ++i) {
    if (!calls.End()) ++mixed;
    if (i < kCalls - kInFlight) calls.Start();
  }
  EXPECT_EQ(mixed, 0) << "of " << kCalls;
}

}  // namespace
}  // namespace paracle::service
