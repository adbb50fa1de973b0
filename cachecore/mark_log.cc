#include "cachecore/mark_log.h"

#include <chrono>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace paracle::cachecore {
namespace {

int64_t SteadyNanos() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// A page that could not be learnt is asked for again, but not in a tight loop.
constexpr absl::Duration kAfterAPageOfNoUse = absl::Milliseconds(10);

}  // namespace

void MarkLog::Start(redis::Client* client) {
  client_ = client;
  client_->RunAfter(absl::ZeroDuration(), [this] { Tick(); });
}

// A read of the connection before has been answered, or will be; this one asks again.
void MarkLog::OnConnected() {
  lost_ = false;
  Read();
}

void MarkLog::OnLost() {
  lost_ = true;
  caught_up_.store(false, std::memory_order_release);
  Remember("the connection that follows invalidations was lost");
}

void MarkLog::OnMessage(absl::string_view message) {
  const std::optional<MarkPage> page = ParseMarkMessage(message);
  if (!page) return;
  const MarkTable::Position known = marks_.position();
  if (page->epoch == known.epoch && page->to <= known.number) return;
  const bool next = page->epoch == known.epoch && page->from == known.number;
  if (!next || !marks_.Learn(*page)) Hurry();
}

// At most one hurried read waits at a time, however many messages there are.
void MarkLog::Hurry() {
  if (hurried_.exchange(true)) return;
  client_->RunAfter(absl::ZeroDuration(), [this] {
    hurried_.store(false);
    Read();
  });
}

bool MarkLog::fresh() const {
  const int64_t since = fresh_since_nanos_.load(std::memory_order_acquire);
  return since != 0 && SteadyNanos() - since <= absl::ToInt64Nanoseconds(options_.fresh_for);
}

void MarkLog::Add(const InvalidationTarget& target, AddDone done) {
  // A second try, because a message may have moved the table on while the first one was under way to a new epoch.
  Try(marks_.NameOf(target), 2, std::move(done));
}

std::string MarkLog::last_error() const {
  MutexLock lock(mutex_);
  return last_error_;
}

void MarkLog::Tick() {
  TellOfFreshness();
  Read();
  client_->RunAfter(options_.read_interval, [this] { Tick(); });
}

void MarkLog::Read() {
  if (lost_) return;
  if (reading_) {
    read_again_ = true;
    return;
  }
  reading_ = true;
  const int64_t begun = SteadyNanos();
  ReadMarks(*client_, keys_, options_.limits, marks_.position(), options_.read_timeout,
            [this, begun](absl::StatusOr<MarkAnswer> answer) { OnRead(begun, std::move(answer)); });
}

void MarkLog::OnRead(int64_t begun_nanos, absl::StatusOr<MarkAnswer> answer) {
  reading_ = false;
  const bool learnt = answer.ok() && marks_.Learn(answer->page);
  if (learnt && answer->complete) {
    fresh_since_nanos_.store(begun_nanos, std::memory_order_release);
    caught_up_.store(true, std::memory_order_release);
    Remember("");
    TellOfFreshness();
  } else if (!answer.ok()) {
    Remember(answer.status().message());
  }
  if (!answer.ok()) return;  // The next tick asks again.
  const bool more = std::exchange(read_again_, false) || !learnt || !answer->complete;
  if (more) client_->RunAfter(learnt ? absl::ZeroDuration() : kAfterAPageOfNoUse, [this] { Read(); });
}

void MarkLog::Try(const MarkName& name, int tries_left, AddDone done) {
  if (tries_left == 0) {
    return std::move(done)(absl::UnavailableError("the shared tier began a new history meanwhile"));
  }
  AddMark(*client_, keys_, options_.limits, name, marks_.position(), options_.add_timeout,
          [this, name, tries_left, done = std::move(done)](absl::StatusOr<MarkAnswer> answer) mutable {
            if (!answer.ok()) return std::move(done)(answer.status());
            if (marks_.Learn(answer->page)) return std::move(done)(absl::OkStatus());
            Try(name, tries_left - 1, std::move(done));
          });
}

void MarkLog::TellOfFreshness() {
  const bool is_fresh = fresh();
  if (is_fresh == was_fresh_) return;
  was_fresh_ = is_fresh;
  on_freshness_(is_fresh, last_error());
}

void MarkLog::Remember(absl::string_view error) {
  MutexLock lock(mutex_);
  last_error_ = std::string(error);
}

}  // namespace paracle::cachecore
