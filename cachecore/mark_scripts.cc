#include "cachecore/mark_scripts.h"

#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cachecore/redis/script.h"

namespace paracle::cachecore {
namespace {

using redis::Reply;

// KEYS: state, names, times. ARGV: the caller's epoch and number, an epoch to begin if one must be begun, marks in an
// answer; for `add` the name, the most marks, the most seconds, the channel; and at last what the caller names things by.
constexpr char kBoth[] = R"lua(
local known_epoch, known, fresh_epoch, limit = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])

local function text(number) return string.format('%.0f', number) end

local function enter()
  local history = (string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)') or '') .. ARGV[#ARGV]
  local state = redis.call('HMGET', KEYS[1], 'epoch', 'history', 'seq', 'floor', 'count')
  local epoch, seq, floor = state[1], tonumber(state[3]) or 0, tonumber(state[4]) or 0
  if not epoch or state[2] ~= history or tonumber(state[5]) ~= redis.call('ZCARD', KEYS[2])
      or (epoch == known_epoch and known > seq) then
    epoch, seq = fresh_epoch, math.max(seq, known) + 1
    floor = seq
    redis.call('DEL', KEYS[2], KEYS[3])
    redis.call('HSET', KEYS[1], 'epoch', epoch, 'history', history, 'seq', text(seq), 'floor', text(floor), 'count', 0)
  elseif epoch ~= known_epoch and known >= seq then
    seq = known + 1
    redis.call('HSET', KEYS[1], 'seq', text(seq))
  end
  return epoch, seq, floor
end

local function page(epoch, seq, floor)
  local same, from, to, marks = epoch == known_epoch, floor, seq, nil
  if same then
    from = known
    marks = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. text(from), '+inf', 'WITHSCORES', 'LIMIT', 0, limit)
    if #marks == 2 * limit then to = tonumber(marks[#marks]) end
  else
    marks = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. text(from), '+inf', 'WITHSCORES')
  end
  return {epoch, text(from), text(to), text(floor), text(seq), marks}
end
)lua";

constexpr char kRead[] = "return page(enter())\n";

constexpr char kAdd[] = R"lua(
local name, most, age, channel = ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8]
local epoch, seq, floor = enter()
seq = seq + 1
redis.call('ZADD', KEYS[2], text(seq), name)

local now = tonumber(redis.call('TIME')[1])
redis.call('ZADD', KEYS[3], text(seq), text(now - now % 3600))
while true do
  local hour = redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')
  if tonumber(hour[1]) + 3600 > now - age then break end
  floor = math.max(floor, tonumber(hour[2]))
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', hour[2])
  redis.call('ZREM', KEYS[3], hour[1])
end

if redis.call('ZCARD', KEYS[2]) > most then
  local last = math.floor(most / 4)
  floor = math.max(floor, tonumber(redis.call('ZRANGE', KEYS[2], last, last, 'WITHSCORES')[2]))
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, last)
end

redis.call('HSET', KEYS[1], 'seq', text(seq), 'floor', text(floor), 'count', redis.call('ZCARD', KEYS[2]))
redis.call('PUBLISH', channel, epoch .. ' ' .. text(seq) .. ' ' .. name)
return page(epoch, seq, floor)
)lua";

const redis::Script& ReadScript() {
  static const std::string* const text = new std::string(absl::StrCat(kBoth, kRead));
  static const redis::Script* const script = new redis::Script(*text);
  return *script;
}

const redis::Script& AddScript() {
  static const std::string* const text = new std::string(absl::StrCat(kBoth, kAdd));
  static const redis::Script* const script = new redis::Script(*text);
  return *script;
}

std::vector<absl::string_view> KeysOf(const RedisKeys& keys) {
  return {keys.mark_state(), keys.mark_names(), keys.mark_times()};
}

// Replicas that name things in different ways would not know each other's marks: so they begin a new history in turns,
// and nothing that one of them has invalidated is served by another. Nothing without a key.
std::string NamedBy(const RedisKeys& keys) {
  constexpr size_t kDigits = 16;
  return keys.names().keyed() ? keys.names().Of("the key of names").ToHex().substr(0, kDigits) : "";
}

constexpr uint64_t kMaxNumber = uint64_t{1} << (64 - MarkTable::kLocalBits);

std::string EpochText(uint64_t epoch) { return absl::StrCat(absl::Hex(epoch, absl::kZeroPad16)); }

