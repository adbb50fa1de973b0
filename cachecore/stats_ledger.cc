#include "cachecore/stats_ledger.h"

#include <algorithm>
#include <atomic>

#include "cachecore/striped.h"

namespace paracle::cachecore {
namespace {

constexpr double kMaxCostUsd = 1e6;  // Of one call. Keeps a hostile 1e308 from turning the sums into infinity.
constexpr auto kRelaxed = std::memory_order_relaxed;

int64_t TokensOf(const Origin& origin) { return int64_t{origin.prompt_tokens} + origin.completion_tokens; }

int64_t NanosOf(absl::Duration duration) {
  return std::clamp<int64_t>(absl::ToInt64Nanoseconds(duration), 0, int64_t{365} * 24 * 3600 * 1'000'000'000);
}

using Sum = std::atomic<int64_t>;

// Doubles, as a unit small enough for one cheap call would overflow 64 bits at a large bill. A stripe is nearly always
// one thread's own, so the exchange succeeds at once.
void AddDouble(std::atomic<double>& sum, double value) {
  double seen = sum.load(kRelaxed);
  while (!sum.compare_exchange_weak(seen, seen + value, kRelaxed)) {
  }
}

struct Stripe {
  Sum hits = 0, misses = 0, sets = 0, evictions = 0, expirations = 0, invalidations = 0;
  Sum cached_tokens = 0, cached_completion_tokens = 0, uncached_tokens = 0;
  Sum saved_nanos = 0, cached_nanos = 0, uncached_nanos = 0, timed_sets = 0;
  std::atomic<double> saved_cost_usd = 0;

  LedgerCounts Read() const {
    return {.hits = hits.load(kRelaxed),
            .misses = misses.load(kRelaxed),
            .sets = sets.load(kRelaxed),
            .evictions = evictions.load(kRelaxed),
            .expirations = expirations.load(kRelaxed),
            .invalidations = invalidations.load(kRelaxed),
            .cached_tokens = cached_tokens.load(kRelaxed),
            .cached_completion_tokens = cached_completion_tokens.load(kRelaxed),
            .uncached_tokens = uncached_tokens.load(kRelaxed),
            .saved_cost_usd = saved_cost_usd.load(kRelaxed),
            .saved_time = absl::Nanoseconds(saved_nanos.load(kRelaxed)),
            .cached_time = absl::Nanoseconds(cached_nanos.load(kRelaxed)),
            .uncached_time = absl::Nanoseconds(uncached_nanos.load(kRelaxed)),
            .timed_sets = timed_sets.load(kRelaxed)};
  }
};

// Applies `op` to each pair of sums: addition and subtraction, said once.
template <typename Op>
LedgerCounts Combine(const LedgerCounts& a, const LedgerCounts& b, Op op) {
  return {.hits = op(a.hits, b.hits),
          .misses = op(a.misses, b.misses),
          .sets = op(a.sets, b.sets),
          .evictions = op(a.evictions, b.evictions),
          .expirations = op(a.expirations, b.expirations),
          .invalidations = op(a.invalidations, b.invalidations),
          .cached_tokens = op(a.cached_tokens, b.cached_tokens),
          .cached_completion_tokens = op(a.cached_completion_tokens, b.cached_completion_tokens),
          .uncached_tokens = op(a.uncached_tokens, b.uncached_tokens),
          .saved_cost_usd = op(a.saved_cost_usd, b.saved_cost_usd),
          .saved_time = op(a.saved_time, b.saved_time),
          .cached_time = op(a.cached_time, b.cached_time),
          .uncached_time = op(a.uncached_time, b.uncached_time),
          .timed_sets = op(a.timed_sets, b.timed_sets)};
}

LedgerCounts Add(const LedgerCounts& a, const LedgerCounts& b) {
  return Combine(a, b, [](auto x, auto y) { return x + y; });
}

LedgerCounts Subtract(const LedgerCounts& a, const LedgerCounts& b) {
  return Combine(a, b, [](auto x, auto y) { return std::max(decltype(x){}, x - y); });
}

bool IsZero(const LedgerCounts& c) {
  return (c.hits | c.misses | c.sets | c.evictions | c.expirations | c.invalidations) == 0;
}

void AddRow(const std::pair<std::string, std::string>& name, bool overflow, const LedgerCounts& counts,
            LedgerSnapshot& snapshot) {
  if (IsZero(counts)) return;
  snapshot.total = Add(snapshot.total, counts);
  snapshot.rows.push_back({.ns = name.first, .model = name.second, .overflow = overflow, .counts = counts});
}

}  // namespace

class LedgerRow {
 public:
  explicit LedgerRow(absl::Time start) : start_time(start) {}

  Stripe& Mine() { return stripes_.Mine(); }

