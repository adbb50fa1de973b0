// The RPCs that are counted, and what each may come to.
#ifndef PARACLE_SERVICE_METRICS_RPC_H_
#define PARACLE_SERVICE_METRICS_RPC_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace paracle::service {

enum class Rpc {
  kGet,
  kSet,
  kBatchGet,
  kBatchSet,
  kInvalidate,
  kClear,
  kRenewLease,
  kReleaseLease,
  kRecord,
  kFollow,
  kGetStats,
  kResetStats,
  kGetConfig,
};
inline constexpr int kRpcs = 13;

// What came of a call, or of one entry of a batch.
enum class CallResult {
  kOk,
  kHit,
  kCoalesced,  // A hit after waiting for somebody else's answer.
  kMiss,
  kLease,
  kPending,  // Somebody else's answer is still on its way.
  kStored,
  kDropped,   // OK, and no tier kept it.
  kRefused,   // FAILED_PRECONDITION: invalidated meanwhile, or the lease is lost.
  kRejected,  // RESOURCE_EXHAUSTED: too much at one time.
  kDenied,    // UNAUTHENTICATED or PERMISSION_DENIED.
  kInvalid,   // INVALID_ARGUMENT: the caller's mistake.
  kError,
};
inline constexpr int kCallResults = 13;
inline constexpr int kGrpcCodes = 17;

struct RpcFacts {
  absl::string_view type;                // As grpc_type: "unary", "client_stream", "server_stream".
  absl::string_view service;             // "paracle.cache.v1.CacheService"
  absl::string_view method;              // "BatchGet"
  absl::string_view operation;           // "batch_get"; empty: of no entries.
  absl::Span<const CallResult> results;  // Of its entries, if it is a batch; else of the call.
  bool batch = false;
};

const RpcFacts& FactsOf(Rpc rpc);

// The RPC whose request message has this name: "BatchGetRequest". REQUIRES: there is one.
Rpc RpcOfRequest(absl::string_view message);

absl::string_view ResultName(CallResult result);  // "hit"
absl::string_view CodeName(int code);             // "OK", "Canceled", ... as go-grpc-middleware names them.

// What an error makes of a call, or of an entry.
CallResult ResultOfCode(int code);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_METRICS_RPC_H_
