#include "cachecore/internal/ledger_script.h"

#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cachecore/redis/script.h"

namespace paracle::cachecore::internal {
namespace {

using redis::Reply;
using redis::Script;

// The mark of what was added comes first: should anything fail in between, a portion is lost, not counted twice.
// KEYS: meta rows sums resets seen. ARGV: generation, version, epoch (as known), number, ttl of seen (ms), most rows,
// then row, length of its prefix, counters.
constexpr absl::string_view kFlush = R"lua(
local meta = redis.call('HMGET', KEYS[1], 'generation', 'version', 'epoch', 'floor', 'whole', 'start')
local same = meta[1] == ARGV[1]
local version, epoch = tonumber(meta[2]), tonumber(meta[3])
if not meta[1] or (same and version < tonumber(ARGV[2])) then return {'lost'} end

local function may_add(row, prefix_size)
  if tonumber(ARGV[3]) < tonumber(meta[4]) then return false end
  local reset = redis.call('HGET', KEYS[4], string.sub(row, 1, prefix_size))
  return not reset or tonumber(string.match(reset, '^%d+')) <= tonumber(ARGV[3])
end

local function add(row, counts)
  if not redis.call('ZSCORE', KEYS[2], row) and redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[6]) then
    row = 'overflow'
  end
  local sums, i = {}, 0
  for n in string.gmatch(redis.call('HGET', KEYS[3], row) or '', '%d+') do sums[#sums + 1] = tonumber(n) end
  for n in string.gmatch(counts, '%d+') do
    i = i + 1
    sums[i] = math.min((sums[i] or 0) + tonumber(n), 9007199254740992)
  end
  for j = 1, #sums do sums[j] = string.format('%.0f', sums[j]) end
  redis.call('HSET', KEYS[3], row, table.concat(sums, ' '))
  redis.call('ZADD', KEYS[2], version, row)
end

if same and ARGV[4] ~= '0' and tonumber(ARGV[4]) > tonumber(redis.call('GET', KEYS[5]) or '0') then
  redis.call('SET', KEYS[5], ARGV[4], 'PX', ARGV[5])
  version = redis.call('HINCRBY', KEYS[1], 'version', 1)
  for i = 7, #ARGV, 3 do
    if may_add(ARGV[i], tonumber(ARGV[i + 1])) then add(ARGV[i], ARGV[i + 2]) end
  end
end

local full = not same or epoch ~= tonumber(ARGV[3])
local told = {}
if full then
  told = redis.call('HGETALL', KEYS[3])
else
  for _, row in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[2], '+inf')) do
    told[#told + 1] = row
    told[#told + 1] = redis.call('HGET', KEYS[3], row) or ''
  end
end
return {'ok', meta[1], version, epoch, tonumber(meta[4]), tonumber(meta[5]), tonumber(meta[6]), full and 1 or 0,
        told, full and redis.call('HGETALL', KEYS[4]) or {}}
)lua";

// Where both know something, the larger sum is the later one: within an epoch, sums only grow.
// KEYS: meta rows sums resets. ARGV: generation, version, epoch, whole (as known), new generation, start, number of
// rows, then row, counters, then prefix, reset.
constexpr absl::string_view kRestore = R"lua(
local meta = redis.call('HMGET', KEYS[1], 'generation', 'version', 'epoch')
local version, epoch = tonumber(meta[2] or '0'), tonumber(meta[3] or '0')
local known_version, known_epoch = tonumber(ARGV[2]), tonumber(ARGV[3])
if meta[1] and not (meta[1] == ARGV[1] and version < known_version) then return 0 end

version = math.max(version, known_version) + 1
if epoch < known_epoch then
  redis.call('DEL', KEYS[2], KEYS[3], KEYS[4])
  redis.call('HSET', KEYS[1], 'whole', ARGV[4], 'start', ARGV[6])
end
if epoch <= known_epoch then
  local i = 8
  for _ = 1, tonumber(ARGV[7]) do
    local row, sums, j = ARGV[i], {}, 0
    for n in string.gmatch(redis.call('HGET', KEYS[3], row) or '', '%d+') do sums[#sums + 1] = tonumber(n) end
    for n in string.gmatch(ARGV[i + 1], '%d+') do
      j = j + 1
      sums[j] = math.max(sums[j] or 0, tonumber(n))
    end
    for k = 1, #sums do sums[k] = string.format('%.0f', sums[k]) end
    redis.call('HSET', KEYS[3], row, table.concat(sums, ' '))
    redis.call('ZADD', KEYS[2], version, row)
    i = i + 2
  end
  for k = i, #ARGV, 2 do redis.call('HSET', KEYS[4], ARGV[k], ARGV[k + 1]) end
  epoch = known_epoch
end
redis.call('HSET', KEYS[1], 'generation', ARGV[5], 'version', version, 'epoch', epoch, 'floor', epoch)
return 1
)lua";

// Resets of namespaces are remembered for replicas that have not heard of them. When there are too many, all deltas on
// their way are refused once instead.
// KEYS: meta rows sums resets. ARGV: row prefix of the namespace (empty: all), now (ms).
constexpr absl::string_view kReset = R"lua(
if redis.call('HLEN', KEYS[1]) == 0 then return 0 end
local epoch = redis.call('HINCRBY', KEYS[1], 'epoch', 1)
local version = redis.call('HINCRBY', KEYS[1], 'version', 1)
if ARGV[1] == '' then
  redis.call('DEL', KEYS[2], KEYS[3], KEYS[4])
  redis.call('HSET', KEYS[1], 'whole', epoch, 'floor', epoch, 'start', ARGV[2])
  return epoch
end
for _, row in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  if string.sub(row, 1, #ARGV[1]) == ARGV[1] then
    redis.call('ZREM', KEYS[2], row)
    redis.call('HDEL', KEYS[3], row)
  end
end
if redis.call('HLEN', KEYS[4]) >= 10000 then
  redis.call('DEL', KEYS[4])
  redis.call('HSET', KEYS[1], 'floor', epoch)
end
redis.call('HSET', KEYS[4], ARGV[1], epoch .. ' ' .. ARGV[2])
return epoch
)lua";

const Script& FlushScript() {
  static const Script* const script = new Script(kFlush);
  return *script;
}

const Script& RestoreScript() {
  static const Script* const script = new Script(kRestore);
  return *script;
}

const Script& ResetScript() {
  static const Script* const script = new Script(kReset);
  return *script;
}

// Owns the words of a call; views are taken when all are there.
class Words {
 public:
  template <typename... T>
  void Add(const T&... words) {
    (words_.push_back(absl::StrCat(words)), ...);
  }
  std::vector<absl::string_view> views() const { return {words_.begin(), words_.end()}; }

 private:
  std::vector<std::string> words_;
};

// Pairs as HGETALL tells them.
template <typename Use>
bool EachPair(const Reply& reply, Use use) {
  if (!reply.is_array() || reply.elements.size() % 2 != 0) return false;
  for (size_t i = 0; i < reply.elements.size(); i += 2) {
    if (!reply.elements[i].is_string() || !reply.elements[i + 1].is_string()) return false;
    use(reply.elements[i].text, reply.elements[i + 1].text);
  }
  return true;
}

SharedSums::Reset ParseResetText(absl::string_view text) {
  SharedSums::Reset reset;
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(text, absl::MaxSplits(' ', 1));
  if (!absl::SimpleAtoi(parts.first, &reset.epoch) || !absl::SimpleAtoi(parts.second, &reset.at_ms)) return {};
  return reset;
}

bool ParseMeta(const std::vector<Reply>& reply, SharedSums& sums) {
  if (!reply[1].is_string()) return false;
  sums.at.generation = reply[1].text;
  int64_t* const numbers[] = {&sums.at.version, &sums.at.epoch, &sums.floor, &sums.whole, &sums.start_ms};
  for (size_t i = 0; i < std::size(numbers); ++i) {
    if (!reply[2 + i].is_integer()) return false;
    *numbers[i] = reply[2 + i].integer;
  }
  return true;
}

bool ParseUpdate(const std::vector<Reply>& reply, const LedgerNames& names, LedgerUpdate& update) {
  constexpr size_t kElements = 10;
  if (reply.empty() || !reply[0].is_string()) return false;
  update.lost = reply[0].text == "lost";
  if (update.lost) return true;
  if (reply.size() != kElements || !ParseMeta(reply, update.sums)) return false;
  update.full = reply[7].is_integer() && reply[7].integer == 1;
  return EachPair(reply[8],
                  [&](const std::string& row, const std::string& counts) {
                    update.sums.rows.insert_or_assign(names.Read(row), ParseRowText(counts));
                  }) &&
         EachPair(reply[9], [&](const std::string& prefix, const std::string& reset) {
           update.sums.resets.insert_or_assign(names.Read(prefix), ParseResetText(reset));
         });
}

}  // namespace

