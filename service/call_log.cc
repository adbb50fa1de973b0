#include "service/call_log.h"

#include <string>

#include "service/call_evidence.h"
#include "service/logging.h"
#include "service/status_mapping.h"

namespace paracle::service {
namespace {

constexpr int kInternal = 13;

}  // namespace

void LogFailedCall(Rpc rpc, const absl::Status& status, const grpc::ServerContextBase* context) {
  if (!Logs(LogLevel::kDebug) && status.code() != absl::StatusCode::kInternal &&
      status.code() != absl::StatusCode::kUnknown) {
    return;
  }
  const ItemErrorFields error = ToItemError(status);
  const LogLevel level = error.code == kInternal ? LogLevel::kWarn : LogLevel::kDebug;
  const std::string method(FactsOf(rpc).method), code(CodeName(error.code)),
      trace = context == nullptr ? "" : TraceIdOf(*context);
  if (trace.empty()) return Log(level, "call failed", {{"method", method}, {"code", code}, {"reason", error.reason}});
  Log(level, "call failed", {{"method", method}, {"code", code}, {"reason", error.reason}, {"trace_id", trace}});
}

}  // namespace paracle::service
