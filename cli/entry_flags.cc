#include "cli/entry_flags.h"

#include <CLI/CLI.hpp>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "cachecore/digest.h"
#include "cli/read_input.h"

namespace paracle::cli {
namespace {

using cachecore::DerivedKey;
using Headers = std::vector<std::pair<std::string, std::string>>;

absl::StatusOr<Headers> ParseHeaders(const std::vector<std::string>& lines) {
  Headers headers;
  for (const std::string& line : lines) {
    const size_t colon = line.find(':');
    if (colon == std::string::npos || colon == 0) {
      return absl::InvalidArgumentError(absl::StrCat("--header: \"", line, "\" is not NAME:VALUE"));
    }
    headers.emplace_back(absl::AsciiStrToLower(line.substr(0, colon)),
                         std::string(absl::StripAsciiWhitespace(line.substr(colon + 1))));
  }
  return headers;
}

absl::StatusOr<DerivedKey> FromDigest(const EntryFlags& flags) {
  const std::optional<cachecore::Digest> digest = cachecore::Digest::FromHex(*flags.digest);
  if (!digest) {
    return absl::InvalidArgumentError(absl::StrCat("--digest: \"", *flags.digest, "\" is not 64 hex digits"));
  }
  DerivedKey key;
  key.digest = *digest;
  key.provider = flags.provider;
  key.model = flags.model;
  return key;
}

absl::StatusOr<DerivedKey> FromRequest(const EntryFlags& flags, const std::optional<std::string>& api_path) {
  if (flags.provider.empty()) {
    return absl::InvalidArgumentError("--request needs --provider, for example --provider openai");
  }
  if (!api_path) {
    return absl::InvalidArgumentError(
        "--request needs the path of the API, for example --endpoint /v1/chat/completions");
  }
  const absl::StatusOr<Headers> headers = ParseHeaders(flags.headers);
  if (!headers.ok()) return headers.status();
  const absl::StatusOr<std::string> body = ReadInput("--request", *flags.request);
  if (!body.ok()) return body.status();
  if (absl::StripAsciiWhitespace(*body).empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--request: ", InputName(*flags.request), " is empty; give a JSON object"));
  }
  return cachecore::DeriveFromRequest(
      {.provider = flags.provider, .endpoint = *api_path, .body = *body, .headers = *headers});
}

absl::StatusOr<DerivedKey> FromDocument(const EntryFlags& flags) {
  const absl::StatusOr<std::string> document = ReadInput("--document", *flags.document);
  if (!document.ok()) return document.status();
  if (absl::StripAsciiWhitespace(*document).empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--document: ", InputName(*flags.document), " is empty; give a JSON object"));
  }
  return cachecore::DeriveFromDocument(*document);
}

absl::Status CheckCombination(const EntryFlags& flags, bool has_api_path) {
  const int given = flags.request.has_value() + flags.document.has_value() + flags.digest.has_value();
  if (given != 1) {
    return absl::InvalidArgumentError(absl::StrCat(given == 0 ? "which question? give" : "give only one of",
                                                   " --request FILE --provider P --endpoint PATH, or --document FILE",
                                                   flags.takes_digest ? ", or --digest HEX" : ""));
  }
  if (!flags.request && has_api_path) {
    return absl::InvalidArgumentError("--endpoint with an API path goes with --request");
  }
  if (!flags.request && !flags.headers.empty()) return absl::InvalidArgumentError("--header goes with --request");
  if (flags.document && !flags.provider.empty()) {
    return absl::InvalidArgumentError("--provider does not go with --document, which names its own");
  }
  if (!flags.digest && !flags.model.empty()) {
    return absl::InvalidArgumentError("--model goes with --digest; a request or document names its own");
  }
  return absl::OkStatus();
}

// The key's own refusals name the place in the document; say which document.
absl::StatusOr<DerivedKey> Naming(const char* flag, const std::string& path, absl::StatusOr<DerivedKey> key) {
  absl::string_view message = key.status().message();
  if (key.ok() || absl::StartsWith(message, "--")) return key;
  absl::ConsumePrefix(&message, "document: ");
  absl::ConsumePrefix(&message, "body: ");
  return absl::Status(key.status().code(), absl::StrCat(flag, ": ", InputName(path), ": ", message));
}

}  // namespace

void AddEntryFlags(CLI::App& command, EntryFlags& flags) {
  command
      .add_option("--request", flags.request,
                  "Body of a provider's request, as JSON; - is standard input. Needs --provider\n"
                  "and the API path: --endpoint /PATH, beside the one of the server")
      ->type_name("FILE");
  command.add_option("--provider", flags.provider, "With --request: who answers, for example openai")
      ->type_name("NAME");
  command
      .add_option("--header", flags.headers,
                  "With --request: a header that was sent; those that shape answers join the key")
      ->type_name("NAME:VALUE")
      ->take_all()
      ->allow_extra_args(false);
  command.add_option("--document", flags.document, "Key document, as JSON; - reads standard input")->type_name("FILE");
}

void AddDigestFlag(CLI::App& command, EntryFlags& flags) {
  flags.takes_digest = true;
  command.add_option("--digest", flags.digest, "Digest of the question, 64 hex digits")->type_name("HEX");
}

void AddLedgerModelFlag(CLI::App& command, EntryFlags& flags) {
  command.add_option("--model", flags.model, "With --digest: the model, for statistics and invalidation")
      ->type_name("NAME");
}

absl::StatusOr<DerivedKey> ResolveEntry(const EntryFlags& flags, const std::vector<std::string>& endpoints) {
  const absl::StatusOr<EndpointFlags> split = SplitEndpoints(endpoints);
  if (!split.ok()) return split.status();
  if (absl::Status status = CheckCombination(flags, split->api_path.has_value()); !status.ok()) return status;
  if (flags.digest) return FromDigest(flags);
  if (flags.document) return Naming("--document", *flags.document, FromDocument(flags));
  return Naming("--request", *flags.request, FromRequest(flags, split->api_path));
}

}  // namespace paracle::cli