// Not 0, which MarkTable takes for none.
std::string FreshEpoch() {
  std::random_device device;
  return EpochText((uint64_t{device()} << 32 | device()) | 1);
}

bool ParseEpoch(absl::string_view text, uint64_t* epoch) {
  return text.size() == 16 && absl::SimpleHexAtoi(text, epoch) && *epoch != 0;
}

bool ParseNumber(absl::string_view text, uint64_t* number) {
  return absl::SimpleAtoi(text, number) && *number < kMaxNumber;
}

bool ParseMarks(const Reply& reply, std::vector<MarkPage::Mark>* marks) {
  if (!reply.is_array() || reply.elements.size() % 2 != 0) return false;
  marks->reserve(reply.elements.size() / 2);
  for (size_t i = 0; i < reply.elements.size(); i += 2) {
    const std::optional<MarkName> name = MarkName::FromBytes(reply.elements[i].text);
    uint64_t number = 0;
    if (!name || !ParseNumber(reply.elements[i + 1].text, &number)) return false;
    marks->push_back({*name, number});
  }
  return true;
}

absl::StatusOr<MarkAnswer> ParseAnswer(const absl::StatusOr<Reply>& reply) {
  if (!reply.ok()) return reply.status();
  if (absl::Status status = redis::StatusOf(*reply); !status.ok()) return status;
  MarkAnswer answer;
  MarkPage& page = answer.page;
  uint64_t newest = 0;
  const std::vector<Reply>& parts = reply->elements;
  if (!reply->is_array() || parts.size() != 6 || !ParseEpoch(parts[0].text, &page.epoch) ||
      !ParseNumber(parts[1].text, &page.from) || !ParseNumber(parts[2].text, &page.to) ||
      !ParseNumber(parts[3].text, &page.floor) || !ParseNumber(parts[4].text, &newest) ||
      !ParseMarks(parts[5], &page.marks)) {
    return absl::DataLossError("the shared tier answered something else than marks");
  }
  answer.complete = page.to == newest;
  return answer;
}

}  // namespace

void ReadMarks(redis::Client& client, const RedisKeys& keys, const MarkLimits& limits, MarkTable::Position known,
               absl::Duration timeout, MarkDone done) {
  const std::string arguments[] = {EpochText(known.epoch), absl::StrCat(known.number), FreshEpoch(),
                                   absl::StrCat(limits.max_page), NamedBy(keys)};
  const std::vector<absl::string_view> views(std::begin(arguments), std::end(arguments));
  ReadScript().Send(
      client, redis::Lane::kControl, KeysOf(keys), views, timeout,
      [done = std::move(done)](absl::StatusOr<Reply> reply) mutable { std::move(done)(ParseAnswer(reply)); });
}

void AddMark(redis::Client& client, const RedisKeys& keys, const MarkLimits& limits, const MarkName& name,
             MarkTable::Position known, absl::Duration timeout, MarkDone done) {
  // Never cut: more marks than there may be.
  const std::string arguments[] = {EpochText(known.epoch),
                                   absl::StrCat(known.number),
                                   FreshEpoch(),
                                   absl::StrCat(limits.max_marks + 1),
                                   std::string(name.AsBytes()),
                                   absl::StrCat(limits.max_marks),
                                   absl::StrCat(absl::ToInt64Seconds(limits.max_age)),
                                   keys.mark_channel(),
                                   NamedBy(keys)};
  const std::vector<absl::string_view> views(std::begin(arguments), std::end(arguments));
  AddScript().Send(
      client, redis::Lane::kControl, KeysOf(keys), views, timeout,
      [done = std::move(done)](absl::StatusOr<Reply> reply) mutable { std::move(done)(ParseAnswer(reply)); });
}

std::optional<MarkPage> ParseMarkMessage(absl::string_view message) {
  const std::vector<absl::string_view> parts = absl::StrSplit(message, absl::MaxSplits(' ', 2));
  MarkPage page;
  if (parts.size() != 3 || !ParseEpoch(parts[0], &page.epoch) || !ParseNumber(parts[1], &page.to)) return std::nullopt;
  const std::optional<MarkName> name = MarkName::FromBytes(parts[2]);
  if (!name || page.to == 0) return std::nullopt;
  page.from = page.to - 1;
  page.marks.push_back({*name, page.to});
  return page;
}

}  // namespace paracle::cachecore
