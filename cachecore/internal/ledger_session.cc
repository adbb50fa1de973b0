#include "cachecore/internal/ledger_session.h"

#include <openssl/rand.h>

#include <algorithm>
#include <cassert>
#include <iterator>
#include <utility>

#include "absl/strings/escaping.h"

namespace paracle::cachecore::internal {
namespace {

constexpr absl::string_view kStopped = "the ledger is shut down";

std::string RandomName() {
  std::string bytes(16, '\0');
  RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  return absl::BytesToHexString(bytes);
}

absl::string_view NamespaceOf(absl::string_view prefix) { return prefix.substr(prefix.find(':') + 1); }

void Tell(std::vector<LedgerSession::Done> waiters, const absl::Status& status) {
  for (LedgerSession::Done& done : waiters) std::move(done)(status);
}

void Append(std::vector<LedgerSession::Done>& from, std::vector<LedgerSession::Done>& to) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  from.clear();
}

}  // namespace

LedgerSession::LedgerSession(redis::Client* client, StatsLedger* ledger, SharedLedgerOptions options,
                             const Clock* clock)
    : client_(client),
      ledger_(ledger),
      options_(std::move(options)),
      clock_(clock),
      created_(clock->WallTime()),
      scripts_(client, options_.prefix, RandomName(), options_.timeout, LedgerNames(options_.keys)) {}

void LedgerSession::Start() {
  client_->RunAfter(absl::ZeroDuration(), [self = shared_from_this()] { self->Tick(); });
}

void LedgerSession::Tick() {
  {
    MutexLock lock(mutex_);
    if (stopped_) return;
  }
  client_->RunAfter(options_.interval, [self = shared_from_this()] { self->Tick(); });
  Step();
}

void LedgerSession::Wake() {
  client_->RunAfter(absl::ZeroDuration(), [self = shared_from_this()] { self->Step(); });
}

void LedgerSession::Stop() {
  std::vector<Done> waiters;
  {
    MutexLock lock(mutex_);
    stopped_ = true;
    waiters = TakeWaiters();
  }
  Tell(std::move(waiters), absl::CancelledError(kStopped));
}

void LedgerSession::Ask(Done done, bool create) {
  bool stopped = false;
  {
    MutexLock lock(mutex_);
    stopped = stopped_;
    may_begin_ = may_begin_ || create;
    if (!stopped) waiting_.push_back(std::move(done));
  }
  stopped ? std::move(done)(absl::CancelledError(kStopped)) : Wake();
}

void LedgerSession::Flush(Done done) { Ask(std::move(done), /*create=*/true); }

// Runs on the client's thread only.
void LedgerSession::Step() {
  bool restore = false;
  {
    MutexLock lock(mutex_);
    if (!Begin()) return;
    restore = restore_;
  }
  restore ? SendRestore() : SendFlush();
}

bool LedgerSession::Begin() {
  if (stopped_) return false;
  again_ = busy_;
  return !std::exchange(busy_, true);
}

void LedgerSession::SendFlush() {
  FlushRequest request;
  {
    MutexLock lock(mutex_);
    if (stopped_) return;
    request = ComposeFlush();
  }
  // What is answered before Send returns was never sent.
  const auto sent = std::make_shared<bool>(false);
  scripts_.Flush(request, [self = shared_from_this(), request, sent](absl::StatusOr<redis::Reply> reply) {
    self->OnFlushed(request, self->scripts_.ParseFlush(reply), *sent);
  });
  *sent = true;
}

LedgerSession::FlushRequest LedgerSession::ComposeFlush() {
  DropStalePortions();
  if (delta_.empty()) {
    delta_.Take(Counted(), options_.rows_per_flush);
    Append(waiting_, covered_);
  }
  FlushRequest request{
      .known = known_.at, .number = 0, .rows = {}, .seen_ttl = options_.seen_ttl, .max_rows = options_.max_rows};
  if (known_.at.generation.empty() || delta_.empty()) return request;
  LedgerDelta::Portion& portion = delta_.front();
  if (portion.first_sent_nanos == 0) portion.first_sent_nanos = clock_->MonotonicNanos();
  request.number = portion.number;
  request.rows = portion.rows;
  return request;
}

// Redis forgets what it added after seen_ttl; well before that, a portion in doubt is given up.
void LedgerSession::DropStalePortions() {
  const int64_t oldest = clock_->MonotonicNanos() - absl::ToInt64Nanoseconds(options_.seen_ttl / 2);
  while (!delta_.empty() && delta_.front().unsure && delta_.front().first_sent_nanos < oldest) delta_.Pop();
}

void LedgerSession::OnFlushed(const FlushRequest& request, const absl::StatusOr<LedgerUpdate>& update, bool sent) {
  std::vector<Done> waiters;
  bool again = false;
  {
    MutexLock lock(mutex_);
    busy_ = false;
    if (stopped_) return;
    if (!update.ok()) {
      if (request.number > 0 && sent) delta_.front().unsure = true;
      waiters = TakeWaiters();
    } else if (update->lost) {
      LearnLoss();
    } else {
      Acknowledge(request, *update);
      Learn(*update);
      if (!again_ && delta_.empty()) waiters.swap(covered_);
      again_ = again_ || !delta_.empty() || !waiting_.empty();
    }
    again = update.ok() && again_;
  }
  Tell(std::move(waiters), update.status());
  if (again) Step();
}

