// What docs/redis.md tells operators to write, for tests that do as they would.
#ifndef PARACLE_TESTS_CACHECORE_DOCUMENTED_RULES_H_
#define PARACLE_TESTS_CACHECORE_DOCUMENTED_RULES_H_

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace paracle::cachecore {

// The rules of an ACL user with nothing but what is needed, from that page itself.
inline std::string DocumentedRules() {
  std::ifstream page(std::filesystem::path(PARACLE_TEST_DATA) / "../../docs/redis.md");
  const std::string text((std::istreambuf_iterator<char>(page)), std::istreambuf_iterator<char>());
  const std::string begin = "ACL SETUSER paracle ";
  const size_t rules = text.find(begin);
  const size_t end = text.find("```", rules);
  if (rules == std::string::npos || end == std::string::npos) return "the page has no ACL";
  const std::string written = text.substr(rules + begin.size(), end - rules - begin.size());
  return absl::StrJoin(absl::StrSplit(written, absl::ByAnyChar(" \\\n"), absl::SkipEmpty()), " ");
}

}  // namespace paracle::cachecore

#endif  // PARACLE_TESTS_CACHECORE_DOCUMENTED_RULES_H_
