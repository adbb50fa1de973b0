#include "tests/drills/topology_traffic.h"

#include <algorithm>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "grpcpp/grpcpp.h"
#include "tests/support/verified_entries.h"

namespace paracle::drills {
namespace {

using cache::v1::CacheService;
using cache::v1::GetResponse;
using cache::v1::Hit;
using cache::v1::SetRequest;
using cache::v1::SetResponse;

// Far more than any bound: a call that takes so long has failed.
constexpr absl::Duration kDeadline = absl::Seconds(5);

struct Context : grpc::ClientContext {
  Context() {
    set_deadline(absl::ToChronoTime(absl::Now() + kDeadline));
    set_wait_for_ready(true);
  }
};

LoggedSet::Outcome OutcomeOf(const grpc::Status& status, const SetResponse& response) {
  if (status.error_code() == grpc::StatusCode::FAILED_PRECONDITION) return LoggedSet::Outcome::kRefused;
  if (!status.ok()) return LoggedSet::Outcome::kFailed;
  const auto& tiers = response.stored_in();
  const bool shared = std::find(tiers.begin(), tiers.end(), cache::v1::TIER_SHARED) != tiers.end();
  return shared ? LoggedSet::Outcome::kShared : LoggedSet::Outcome::kMemory;
}

uint64_t VersionOf(const SetRequest& request) {
  return support::Verify(request.payload(), request.entry().namespace_(), request.entry().digest()).value_or(0);
}

}  // namespace

// One agent: one call at a time.
class TopologyTraffic::Caller {
 public:
  Caller(TopologyTraffic* traffic, const CacheServer& server, int number)
      : traffic_(*traffic),
        stub_(server.Connect()),
        server_(number % traffic->servers_),
        random_(static_cast<uint64_t>(number)),
        thread_([this] { Run(); }) {}

  void Join() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  void Run() {
    const TopologyTrafficOptions& options = traffic_.options_;
    const absl::Duration pause =
        absl::Seconds(options.callers_each * traffic_.servers_ / options.gets_per_second);
    absl::SleepFor(pause * Share());  // So that they do not all call at the same moment.
    absl::Time next = absl::Now();
    while (!traffic_.stopping_) {
      Ask(static_cast<int>(random_() % static_cast<uint64_t>(traffic_.pool_.size())));
      next = std::max(next + pause, absl::Now() - pause);  // Who was held up does not make up for it in a burst.
      absl::SleepFor(next - absl::Now());
    }
  }

  void Ask(int entry) {
    LoggedGet get = {.begin = absl::Now(), .took = {}, .server = server_, .entry = entry};
    Context context;
    GetResponse response;
    const grpc::Status status = stub_->Get(&context, traffic_.pool_.Get(entry), &response);
    get.took = absl::Now() - get.begin;
    get.outcome = OutcomeOf(entry, status, response);
    traffic_.log_.Add(get);
    if (!status.ok()) traffic_.log_.AddFailure(Describe("Get", status));
    if (get.outcome == LoggedGet::Outcome::kMiss) {
      Store(entry, response.miss().fill_token());
    } else if (status.ok() && Share() < traffic_.options_.replace_share) {
      Store(entry, "");
    }
  }

  LoggedGet::Outcome OutcomeOf(int entry, const grpc::Status& status, const GetResponse& response) const {
    if (!status.ok()) return LoggedGet::Outcome::kFailed;
    if (response.has_miss()) return LoggedGet::Outcome::kMiss;
    if (!response.has_hit() || !traffic_.pool_.IsRight(entry, response.hit())) return LoggedGet::Outcome::kWrong;
    return response.hit().tier() == cache::v1::TIER_SHARED ? LoggedGet::Outcome::kShared : LoggedGet::Outcome::kMemory;
  }

  void Store(int entry, const std::string& fill_token) {
    const SetRequest request = traffic_.pool_.Set(entry, fill_token);
    LoggedSet set = {.begin = absl::Now(), .end = {}, .entry = entry, .version = VersionOf(request)};
    Context context;
    SetResponse response;
    const grpc::Status status = stub_->Set(&context, request, &response);
    set.end = absl::Now();
    set.outcome = drills::OutcomeOf(status, response);
    traffic_.log_.Add(set);
    if (set.outcome == LoggedSet::Outcome::kFailed) traffic_.log_.AddFailure(Describe("Set", status));
  }

  std::string Describe(const char* call, const grpc::Status& status) const {
    return absl::StrCat(call, " of server ", server_, ": code ", static_cast<int>(status.error_code()), ", ",
                        status.error_message());
  }

  double Share() { return std::uniform_real_distribution<double>()(random_); }

  TopologyTraffic& traffic_;
  const std::unique_ptr<CacheService::Stub> stub_;
  const int server_;
  std::mt19937_64 random_;
  std::thread thread_;  // Last: it uses all the others.
};

TopologyTraffic::TopologyTraffic(const CacheServers& servers, EntryPool* pool, const TopologyTrafficOptions& options)
    : options_(options), servers_(static_cast<int>(servers.size())), pool_(*pool) {
  for (int i = 0; i < options_.callers_each * servers_; ++i) callers_.emplace_back(this, *servers[i % servers_], i);
}

TopologyTraffic::~TopologyTraffic() { End(); }

void TopologyTraffic::End() {
  stopping_ = true;
  for (Caller& caller : callers_) caller.Join();
}

}  // namespace paracle::drills