LedgerScripts::LedgerScripts(redis::Client* client, absl::string_view prefix, absl::string_view replica,
                             absl::Duration timeout, LedgerNames names)
    : client_(client),
      timeout_(timeout),
      names_(std::move(names)),
      meta_(absl::StrCat(prefix, "{ledger}:meta")),
      rows_(absl::StrCat(prefix, "{ledger}:rows")),
      sums_(absl::StrCat(prefix, "{ledger}:sums")),
      resets_(absl::StrCat(prefix, "{ledger}:resets")),
      seen_(absl::StrCat(prefix, "{ledger}:seen:", replica)) {}

void LedgerScripts::Flush(const FlushRequest& request, redis::Client::Done done) const {
  Words words;
  words.Add(request.known.generation, request.known.version, request.known.epoch, request.number,
            absl::ToInt64Milliseconds(request.seen_ttl), request.max_rows);
  for (const auto& [row, counts] : request.rows) {
    const LedgerNames::Stored stored = names_.Store(row);
    words.Add(stored.name, stored.prefix_size, RowText(counts));
  }
  FlushScript().Send(*client_, redis::Lane::kControl, {meta_, rows_, sums_, resets_, seen_}, words.views(), timeout_,
                     std::move(done));
}

absl::StatusOr<LedgerUpdate> LedgerScripts::ParseFlush(const absl::StatusOr<Reply>& reply) const {
  if (!reply.ok()) return reply.status();
  if (absl::Status status = redis::StatusOf(*reply); !status.ok()) return status;
  LedgerUpdate update;
  if (!reply->is_array() || !ParseUpdate(reply->elements, names_, update)) {
    return absl::InternalError("an answer that the ledger's script does not give");
  }
  return update;
}

