#include "bench/load/load_options.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "bench/load/endpoint.h"

namespace paracle::load {
namespace {

// More would not fit a test's memory, and no server's either.
constexpr int64_t kMaxKeyspace = 100'000'000;
constexpr int kMaxConnections = 1'000;
constexpr int kMaxConcurrency = 100'000;
constexpr int kMaxBatch = 256;
// All calls in flight may hold a request and a response of their own.
constexpr int64_t kMaxBytesInFlight = int64_t{2} << 30;

template <typename T, typename U>
absl::Status InRange(const char* option, T value, U min, U max) {
  // Written so that NaN fails.
  if (value >= min && value <= max) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(option, " ", value, ": expected ", min, " to ", max));
}

absl::Status InRange(const char* option, absl::Duration value, absl::Duration min, absl::Duration max) {
  if (value >= min && value <= max) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(option, " ", absl::FormatDuration(value), ": expected ",
                                                 absl::FormatDuration(min), " to ", absl::FormatDuration(max)));
}

absl::Status CheckNamespace(const std::string& name) {
  constexpr std::string_view kMarks = "._:/-";
  const bool good = name.size() <= 128 && std::all_of(name.begin(), name.end(), [&](unsigned char c) {
                      return std::isalnum(c) != 0 || kMarks.find(static_cast<char>(c)) != kMarks.npos;
                    });
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("namespace '", name, "': expected at most 128 bytes of [A-Za-z0-9._:/-]"));
}

absl::Status CheckTarget(const LoadOptions& options) {
  absl::Status status = ParseEndpoint(options.endpoint).status();
  if (status.ok()) status = CheckNamespace(options.name_space);
  if (!status.ok()) return status;
  if (options.client_cert_file.empty() != options.client_key_file.empty()) {
    return absl::InvalidArgumentError("cert and key: expected both files or neither");
  }
  for (char c : options.token) {
    if (c > ' ' && c <= '~') continue;
    return absl::InvalidArgumentError("token: expected printable ASCII without spaces");
  }
  return absl::OkStatus();
}

absl::Status CheckWhat(const LoadOptions& options) {
  absl::Status status = InRange("keyspace", options.keyspace, int64_t{1}, kMaxKeyspace);
  if (status.ok()) status = InRange("zipf exponent", options.zipf_exponent, 0.0, 5.0);
  if (status.ok()) status = InRange("hit ratio", options.hit_ratio, 0.0, 1.0);
  if (status.ok()) status = InRange("batch size", options.batch_size, 1, kMaxBatch);
  if (status.ok()) status = InRange("sets in ratio", options.ratio.sets, 0, 1'000'000);
  if (status.ok()) status = InRange("gets in ratio", options.ratio.gets, 0, 1'000'000);
  if (!status.ok()) return status;
  if (options.ratio.sets + options.ratio.gets == 0) {
    return absl::InvalidArgumentError("ratio 0:0: expected SETS:GETS, at least one of them positive");
  }
  if (options.mode == LoadMode::kMissPath && options.batch_size != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("batch size ", options.batch_size, ": the miss path is measured with single calls, expected 1"));
  }
  return absl::OkStatus();
}

absl::Status CheckHowHard(const LoadOptions& options) {
  absl::Status status = InRange("connections", options.connections, 1, kMaxConnections);
  if (status.ok()) status = InRange("concurrency", options.concurrency, 1, kMaxConcurrency);
  if (status.ok()) status = InRange("rate", options.rate, 0.0, 1e7);
  if (status.ok()) status = InRange("call timeout", options.call_timeout, absl::Milliseconds(1), absl::Hours(1));
  if (status.ok()) status = InRange("connect timeout", options.connect_timeout, absl::Milliseconds(1), absl::Hours(1));
  if (!status.ok()) return status;
  if (options.concurrency < options.connections) {
    return absl::InvalidArgumentError(absl::StrCat("concurrency ", options.concurrency,
                                                   ": expected at least one call in flight for each of the ",
                                                   options.connections, " connections"));
  }
  const int64_t per_call = options.value_sizes.max_bytes() * options.batch_size;
  if (per_call * options.concurrency > kMaxBytesInFlight) {
    return absl::InvalidArgumentError(absl::StrCat("concurrency ", options.concurrency, ": with ", per_call,
                                                   " bytes a call it would hold more than 2 GiB in flight"));
  }
  return absl::OkStatus();
}

absl::Status CheckHowLong(const LoadOptions& options) {
  absl::Status status = InRange("requests", options.requests, int64_t{0}, int64_t{1} << 50);
  if (status.ok()) status = InRange("duration", options.duration, absl::ZeroDuration(), absl::Hours(24 * 30));
  if (status.ok()) status = InRange("warm-up", options.warmup, absl::ZeroDuration(), absl::Hours(24));
  if (!status.ok()) return status;
  if (options.requests > 0 && options.duration > absl::ZeroDuration()) {
    return absl::InvalidArgumentError("requests and duration: expected one of them, not both");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SetGetRatio> SetGetRatio::Parse(std::string_view text) {
  const std::vector<std::string> parts = absl::StrSplit(absl::string_view(text.data(), text.size()), ':');
  SetGetRatio ratio;
  if (parts.size() == 2 && absl::SimpleAtoi(parts[0], &ratio.sets) && absl::SimpleAtoi(parts[1], &ratio.gets) &&
      ratio.sets >= 0 && ratio.gets >= 0 && (ratio.sets > 0 || ratio.gets > 0)) {
    return ratio;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("ratio '", std::string(text), "': expected SETS:GETS such as 1:10, whole numbers, not both 0"));
}

std::string SetGetRatio::ToString() const { return absl::StrCat(sets, ":", gets); }

absl::Status LoadOptions::Validate() const {
  absl::Status status = CheckTarget(*this);
  if (status.ok()) status = CheckWhat(*this);
  if (status.ok()) status = CheckHowHard(*this);
  if (status.ok()) status = CheckHowLong(*this);
  return status;
}

}  // namespace paracle::load
