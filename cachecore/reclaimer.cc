#include "cachecore/reclaimer.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cachecore/redis/script.h"
#include "cachecore/stored_entry.h"

namespace paracle::cachecore {
namespace {

using redis::Command;
using redis::Lane;
using redis::Reply;

constexpr size_t kMaxWaiting = 64;  // More namespaces than that: one walk through everything is cheaper.
constexpr char kScanCount[] = "100";
constexpr absl::Duration kTimeout = absl::Seconds(1);
// Reads and invalidations use the same connection; they are to find it free most of the time.
constexpr absl::Duration kPause = absl::Milliseconds(2);
constexpr absl::Duration kRetry = absl::Seconds(1);

const redis::Script& TakeOutIfUnchanged() {
  static const redis::Script* const script = new redis::Script(
      "if redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) == ARGV[1] then return redis.call('UNLINK', KEYS[1]) end\n"
      "return 0\n");
  return *script;
}

}  // namespace

void Reclaimer::Request(absl::string_view ns) {
  client_->RunAfter(absl::ZeroDuration(), [this, pattern = keys_.EntryPattern(ns)] { Enqueue(pattern); });
}

void Reclaimer::Enqueue(std::string pattern) {
  waiting_.insert(std::move(pattern));
  if (waiting_.size() > kMaxWaiting) waiting_ = {keys_.EntryPattern()};
  if (pattern_.empty()) BeginNext();
}

void Reclaimer::BeginNext() {
  pattern_.clear();
  if (waiting_.empty()) return;
  pattern_ = std::move(waiting_.extract(waiting_.begin()).value());
  cursor_ = "0";
  Scan();
}

void Reclaimer::Scan() {
  client_->Send(Lane::kControl, Command({"SCAN", cursor_, "MATCH", pattern_, "COUNT", kScanCount}), kTimeout,
                [this](absl::StatusOr<Reply> reply) { OnScan(std::move(reply)); });
}

void Reclaimer::OnScan(absl::StatusOr<Reply> reply) {
  const bool scanned = reply.ok() && reply->is_array() && reply->elements.size() == 2 && reply->elements[1].is_array();
  if (!scanned) return TryAgainLater();
  cursor_ = reply->elements[0].text;
  steps_left_ = reply->elements[1].elements.size() + 1;
  for (const Reply& key : reply->elements[1].elements) Look(key.text);
  StepDone();
}

void Reclaimer::Look(const std::string& key) {
  client_->Send(Lane::kControl, Command({"GETRANGE", key, "0", absl::StrCat(kStoredHeadBytes - 1)}), kTimeout,
                [this, key](absl::StatusOr<Reply> reply) { OnHead(key, std::move(reply)); });
}

void Reclaimer::OnHead(const std::string& key, absl::StatusOr<Reply> reply) {
  if (!reply.ok() || !reply->is_string() || !IsOver(key, reply->text)) return StepDone();
  TakeOutIfUnchanged().Send(*client_, Lane::kControl, {key}, {reply->text}, kTimeout,
                            [this](absl::StatusOr<Reply> taken) {
                              if (taken.ok() && taken->is_integer()) reclaimed_.fetch_add(taken->integer);
                              StepDone();
                            });
}

// What cannot be read is left to its time to live: it may be of a version that is yet to come, or sealed with a key
// that is not here.
bool Reclaimer::IsOver(absl::string_view key, absl::string_view beginning) const {
  const std::optional<EntryTag> tag = keys_.EntryOf(key);
  if (!tag) return false;
  const absl::StatusOr<StoredHead> head = codec_.DecodeHead(beginning, *tag);
  if (!head.ok()) return false;
  if (head->expire_time <= clock_.WallTime()) return true;
  const MarkSubject subject{.ns = head->ns, .digest = head->digest, .model = head->model, .tags = head->tags};
  const FillToken begun = MarkTable::ToToken(head->begun);
  // Begun after what is known here, perhaps in an epoch that is yet to be learnt: another replica knows better.
  if (begun.sequence > marks_.latest()) return false;
  return !marks_.Validate(subject, begun);
}

void Reclaimer::StepDone() {
  if (--steps_left_ > 0) return;
  if (cursor_ == "0") {
    walks_.fetch_add(1);
    return BeginNext();
  }
  client_->RunAfter(kPause, [this] { Scan(); });
}

void Reclaimer::TryAgainLater() {
  client_->RunAfter(kRetry, [this] {
    cursor_ = "0";
    Scan();
  });
}

}  // namespace paracle::cachecore
