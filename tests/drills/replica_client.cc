#include "tests/drills/replica_client.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "grpcpp/grpcpp.h"

namespace paracle::drills {
namespace {

constexpr absl::Duration kDeadline = absl::Seconds(5);

struct Context : grpc::ClientContext {
  Context() { set_deadline(absl::ToChronoTime(absl::Now() + kDeadline)); }
};

}  // namespace

void ReplicaCounts::Add(const ReplicaCounts& others) {
  hits += others.hits;
  misses += others.misses;
  sets += others.sets;
  refused += others.refused;
  stale += others.stale;
  wrong += others.wrong;
  unavailable += others.unavailable;
  failed += others.failed;
  if (first_failure.empty()) first_failure = others.first_failure;
}

bool ReplicaClient::Ok(const char* call, const grpc::Status& status) {
  if (status.ok()) return true;
  ++counts_.failed;
  Remember(call, status);
  return false;
}

void ReplicaClient::Remember(const char* call, const grpc::Status& status) {
  if (!counts_.first_failure.empty()) return;
  counts_.first_failure =
      absl::StrCat(call, ": code ", static_cast<int>(status.error_code()), ", ", status.error_message());
}

ReplicaClient::Answer ReplicaClient::Get(const TrackedEntry& entry) {
  Context context;
  cache::v1::GetResponse response;
  const absl::Time begin = absl::Now();
  if (!Ok("Get", stub_->Get(&context, entry.Get(), &response))) return {};
  if (!response.has_hit()) {
    ++counts_.misses;
    return {.version = 0, .fill_token = response.miss().fill_token()};
  }
  ++counts_.hits;
  const uint64_t version = entry.VersionOf(response.hit());
  if (version == 0) ++counts_.wrong;
  if (version != 0 && entry.IsStale(version, begin)) ++counts_.stale;
  return {.version = version, .fill_token = ""};
}

void ReplicaClient::Set(const TrackedEntry& entry, uint64_t version, const std::string& fill_token) {
  Context context;
  cache::v1::SetResponse response;
  const grpc::Status status = stub_->Set(&context, entry.Set(version, fill_token), &response);
  ++counts_.sets;
  if (status.error_code() == grpc::StatusCode::FAILED_PRECONDITION) {
    ++counts_.refused;
  } else {
    Ok("Set", status);
  }
}

bool ReplicaClient::Invalidate(const TrackedEntry& entry, InvalidateKind kind) {
  Context context;
  cache::v1::InvalidateResponse response;
  const grpc::Status status = stub_->Invalidate(&context, entry.Invalidate(kind), &response);
  if (status.error_code() != grpc::StatusCode::UNAVAILABLE) return Ok("Invalidate", status);
  ++counts_.unavailable;
  Remember("Invalidate", status);
  return false;
}

}  // namespace paracle::drills
