#include "cachecore/lease_scripts.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cachecore/redis/script.h"
#include "cachecore/stored_entry.h"

namespace paracle::cachecore {
namespace {

using redis::Lane;
using redis::Reply;
using redis::Script;

// How long a fill is told from a late one. A client repeats a Set within half a second.
constexpr char kRememberFillMs[] = "10000";
constexpr absl::Duration kMaxLeft = absl::Hours(24 * 365);

// KEYS: entry, lease. ARGV: lease, epoch, number, hold in ms, the unusable entry's beginning, its most bytes, a dead
// lease.
const Script& Acquire() {
  static const Script* const script = new Script(R"lua(
local entry = redis.call('GETRANGE', KEYS[1], 0, ARGV[6] - 1)
if entry ~= '' and entry ~= ARGV[5] then return {'e', entry, 0} end
local lease = redis.call('GET', KEYS[2])
if lease and string.sub(lease, 1, 1) == 'h' and lease ~= ARGV[7] then
  return {'h', lease, redis.call('PTTL', KEYS[2])}
end
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
lease = 'h ' .. ARGV[1] .. ' ' .. ARGV[2] .. ' ' .. ARGV[3] .. ' ' .. now
redis.call('SET', KEYS[2], lease, 'PX', ARGV[4])
return {'g', lease, 0}
)lua");
  return *script;
}

// KEYS: entry, lease, recording. ARGV: lease, entry, its ms to live, ms to remember the fill, channel, message.
const Script& Fill() {
  static const Script* const script = new Script(R"lua(
local lease = redis.call('GET', KEYS[2])
if not lease or string.match(lease, '^[hf] (%x+)') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('SET', KEYS[2], 'f ' .. ARGV[1], 'PX', ARGV[4])
redis.call('DEL', KEYS[3])
redis.call('PUBLISH', ARGV[5], ARGV[6])
return 1
)lua");
  return *script;
}

// KEYS: lease, recording. ARGV: lease, hold and most hold in ms, channel, messages that it was released and that it was
// renewed.
const Script& Renew() {
  static const Script* const script = new Script(R"lua(
local lease = redis.call('GET', KEYS[1])
local id, given = string.match(lease or '', '^h (%x+) %x+ %d+ (%d+)$')
if id ~= ARGV[1] then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local left = math.min(tonumber(ARGV[2]), given + ARGV[3] - now)
if left < 1 then
  redis.call('DEL', KEYS[1], KEYS[2])
  redis.call('PUBLISH', ARGV[4], ARGV[5])
  return 0
end
left = string.format('%.0f', left)
redis.call('PEXPIRE', KEYS[1], left)
redis.call('PUBLISH', ARGV[4], ARGV[6] .. left)
return tonumber(left)
)lua");
  return *script;
}

// KEYS: lease, recording. ARGV: lease, channel, message.
const Script& Release() {
  static const Script* const script = new Script(R"lua(
local lease = redis.call('GET', KEYS[1])
if not lease or string.match(lease, '^h (%x+)') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('PUBLISH', ARGV[2], ARGV[3])
return 1
)lua");
  return *script;
}

std::string Hex(uint64_t number) { return absl::StrCat(absl::Hex(number, absl::kZeroPad16)); }

std::string Millis(absl::Duration duration) {
  return absl::StrCat(std::max<int64_t>(1, absl::ToInt64Milliseconds(duration)));
}

// By their first letters.
constexpr std::pair<char, LeaseMessage::What> kMessages[] = {{'f', LeaseMessage::What::kFilled},
                                                             {'r', LeaseMessage::What::kReleased},
                                                             {'n', LeaseMessage::What::kRenewed},
                                                             {'s', LeaseMessage::What::kRecorded}};

void Send(redis::Client& client, const Script& script, const std::vector<std::string>& keys,
          const std::vector<std::string>& arguments, absl::Duration timeout, redis::Client::Done done) {
  const std::vector<absl::string_view> key_views(keys.begin(), keys.end());
  const std::vector<absl::string_view> argument_views(arguments.begin(), arguments.end());
  script.Send(client, Lane::kData, key_views, argument_views, timeout, std::move(done));
}

absl::Status NotOfOurs() { return absl::DataLossError("the shared tier answered something else than a lease"); }

bool ParseHeld(absl::string_view text, MarkTable::Position* begun) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ' ');
  return parts.size() == 5 && absl::SimpleHexAtoi(parts[2], &begun->epoch) &&
         absl::SimpleAtoi(parts[3], &begun->number);
}

absl::StatusOr<LeaseAnswer> ParseAnswer(const absl::StatusOr<Reply>& reply) {
  if (!reply.ok()) return reply.status();
  if (absl::Status status = redis::StatusOf(*reply); !status.ok()) return status;
  if (!reply->is_array() || reply->elements.size() != 3 || !reply->elements[2].is_integer()) return NotOfOurs();
  const absl::string_view kind = reply->elements[0].text;
  LeaseAnswer answer;
  if (kind == "g") return answer;
  if (kind == "e") {
    answer.kind = LeaseAnswer::Kind::kEntry;
    answer.entry_beginning = reply->elements[1].text;
    return answer;
  }
  answer.kind = LeaseAnswer::Kind::kHeld;
  answer.lease_text = reply->elements[1].text;
  // Without a time to live (-1) it is not one of ours that will ever end.
  answer.left = absl::Milliseconds(reply->elements[2].integer);
  if (kind != "h" || answer.left < absl::ZeroDuration() || !ParseHeld(answer.lease_text, &answer.begun)) {
    return NotOfOurs();
  }
  return answer;
}

