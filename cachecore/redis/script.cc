#include "cachecore/redis/script.h"

#include <openssl/evp.h>

#include <cassert>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "cachecore/redis/steady_time.h"

namespace paracle::cachecore::redis {
namespace {

std::string Sha1Hex(absl::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  [[maybe_unused]] const int ok = EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr);
  assert(ok == 1);
  return absl::BytesToHexString({reinterpret_cast<const char*>(digest), size});
}

bool IsUnknownScript(const absl::StatusOr<Reply>& reply) { return reply.ok() && absl::IsNotFound(StatusOf(*reply)); }

}  // namespace

Script::Script(absl::string_view text) : text_(text), digest_(Sha1Hex(text)) {}

Command Script::Make(absl::string_view command, absl::string_view script, absl::Span<const absl::string_view> keys,
                     absl::Span<const absl::string_view> arguments) const {
  const std::string count = absl::StrCat(keys.size());
  absl::InlinedVector<absl::string_view, 16> words = {command, script, count};
  words.insert(words.end(), keys.begin(), keys.end());
  words.insert(words.end(), arguments.begin(), arguments.end());
  return Command(words);
}

void Script::Send(Client& client, Lane lane, absl::Span<const absl::string_view> keys,
                  absl::Span<const absl::string_view> arguments, absl::Duration timeout, Client::Done done) const {
  const SteadyTime deadline = SteadyNow() + Steady(timeout);
  auto retry = [&client, lane, deadline, whole = Make("EVAL", text_, keys, arguments),
                done = std::move(done)](absl::StatusOr<Reply> reply) mutable {
    if (!IsUnknownScript(reply)) return std::move(done)(std::move(reply));
    client.Send(lane, std::move(whole), absl::FromChrono(deadline - SteadyNow()), std::move(done));
  };
  client.Send(lane, Make("EVALSHA", digest_, keys, arguments), timeout, std::move(retry));
}

}  // namespace paracle::cachecore::redis
