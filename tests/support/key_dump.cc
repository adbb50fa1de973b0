// Derives keys for tests that hold the languages against each other. Reads a JSON object a line from standard input,
//   {"kind": "document" or "request", "text_base64": "...", "provider": "...", "endpoint": "...", "headers": [["n", "v"]]}
// (the last three for requests), and prints a line for each: 64 hex digits, or `refused: ` and why.
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "cachecore/cache_key.h"

namespace paracle::cachecore {
namespace {

absl::StatusOr<DerivedKey> Derive(const nlohmann::json& line) {
  std::string text;
  if (!absl::Base64Unescape(line.at("text_base64").get<std::string>(), &text)) {
    return absl::InvalidArgumentError("text_base64 is not base64");
  }
  if (line.at("kind") == "document") return DeriveFromDocument(text);
  const auto provider = line.at("provider").get<std::string>();
  const auto endpoint = line.at("endpoint").get<std::string>();
  const auto headers = line.at("headers").get<std::vector<std::pair<std::string, std::string>>>();
  return DeriveFromRequest({.provider = provider, .endpoint = endpoint, .body = text, .headers = headers});
}

int Run() {
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    const auto key = Derive(nlohmann::json::parse(line));
    std::cout << (key.ok() ? key->digest.ToHex() : "refused: " + std::string(key.status().message())) << '\n';
  }
  return 0;
}

}  // namespace
}  // namespace paracle::cachecore

int main() { return paracle::cachecore::Run(); }
