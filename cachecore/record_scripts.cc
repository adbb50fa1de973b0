#include "cachecore/record_scripts.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cachecore/lease_scripts.h"
#include "cachecore/redis/script.h"

namespace paracle::cachecore {
namespace {

using redis::Reply;
using redis::Script;

// Of a list that nobody adds to: a recorder tells that it is there every second.
constexpr char kKeepMs[] = "60000";
constexpr char kChunksAtOnce[] = "256";

// KEYS: lease, recording. ARGV: lease, head ('' unless it begins), ms to keep, channel, message, number of the first
// chunk, chunks.
const Script& Append() {
  static const Script* const script = new Script(R"lua(
local lease = redis.call('GET', KEYS[1])
if not lease or string.match(lease, '^h (%x+)') ~= ARGV[1] then return 0 end
if ARGV[2] ~= '' then
  redis.call('DEL', KEYS[2])
  redis.call('RPUSH', KEYS[2], ARGV[2])
end
local known = redis.call('LLEN', KEYS[2]) - 1 - ARGV[6]
if #ARGV > 6 and known < 0 then return -1 end
for i = 7 + math.max(known, 0), #ARGV do redis.call('RPUSH', KEYS[2], ARGV[i]) end
redis.call('PEXPIRE', KEYS[2], ARGV[3])
if ARGV[2] ~= '' or #ARGV > 6 then redis.call('PUBLISH', ARGV[4], ARGV[5]) end
return 1
)lua");
  return *script;
}

// KEYS: lease, recording. ARGV: number of the first chunk that is wanted, most chunks.
const Script& Tail() {
  static const Script* const script = new Script(R"lua(
local lease = redis.call('GET', KEYS[1]) or ''
local head = redis.call('LINDEX', KEYS[2], 0) or ''
local from = ARGV[1] + 1
return {lease, head, redis.call('LRANGE', KEYS[2], from, from + ARGV[2] - 1)}
)lua");
  return *script;
}

absl::Status NotOfOurs() { return absl::DataLossError("the shared tier answered something else than a recording"); }

absl::Status Shorter() { return absl::OutOfRangeError("the shared tier lacks the recording's chunks before these"); }

// "h <lease> <epoch> <number> <ms>" or "f <lease>".
bool ParseLease(absl::string_view text, RecordingTail* tail) {
  if (text.empty()) return true;
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ' ');
  if (parts.size() < 2 || !absl::SimpleHexAtoi(parts[1], &tail->lease)) return false;
  tail->state = parts[0] == "h" ? RecordingTail::Lease::kHeld : RecordingTail::Lease::kFilled;
  if (parts[0] == "f") return true;
  return parts[0] == "h" && parts.size() == 5 && absl::SimpleHexAtoi(parts[2], &tail->begun.epoch) &&
         absl::SimpleAtoi(parts[3], &tail->begun.number);
}

// Of which recording a reader wants to know.
struct Asked {
  std::string ns;
  EntryTag tag;
  size_t from_chunk = 0;

