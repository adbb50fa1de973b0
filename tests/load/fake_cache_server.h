// A gRPC server for tests of the load engine: stock gRPC, answers kept in a map, and the faults one asks for.
#ifndef PARACLE_TESTS_LOAD_FAKE_CACHE_SERVER_H_
#define PARACLE_TESTS_LOAD_FAKE_CACHE_SERVER_H_

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "paracle/cache/v1/cache.grpc.pb.h"

namespace paracle::load {

class FakeCacheServer final : public cache::v1::CacheService::Service {
 public:
  FakeCacheServer() : FakeCacheServer("127.0.0.1:0") {}
  explicit FakeCacheServer(const std::string& address, const std::shared_ptr<grpc::ServerCredentials>& credentials =
                                                           grpc::InsecureServerCredentials()) {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort(address, credentials, &port);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    endpoint_ = address.rfind("unix:", 0) == 0 ? address : "127.0.0.1:" + std::to_string(port);
  }
  ~FakeCacheServer() override { Shutdown(); }

  // Ends every connection, at once.
  void Shutdown() { server_->Shutdown(std::chrono::system_clock::now()); }
  const std::string& endpoint() const { return endpoint_; }

  size_t size() {
    const std::lock_guard lock(mutex_);
    return entries_.size();
  }
  void Put(const std::string& name_space, const std::string& digest) {
    const std::lock_guard lock(mutex_);
    entries_[name_space + "/" + digest] = "";
  }

  std::atomic<bool> mixes_up_answers = false;  // Every hit carries the same payload.
  std::atomic<bool> keeps_nothing = false;     // Sets are accepted and dropped.
  std::atomic<int> fail_every = 0;             // Every so many Gets end with RESOURCE_EXHAUSTED.
  std::atomic<int64_t> get_delay_millis = 0;
  std::atomic<int64_t> gets = 0;
  std::atomic<int64_t> sets = 0;
  std::atomic<int64_t> clears = 0;
  std::atomic<int64_t> with_token = 0;  // Calls with the metadata `authorization: Bearer secret`.

 private:
  using Context = grpc::ServerContext;

  static std::string Name(const cache::v1::EntryRef& entry) {
    return entry.namespace_() + "/" + (entry.has_key() ? entry.key().SerializeAsString() : entry.digest());
  }

  grpc::Status Get(Context* context, const cache::v1::GetRequest* request, cache::v1::GetResponse* response) override {
    const int64_t n = ++gets;
    const auto authorization = context->client_metadata().find("authorization");
    if (authorization != context->client_metadata().end() && authorization->second == "Bearer secret") ++with_token;
    if (fail_every > 0 && n % fail_every == 0) {
      return {grpc::StatusCode::RESOURCE_EXHAUSTED, "too much \xc3\xa0 la fois, 100%"};
    }
    if (get_delay_millis > 0) std::this_thread::sleep_for(std::chrono::milliseconds(get_delay_millis));
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(Name(request->entry()));
    if (found == entries_.end()) {
      response->mutable_miss()->set_fill_token("a-fill-token");
    } else {
      response->mutable_hit()->set_payload(mixes_up_answers ? entries_.begin()->second : found->second);
    }
    return grpc::Status::OK;
  }

  grpc::Status Set(Context*, const cache::v1::SetRequest* request, cache::v1::SetResponse*) override {
    ++sets;
    if (request->entry().has_key() && request->fill_token() != "a-fill-token") {
      return {grpc::StatusCode::INVALID_ARGUMENT, "fill_token"};
    }
    const std::lock_guard lock(mutex_);
    if (!keeps_nothing) entries_[Name(request->entry())] = request->payload();
    return grpc::Status::OK;
  }

  grpc::Status BatchGet(Context* context, const cache::v1::BatchGetRequest* request,
                        cache::v1::BatchGetResponse* response) override {
    for (const auto& entry : request->entries()) {
      cache::v1::GetRequest get;
      cache::v1::GetResponse got;
      *get.mutable_entry() = entry;
      Get(context, &get, &got);
      auto* result = response->add_results();
      if (got.has_hit()) *result->mutable_hit() = got.hit();
      if (got.has_miss()) *result->mutable_miss() = got.miss();
    }
    return grpc::Status::OK;
  }

  grpc::Status BatchSet(Context* context, const cache::v1::BatchSetRequest* request,
                        cache::v1::BatchSetResponse* response) override {
    for (const auto& entry : request->entries()) Set(context, &entry, response->add_results()->mutable_stored());
    return grpc::Status::OK;
  }

  grpc::Status Invalidate(Context*, const cache::v1::InvalidateRequest* request,
                          cache::v1::InvalidateResponse* response) override {
    const std::lock_guard lock(mutex_);
    const std::string prefix = request->namespace_() + "/";
    for (const auto& [name, payload] : entries_) {
      if (name.rfind(prefix, 0) == 0) response->set_removed_count(response->removed_count() + 1);
    }
    return grpc::Status::OK;
  }

  grpc::Status Clear(Context*, const cache::v1::ClearRequest* request, cache::v1::ClearResponse*) override {
    ++clears;
    const std::lock_guard lock(mutex_);
    std::erase_if(entries_, [&](const auto& entry) { return entry.first.rfind(request->namespace_() + "/", 0) == 0; });
    return grpc::Status::OK;
  }

  std::mutex mutex_;
  std::map<std::string, std::string> entries_;  // By namespace and digest or key.
  std::string endpoint_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace paracle::load

#endif  // PARACLE_TESTS_LOAD_FAKE_CACHE_SERVER_H_
