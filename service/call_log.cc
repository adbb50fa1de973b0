#include "service/call_log.h"

#include <string>

#include "grpcpp/server_context.h"
#include "service/logging.h"
#include "service/status_mapping.h"
#include "service/trace_context.h"

namespace paracle::service {
namespace {

constexpr int kInternal = 13;

// Empty: the caller sent none that is valid.
std::string TraceIdOf(const grpc::ServerContextBase* context) {
  if (context == nullptr) return "";
  const auto& metadata = context->client_metadata();
  const auto found = metadata.find("traceparent");
  if (found == metadata.end()) return "";
  const auto trace = ParseTraceparent({found->second.data(), found->second.size()});
  return trace ? trace->trace_id : "";
}

}  // namespace

void LogFailedCall(Rpc rpc, const absl::Status& status, const grpc::ServerContextBase* context) {
  if (!Logs(LogLevel::kDebug) && status.code() != absl::StatusCode::kInternal &&
      status.code() != absl::StatusCode::kUnknown) {
    return;
  }
  const ItemErrorFields error = ToItemError(status);
  const LogLevel level = error.code == kInternal ? LogLevel::kWarn : LogLevel::kDebug;
  const std::string method(FactsOf(rpc).method), code(CodeName(error.code)), trace = TraceIdOf(context);
  if (trace.empty()) return Log(level, "call failed", {{"method", method}, {"code", code}, {"reason", error.reason}});
  Log(level, "call failed", {{"method", method}, {"code", code}, {"reason", error.reason}, {"trace_id", trace}});
}

}  // namespace paracle::service
