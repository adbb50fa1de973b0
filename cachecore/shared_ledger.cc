#include "cachecore/shared_ledger.h"

#include <future>
#include <utility>

#include "cachecore/internal/ledger_session.h"

namespace paracle::cachecore {

SharedLedger::SharedLedger(redis::Client* client, StatsLedger* ledger, SharedLedgerOptions options, const Clock* clock)
    : session_(std::make_shared<internal::LedgerSession>(client, ledger, std::move(options), clock)) {}

SharedLedger::~SharedLedger() { session_->Stop(); }

void SharedLedger::Start() { session_->Start(); }

void SharedLedger::Wake() { session_->Wake(); }

bool SharedLedger::Flush(absl::Duration timeout) {
  // Shared, as the answer may come after the wait.
  const auto added = std::make_shared<std::promise<bool>>();
  std::future<bool> answer = added->get_future();
  session_->Flush([added](absl::Status status) { added->set_value(status.ok()); });
  return answer.wait_for(absl::ToChronoNanoseconds(timeout)) == std::future_status::ready && answer.get();
}

SharedLedgerSnapshot SharedLedger::Snapshot(absl::string_view ns) const { return session_->Snapshot(ns); }

void SharedLedger::Reset(absl::string_view ns, absl::AnyInvocable<void(absl::Status) &&> done) {
  session_->Reset(ns, std::move(done));
}

}  // namespace paracle::cachecore
