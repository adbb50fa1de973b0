// The flags that name one entry, the same for every command: a provider's request body, a key document, or the digest.
#ifndef PARACLE_CLI_ENTRY_FLAGS_H_
#define PARACLE_CLI_ENTRY_FLAGS_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "cachecore/cache_key.h"
#include "cli/client_options.h"

namespace CLI {
class App;
}

namespace paracle::cli {

struct EntryFlags {
  std::optional<std::string> request;   // File or "-": body of a provider's request; needs provider and an API path.
  std::optional<std::string> document;  // File or "-": key document.
  std::optional<std::string> digest;    // 64 hex digits.
  std::string provider;
  std::string model;  // Only with digest, where nothing else tells the ledger.
  std::vector<std::string> headers;
  bool takes_digest = false;  // Whether the command has --digest at all.

  bool any() const { return request || document || digest; }
};

void AddEntryFlags(CLI::App& command, EntryFlags& flags);       // --request --document --provider --header
void AddDigestFlag(CLI::App& command, EntryFlags& flags);       // --digest
void AddLedgerModelFlag(CLI::App& command, EntryFlags& flags);  // --model, for what --digest does not tell

// The question named by `flags`; `endpoints` are the values of --endpoint, of which one may be the API path. With a
// digest, `canonical` is empty. Reads the files. Errors name the flag and the place in the document.
absl::StatusOr<cachecore::DerivedKey> ResolveEntry(const EntryFlags& flags, const std::vector<std::string>& endpoints);

}  // namespace paracle::cli

#endif  // PARACLE_CLI_ENTRY_FLAGS_H_
