#include "service/leased_get.h"

#include <memory>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "cachecore/label_table.h"
#include "service/entry_counting.h"
#include "service/hit_encoder.h"

namespace paracle::service {

using cachecore::Hit;
using cachecore::Lease;
using cachecore::Miss;
using cachecore::Pending;

void LeasedGet::Begin(const ResolvedEntry& entry, const LeaseTerms& terms, const HandlerContext& context,
                      PendingCall* call) {
  auto* const get = new LeasedGet(entry, terms, context, call);
  call->state.reset(get);
  if (terms.wait > absl::ZeroDuration()) call->Park();
  context.leases->Get(*get);
}

LeasedGet::LeasedGet(const ResolvedEntry& entry, const LeaseTerms& terms, const HandlerContext& context,
                     PendingCall* call)
    : leases_(*context.leases),
      ledger_(*context.ledger),
      meter_(context.meter),
      call_(*call),
      waited_before_(terms.waited) {
  ns.assign(entry.id.ns.data(), entry.id.ns.size());
  digest = entry.id.digest;
  model.assign(entry.model.data(), entry.model.size());
  holder = call->peer();
  deadline = call->deadline();
  hold = terms.hold;
  wait = terms.wait;
  has_waited = terms.waited > absl::ZeroDuration();
}

void LeasedGet::Answer(cachecore::LeaseOutcome outcome) {
  if (auto* hit = std::get_if<Hit>(&outcome)) return AnswerHit(std::move(*hit));
  // Whoever waits is counted as hit or miss when it comes back.
  if (const auto* pending = std::get_if<Pending>(&outcome)) return Send(CallResult::kPending, EncodePending(*pending));
  ledger_.RecordMiss(ledger_.RowFor(ns, model));
  if (const auto* miss = std::get_if<Miss>(&outcome)) return Send(CallResult::kMiss, EncodeMiss(*miss));
  const Lease& lease = std::get<Lease>(outcome);
  given_ = lease.token;
  Send(CallResult::kLease, EncodeLease(lease));
}

void LeasedGet::Send(CallResult result, grpc::ByteBuffer response) {
  call_.result = result;
  call_.Send(std::move(response));
}

void LeasedGet::AnswerHit(Hit hit) {
  cachecore::LedgerRow* const row = hit.entry->label().row();
  const cachecore::Origin origin = hit.entry->origin();
  CountHitAge(meter_, hit.entry->create_time());
  grpc::ByteBuffer response = EncodeHit(std::move(hit));
  // The caller did without the model, not without the wait for it.
  ledger_.RecordHit(row, origin, call_.Elapsed() + waited_before_);
  Send(has_waited ? CallResult::kCoalesced : CallResult::kHit, std::move(response));
}

void LeasedGet::OnCancelled() {
  if (leases_.Cancel(*this)) call_.Fail(absl::CancelledError("the caller cancelled"));
}

void LeasedGet::OnUndelivered() {
  if (given_) leases_.Release(id(), *given_, [] {});
}

}  // namespace paracle::service
