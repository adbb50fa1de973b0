#include "service/metrics/label_limiter.h"

#include <utility>

namespace paracle::service {
namespace {

// Bytes of the well-formed UTF-8 character that `text` begins with, as table 3-7 of the Unicode standard has them; 0:
// it begins with none.
size_t CharacterBytes(absl::string_view text) {
  const auto byte = [text](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0; };
  const auto follows = [&byte](size_t i, int least = 0x80, int most = 0xbf) {
    return byte(i) >= least && byte(i) <= most;
  };
  const int lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return follows(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    return follows(1, lead == 0xe0 ? 0xa0 : 0x80, lead == 0xed ? 0x9f : 0xbf) && follows(2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    return follows(1, lead == 0xf0 ? 0x90 : 0x80, lead == 0xf4 ? 0x8f : 0xbf) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

// Control characters would be escaped or not, depending on who reads the page; nobody needs them in a name.
bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

std::string Cleaned(absl::string_view value) {
  std::string out;
  while (!value.empty()) {
    const size_t size = CharacterBytes(value);
    const bool keep = size > 1 || (size == 1 && !IsControl(value[0]));
    const size_t taken = size == 0 ? 1 : size;
    if (out.size() + (keep ? taken : 1) > LabelLimiter::kMaxBytes) break;
    if (keep) {
      out.append(value.data(), taken);
    } else {
      out.push_back('?');
    }
    value.remove_prefix(taken);
  }
  return out;
}

}  // namespace

LabelLimiter::LabelLimiter(const std::vector<std::string>& allowed) : listed_(!allowed.empty()) {
  for (const std::string& value : allowed) given_.insert(Cleaned(value));
}

std::string LabelLimiter::Limit(absl::string_view value) {
  if (value.empty()) return std::string(kUnknown);
  std::string cleaned = Cleaned(value);
  std::lock_guard lock(mutex_);
  if (given_.count(cleaned) > 0) return cleaned;
  if (listed_ || given_.size() >= kMost) return std::string(kOther);
  return *given_.insert(std::move(cleaned)).first;
}

}  // namespace paracle::service
