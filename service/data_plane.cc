#include "service/data_plane.h"

#include <algorithm>
#include <utility>

#include "service/batch_get_handler.h"
#include "service/batch_set_handler.h"
#include "service/get_handler.h"
#include "service/set_handler.h"

namespace paracle::service {
namespace {

using Writer = grpc::ServerAsyncResponseWriter<grpc::ByteBuffer>;
using RequestMethod = void (CacheHandlers::*)(grpc::ServerContext*, grpc::ByteBuffer*, Writer*, grpc::CompletionQueue*,
                                              grpc::ServerCompletionQueue*, void*);

RawMethod MakeMethod(CacheHandlers* service, RequestMethod request, MethodHandler* handler, Operation operation,
                     Rpc rpc, CallMeter* meter) {
  return {[service, request](grpc::ServerContext* context, grpc::ByteBuffer* bytes, Writer* writer,
                             grpc::ServerCompletionQueue* queue,
                             void* tag) { (service->*request)(context, bytes, writer, queue, queue, tag); },
          handler, operation, rpc, meter};
}

}  // namespace

DataPlane::DataPlane(int threads, int max_in_flight, int max_waiters, CacheHandlers* service,
                     const HandlerContext& context, grpc::ServerBuilder* builder)
    : admission_(max_in_flight) {
  const auto add = [&](RequestMethod request, Operation operation, Rpc rpc, std::unique_ptr<MethodHandler> handler) {
    methods_.push_back(MakeMethod(service, request, handler.get(), operation, rpc, context.meter));
    handlers_.push_back(std::move(handler));
  };
  add(&CacheHandlers::RequestGet, Operation::kGet, Rpc::kGet, std::make_unique<GetHandler>(context));
  // Callers that wait for somebody else's answer.
  methods_.back().watches_callers = true;
  methods_.back().max_parked = max_waiters;
  add(&CacheHandlers::RequestSet, Operation::kSet, Rpc::kSet, std::make_unique<SetHandler>(context));
  add(&CacheHandlers::RequestBatchGet, Operation::kBatchGet, Rpc::kBatchGet,
      std::make_unique<BatchGetHandler>(context));
  add(&CacheHandlers::RequestBatchSet, Operation::kBatchSet, Rpc::kBatchSet,
      std::make_unique<BatchSetHandler>(context));
  for (int i = 0; i < threads; ++i) {
    queues_.push_back(
        std::make_unique<CallQueue>(builder->AddCompletionQueue(), methods_, &admission_, context.access));
  }
}

DataPlane::~DataPlane() = default;

void DataPlane::Start() {
  for (auto& queue : queues_) queue->Start();
}

bool DataPlane::Busy() const {
  return std::any_of(queues_.begin(), queues_.end(), [](const auto& queue) { return queue->in_use() > 0; });
}

std::vector<std::shared_ptr<const TurnCounter>> DataPlane::Turns() const {
  std::vector<std::shared_ptr<const TurnCounter>> turns;
  for (const auto& queue : queues_) turns.push_back(queue->turns());
  return turns;
}

void DataPlane::ExpectShutdown() {
  for (auto& queue : queues_) queue->ExpectShutdown();
}

}  // namespace paracle::service
