#include "cachecore/redis/handshake.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cachecore/redis/command.h"

namespace paracle::cachecore::redis {
namespace {

Command AuthCommand(const Url& url) {
  return url.user.empty() ? Command{"AUTH", url.password} : Command{"AUTH", url.user, url.password};
}

// Alone, and before everything else: a failing AUTH may swallow the reply to what is pipelined behind it.
asio::awaitable<absl::Status> Authenticate(Stream& stream, ReplyReader& reader, const ClientOptions& options) {
  const Command command = AuthCommand(options.url());
  if (auto status = co_await WriteAll(stream, command.wire()); !status.ok()) co_return status;
  const auto reply = co_await ReadReply(stream, reader);
  if (!reply.ok()) co_return reply.status();
  if (reply->is_ok() || options.auth_is_optional) co_return absl::OkStatus();
  const absl::Status refusal = StatusOf(*reply);
  if (absl::IsUnavailable(refusal)) co_return refusal;
  co_return absl::PermissionDeniedError(absl::StrCat("AUTH: ", refusal.message()));
}

// A user without the right to say this may still do all that we need.
bool Forgivable(const Reply& reply) { return absl::StartsWith(reply.text, "NOPERM"); }

absl::Status JudgeName(const Reply& reply) {
  return absl::StartsWith(reply.text, "NOAUTH") ? StatusOf(reply) : absl::OkStatus();
}

absl::Status JudgePing(const Reply& reply) {
  if (reply.is_error()) return Forgivable(reply) ? absl::OkStatus() : StatusOf(reply);
  return reply.text == "PONG" ? absl::OkStatus() : absl::InternalError("PING was not answered by PONG");
}

absl::Status JudgeSelect(const Reply& reply) {
  if (reply.is_ok()) return absl::OkStatus();
  const absl::Status refusal = StatusOf(reply);
  return {refusal.code(), absl::StrCat("SELECT: ", refusal.message())};
}

// [role, ...]. A replica would answer with what it has, and take nothing.
absl::Status JudgeRole(const Reply& reply) {
  if (reply.is_error()) return Forgivable(reply) ? absl::OkStatus() : StatusOf(reply);
  const bool master = reply.is_array() && !reply.elements.empty() && reply.elements.front().text == "master";
  return master ? absl::OkStatus() : absl::UnavailableError("the server is not the master");
}

struct Step {
  Command command;
  absl::Status (*judge)(const Reply&);
};

std::vector<Step> Steps(const ClientOptions& options) {
  std::vector<Step> steps;
  if (options.url().db != 0) steps.push_back({Command{"SELECT", absl::StrCat(options.url().db)}, JudgeSelect});
  if (!options.name.empty()) steps.push_back({Command{"CLIENT", "SETNAME", options.name}, JudgeName});
  if (options.must_be_master) steps.push_back({Command{"ROLE"}, JudgeRole});
  steps.push_back({Command{"PING"}, JudgePing});
  return steps;
}

}  // namespace

asio::awaitable<absl::Status> ShakeHands(Stream& stream, ReplyReader& reader, const ClientOptions& options) {
  if (!options.url().password.empty()) {
    if (auto status = co_await Authenticate(stream, reader, options); !status.ok()) co_return status;
  }
  const std::vector<Step> steps = Steps(options);
  std::string wire;
  for (const Step& step : steps) absl::StrAppend(&wire, step.command.wire());
  if (auto status = co_await WriteAll(stream, wire); !status.ok()) co_return status;
  for (const Step& step : steps) {
    const auto reply = co_await ReadReply(stream, reader);
    if (!reply.ok()) co_return reply.status();
    if (auto status = step.judge(*reply); !status.ok()) co_return status;
  }
  co_return absl::OkStatus();
}

asio::awaitable<absl::Status> WriteAll(Stream& stream, absl::string_view bytes) {
  while (!bytes.empty() || stream.unwritten()) {
    const iovec piece = {const_cast<char*>(bytes.data()), bytes.size()};
    const Progress progress = stream.Write(absl::MakeConstSpan(&piece, bytes.empty() ? 0 : 1));
    if (!progress.error.ok()) co_return progress.error;
    bytes.remove_prefix(progress.bytes);
    if (progress.want != Want::kNothing) co_await stream.Wait(progress.want);
  }
  co_return absl::OkStatus();
}

asio::awaitable<absl::StatusOr<Reply>> ReadReply(Stream& stream, ReplyReader& reader) {
  while (true) {
    auto next = reader.Next();
    if (!next.ok()) co_return next.status();
    if (next->has_value()) co_return **std::move(next);
    const Progress progress = stream.Read(reader.Buffer());
    reader.Commit(progress.bytes);
    if (progress.bytes > 0) continue;
    if (!progress.error.ok()) co_return progress.error;
    co_await stream.Wait(progress.want);
  }
}

}  // namespace paracle::cachecore::redis
