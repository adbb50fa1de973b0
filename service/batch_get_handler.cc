#include "service/batch_get_handler.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "cachecore/label_table.h"
#include "service/batch_request.h"
#include "service/entry_counting.h"
#include "service/hit_encoder.h"
#include "service/limits/batch_passes.h"
#include "service/status_mapping.h"

namespace paracle::service {
namespace {

using cachecore::GetOutcome;
using cachecore::Hit;
using cachecore::Miss;
using cachecore::StatsLedger;

// A batch while its entries are looked up, each on its own and perhaps on different threads.
class Gathering {
 public:
  Gathering(const HandlerContext& context, PendingCall* call, size_t count)
      : ledger_(context.ledger),
        meter_(context.meter),
        call_(call),
        passes_(context.namespace_limits),
        items_(count),
        unanswered_(count + 1) {}

  // What a miss of entry `index` counts for. RESOURCE_EXHAUSTED: its namespace has no room for it.
  absl::Status Ask(size_t index, const ResolvedEntry& entry, size_t bytes) {
    items_[index].ns = std::string(entry.id.ns);
    items_[index].model = std::string(entry.model);
    return passes_.Enter(entry.id.ns, bytes);
  }

  void Answer(size_t index, std::variant<absl::Status, GetOutcome> outcome) {
    items_[index].outcome = std::move(outcome);
    CountDown();
  }

  // Called once when everything has been asked; whoever is last sends the response.
  void CountDown() {
    if (unanswered_.fetch_sub(1, std::memory_order_acq_rel) == 1) Send();
  }

 private:
  struct Item {
    std::string ns;
    std::string model;
    std::variant<absl::Status, GetOutcome> outcome;
  };

  void Send() {
    // Each hit took its share of the time that the batch took.
    const absl::Duration share = call_->Elapsed() / std::max<size_t>(items_.size(), 1);
    BatchGetEncoder encoder;
    for (Item& item : items_) Add(item, share, encoder);
    call_->Send(encoder.Finish());
  }

  void Add(Item& item, absl::Duration share, BatchGetEncoder& encoder) {
    if (const auto* status = std::get_if<absl::Status>(&item.outcome)) {
      const ItemErrorFields error = ToItemError(*status);
      Count(ResultOfCode(error.code));
      return encoder.AddError(error.code, error.message, error.reason);
    }
    auto& outcome = std::get<GetOutcome>(item.outcome);
    if (const auto* miss = std::get_if<Miss>(&outcome)) {
      ledger_->RecordMiss(ledger_->RowFor(item.ns, item.model));
      Count(CallResult::kMiss);
      return encoder.AddMiss(*miss);
    }
    auto& hit = std::get<Hit>(outcome);
    passes_.Charge(item.ns, hit.entry->payload().size());
    const cachecore::Origin origin = hit.entry->origin();
    cachecore::LedgerRow* const row = hit.entry->label().row();
    // One that did not fit saved nothing yet: the Get that fetches it will.
    const absl::Time created = hit.entry->create_time();
    if (!encoder.AddHit(std::move(hit))) return;
    ledger_->RecordHit(row, origin, share);
    CountHitAge(meter_, created);
    Count(CallResult::kHit);
  }

  void Count(CallResult result) {
    if (meter_ != nullptr) meter_->CountEntry(Rpc::kBatchGet, result);
  }

  StatsLedger* const ledger_;
  CallMeter* const meter_;
  PendingCall* const call_;
  BatchPasses passes_;
  std::vector<Item> items_;
  std::atomic<size_t> unanswered_;
};

// Into scratch.entry. False: it is malformed.
bool ParseEntry(RequestScratch& scratch, size_t index) {
  WireCursor element = scratch.batch.elements[index];
  scratch.text.clear();
  element.CopyTo(element.remaining(), &scratch.text);
  return scratch.entry.ParseFromString(scratch.text);
}

absl::StatusOr<ResolvedEntry> ReadEntry(RequestScratch& scratch, size_t index) {
  const FieldPath path = {"entries", static_cast<int>(index)};
  if (!ParseEntry(scratch, index)) return MalformedRequest("EntryRef", path.Of(""));
  return ResolveEntry(scratch.entry, path, "");
}

}  // namespace

void BatchGetHandler::Handle(RequestScratch& scratch, PendingCall& call) {
  if (absl::Status status = OpenBatch(scratch, "BatchGetRequest"); !status.ok()) return call.Fail(status);
  const size_t count = scratch.batch.count;
  const absl::Status admitted =
      AdmitBatch(*context_.access, call.identified(), Operation::kBatchGet, count,
                 [&scratch](size_t index) { return ParseEntry(scratch, index) ? &scratch.entry : nullptr; });
  if (!admitted.ok()) return call.Fail(admitted);
  const absl::Time deadline = call.deadline();
  const auto gathering = std::make_shared<Gathering>(context_, &call, count);
  for (size_t i = 0; i < count; ++i) {
    const absl::StatusOr<ResolvedEntry> entry = ReadEntry(scratch, i);
    if (!entry.ok()) {
      gathering->Answer(i, entry.status());
      continue;
    }
    const absl::Status entered = gathering->Ask(i, *entry, scratch.text.size());
    if (!entered.ok()) {
      gathering->Answer(i, entered);
      continue;
    }
    context_.cache->Get(entry->id, deadline,
                        [gathering, i](GetOutcome outcome) { gathering->Answer(i, std::move(outcome)); });
  }
  gathering->CountDown();
}

}  // namespace paracle::service
