#include "service/get_handler.h"

#include <utility>
#include <variant>

#include "cachecore/label_table.h"
#include "service/entry_counting.h"
#include "service/hit_encoder.h"
#include "service/leased_get.h"
#include "service/status_mapping.h"

namespace paracle::service {
namespace {

using cachecore::GetOutcome;
using cachecore::Hit;
using cachecore::LedgerRow;
using cachecore::Miss;
using cachecore::StatsLedger;

void AnswerHit(Hit hit, const HandlerContext& context, PendingCall& call) {
  LedgerRow* const row = hit.entry->label().row();
  const cachecore::Origin origin = hit.entry->origin();
  CountHitAge(context.meter, hit.entry->create_time());
  grpc::ByteBuffer response = EncodeHit(std::move(hit));
  // Counted before it is sent, so that a caller who then asks for the statistics finds it there.
  context.ledger->RecordHit(row, origin, call.Elapsed());
  call.result = CallResult::kHit;
  call.Send(std::move(response));
}

void AnswerMiss(const Miss& miss, StatsLedger& ledger, PendingCall& call) {
  ledger.RecordMiss(ledger.RowFor(call.asked.ns, call.asked.model));
  call.result = CallResult::kMiss;
  call.Send(EncodeMiss(miss));
}

}  // namespace

void GetHandler::Handle(RequestScratch& scratch, PendingCall& call) {
  const absl::string_view bytes = scratch.Joined();
  if (!scratch.get.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return call.Fail(MalformedRequest("GetRequest"));
  }
  const absl::StatusOr<ResolvedEntry> entry = ResolveEntry(scratch.get.entry(), {}, "entry");
  if (!entry.ok()) return call.Fail(entry.status());
  const Access& access = *context_.access;
  if (absl::Status status = access.Admit(call.identified(), Operation::kGet, entry->id.ns); !status.ok()) {
    return call.Fail(status);
  }
  const absl::Status entered = EnterNamespace(context_.namespace_limits, entry->id.ns, bytes.size(), &call.pass);
  if (!entered.ok()) return call.Fail(entered);

  call.asked.ns.assign(entry->id.ns.data(), entry->id.ns.size());
  call.asked.model.assign(entry->model.data(), entry->model.size());
  if (scratch.get.has_lease()) {
    const absl::StatusOr<LeaseTerms> terms = ResolveLease(scratch.get.lease(), context_.limits);
    if (!terms.ok()) return call.Fail(terms.status());
    // Switched off, or not for this caller: a plain miss.
    const bool may_hold = access.Allows(call.identified(), Operation::kLease, entry->id.ns);
    if (context_.leases != nullptr && may_hold) return LeasedGet::Begin(*entry, *terms, context_, &call);
  }
  context_.cache->Get(entry->id, call.deadline(), [this, &call](GetOutcome outcome) {
    if (auto* hit = std::get_if<Hit>(&outcome)) return AnswerHit(std::move(*hit), context_, call);
    AnswerMiss(std::get<Miss>(outcome), *context_.ledger, call);
  });
}

}  // namespace paracle::service