void LedgerScripts::Restore(const SharedSums& known, absl::string_view new_generation, redis::Client::Done done) const {
  Words words;
  words.Add(known.at.generation, known.at.version, known.at.epoch, known.whole, new_generation, known.start_ms,
            known.rows.size());
  for (const auto& [row, counts] : known.rows) words.Add(names_.Store(row).name, RowText(counts));
  for (const auto& [prefix, reset] : known.resets) {
    words.Add(names_.Store(prefix).name, absl::StrCat(reset.epoch, " ", reset.at_ms));
  }
  RestoreScript().Send(*client_, redis::Lane::kControl, {meta_, rows_, sums_, resets_}, words.views(), timeout_,
                       std::move(done));
}

void LedgerScripts::Reset(absl::string_view ns, absl::Time now, redis::Client::Done done) const {
  const std::string prefix = ns.empty() ? std::string() : names_.Store(RowPrefix(ns)).name;
  ResetScript().Send(*client_, redis::Lane::kControl, {meta_, rows_, sums_, resets_},
                     {prefix, absl::StrCat(absl::ToUnixMillis(now))}, timeout_, std::move(done));
}

absl::StatusOr<bool> LedgerScripts::ParseReset(const absl::StatusOr<Reply>& reply) {
  if (!reply.ok()) return reply.status();
  if (absl::Status status = redis::StatusOf(*reply); !status.ok()) return status;
  return reply->is_integer() && reply->integer > 0;
}

}  // namespace paracle::cachecore::internal
