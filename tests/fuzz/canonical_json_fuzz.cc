// Properties of the canonicaliser: canonicalising twice changes nothing, the order of members changes nothing, and no
// text makes it crash.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cachecore/canonical_json.h"

namespace paracle::cachecore {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

// Rewrites canonical text with the members of every object in another order and spaces between tokens. Being canonical,
// it has none of the difficulties of JSON but strings.
class Shuffler {
 public:
  Shuffler(absl::string_view canonical, uint32_t seed) : p_(canonical.data()), random_(seed) {}

  std::string Value() {
    if (*p_ == '{') return Container('{', '}');
    if (*p_ == '[') return Container('[', ']');
    if (*p_ == '"') return String();
    std::string scalar;
    while (*p_ != ',' && *p_ != ']' && *p_ != '}' && *p_ != '\0') scalar += *p_++;
    return scalar;
  }

 private:
  std::string Container(char open, char close) {
    std::vector<std::string> parts;
    ++p_;
    while (*p_ != close) {
      if (*p_ == ',') ++p_;
      std::string part;
      if (open == '{') {
        part = String() + " ";
        part += *p_++;  // The colon.
      }
      parts.push_back(part + Value());
    }
    ++p_;
    if (open == '{') std::shuffle(parts.begin(), parts.end(), random_);
    std::string text(1, open);
    for (size_t i = 0; i < parts.size(); ++i) text += (i > 0 ? ",\n" : " ") + parts[i];
    return text + close;
  }

  std::string String() {
    std::string text(1, *p_++);
    while (*p_ != '"') {
      if (*p_ == '\\') text += *p_++;
      text += *p_++;
    }
    text += *p_++;
    return text;
  }

  const char* p_;
  std::mt19937 random_;
};

void CheckProperties(absl::string_view text) {
  const absl::StatusOr<std::string> once = Canonicalize(text);
  if (!once.ok()) {
    Require(!once.status().message().empty() && once.status().message().size() < 4096);
    return;
  }
  const absl::StatusOr<std::string> twice = Canonicalize(*once);
  Require(twice.ok() && *twice == *once);
  const std::string shuffled = Shuffler(*once, static_cast<uint32_t>(text.size())).Value();
  const absl::StatusOr<std::string> again = Canonicalize(shuffled);
  Require(again.ok() && *again == *once);
}

}  // namespace
}  // namespace paracle::cachecore

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // A copy of exactly this size, so that AddressSanitizer sees every byte read beyond it.
  const std::vector<char> text(data, data + size);
  paracle::cachecore::CheckProperties({text.data(), text.size()});
  return 0;
}