  LedgerCounts Raw() const {
    LedgerCounts sum;
    stripes_.ForEach([&sum](const Stripe& stripe) { sum = Add(sum, stripe.Read()); });
    return sum;
  }

  // Both guarded by the ledger's mutex.
  LedgerCounts baseline;  // What had been counted at the last reset.
  absl::Time start_time;

 private:
  Striped<Stripe> stripes_;
};

StatsLedger::StatsLedger(LedgerOptions options, const Clock* clock)
    : options_(options),
      clock_(clock),
      created_(clock->WallTime()),
      overflow_(std::make_unique<LedgerRow>(created_)),
      start_time_(created_) {}

StatsLedger::~StatsLedger() = default;

LedgerRow* StatsLedger::RowFor(absl::string_view ns, absl::string_view model) {
  MutexLock lock(mutex_);
  std::pair<std::string, std::string> name(ns, model);
  const auto it = rows_.find(name);
  if (it != rows_.end()) return it->second.get();
  if (rows_.size() >= options_.max_rows) return overflow_.get();
  return rows_.emplace(std::move(name), std::make_unique<LedgerRow>(start_time_)).first->second.get();
}

void StatsLedger::RecordHit(LedgerRow* row, const Origin& origin, absl::Duration served_in) {
  Stripe& stripe = row->Mine();
  stripe.hits.fetch_add(1, kRelaxed);
  const int64_t served_nanos = NanosOf(served_in);
  stripe.cached_nanos.fetch_add(served_nanos, kRelaxed);
  const int64_t tokens = TokensOf(origin);
  if (tokens != 0) stripe.cached_tokens.fetch_add(tokens, kRelaxed);
  if (origin.completion_tokens != 0) stripe.cached_completion_tokens.fetch_add(origin.completion_tokens, kRelaxed);
  if (origin.cost_usd > 0) AddDouble(stripe.saved_cost_usd, std::min(origin.cost_usd, kMaxCostUsd));
  const int64_t saved_nanos = NanosOf(origin.latency) - served_nanos;
  if (saved_nanos > 0) stripe.saved_nanos.fetch_add(saved_nanos, kRelaxed);
}

void StatsLedger::RecordMiss(LedgerRow* row) { row->Mine().misses.fetch_add(1, kRelaxed); }

void StatsLedger::RecordSet(LedgerRow* row, const Origin& origin) {
  Stripe& stripe = row->Mine();
  stripe.sets.fetch_add(1, kRelaxed);
  stripe.uncached_tokens.fetch_add(TokensOf(origin), kRelaxed);
  const int64_t nanos = NanosOf(origin.latency);
  if (nanos == 0) return;
  stripe.uncached_nanos.fetch_add(nanos, kRelaxed);
  stripe.timed_sets.fetch_add(1, kRelaxed);
}

void StatsLedger::RecordRemoval(LedgerRow* row, RemovalReason reason) {
  Stripe& stripe = row->Mine();
  switch (reason) {
    case RemovalReason::kCapacity:
      stripe.evictions.fetch_add(1, kRelaxed);
      return;
    case RemovalReason::kExpired:
      stripe.expirations.fetch_add(1, kRelaxed);
      return;
    case RemovalReason::kInvalidated:
      stripe.invalidations.fetch_add(1, kRelaxed);
      return;
  }
}

LedgerSnapshot StatsLedger::Snapshot(absl::string_view ns) const {
  MutexLock lock(mutex_);
  LedgerSnapshot snapshot;
  snapshot.start_time = start_time_;
  snapshot.update_time = clock_->WallTime();
  for (const auto& [name, row] : rows_) {
    if (!ns.empty() && name.first != ns) continue;
    AddRow(name, false, Subtract(row->Raw(), row->baseline), snapshot);
    if (!ns.empty()) snapshot.start_time = std::max(snapshot.start_time, row->start_time);
  }
  if (ns.empty()) AddRow({}, true, Subtract(overflow_->Raw(), overflow_->baseline), snapshot);
  return snapshot;
}

LedgerSnapshot StatsLedger::SinceStart() const {
  MutexLock lock(mutex_);
  LedgerSnapshot snapshot{.total = {}, .rows = {}, .start_time = created_, .update_time = clock_->WallTime()};
  for (const auto& [name, row] : rows_) AddRow(name, false, row->Raw(), snapshot);
  AddRow({}, true, overflow_->Raw(), snapshot);
  return snapshot;
}

void StatsLedger::Reset(absl::string_view ns) {
  MutexLock lock(mutex_);
  const absl::Time now = clock_->WallTime();
  const auto reset = [now](LedgerRow& row) {
    row.baseline = row.Raw();
    row.start_time = now;
  };
  for (const auto& [name, row] : rows_) {
    if (ns.empty() || name.first == ns) reset(*row);
  }
  if (!ns.empty()) return;
  reset(*overflow_);
  start_time_ = now;
}

}  // namespace paracle::cachecore
