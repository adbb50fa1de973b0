#include "tests/support/fault_proxy_link.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace paracle::support {
namespace {

using Kind = Fault::Kind;

constexpr size_t kChunk = 64 << 10;
constexpr size_t kMostKept = 1 << 20;     // Of one reply.
constexpr size_t kMostWaiting = 4 << 20;  // Of one direction.
constexpr int kMostSlices = 4096;         // Of one turn, so that every connection has its own.

constexpr std::array<std::string_view, 26> kWrites = {
    "SET",  "SETEX",   "PSETEX", "SETNX",   "GETSET",   "MSET",    "DEL",    "UNLINK",      "EXPIRE",
    "INCR", "INCRBY",  "ZADD",   "ZREM",    "HSET",     "HINCRBY", "HDEL",   "PEXPIRE",     "APPEND",
    "EVAL", "EVALSHA", "FCALL",  "FLUSHDB", "FLUSHALL", "XADD",    "GETDEL", "HINCRBYFLOAT"};

bool Writes(std::string_view command) { return std::find(kWrites.begin(), kWrites.end(), command) != kWrites.end(); }

bool Failed(ssize_t result) { return result < 0 && errno != EAGAIN && errno != EINTR; }

bool Connecting(int error) { return error == ENOTCONN; }

}  // namespace

FaultProxyLink::FaultProxyLink(int client, int upstream, std::mt19937_64* random, FaultCounters* counters)
    : client_(client), upstream_(upstream), random_(random), counters_(counters) {}

FaultProxyLink::~FaultProxyLink() {
  ::close(client_);
  ::close(upstream_);
}

short FaultProxyLink::ClientEvents(const Fault& fault, absl::Time now) const {
  if (fault.kind == Kind::kBlackhole) return 0;
  short events = 0;
  if (!closing_ && to_upstream_.size() < kMostWaiting) events |= POLLIN;
  if (!to_client_.empty() && to_client_.front().due <= now) events |= POLLOUT;
  return events;
}

short FaultProxyLink::UpstreamEvents(const Fault& fault) const {
  if (fault.kind == Kind::kBlackhole || closing_) return 0;
  short events = 0;
  if (to_client_bytes_ < kMostWaiting) events |= POLLIN;
  if (!to_upstream_.empty()) events |= POLLOUT;
  return events;
}

absl::Time FaultProxyLink::NextDue() const {
  return to_client_.empty() ? absl::InfiniteFuture() : to_client_.front().due;
}

