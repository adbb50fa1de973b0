#include "bench/load/workloads.h"

#include "absl/strings/str_cat.h"
#include "paracle/cache/v1/cache.pb.h"

namespace paracle::load {
namespace {

constexpr size_t kMaxDistinctErrors = 20;
constexpr size_t kMaxErrorText = 200;

bool IsSet(Method method) { return method == Method::kSet || method == Method::kBatchSet; }

void CountError(LoadReport& report, const std::string& text) {
  ++report.errors;
  const bool full = report.error_messages.size() >= kMaxDistinctErrors && report.error_messages.count(text) == 0;
  ++report.error_messages[full ? "other errors" : text.substr(0, kMaxErrorText)];
}

// Counts the end of an operation whose last call is `call`.
void CountOperation(LoadReport& report, const GrpcCall& call, int64_t latency_nanos) {
  ++report.requests;
  ++report.statuses[StatusName(call.status)];
  if (call.status != 0) {
    CountError(report, absl::StrCat(StatusName(call.status), ": ", call.message));
    return;
  }
  report.latency.RecordNanos(latency_nanos);
}

// An answer that came with OK and cannot be read.
void CountMalformed(LoadReport& report, const char* what) {
  ++report.requests;
  ++report.statuses["OK"];
  CountError(report, absl::StrCat("OK, but not a well-formed ", what));
}

}  // namespace

void PopulateWorkload::Start(GrpcCall& call) {
  call.method = Method::kSet;
  writer_->Set(next_++, call.request);
}

bool PopulateWorkload::Finish(GrpcCall& call, int64_t /*latency_nanos*/) {
  if (call.status != 0 && status_.ok()) status_ = call.ToStatus();
  return false;
}

MixWorkload::MixWorkload(const LoadOptions& options, const RequestWriter* writer, const Payloads* payloads)
    : options_(options),
      writer_(writer),
      payloads_(payloads),
      zipf_(options.keyspace, options.zipf_exponent),
      random_(Mix(options.seed)) {}

uint64_t MixWorkload::DrawKey(bool set) {
  const auto stored = static_cast<uint64_t>(options_.keyspace);
  // Drawn even when it does not matter, so that the sequence of keys does not depend on the hit ratio.
  const bool aim_at_stored = random_.NextDouble() < options_.hit_ratio;
  const auto key = static_cast<uint64_t>(zipf_.Draw(random_));
  return set || aim_at_stored ? key : stored + (random_.Next() >> 2);
}

void MixWorkload::Start(GrpcCall& call) {
  const SetGetRatio& ratio = options_.ratio;
  const bool set = random_.Below(static_cast<uint64_t>(ratio.sets + ratio.gets)) < static_cast<uint64_t>(ratio.sets);
  call.keys.clear();
  for (int i = 0; i < options_.batch_size; ++i) call.keys.push_back(DrawKey(set));
  if (options_.batch_size == 1) {
    call.method = set ? Method::kSet : Method::kGet;
    set ? writer_->Set(call.keys[0], call.request) : writer_->Get(call.keys[0], call.request);
  } else {
    call.method = set ? Method::kBatchSet : Method::kBatchGet;
    set ? writer_->BatchSet(call.keys, call.request) : writer_->BatchGet(call.keys, call.request);
  }
}

void MixWorkload::CountLookup(uint64_t key, const LookupAnswer& answer) {
  const bool stored = key < static_cast<uint64_t>(options_.keyspace);
  switch (answer.kind) {
    case LookupAnswer::Kind::kHit:
      ++report_->hits;
      if (options_.check_payloads && !(stored && payloads_->Matches(key, answer.payload))) ++report_->wrong;
      return;
    case LookupAnswer::Kind::kMiss:
      ++report_->misses;
      if (stored) ++report_->lost;
      return;
    case LookupAnswer::Kind::kOther:
      ++report_->entry_errors;
      return;
  }
}

bool MixWorkload::CountAnswers(const GrpcCall& call) {
  answers_.clear();
  switch (call.method) {
    case Method::kGet: {
      const std::optional<LookupAnswer> answer = ReadGetResponse(call.response);
      if (!answer) return false;
      answers_.push_back(*answer);
      break;
    }
    case Method::kBatchGet:
      if (!ReadBatchGetResponse(call.response, answers_) || answers_.size() != call.keys.size()) return false;
      break;
    case Method::kBatchSet: {
      paracle::cache::v1::BatchSetResponse response;
      if (!response.ParseFromArray(call.response.data(), static_cast<int>(call.response.size()))) return false;
      if (static_cast<size_t>(response.results_size()) != call.keys.size()) return false;
      for (const auto& result : response.results()) ++(result.has_stored() ? report_->sets : report_->entry_errors);
      break;
    }
    default:
      ++report_->sets;
  }
  for (size_t i = 0; i < answers_.size(); ++i) CountLookup(call.keys[i], answers_[i]);
  return true;
}

bool MixWorkload::Finish(GrpcCall& call, int64_t latency_nanos) {
  report_->entries += static_cast<int64_t>(call.keys.size());
  if (call.status == 0 && !CountAnswers(call)) {
    CountMalformed(*report_, "answer");
    return false;
  }
  CountOperation(*report_, call, latency_nanos);
  if (call.status == 0) (IsSet(call.method) ? report_->set_latency : report_->get_latency).RecordNanos(latency_nanos);
  return false;
}

void MissPathWorkload::Start(GrpcCall& call) {
  call.method = Method::kGet;
  call.keys.assign(1, next_++);
  writer_->GetQuestion(call.keys[0], call.request);
}

bool MissPathWorkload::Finish(GrpcCall& call, int64_t latency_nanos) {
  if (call.method == Method::kGet && call.status == 0) {
    const std::optional<LookupAnswer> answer = ReadGetResponse(call.response);
    if (!answer || answer->kind == LookupAnswer::Kind::kOther) {
      CountMalformed(*report_, "GetResponse of a plain lookup");
      return false;
    }
    const bool hit = answer->kind == LookupAnswer::Kind::kHit;
    ++(hit ? report_->hits : report_->misses);
    // Nobody can have asked this before.
    if (hit) ++report_->wrong;
    report_->get_latency.RecordNanos(latency_nanos);
    call.method = Method::kSet;
    writer_->SetQuestion(call.keys[0], answer->fill_token, call.request);
    return true;
  }
  if (call.status == 0) {
    ++report_->sets;
    ++report_->entries;
  }
  CountOperation(*report_, call, latency_nanos);
  return false;
}

}  // namespace paracle::load
