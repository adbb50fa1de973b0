#include "service/grpc_log.h"

#include <atomic>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "grpc/support/log.h"
#include "service/logging.h"

namespace paracle::service {
namespace {

std::atomic<bool> started = false;

void OnGrpcLog(gpr_log_func_args* args) {
  if (args->severity != GPR_LOG_SEVERITY_ERROR) return;
  // A peer's failed handshake is its own affair, and peers can make as many as they like.
  const bool ours = started && !absl::StrContains(args->file, "ssl_transport_security");
  Log(ours ? LogLevel::kError : LogLevel::kDebug, "grpc",
      {{"text", args->message}, {"where", absl::StrCat(args->file, ":", args->line)}});
}

}  // namespace

void RouteGrpcLog() { gpr_set_log_function(OnGrpcLog); }

void RaiseGrpcErrors() { started = true; }

}  // namespace paracle::service
