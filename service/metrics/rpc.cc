#include "service/metrics/rpc.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/strip.h"

namespace paracle::service {
namespace {

using R = CallResult;

constexpr absl::string_view kCache = "paracle.cache.v1.CacheService";
constexpr absl::string_view kAdmin = "paracle.cache.v1.AdminService";

constexpr R kGets[] = {R::kHit,      R::kCoalesced, R::kMiss,    R::kLease, R::kPending,
                       R::kRejected, R::kDenied,    R::kInvalid, R::kError};
constexpr R kFollows[] = {R::kHit, R::kCoalesced, R::kMiss, R::kRejected, R::kDenied, R::kInvalid, R::kError};
constexpr R kBatchGets[] = {R::kHit, R::kMiss, R::kRejected, R::kDenied, R::kInvalid, R::kError};
constexpr R kSets[] = {R::kStored, R::kDropped, R::kRefused, R::kRejected, R::kDenied, R::kInvalid, R::kError};
constexpr R kOthers[] = {R::kOk, R::kRefused, R::kRejected, R::kDenied, R::kInvalid, R::kError};

constexpr RpcFacts kFacts[kRpcs] = {
    {"unary", kCache, "Get", "get", kGets},
    {"unary", kCache, "Set", "set", kSets},
    {"unary", kCache, "BatchGet", "batch_get", kBatchGets, true},
    {"unary", kCache, "BatchSet", "batch_set", kSets, true},
    {"unary", kCache, "Invalidate", "invalidate", kOthers},
    {"unary", kCache, "Clear", "clear", kOthers},
    {"unary", kCache, "RenewLease", "renew_lease", kOthers},
    {"unary", kCache, "ReleaseLease", "release_lease", kOthers},
    {"client_stream", kCache, "Record", "record", kSets},
    {"server_stream", kCache, "Follow", "follow", kFollows},
    {"unary", kAdmin, "GetStats", "", {}},
    {"unary", kAdmin, "ResetStats", "", {}},
    {"unary", kAdmin, "GetConfig", "", {}},
};

constexpr absl::string_view kResultNames[kCallResults] = {"ok",      "hit",     "coalesced", "miss",    "lease",
                                                          "pending", "stored",  "dropped",   "refused", "rejected",
                                                          "denied",  "invalid", "error"};

constexpr absl::string_view kCodeNames[kGrpcCodes] = {
    "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
    "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
    "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
    "DataLoss", "Unauthenticated"};

// Of grpc::StatusCode, which whoever counts need not know.
enum Code {
  kOk = 0,
  kInvalidArgument = 3,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kUnauthenticated = 16
};

}  // namespace

const RpcFacts& FactsOf(Rpc rpc) { return kFacts[static_cast<int>(rpc)]; }

Rpc RpcOfRequest(absl::string_view message) {
  const absl::string_view method = absl::StripSuffix(message, "Request");
  const auto found = std::find_if(std::begin(kFacts), std::end(kFacts),
                                  [method](const RpcFacts& facts) { return facts.method == method; });
  if (found == std::end(kFacts)) abort();
  return static_cast<Rpc>(found - std::begin(kFacts));
}

absl::string_view ResultName(CallResult result) { return kResultNames[static_cast<int>(result)]; }

absl::string_view CodeName(int code) { return kCodeNames[code < 0 || code >= kGrpcCodes ? 2 : code]; }

CallResult ResultOfCode(int code) {
  switch (code) {
    case kOk:
      return CallResult::kOk;
    case kInvalidArgument:
      return CallResult::kInvalid;
    case kUnauthenticated:
    case kPermissionDenied:
      return CallResult::kDenied;
    case kResourceExhausted:
      return CallResult::kRejected;
    case kFailedPrecondition:
      return CallResult::kRefused;
    default:
      return CallResult::kError;
  }
}

}  // namespace paracle::service
