// RpcClient speaks to one Paracle Cache server. Blocking; every call has a deadline; connects on the first call and
// again whenever the connection was lost. Thread-safe.
//
// Errors: the server's own status code, its message prefixed with the endpoint. A call that never reached a server is
// UNAVAILABLE and IsConnectFailure() is true.
#ifndef PARACLE_CLI_RPC_CLIENT_H_
#define PARACLE_CLI_RPC_CLIENT_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/client_options.h"
#include "cli/exit_code.h"
#include "paracle/cache/v1/admin.pb.h"
#include "paracle/cache/v1/cache.pb.h"

namespace paracle::cli {

namespace pb = ::paracle::cache::v1;

class RpcClient {
 public:
  virtual ~RpcClient() = default;

  virtual absl::StatusOr<pb::GetResponse> Get(const pb::GetRequest& request) = 0;
  virtual absl::StatusOr<pb::SetResponse> Set(const pb::SetRequest& request) = 0;
  virtual absl::StatusOr<pb::InvalidateResponse> Invalidate(const pb::InvalidateRequest& request) = 0;
  virtual absl::StatusOr<pb::ClearResponse> Clear(const pb::ClearRequest& request) = 0;
  virtual absl::StatusOr<pb::GetStatsResponse> GetStats(const pb::GetStatsRequest& request) = 0;
  virtual absl::StatusOr<pb::ResetStatsResponse> ResetStats(const pb::ResetStatsRequest& request) = 0;
  virtual absl::StatusOr<pb::GetConfigResponse> GetConfig(const pb::GetConfigRequest& request) = 0;

  // What the server's health service (grpc.health.v1) says of CacheService: true while it takes calls.
  virtual absl::StatusOr<bool> IsServing() = 0;
};

// Calls nobody yet. INVALID_ARGUMENT, NOT_FOUND or FAILED_PRECONDITION: a certificate file cannot be read.
absl::StatusOr<std::unique_ptr<RpcClient>> NewRpcClient(const ClientOptions& options);

// True when the status comes from RpcClient and no server was reached.
bool IsConnectFailure(const absl::Status& status);

// Whether a server that was reached before may be there again in a moment: one that restarts says so, or just hangs up;
// the next attempt tells.
bool MayComeBack(const absl::Status& status);

// kOk for OK; kCannotConnect and kRpcFailed for what RpcClient returned; kUsage for every other error, since what is
// left are the user's own flags and files.
ExitCode ExitCodeFor(const absl::Status& status);

}  // namespace paracle::cli

#endif  // PARACLE_CLI_RPC_CLIENT_H_
