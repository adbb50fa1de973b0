#include "cachecore/encryption/key_ring.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace paracle::cachecore::encryption {
namespace {

constexpr absl::string_view kNames = "names";
constexpr absl::string_view kWanted =
    "ID KEY [NAMESPACE], where KEY is 32 bytes in base64, as `openssl rand -base64 32` prints them";

bool IsIdChar(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-'; }

bool IsId(absl::string_view text) {
  return !text.empty() && text.size() <= KeyRing::kMaxIdSize && std::all_of(text.begin(), text.end(), IsIdChar);
}

// nullptr: not 32 bytes in base64, or no memory. Of what is decoded, nothing is left.
std::shared_ptr<const Secret> DecodeSecret(absl::string_view base64) {
  std::string decoded;
  const bool whole = absl::Base64Unescape(base64, &decoded) && decoded.size() == Secret::kSize;
  std::shared_ptr<const Secret> secret = whole ? Secret::Take(absl::MakeSpan(decoded)) : nullptr;
  decoded.resize(decoded.capacity());
  Wipe(absl::MakeSpan(decoded));
  return secret;
}

}  // namespace

// Of one file; line by line.
class KeyRing::Parser {
 public:
  absl::Status Add(absl::string_view line, size_t number) {
    line_ = number;
    const std::vector<absl::string_view> words = absl::StrSplit(line, absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
    if (words.empty() || words[0][0] == '#') return absl::OkStatus();
    if (words.size() < 2 || words.size() > 3) return Wrong("is not of two or three words", kWanted);
    if (!IsId(words[0])) return Wrong("has no id that is accepted", "1 to 32 letters, digits, '.', '_' or '-'");
    std::shared_ptr<const Secret> secret = DecodeSecret(words[1]);
    if (secret == nullptr) return Wrong("has a key that is not accepted", "32 bytes in base64");
    if (absl::Status status = CheckNew(*secret); !status.ok()) return status;
    if (words[0] == kNames) return AddNames(words, std::move(secret));
    return AddKey({.id = std::string(words[0]),
                   .ns = words.size() == 3 ? std::string(words[2]) : "",
                   .secret = std::move(secret)});
  }

  absl::StatusOr<std::shared_ptr<const KeyRing>> Take() {
    if (ring_->names_ == nullptr) return absl::InvalidArgumentError("has no key for names; want a line: names KEY");
    if (!ring_->sealers_.contains("")) {
      return absl::InvalidArgumentError("has no key for all namespaces; want a line: ID KEY");
    }
    return std::shared_ptr<const KeyRing>(std::move(ring_));
  }

 private:
  absl::Status Wrong(absl::string_view what, absl::string_view wanted) const {
    return absl::InvalidArgumentError(absl::StrCat("line ", line_, " ", what, "; want ", wanted));
  }

  // One secret in two roles would tie them together, and most likely was pasted twice.
  absl::Status CheckNew(const Secret& secret) const {
    const auto same = [&secret](const Key& key) { return key.secret->SameAs(secret); };
    const bool known = (ring_->names_ != nullptr && ring_->names_->SameAs(secret)) ||
                       std::any_of(ring_->keys_.begin(), ring_->keys_.end(), same);
    return known ? Wrong("has the key of an earlier line", "another one for each line") : absl::OkStatus();
  }

  absl::Status AddNames(const std::vector<absl::string_view>& words, std::shared_ptr<const Secret> secret) {
    if (words.size() != 2) return Wrong("gives names a namespace", "names KEY");
    if (ring_->names_ != nullptr) return Wrong("is a second key for names", "exactly one");
    ring_->names_ = std::move(secret);
    return absl::OkStatus();
  }

  absl::Status AddKey(Key key) {
    if (ring_->Find(key.id) != nullptr) return Wrong("has the id of an earlier line", "another id");
    if (ring_->keys_.size() == kMaxKeys) return Wrong("is one too many", absl::StrCat("at most ", kMaxKeys, " keys"));
    ring_->by_id_[key.id] = ring_->sealers_[key.ns] = ring_->keys_.size();
    ring_->keys_.push_back(std::move(key));
    return absl::OkStatus();
  }

  std::shared_ptr<KeyRing> ring_{new KeyRing()};
  size_t line_ = 0;
};

absl::StatusOr<std::shared_ptr<const KeyRing>> KeyRing::Parse(absl::string_view text) {
  Parser parser;
  size_t number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::Status status = parser.Add(line, ++number); !status.ok()) return status;
  }
  return parser.Take();
}

const KeyRing::Key& KeyRing::SealerOf(absl::string_view ns) const {
  const auto own = sealers_.find(ns);
  return keys_[own == sealers_.end() ? sealers_.at("") : own->second];
}

const KeyRing::Key* KeyRing::Find(absl::string_view id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &keys_[found->second];
}

}  // namespace paracle::cachecore::encryption
