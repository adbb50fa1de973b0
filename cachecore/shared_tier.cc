#include "cachecore/shared_tier.h"

#include <utility>

#include "cachecore/eviction_check.h"

namespace paracle::cachecore {
namespace {

MarkLogOptions LogOptions(const SharedTierOptions& options) {
  MarkLogOptions log;
  log.limits.max_age = options.max_ttl + absl::Hours(1);
  return log;
}

constexpr absl::Duration kBetweenChanges = absl::Seconds(1);
constexpr absl::Duration kTogether = absl::Milliseconds(100);
constexpr absl::Duration kLastFlush = absl::Milliseconds(500);

}  // namespace

absl::Status SharedTierOptions::Validate() const {
  if (absl::Status status = RedisKeys::ValidatePrefix(prefix); !status.ok()) return status;
  return client.Validate();
}

SharedTier::SharedTier(const SharedTierOptions& options, size_t max_marks, StatsLedger* ledger, const Clock* clock,
                       SharedTierEvents events)
    : keys_(options.prefix, NameHash(options.keys)),
      codec_(options.keys),
      state_(ledger, max_marks, keys_.names()),
      events_(std::move(events)),
      log_(LogOptions(options), &keys_, &state_.marks, [this](bool, const std::string& why) { TellOfChange(why); }),
      reclaimer_(&keys_, &codec_, &state_.marks, clock),
      cache_(&keys_, &codec_, &state_, &log_, &reclaimer_, ledger, clock,
             [this](absl::string_view what) { events_.on_warning(what); }),
      leases_(&keys_, &codec_, &cache_, &log_) {
  redis::ClientObserver observer;
  observer.on_control_connected = [this] { OnControlConnected(); };
  observer.on_control_lost = [this] {
    marks_wait_ = false;
    log_.OnLost();
  };
  observer.on_availability = [this](bool available, const absl::Status& why) { OnAvailability(available, why); };
  redis::ClientOptions client = options.client;
  client.home_key = keys_.mark_state();  // Invalidations are what the control lane is for.
  client.addresses = std::make_shared<redis::AddressBook>(client.deployment.servers);
  client_ = redis::Client::Create(client, std::move(observer));
  running_ = client_.get();
  reclaimer_.Start(running_);
  cache_.Start(running_);
  leases_.Start(running_);
  log_.Start(running_);
  SharedLedgerOptions ledger_options{.prefix = options.prefix, .keys = options.keys};
  ledger_ = std::make_unique<SharedLedger>(running_, ledger, std::move(ledger_options), clock);
  ledger_->Start();
  started_.store(true);
  client_->RunAfter(absl::ZeroDuration(), [this] { OnControlConnected(); });
  redis::SubscriberCallbacks callbacks;
  callbacks.on_subscribed = [this] { log_.Hurry(); };
  callbacks.on_message = [this](absl::string_view channel, absl::string_view message) {
    if (channel == keys_.mark_channel()) return log_.OnMessage(message);
    leases_.OnMessage(message);
  };
  subscriber_ = redis::Subscriber::Create(client, {keys_.mark_channel(), keys_.lease_channel()},
                                          std::move(callbacks));
}

SharedTier::~SharedTier() { Stop(); }

void SharedTier::Stop() {
  subscriber_.reset();
  if (ledger_ != nullptr && cache_.usable()) ledger_->Flush(kLastFlush);
  ledger_.reset();
  client_.reset();
}

SharedTierStatus SharedTier::status() const {
  // Entries may be had again before an invalidation can be told: then it is not whole yet.
  const std::string marks = log_.last_error();
  if (cache_.usable() && running_->control_available() && marks.empty()) return {.usable = true, .why_not = ""};
  MutexLock lock(mutex_);
  const std::string& why = unavailable_.empty() ? marks : unavailable_;
  return {.usable = false, .why_not = why.empty() ? "does not keep up" : why};
}

void SharedTier::OnControlConnected() {
  if (!started_.load()) return;
  CheckEviction(*running_, [this](absl::string_view warning) { events_.on_warning(warning); });
  marks_wait_ = true;
  if (running_->available()) return FollowMarks();
  running_->RunAfter(kTogether, [this] { FollowMarks(); });
}

// Once both lanes stand, or the data lane takes too long. To know of a new history, in which leases that were given
// alone have ended, and not be able to ask for others, would mean to give them alone once more.
void SharedTier::FollowMarks() {
  if (std::exchange(marks_wait_, false)) log_.OnConnected();
}

void SharedTier::OnAvailability(bool available, const absl::Status& why) {
  {
    MutexLock lock(mutex_);
    unavailable_ = available ? "" : std::string(why.message());
  }
  if (!started_.load()) return;
  if (available) FollowMarks();
  TellOfChange(std::string(why.message()));
}

void SharedTier::TellOfChange(const std::string& why) {
  const bool usable = cache_.usable();
  if (will_tell_ || (told_anything_ && usable == told_usable_)) return;
  if (!told_anything_ && !usable && why.empty()) return;
  told_anything_ = true;
  told_usable_ = usable;
  events_.on_change(usable, usable || !why.empty() ? why : status().why_not);
  TellAgainLater(why);
}

// A tier that comes and goes many times a second is told of once in a while.
void SharedTier::TellAgainLater(const std::string& why) {
  will_tell_ = true;
  running_->RunAfter(kBetweenChanges, [this, why] {
    will_tell_ = false;
    TellOfChange(why);
  });
}

}  // namespace paracle::cachecore
