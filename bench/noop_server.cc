// A gRPC server that does nothing, as fast as gRPC allows: what the real server's Get is measured against.
//
//   noop-server HOST:PORT     port 0 takes a free one; prints "listening on HOST:PORT" and runs until SIGTERM
//
// Built as the real data plane is: a completion queue and a thread per core, raw requests, raw responses, the same
// channel arguments. Get answers every request, unread, with the bytes of a hit of 4 KiB; the other methods answer OK,
// so that a load test can prepare and clean up.
#include <grpcpp/grpcpp.h>
#include <pthread.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "paracle/cache/v1/admin.grpc.pb.h"
#include "paracle/cache/v1/cache.grpc.pb.h"

namespace paracle {
namespace {

namespace v1 = cache::v1;
using Base = v1::CacheService;

constexpr int kArmed = 64;  // Calls that each queue asks for at any time.
constexpr int kMaxReceiveBytes = 64 << 20;

template <typename Context>
grpc::ServerUnaryReactor* Done(Context* context) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

class NoopCache final
    : public Base::WithRawMethod_Get<
          Base::WithCallbackMethod_Set<Base::WithCallbackMethod_BatchGet<Base::WithCallbackMethod_BatchSet<
              Base::WithCallbackMethod_Invalidate<Base::WithCallbackMethod_Clear<Base::Service>>>>>> {
  using Context = grpc::CallbackServerContext;
  grpc::ServerUnaryReactor* Set(Context* context, const v1::SetRequest*, v1::SetResponse*) override {
    return Done(context);
  }
  grpc::ServerUnaryReactor* BatchGet(Context* context, const v1::BatchGetRequest* request,
                                     v1::BatchGetResponse* response) override {
    for (int i = 0; i < request->entries_size(); ++i) response->add_results()->mutable_miss();
    return Done(context);
  }
  grpc::ServerUnaryReactor* BatchSet(Context* context, const v1::BatchSetRequest* request,
                                     v1::BatchSetResponse* response) override {
    for (int i = 0; i < request->entries_size(); ++i) response->add_results()->mutable_stored();
    return Done(context);
  }
  grpc::ServerUnaryReactor* Invalidate(Context* context, const v1::InvalidateRequest*,
                                       v1::InvalidateResponse*) override {
    return Done(context);
  }
  grpc::ServerUnaryReactor* Clear(Context* context, const v1::ClearRequest*, v1::ClearResponse*) override {
    return Done(context);
  }
};

class NoopAdmin final : public v1::AdminService::WithCallbackMethod_ResetStats<v1::AdminService::Service> {
  grpc::ServerUnaryReactor* ResetStats(grpc::CallbackServerContext* context, const v1::ResetStatsRequest*,
                                       v1::ResetStatsResponse*) override {
    return Done(context);
  }
};

grpc::ByteBuffer ConstantHit() {
  v1::GetResponse response;
  v1::Hit* hit = response.mutable_hit();
  hit->mutable_create_time()->set_seconds(1'800'000'000);
  hit->mutable_create_time()->set_nanos(123'456'789);
  hit->mutable_expire_time()->set_seconds(1'800'003'600);
  hit->mutable_expire_time()->set_nanos(123'456'789);
  hit->set_hit_count(1000);
  hit->set_tier(v1::TIER_MEMORY);
  hit->set_content_type("application/octet-stream");
  hit->set_payload(std::string(4096, 'x'));
  const grpc::Slice slice(response.SerializeAsString());
  return {&slice, 1};
}

// One call of Get at a time; asks for the next one when it is over.
class Slot {
 public:
  Slot(NoopCache* service, grpc::ServerCompletionQueue* queue) : service_(service), queue_(queue) { Arm(); }

  void OnEvent(bool ok, const grpc::ByteBuffer& answer) {
    if (finishing_ || !ok) return Arm();
    finishing_ = true;
    call_->writer.Finish(answer, grpc::Status::OK, this);
  }

 private:
  struct Call {
    grpc::ServerContext context;
    grpc::ByteBuffer request;
    grpc::ServerAsyncResponseWriter<grpc::ByteBuffer> writer{&context};
  };

  void Arm() {
    finishing_ = false;
    call_ = std::make_unique<Call>();
    service_->RequestGet(&call_->context, &call_->request, &call_->writer, queue_, queue_, this);
  }

  NoopCache* service_;
  grpc::ServerCompletionQueue* queue_;
  std::unique_ptr<Call> call_;
  bool finishing_ = false;
};

void Serve(NoopCache* service, grpc::ServerCompletionQueue* queue) {
  const grpc::ByteBuffer answer = ConstantHit();
  std::vector<std::unique_ptr<Slot>> slots;
  for (int i = 0; i < kArmed; ++i) slots.push_back(std::make_unique<Slot>(service, queue));
  void* tag = nullptr;
  bool ok = false;
  while (queue->Next(&tag, &ok)) static_cast<Slot*>(tag)->OnEvent(ok, answer);
}

// As the real server's.
void SetArguments(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(kMaxReceiveBytes);
  builder.SetMaxSendMessageSize(-1);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 1000);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 20'000);
}

void WaitForSigterm() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  int signal = 0;
  sigwait(&signals, &signal);
}

int Main(const std::string& address) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // Before gRPC makes threads, which inherit it.

  NoopCache cache;
  NoopAdmin admin;
  grpc::ServerBuilder builder;
  SetArguments(builder);
  int port = 0;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&cache);
  builder.RegisterService(&admin);
  const int threads = std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, 16);
  std::vector<std::unique_ptr<grpc::ServerCompletionQueue>> queues;
  for (int i = 0; i < threads; ++i) queues.push_back(builder.AddCompletionQueue());
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) {
    std::fprintf(stderr, "noop-server: cannot listen on %s\n", address.c_str());
    return 1;
  }
  std::vector<std::thread> workers;
  workers.reserve(queues.size());
  for (auto& queue : queues) workers.emplace_back(Serve, &cache, queue.get());
  std::printf("listening on %s:%d\n", address.substr(0, address.rfind(':')).c_str(), port);
  std::fflush(stdout);
  WaitForSigterm();
  // A yardstick has no callers to be kind to, and ending at once spares it the care that the real queues need.
  std::_Exit(0);
}

}  // namespace
}  // namespace paracle

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: noop-server HOST:PORT\n");
    return 1;
  }
  return paracle::Main(argv[1]);
}