  RecordingPart Part(uint64_t lease, uint64_t number) const {
    return {.ns = ns, .tag = tag, .lease = lease, .number = number};
  }
};

bool ParseHead(absl::string_view text, const EntryCodec& codec, const Asked& asked, RecordingTail* tail) {
  const std::pair<absl::string_view, absl::string_view> head = absl::StrSplit(text, absl::MaxSplits(' ', 1));
  uint64_t lease = 0;
  if (tail->lease == 0 || !absl::SimpleHexAtoi(head.first, &lease) || lease != tail->lease) return false;
  absl::StatusOr<std::string> content_type = codec.DecodePart(asked.Part(lease, 0), head.second);
  if (content_type.ok()) tail->content_type = *std::move(content_type);
  return content_type.ok();
}

absl::StatusOr<RecordingTail> ParseTail(const absl::StatusOr<Reply>& reply, const EntryCodec& codec,
                                        const Asked& asked) {
  if (!reply.ok()) return reply.status();
  if (absl::Status status = redis::StatusOf(*reply); !status.ok()) return status;
  const std::vector<Reply>& parts = reply->elements;
  RecordingTail tail;
  if (!reply->is_array() || parts.size() != 3 || !parts[2].is_array() || !ParseLease(parts[0].text, &tail)) {
    return NotOfOurs();
  }
  tail.recorded = ParseHead(parts[1].text, codec, asked, &tail);
  if (!tail.recorded) return tail;
  uint64_t number = asked.from_chunk;
  for (const Reply& bytes : parts[2].elements) {
    absl::StatusOr<std::string> chunk = codec.DecodePart(asked.Part(tail.lease, ++number), bytes.text);
    if (!chunk.ok()) return NotOfOurs();
    tail.chunks.push_back(*std::move(chunk));
  }
  return tail;
}

// What a stretch is in Redis. False: it could not be sealed.
bool EncodeStretch(const EntryCodec& codec, RecordingPart part, absl::string_view lease,
                   const RecordingStretch& stretch, std::string* head, std::vector<std::string>* chunks) {
  if (stretch.begins) {
    const auto content_type = codec.EncodePart(part, stretch.content_type);
    if (!content_type) return false;
    *head = absl::StrCat(lease, " ", *content_type);
  }
  part.number = stretch.from;
  for (const Chunk& chunk : stretch.chunks) {
    ++part.number;
    auto bytes = codec.EncodePart(part, *chunk);
    if (!bytes) return false;
    chunks->push_back(*std::move(bytes));
  }
  return true;
}

}  // namespace

void AppendRecording(redis::Client& client, const RedisKeys& keys, const EntryCodec& codec, const EntryId& id,
                     uint64_t lease, const RecordingStretch& stretch,
                     absl::AnyInvocable<void(absl::StatusOr<bool>) &&> done) {
  const std::string lease_key = keys.Lease(id);
  const std::string recording_key = keys.Recording(id);
  const std::string name = absl::StrCat(absl::Hex(lease, absl::kZeroPad16));
  const EntryTag tag = keys.TagOf(id);
  std::string head;
  std::vector<std::string> chunks;
  if (!EncodeStretch(codec, {.ns = id.ns, .tag = tag, .lease = lease}, name, stretch, &head, &chunks)) {
    return std::move(done)(absl::UnavailableError("there is no randomness to seal it with"));
  }
  const std::string from = absl::StrCat(stretch.from);
  const std::string message = LeaseMessageText(LeaseMessage::What::kRecorded, tag, lease);
  std::vector<absl::string_view> arguments = {name, head, kKeepMs, keys.lease_channel(), message, from};
  arguments.insert(arguments.end(), chunks.begin(), chunks.end());
  Append().Send(client, redis::Lane::kData, {lease_key, recording_key}, arguments,
                client.options().operation_timeout, [done = std::move(done)](absl::StatusOr<Reply> reply) mutable {
                  if (!reply.ok()) return std::move(done)(reply.status());
                  if (absl::Status status = redis::StatusOf(*reply); !status.ok()) return std::move(done)(status);
                  if (!reply->is_integer()) return std::move(done)(NotOfOurs());
                  if (reply->integer < 0) return std::move(done)(Shorter());
                  std::move(done)(reply->integer == 1);
                });
}

void ReadRecording(redis::Client& client, const RedisKeys& keys, const EntryCodec& codec, const EntryId& id,
                   size_t from_chunk, absl::AnyInvocable<void(absl::StatusOr<RecordingTail>) &&> done) {
  const std::string lease_key = keys.Lease(id);
  const std::string recording_key = keys.Recording(id);
  const std::string from = absl::StrCat(from_chunk);
  Tail().Send(client, redis::Lane::kData, {lease_key, recording_key}, {from, kChunksAtOnce},
              client.options().operation_timeout,
              [&codec, asked = Asked{.ns = std::string(id.ns), .tag = keys.TagOf(id), .from_chunk = from_chunk},
               done = std::move(done)](absl::StatusOr<Reply> reply) mutable {
                std::move(done)(ParseTail(reply, codec, asked));
              });
}

}  // namespace paracle::cachecore