absl::StatusOr<int64_t> ParseNumber(const absl::StatusOr<Reply>& reply) {
  if (!reply.ok()) return reply.status();
  if (absl::Status status = redis::StatusOf(*reply); !status.ok()) return status;
  if (!reply->is_integer()) return NotOfOurs();
  return reply->integer;
}

absl::Duration OperationTimeout(const redis::Client& client) { return client.options().operation_timeout; }

}  // namespace

void AcquireLease(redis::Client& client, const RedisKeys& keys, const LeaseQuery& query,
                  absl::AnyInvocable<void(absl::StatusOr<LeaseAnswer>) &&> done) {
  Send(client, Acquire(), {keys.Entry(query.id), keys.Lease(query.id)},
       {Hex(query.lease), Hex(query.begun.epoch), absl::StrCat(query.begun.number), Millis(query.hold),
        std::string(query.unusable_entry), absl::StrCat(kStoredHeadBytes), std::string(query.dead_lease)},
       OperationTimeout(client),
       [done = std::move(done)](absl::StatusOr<Reply> reply) mutable { std::move(done)(ParseAnswer(reply)); });
}

void FillLease(redis::Client& client, const RedisKeys& keys, const EntryId& id, uint64_t lease, absl::string_view entry,
               absl::Duration ttl, absl::Duration timeout, absl::AnyInvocable<void(absl::StatusOr<bool>) &&> done) {
  Send(client, Fill(), {keys.Entry(id), keys.Lease(id), keys.Recording(id)},
       {Hex(lease), std::string(entry), Millis(ttl), kRememberFillMs, keys.lease_channel(),
        LeaseMessageText(LeaseMessage::What::kFilled, keys.TagOf(id), lease)},
       timeout, [done = std::move(done)](absl::StatusOr<Reply> reply) mutable {
         const absl::StatusOr<int64_t> stored = ParseNumber(reply);
         if (!stored.ok()) return std::move(done)(stored.status());
         std::move(done)(*stored == 1);
       });
}

void RenewLease(redis::Client& client, const RedisKeys& keys, const EntryId& id, uint64_t lease, absl::Duration hold,
                absl::Duration max_hold, absl::AnyInvocable<void(absl::StatusOr<absl::Duration>) &&> done) {
  Send(client, Renew(), {keys.Lease(id), keys.Recording(id)},
       {Hex(lease), Millis(hold), Millis(max_hold), keys.lease_channel(),
        LeaseMessageText(LeaseMessage::What::kReleased, keys.TagOf(id), lease),
        LeaseMessageText(LeaseMessage::What::kRenewed, keys.TagOf(id), lease)},
       OperationTimeout(client), [done = std::move(done)](absl::StatusOr<Reply> reply) mutable {
         const absl::StatusOr<int64_t> left = ParseNumber(reply);
         if (!left.ok()) return std::move(done)(left.status());
         std::move(done)(absl::Milliseconds(*left));
       });
}

void ReleaseLease(redis::Client& client, const RedisKeys& keys, const EntryId& id, uint64_t lease,
                  absl::AnyInvocable<void(absl::Status) &&> done) {
  Send(client, Release(), {keys.Lease(id), keys.Recording(id)},
       {Hex(lease), keys.lease_channel(), LeaseMessageText(LeaseMessage::What::kReleased, keys.TagOf(id), lease)},
       OperationTimeout(client),
       [done = std::move(done)](absl::StatusOr<Reply> reply) mutable { std::move(done)(ParseNumber(reply).status()); });
}

std::optional<LeaseMessage> ParseLeaseMessage(absl::string_view message) {
  const std::vector<absl::string_view> parts = absl::StrSplit(message, ' ');
  if (parts.size() < 3 || parts[0].size() != 1 || parts[1].size() != 2 * EntryTag::kSize || parts[2].size() != 16) {
    return std::nullopt;
  }
  LeaseMessage parsed;
  const std::string bytes = absl::HexStringToBytes(parts[1]);  // Of anything: it makes what it likes of other letters.
  const std::optional<EntryTag> tag = EntryTag::FromBytes(bytes);
  if (!tag || absl::BytesToHexString(bytes) != parts[1] || !absl::SimpleHexAtoi(parts[2], &parsed.lease)) {
    return std::nullopt;
  }
  parsed.tag = *tag;
  const auto* const known = std::find_if(std::begin(kMessages), std::end(kMessages),
                                         [&](const auto& message) { return message.first == parts[0][0]; });
  if (known == std::end(kMessages)) return std::nullopt;
  parsed.what = known->second;
  if (parsed.what != LeaseMessage::What::kRenewed) return parsed;
  int64_t left = 0;
  if (parts.size() != 4 || !absl::SimpleAtoi(parts[3], &left)) return std::nullopt;
  parsed.left = std::min(absl::Milliseconds(left), kMaxLeft);
  return parsed;
}

std::string LeaseMessageText(LeaseMessage::What what, const EntryTag& tag, uint64_t lease) {
  const auto* const known = std::find_if(std::begin(kMessages), std::end(kMessages),
                                         [&](const auto& message) { return message.second == what; });
  return absl::StrCat(absl::string_view(&known->first, 1), " ", absl::BytesToHexString(tag.AsBytes()), " ",
                      Hex(lease), what == LeaseMessage::What::kRenewed ? " " : "");
}

}  // namespace paracle::cachecore
