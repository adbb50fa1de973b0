#include "tests/drills/traffic.h"

#include <algorithm>
#include <random>
#include <stdexcept>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "grpcpp/grpcpp.h"

namespace paracle::drills {
namespace {

using cache::v1::CacheService;
using cache::v1::GetResponse;
using cache::v1::Hit;
using cache::v1::SetResponse;

// Far more than any bound: a call that takes so long has failed.
constexpr absl::Duration kDeadline = absl::Seconds(5);
constexpr absl::Duration kFirst = absl::Seconds(1);
constexpr absl::Duration kLastCancel = absl::Milliseconds(5);

std::shared_ptr<grpc::ClientContext> NewContext() {
  auto context = std::make_shared<grpc::ClientContext>();
  context->set_deadline(absl::ToChronoTime(absl::Now() + kDeadline));
  context->set_wait_for_ready(true);
  return context;
}

bool StoredIn(const SetResponse& response, cache::v1::Tier tier) {
  return std::find(response.stored_in().begin(), response.stored_in().end(), tier) != response.stored_in().end();
}

std::string Describe(const char* call, const grpc::Status& status) {
  return absl::StrCat(call, ": code ", static_cast<int>(status.error_code()), ", ", status.error_message());
}

}  // namespace

void TrafficCounts::Add(const TrafficCounts& others) {
  gets += others.gets;
  memory_hits += others.memory_hits;
  shared_hits += others.shared_hits;
  misses += others.misses;
  cancelled += others.cancelled;
  failed += others.failed;
  wrong += others.wrong;
  sets += others.sets;
  sets_shared += others.sets_shared;
  sets_refused += others.sets_refused;
  sets_failed += others.sets_failed;
  if (first_failure.empty()) first_failure = others.first_failure;
  first_second.Add(others.first_second);
  after.Add(others.after);
  if (others.shared_again) shared_again = std::min(shared_again.value_or(*others.shared_again), *others.shared_again);
}

// One agent: one call at a time.
class Traffic::Caller {
 public:
  Caller(Traffic* traffic, CacheService::Stub* stub, uint64_t seed)
      : traffic_(*traffic), stub_(*stub), random_(seed), thread_([this] { Run(); }) {}

  TrafficCounts End() {
    thread_.join();
    return counts_;
  }

 private:
  void Run() {
    const absl::Duration pause = absl::Seconds(traffic_.options_.callers / traffic_.options_.gets_per_second);
    absl::SleepFor(pause * Share());  // So that they do not all call at the same moment.
    absl::Time next = absl::Now();
    while (!traffic_.stopping_) {
      Ask(static_cast<int>(random_() % static_cast<uint64_t>(traffic_.pool_.size())));
      next = std::max(next + pause, absl::Now() - pause);  // Who was held up does not make up for it in a burst.
      absl::SleepFor(next - absl::Now());
    }
  }

  void Ask(int entry) {
    const auto context = NewContext();
    const bool cancelled = Share() < traffic_.options_.cancel_share;
    const absl::Time begin = absl::Now();
    if (cancelled) traffic_.canceller_.CancelAt(begin + kLastCancel * Share(), context);
    GetResponse response;
    const grpc::Status status = stub_.Get(context.get(), traffic_.pool_.Get(entry), &response);
    Measure(begin, absl::Now() - begin);
    if (cancelled && status.error_code() == grpc::StatusCode::CANCELLED) {
      ++counts_.cancelled;
    } else if (!status.ok()) {
      ++counts_.failed;
      Remember("Get", status);
    } else {
      OnAnswer(entry, response, begin);
    }
  }

  void Measure(absl::Time begin, absl::Duration latency) {
    ++counts_.gets;
    ++traffic_.gets_;
    if (begin >= traffic_.curing()) return;
    (begin < traffic_.begin_ + kFirst ? counts_.first_second : counts_.after).Add(latency);
  }

  void OnAnswer(int entry, const GetResponse& response, absl::Time begin) {
    if (response.has_hit()) {
      OnHit(entry, response.hit(), begin);
    } else if (response.has_miss()) {
      ++counts_.misses;
      Store(entry, response.miss().fill_token());
    } else {
      ++counts_.wrong;
    }
  }

  void OnHit(int entry, const Hit& hit, absl::Time begin) {
    if (!traffic_.pool_.IsRight(entry, hit)) ++counts_.wrong;
    const bool shared = hit.tier() == cache::v1::TIER_SHARED;
    ++(shared ? counts_.shared_hits : counts_.memory_hits);
    if (shared && begin >= traffic_.cured() && !counts_.shared_again) {
      counts_.shared_again = absl::Now();
      traffic_.shared_again_ = true;
    }
    if (Share() < traffic_.options_.replace_share) Store(entry, "");
  }

  void Store(int entry, const std::string& fill_token) {
    SetResponse response;
    const grpc::Status status = stub_.Set(NewContext().get(), traffic_.pool_.Set(entry, fill_token), &response);
    ++counts_.sets;
    if (status.error_code() == grpc::StatusCode::FAILED_PRECONDITION) {
      ++counts_.sets_refused;
    } else if (!status.ok()) {
      ++counts_.sets_failed;
      Remember("Set", status);
    } else if (StoredIn(response, cache::v1::TIER_SHARED) && absl::Now() < traffic_.curing()) {
      ++counts_.sets_shared;
    }
  }

  void Remember(const char* call, const grpc::Status& status) {
    if (counts_.first_failure.empty()) counts_.first_failure = Describe(call, status);
  }

  double Share() { return std::uniform_real_distribution<double>()(random_); }

  Traffic& traffic_;
  CacheService::Stub& stub_;
  std::mt19937_64 random_;
  TrafficCounts counts_;
  std::thread thread_;  // Last: it uses all the others.
};

Traffic::Traffic(const CacheServer& server, EntryPool* pool, const TrafficOptions& options)
    : options_(options), pool_(*pool) {
  for (int i = 0; i < options_.callers; ++i) stubs_.push_back(server.Connect());
}

Traffic::~Traffic() { End(); }

void Traffic::Begin() {
  begin_ = absl::Now();
  for (size_t i = 0; i < stubs_.size(); ++i) callers_.push_back(std::make_unique<Caller>(this, stubs_[i].get(), i));
}

TrafficCounts Traffic::End() {
  stopping_ = true;
  TrafficCounts sum;
  for (const auto& caller : callers_) sum.Add(caller->End());
  callers_.clear();
  return sum;
}

void StoreAll(const CacheServer& server, EntryPool* pool) {
  constexpr int kThreads = 8;
  std::atomic<int> next = 0;
  std::atomic<int> failed = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, stub = server.Connect()] {
      for (int entry = next++; entry < pool->size(); entry = next++) {
        SetResponse response;
        if (!stub->Set(NewContext().get(), pool->Set(entry, ""), &response).ok()) ++failed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (failed > 0) throw std::runtime_error(absl::StrCat(failed.load(), " Sets failed before any fault"));
}

}  // namespace paracle::drills
