// "Did you mean": the nearest of a few known words.
#ifndef PARACLE_CLI_SUGGEST_H_
#define PARACLE_CLI_SUGGEST_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace paracle::cli {

// Fewest insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b` (optimal string
// alignment), in bytes.
size_t EditDistance(absl::string_view a, absl::string_view b);

// The word nearest to `typed`, the first of several alike; a word that starts with `typed` (3 bytes or more) counts as
// one edit away. nullopt when all are further than a third of the longer word's length (1 at least), or `typed` is
// empty or over 64 bytes.
std::optional<std::string> Suggest(absl::string_view typed, const std::vector<std::string>& known);

}  // namespace paracle::cli

#endif  // PARACLE_CLI_SUGGEST_H_
