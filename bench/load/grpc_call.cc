#include "bench/load/grpc_call.h"

#include <iterator>

#include "absl/strings/str_cat.h"

namespace paracle::load {
namespace {

constexpr size_t kFramePrefix = 5;

constexpr std::string_view kStatusNames[] = {
    "OK",        "CANCELLED",       "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS",  "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",    "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED",
};

}  // namespace

std::string_view PathOf(Method method) {
  switch (method) {
    case Method::kGet:
      return "/paracle.cache.v1.CacheService/Get";
    case Method::kSet:
      return "/paracle.cache.v1.CacheService/Set";
    case Method::kBatchGet:
      return "/paracle.cache.v1.CacheService/BatchGet";
    case Method::kBatchSet:
      return "/paracle.cache.v1.CacheService/BatchSet";
    case Method::kInvalidate:
      return "/paracle.cache.v1.CacheService/Invalidate";
    case Method::kClear:
      return "/paracle.cache.v1.CacheService/Clear";
    case Method::kResetStats:
      return "/paracle.cache.v1.AdminService/ResetStats";
  }
  return "";
}

std::string StatusName(int code) {
  if (code >= 0 && static_cast<size_t>(code) < std::size(kStatusNames)) return std::string(kStatusNames[code]);
  return absl::StrCat("CODE_", code);
}

absl::Status GrpcCall::ToStatus() const {
  const bool known = status >= 0 && static_cast<size_t>(status) < std::size(kStatusNames);
  return {known ? static_cast<absl::StatusCode>(status) : absl::StatusCode::kUnknown, message};
}

void BeginFrame(std::string& request) { request.assign(kFramePrefix, '\0'); }

void EndFrame(std::string& request) {
  const size_t size = request.size() - kFramePrefix;
  for (size_t i = 0; i < 4; ++i) request[1 + i] = static_cast<char>(size >> (24 - 8 * i));
}

}  // namespace paracle::load
