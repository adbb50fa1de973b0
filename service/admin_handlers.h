// AdminHandlers answers the AdminService through the callback API. Thread-safe.
#ifndef PARACLE_SERVICE_ADMIN_HANDLERS_H_
#define PARACLE_SERVICE_ADMIN_HANDLERS_H_

#include "cachecore/cache.h"
#include "cachecore/stats_ledger.h"
#include "paracle/cache/v1/admin.grpc.pb.h"
#include "service/access.h"
#include "service/config.h"
#include "service/open_calls.h"
#include "service/served.h"
#include "service/settings.h"

namespace paracle::service {

using v1AdminService = cache::v1::AdminService;
using AdminServiceShape =
    v1AdminService::WithRawCallbackMethod_GetStats<v1AdminService::WithRawCallbackMethod_ResetStats<
        v1AdminService::WithRawCallbackMethod_GetConfig<v1AdminService::Service>>>;

class AdminHandlers final : public AdminServiceShape {
 public:
  // Everything outlives the handlers.
  AdminHandlers(const Access* access, const Served& served, const Config& config, absl::Span<const Setting> settings,
                OpenCalls* open_calls);

  grpc::ServerUnaryReactor* GetStats(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ResetStats(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetConfig(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                      grpc::ByteBuffer* response) override;

 private:
  // An empty `ns` is all of them.
  absl::Status AdmitToStats(const IdentifiedCall& call, absl::string_view ns) const;
  absl::Status AdmitToReset(const IdentifiedCall& call, absl::string_view ns) const;
  void FillStats(const cache::v1::GetStatsRequest& request, cache::v1::GetStatsResponse* response) const;
  void FillSharedTier(cache::v1::SharedTierStatus* status) const;

  const Access& access_;
  const Served served_;
  const std::string backend_;
  const bool enabled_;
  OpenCalls* const open_calls_;
  const cache::v1::GetConfigResponse config_response_;  // Nothing in it changes while the server runs.
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_ADMIN_HANDLERS_H_
