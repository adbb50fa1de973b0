// FollowCall is one Follow: sends what a FollowSession says, one message at a time, so that a slow reader holds one
// message and nothing else.
#ifndef PARACLE_SERVICE_FOLLOW_CALL_H_
#define PARACLE_SERVICE_FOLLOW_CALL_H_

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "cachecore/follow_session.h"
#include "cachecore/recordings.h"
#include "cachecore/stats_ledger.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/support/server_callback.h"
#include "paracle/cache/v1/cache.pb.h"
#include "service/handler_context.h"
#include "service/open_calls.h"

namespace paracle::service {

// Deletes itself when the call is done.
class FollowCall final : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  // What is pointed to outlives the call.
  FollowCall(grpc::CallbackServerContext* context, const HandlerContext& handlers, const grpc::ByteBuffer& request,
             OpenCalls* open_calls);

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  // How the session reaches the call: not any more once it is done.
  struct Link {
    std::mutex mutex;
    FollowCall* call;  // Guarded by mutex; null: it is done.
  };

  absl::Status Begin(grpc::ByteBuffer request);
  void Go();
  void Send(const cachecore::FollowSession::Step& step);
  // `result`: what it comes to, if the code alone does not say.
  void FinishOnce(const absl::Status& status, std::optional<CallResult> result = std::nullopt);
  void CountHit(const cachecore::Origin& origin);

  grpc::CallbackServerContext* const context_;
  const Access& access_;
  NamespaceLimits* const namespace_limits_;
  cachecore::Recordings* const recordings_;  // Null: the cache is switched off.
  cachecore::StatsLedger& ledger_;
  OpenCalls* const open_calls_;
  CallTimer timer_;
  const absl::Time begun_;
  const std::shared_ptr<Link> link_;

  // Guarded by link_->mutex.
  std::shared_ptr<cachecore::FollowSession> session_;
  std::string ns_, model_;
  grpc::ByteBuffer message_;
  LimitPass pass_;
  bool writing_ = false;
  bool coalesced_ = false;
  bool cancelled_ = false;
  bool finished_ = false;
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_FOLLOW_CALL_H_
