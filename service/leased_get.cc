#include "service/leased_get.h"

#include <memory>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "cachecore/label_table.h"
#include "service/hit_encoder.h"

namespace paracle::service {

using cachecore::Hit;
using cachecore::Lease;
using cachecore::Miss;
using cachecore::Pending;

void LeasedGet::Begin(const ResolvedEntry& entry, const LeaseTerms& terms, cachecore::LeasedCache* leases,
                      cachecore::StatsLedger* ledger, PendingCall* call) {
  auto* const get = new LeasedGet(entry, terms, leases, ledger, call);
  call->state.reset(get);
  if (terms.wait > absl::ZeroDuration()) call->Park();
  leases->Get(*get);
}

LeasedGet::LeasedGet(const ResolvedEntry& entry, const LeaseTerms& terms, cachecore::LeasedCache* leases,
                     cachecore::StatsLedger* ledger, PendingCall* call)
    : leases_(*leases), ledger_(*ledger), call_(*call), waited_before_(terms.waited) {
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
  // Whoever waits is counted when it comes back.
  if (const auto* pending = std::get_if<Pending>(&outcome)) return call_.Send(EncodePending(*pending));
  ledger_.RecordMiss(ledger_.RowFor(ns, model));
  if (const auto* miss = std::get_if<Miss>(&outcome)) return call_.Send(EncodeMiss(*miss));
  const Lease& lease = std::get<Lease>(outcome);
  given_ = lease.token;
  call_.Send(EncodeLease(lease));
}

void LeasedGet::AnswerHit(Hit hit) {
  cachecore::LedgerRow* const row = hit.entry->label().row();
  const cachecore::Origin origin = hit.entry->origin();
  grpc::ByteBuffer response = EncodeHit(std::move(hit));
  // The caller did without the model, not without the wait for it.
  ledger_.RecordHit(row, origin, call_.Elapsed() + waited_before_);
  call_.Send(std::move(response));
}

void LeasedGet::OnCancelled() {
  if (leases_.Cancel(*this)) call_.Fail(absl::CancelledError("the caller cancelled"));
}

void LeasedGet::OnUndelivered() {
  if (given_) leases_.Release(id(), *given_, [] {});
}

}  // namespace paracle::service
