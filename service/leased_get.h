// LeasedGet is a Get with a lease: from when it comes until its call has nothing to do with gRPC any more.
//
// A caller that goes away leaves the line; if it was given the lease at that moment, the lease goes back at once.
#ifndef PARACLE_SERVICE_LEASED_GET_H_
#define PARACLE_SERVICE_LEASED_GET_H_

#include <optional>

#include "absl/time/time.h"
#include "cachecore/lease.h"
#include "cachecore/leased_cache.h"
#include "service/handler_context.h"
#include "service/pending_call.h"

namespace paracle::service {

class LeasedGet final : public CallState, private cachecore::LeaseCall {
 public:
  // Begins to answer `call`, which keeps it. Everything outlives the call. REQUIRES: called by Handle; call.asked is
  // set.
  // `context` has leases.
  static void Begin(const ResolvedEntry& entry, const LeaseTerms& terms, const HandlerContext& context,
                    PendingCall* call);

  void OnCancelled() override;
  void OnUndelivered() override;

 private:
  LeasedGet(const ResolvedEntry& entry, const LeaseTerms& terms, const HandlerContext& context, PendingCall* call);

  void Answer(cachecore::LeaseOutcome outcome) override;
  bool cancelled() const override { return call_.cancelled(); }
  void AnswerHit(cachecore::Hit hit);
  void Send(CallResult result, grpc::ByteBuffer response);

  cachecore::LeasedCache& leases_;
  cachecore::StatsLedger& ledger_;
  CallMeter* const meter_;
  PendingCall& call_;
  const absl::Duration waited_before_;
  std::optional<cachecore::FillToken> given_;
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_LEASED_GET_H_
