#include "service/audit_log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "service/json_text.h"

namespace paracle::service {
namespace {

constexpr int64_t kMinute = 60'000'000'000;

// Port and all, every connection of one machine would be somebody else.
absl::string_view HostOf(absl::string_view peer) { return peer.substr(0, peer.rfind(':')); }

void AppendMember(absl::string_view name, absl::string_view value, std::string* json) {
  if (value.empty()) return;
  absl::StrAppend(json, ",\"", name, "\":");
  AppendJsonString(value, json);
}

}  // namespace

absl::StatusOr<std::unique_ptr<AuditLog>> AuditLog::Open(const std::string& path, const cachecore::Clock* clock) {
  const int file = path == "stderr" ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)
                                    : open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return absl::InvalidArgumentError(absl::StrCat("cannot be opened: ", strerror(errno)));
  return std::make_unique<AuditLog>(file, clock);
}

AuditLog::~AuditLog() { close(file_); }

void AuditLog::Done(const AuditLine& line) { Write("done", line); }

void AuditLog::Refused(const AuditLine& line) {
  const int64_t now = clock_.MonotonicNanos();
  std::string key = absl::StrCat(line.result, " ", line.caller.empty() ? HostOf(line.peer) : line.caller);
  {
    cachecore::MutexLock lock(mutex_);
    if (refused_.size() >= kMaxRefused && !refused_.contains(key)) key = std::string(line.result);
    auto [found, is_new] = refused_.try_emplace(std::move(key));
    Refusals& refusals = found->second;
    if (is_new) refusals = {now, 0, line.caller, std::string(line.result)};
    // What this minute leaves out, Flush tells when it is over.
    if (++refusals.count > kRefusalsPerMinute) return;
  }
  Write("refused", line);
}

void AuditLog::Flush() {
  const int64_t now = clock_.MonotonicNanos();
  std::vector<Refusals> over;
  {
    cachecore::MutexLock lock(mutex_);
    for (auto it = refused_.begin(); it != refused_.end();) {
      const auto here = it++;
      if (now - here->second.minute_began < kMinute) continue;
      over.push_back(std::move(here->second));
      refused_.erase(here);
    }
  }
  for (const Refusals& refusals : over) {
    if (refusals.count > kRefusalsPerMinute) TellLeftOut(refusals);
  }
}

void AuditLog::TellLeftOut(const Refusals& refusals) {
  AuditLine line;
  line.caller = refusals.caller;
  line.result = refusals.result;
  line.count = refusals.count - kRefusalsPerMinute;
  Write("refused, left out", line);
}

void AuditLog::Write(absl::string_view event, const AuditLine& line) {
  std::string json =
      absl::StrCat("{\"time\":\"", absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", clock_.WallTime(), absl::UTCTimeZone()),
                   "\",\"level\":\"audit\"");
  AppendMember("message", event, &json);
  AppendMember("caller", line.caller, &json);
  AppendMember("method", line.method, &json);
  AppendMember("namespace", line.ns, &json);
  AppendMember("target", line.target, &json);
  if (line.count) absl::StrAppend(&json, ",\"count\":", *line.count);
  AppendMember("result", line.result, &json);
  AppendMember("peer", line.peer, &json);
  AppendMember("trace_id", line.trace_id, &json);
  absl::StrAppend(&json, "}\n");
  // In one piece, so that lines of other threads and processes do not run into it. A full disk costs lines, no call.
  while (write(file_, json.data(), json.size()) < 0 && errno == EINTR) continue;
}

}  // namespace paracle::service