void FaultProxyLink::Reset() {
  const linger hard = {.l_onoff = 1, .l_linger = 0};
  ::setsockopt(client_, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
  ++counters_->reset;
  over_ = true;
}

void FaultProxyLink::OnClient(short ready, const Fault& fault, absl::Time now) {
  if (ready & (POLLIN | POLLHUP | POLLERR)) {
    std::array<char, kChunk> chunk;
    const ssize_t size = ::recv(client_, chunk.data(), chunk.size(), 0);
    if (size == 0 || Failed(size)) over_ = true;
    if (size > 0) TakeRequests({chunk.data(), static_cast<size_t>(size)}, fault, now);
  }
  if (!over_) FlushUpstream();
  if (!over_) FlushClient(fault, now);
}

void FaultProxyLink::OnUpstream(short ready, const Fault& fault, absl::Time now) {
  if (ready & (POLLIN | POLLHUP | POLLERR)) {
    std::array<char, kChunk> chunk;
    const ssize_t size = ::recv(upstream_, chunk.data(), chunk.size(), 0);
    if (size > 0) TakeReplies({chunk.data(), static_cast<size_t>(size)}, fault, now);
    if (size == 0 || Failed(size)) closing_ = true;
  }
  if (!over_ && !closing_) FlushUpstream();
  if (!over_) FlushClient(fault, now);
}

void FaultProxyLink::OnFaultChange(absl::Time now) {
  if (waiting_) Send(*std::exchange(waiting_, std::nullopt), now);
}

// --- Requests.

void FaultProxyLink::TakeRequests(std::string_view bytes, const Fault& fault, absl::Time now) {
  while (!bytes.empty() && !over_) {
    const size_t size = requests_.Consume(bytes);
    TakeRequestBytes(bytes.substr(0, size), fault);
    bytes.remove_prefix(size);
    if (requests_.broken()) over_ = true;
    if (requests_.complete() && !over_) EndRequest(now);
  }
}

void FaultProxyLink::TakeRequestBytes(std::string_view bytes, const Fault& fault) {
  if (!decided_) {
    undecided_.append(bytes);
    if (requests_.named()) DecideRequest(fault);
  } else if (injected_.empty()) {
    to_upstream_.append(bytes);
  }
}

void FaultProxyLink::DecideRequest(const Fault& fault) {
  const std::string command = absl::AsciiStrToUpper(requests_.name());
  decided_ = true;
  ++counters_->requests;
  const bool applies = Applies(fault, command);
  if (applies && fault.kind == Kind::kReset && Roll(fault.probability)) return Reset();
  if (applies && fault.kind == Kind::kError && Roll(fault.probability)) {
    injected_ = absl::StrCat("-", fault.error, "\r\n");
    ++counters_->errors;
  } else {
    to_upstream_.append(undecided_);
  }
  undecided_.clear();
}

void FaultProxyLink::EndRequest(absl::Time now) {
  const std::string command = absl::AsciiStrToUpper(requests_.name());
  const bool subscribing = command.ends_with("SUBSCRIBE") && injected_.empty();
  subscribed_ = subscribed_ || subscribing;
  // Redis answers once for each channel.
  const int64_t replies = subscribing ? std::max<int64_t>(requests_.elements() - 1, 1) : 1;
  expected_.push_back({command, std::exchange(injected_, ""), replies});
  decided_ = false;
  SendInjected(now);
}

bool FaultProxyLink::Applies(const Fault& fault, std::string_view command) const {
  if (!fault.command.empty() && fault.command != command) return false;
  return !fault.writes_only || Writes(command);
}

bool FaultProxyLink::Roll(double probability) {
  return probability >= 1 || std::uniform_real_distribution<double>()(*random_) < probability;
}

// --- Replies.

void FaultProxyLink::TakeReplies(std::string_view bytes, const Fault& fault, absl::Time now) {
  while (!bytes.empty() && !closing_) {
    const size_t size = replies_.Consume(bytes);
    TakeReplyBytes(bytes.substr(0, size), now);
    bytes.remove_prefix(size);
    if (replies_.broken()) closing_ = true;
    if (replies_.complete()) EndReply(fault, now);
  }
}

void FaultProxyLink::TakeReplyBytes(std::string_view bytes, absl::Time now) {
  reply_.append(bytes);
  if (!streaming_ && reply_.size() <= kMostKept) return;
  streaming_ = true;
  OnFaultChange(now);
  Send(std::exchange(reply_, ""), now);
}

bool FaultProxyLink::IsMessage() const {
  return subscribed_ && replies_.type() == '*' && (replies_.name() == "message" || replies_.name() == "pmessage");
}

void FaultProxyLink::EndReply(const Fault& fault, absl::Time now) {
  std::string reply = std::exchange(reply_, "");
  if (IsMessage()) {
    ++counters_->messages;
    if (!Roll(fault.drop_messages)) return Send(std::move(reply), now);
    ++counters_->dropped_messages;
    return;
  }
  ++counters_->replies;
  std::string command;
  if (!expected_.empty()) {
    command = expected_.front().command;
    if (--expected_.front().replies == 0) expected_.pop_front();
  }
  if (!std::exchange(streaming_, false)) Answer(command, std::move(reply), fault, now);
  SendInjected(now);
}

void FaultProxyLink::Answer(const std::string& command, std::string reply, const Fault& fault, absl::Time now) {
  const bool hit = Applies(fault, command) && Roll(fault.probability);
  const Kind kind = hit ? fault.kind : Kind::kNone;
  if (kind == Kind::kDrop) {
    ++counters_->dropped;
    return;
  }
  if (kind == Kind::kWrongOrder) return Swap(std::move(reply), now);
  if (kind == Kind::kTruncate) {
    ++counters_->truncated;
    Send(reply.substr(0, reply.size() / 2), now);
    closing_ = true;
    return;
  }
  if (kind == Kind::kDelay) {
    ++counters_->delayed;
    now += fault.delay + fault.jitter * std::uniform_real_distribution<double>()(*random_);
  }
  if (kind == Kind::kSlice) ++counters_->sliced;
  if (kind == Kind::kDuplicate) {
    ++counters_->duplicated;
    Send(reply, now);
  }
  Send(std::move(reply), now);
}

void FaultProxyLink::Swap(std::string reply, absl::Time now) {
  if (waiting_) {
    ++counters_->swapped;
    Send(std::move(reply), now);
    OnFaultChange(now);
  } else if (!expected_.empty() && expected_.front().injected.empty()) {
    waiting_ = std::move(reply);
  } else {
    Send(std::move(reply), now);
  }
}

void FaultProxyLink::SendInjected(absl::Time now) {
  while (!expected_.empty() && !expected_.front().injected.empty()) {
    Send(std::move(expected_.front().injected), now);
    expected_.pop_front();
  }
}

void FaultProxyLink::Send(std::string bytes, absl::Time due) {
  if (closing_ || bytes.empty()) return;
  // Order is kept whatever the delays are.
  if (!to_client_.empty()) due = std::max(due, to_client_.back().due);
  to_client_bytes_ += bytes.size();
  to_client_.push_back({std::move(bytes), due});
}

// --- Writing.

void FaultProxyLink::FlushUpstream() {
  while (!to_upstream_.empty()) {
    const ssize_t size = ::send(upstream_, to_upstream_.data(), to_upstream_.size(), MSG_NOSIGNAL);
    if (Failed(size) && !Connecting(errno)) closing_ = true;
    if (size <= 0) return;
    to_upstream_.erase(0, static_cast<size_t>(size));
  }
}

void FaultProxyLink::FlushClient(const Fault& fault, absl::Time now) {
  const size_t most = fault.kind == Kind::kSlice ? fault.slice : kMostWaiting;
  for (int turn = 0; turn < kMostSlices && !to_client_.empty() && to_client_.front().due <= now; ++turn) {
    Piece& piece = to_client_.front();
    const size_t size = std::min(piece.bytes.size() - piece.sent, most);
    const ssize_t sent = ::send(client_, piece.bytes.data() + piece.sent, size, MSG_NOSIGNAL);
    if (Failed(sent)) over_ = true;
    if (sent <= 0) return;
    piece.sent += static_cast<size_t>(sent);
    to_client_bytes_ -= static_cast<size_t>(sent);
    if (piece.sent == piece.bytes.size()) to_client_.pop_front();
  }
  if (closing_ && to_client_.empty()) over_ = true;
}

}  // namespace paracle::support