void LedgerSession::Acknowledge(const FlushRequest& request, const LedgerUpdate& update) {
  const bool same = update.sums.at.generation == request.known.generation;
  assert(request.number == 0 || request.number == delta_.front().number);
  if (same && request.number > 0) delta_.Pop();
  if (same) return;
  // Nothing of this request was added. What an earlier one may have added may be among what was restored.
  if (!delta_.empty() && delta_.front().unsure) delta_.Pop();
  again_ = true;
}

void LedgerSession::Learn(LedgerUpdate update) {
  lost_since_nanos_.reset();
  known_at_ = clock_->WallTime();
  if (update.full) {
    if (!known_.at.generation.empty()) LearnResets(update.sums);
    known_ = std::move(update.sums);
    return;
  }
  for (auto& [row, counts] : update.sums.rows) known_.rows.insert_or_assign(row, counts);
  known_.at = std::move(update.sums.at);
}

void LedgerSession::LearnResets(const SharedSums& now) {
  const RowMap counted = Counted();
  const int64_t known = known_.at.epoch;
  if (now.whole > known) ledger_->Reset("");
  if (now.whole > known || now.floor > known) delta_.Forget("", counted);
  for (const auto& [prefix, reset] : now.resets) {
    if (reset.epoch <= known) continue;
    ledger_->Reset(NamespaceOf(prefix));
    delta_.Forget(NamespaceOf(prefix), counted);
  }
}

void LedgerSession::LearnLoss() {
  const int64_t now = clock_->MonotonicNanos();
  if (!lost_since_nanos_.has_value()) lost_since_nanos_ = now;
  const bool waited = now - *lost_since_nanos_ >= absl::ToInt64Nanoseconds(options_.interval);
  restore_ = !known_.at.generation.empty() || may_begin_ || waited;
  again_ = restore_;
}

void LedgerSession::SendRestore() {
  SharedSums known;
  {
    MutexLock lock(mutex_);
    known = known_;
  }
  if (known.at.generation.empty()) {
    known.at.epoch = 1;
    known.start_ms = absl::ToUnixMillis(created_);
  }
  scripts_.Restore(known, RandomName(), [self = shared_from_this()](absl::StatusOr<redis::Reply> reply) {
    self->OnRestored(reply.ok() ? redis::StatusOf(*reply) : reply.status());
  });
}

// Whether it was this replica or another one that restored: the next flush tells.
void LedgerSession::OnRestored(const absl::Status& status) {
  std::vector<Done> waiters;
  {
    MutexLock lock(mutex_);
    busy_ = false;
    restore_ = false;
    if (!status.ok()) waiters = TakeWaiters();
  }
  Tell(std::move(waiters), status);
  if (status.ok()) Step();
}

std::vector<LedgerSession::Done> LedgerSession::TakeWaiters() {
  std::vector<Done> all = std::move(covered_);
  covered_.clear();
  Append(waiting_, all);
  return all;
}

void LedgerSession::SendReset(std::string ns, int tries, Done done) {
  const std::string name = ns;
  scripts_.Reset(name, clock_->WallTime(),
                 [self = shared_from_this(), ns = std::move(ns), tries,
                  done = std::move(done)](absl::StatusOr<redis::Reply> reply) mutable {
                   self->OnReset(std::move(ns), tries, LedgerScripts::ParseReset(reply), std::move(done));
                 });
}

void LedgerSession::OnReset(std::string ns, int tries, const absl::StatusOr<bool>& found, Done done) {
  if (!found.ok()) return std::move(done)(found.status());
  // The next flush tells this replica, too.
  if (*found) return Ask([done = std::move(done)](absl::Status) mutable { std::move(done)(absl::OkStatus()); }, false);
  if (tries == 0) return std::move(done)(absl::UnavailableError("the shared ledger is not there"));
  auto retry = [self = shared_from_this(), ns = std::move(ns), tries,
                done = std::move(done)](absl::Status status) mutable {
    if (!status.ok()) return std::move(done)(std::move(status));
    self->SendReset(std::move(ns), tries - 1, std::move(done));
  };
  Ask(std::move(retry), /*create=*/true);
}

RowMap LedgerSession::Counted() const { return ToRowMap(ledger_->SinceStart()); }

absl::Time LedgerSession::StartTime(absl::string_view ns) const {
  int64_t start_ms = known_.start_ms;
  if (const auto reset = known_.resets.find(RowPrefix(ns)); !ns.empty() && reset != known_.resets.end()) {
    start_ms = std::max(start_ms, reset->second.at_ms);
  }
  return absl::FromUnixMillis(start_ms);
}

SharedLedgerSnapshot LedgerSession::Snapshot(absl::string_view ns) const {
  MutexLock lock(mutex_);
  if (!known_at_.has_value()) return {.ledger = ledger_->Snapshot(ns), .known_at = std::nullopt};
  RowMap rows = delta_.Pending(Counted());
  for (const auto& [name, counts] : known_.rows) {
    RowCounts& sum = rows[name];
    sum = Sum(sum, counts);
  }
  SharedLedgerSnapshot snapshot{.ledger = {}, .known_at = known_at_};
  FillSnapshot(rows, ns, snapshot.ledger);
  snapshot.ledger.start_time = StartTime(ns);
  snapshot.ledger.update_time = clock_->WallTime();
  return snapshot;
}

}  // namespace paracle::cachecore::internal
