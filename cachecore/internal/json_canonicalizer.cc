#include "cachecore/internal/json_canonicalizer.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cachecore/internal/json_number.h"
#include "cachecore/internal/json_string.h"

namespace paracle::cachecore::internal {
namespace {

// Up to here every integer is its own canonical form.
constexpr size_t kSafeDigits = 15;

// Places and quoted numbers travel in a gRPC status, which has to fit a header of 8 KiB.
constexpr size_t kMaxNameInPlace = 64;
constexpr size_t kMaxPlace = 1024;
constexpr size_t kMaxQuotedNumber = 40;

absl::string_view WithoutQuotes(absl::string_view canonical) { return canonical.substr(1, canonical.size() - 2); }

// Cuts at the beginning of a character.
absl::string_view CutUtf8(absl::string_view text, size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (text[most] & 0xc0) == 0x80) --most;
  return text.substr(0, most);
}

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

size_t LengthOfUtf8(unsigned char lead) { return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4; }

}  // namespace

bool JsonCanonicalizer::Append(absl::string_view text, const JsonRules& rules, JsonBuffer& out) {
  rules_ = rules;
  begin_ = p_ = text.data();
  end_ = begin_ + text.size();
  out_ = &out;
  level_ = 0;
  members_.clear();
  const size_t old_size = out.size();
  out.Reserve(text.size() + kMaxNumberLength);
  o_ = out.data() + old_size;
  bool ok = IsValidUtf8(text) || NotUtf8();
  SkipSpace();
  ok = ok && Value();
  SkipSpace();
  ok = ok && (p_ == end_ || NotJson("more text after the value"));
  out.set_size(ok ? Offset() : old_size);
  return ok;
}

void JsonCanonicalizer::Trim(size_t keep) {
  sorted_.Clear(keep);
  if (members_.capacity() * sizeof(JsonMember) > keep) members_ = {};
}

bool JsonCanonicalizer::Value() {
  if (p_ == end_) return NotJson("expected a value");
  switch (*p_) {
    case '"':
      return String();
    case '{':
      return Object();
    case '[':
      return Array();
    case 't':
      return Literal("true");
    case 'f':
      return Literal("false");
    case 'n':
      return Literal("null");
    default:
      return Number();
  }
}

bool JsonCanonicalizer::Enter(bool is_array) {
  if (level_ + rules_.depth_above >= kMaxJsonDepth) return Refuse("nested deeper than 100 levels");
  frames_[++level_] = Frame{is_array, 0, 0, 0};
  *o_++ = *p_++;
  SkipSpace();
  return true;
}

bool JsonCanonicalizer::Object() {
  const size_t begin = Offset();
  if (!Enter(false)) return false;
  if (!At('}') && !Members(begin)) return false;
  if (!Expect('}', "expected ',' or '}'")) return false;
  --level_;
  return true;
}

bool JsonCanonicalizer::Members(size_t begin) {
  const size_t first = members_.size();
  bool sorted = true;
  for (;;) {
    if (!Member(first, sorted)) return false;
    SkipSpace();
    if (!At(',')) break;
    *o_++ = *p_++;
    SkipSpace();
  }
  if (!At('}')) return NotJson("expected ',' or '}'");
  if (!sorted && !SortMembers(first, begin)) return false;
  if (level_ > 1) members_.resize(first);
  return true;
}

bool JsonCanonicalizer::Member(size_t first, bool& sorted) {
  Frame& frame = frames_[level_];
  frame.name_end = 0;
  if (!At('"')) return NotJson("expected a member name");
  JsonMember member{Offset(), 0, 0};
  if (!String()) return false;
  member.name_end = Offset();
  frame.name_begin = member.begin;
  frame.name_end = member.name_end;
  if (sorted && members_.size() > first) {
    const JsonMember& before = members_.back();
    // Twins count as unsorted: SortMembers finds them.
    sorted = CompareUtf16(WithoutQuotes(Written(before.begin, before.name_end)),
                          WithoutQuotes(Written(member.begin, member.name_end))) < 0;
  }
  SkipSpace();
  if (!Expect(':', "expected ':'")) return false;
  SkipSpace();
  if (!Value()) return false;
  member.end = Offset();
  members_.push_back(member);
  return true;
}

bool JsonCanonicalizer::SortMembers(size_t first, size_t begin) {
  const auto name = [this](const JsonMember& member) { return WithoutQuotes(Written(member.begin, member.name_end)); };
  const auto from = members_.begin() + first;
  std::sort(from, members_.end(),
            [&](const JsonMember& a, const JsonMember& b) { return CompareUtf16(name(a), name(b)) < 0; });
  const auto twin = std::adjacent_find(from, members_.end(),
                                       [&](const JsonMember& a, const JsonMember& b) { return name(a) == name(b); });
  if (twin != members_.end()) {
    frames_[level_].name_begin = twin->begin;
    frames_[level_].name_end = twin->name_end;
    return Refuse("member appears twice");
  }
  sorted_.set_size(0);
  for (auto member = from; member != members_.end(); ++member) {
    sorted_.Append(member == from ? "{" : ",");
    const size_t moved_to = begin + sorted_.size();
    sorted_.Append(Written(member->begin, member->end));
    *member = {moved_to, moved_to + member->name_end - member->begin, moved_to + member->end - member->begin};
  }
  std::memcpy(out_->data() + begin, sorted_.data(), sorted_.size());
  return true;
}

bool JsonCanonicalizer::Array() {
  if (!Enter(true)) return false;
  if (!At(']') && !Elements()) return false;
  if (!Expect(']', "expected ',' or ']'")) return false;
  --level_;
  return true;
}

bool JsonCanonicalizer::Elements() {
  Frame& frame = frames_[level_];
  const bool only_objects = rules_.only_objects && level_ == 1;
  for (;;) {
    if (only_objects && p_ != end_ && *p_ != '{') return Refuse("must be an object");
    if (!Value()) return false;
    SkipSpace();
    if (!At(',')) return true;
    *o_++ = *p_++;
    SkipSpace();
    ++frame.index;
  }
}

bool JsonCanonicalizer::String() {
  const StringScan scan = CanonicalizeString(p_, end_, o_);
  p_ = scan.in;
  o_ = scan.out;
  switch (scan.fault) {
    case StringFault::kNone:
      return true;
    case StringFault::kUnterminated:
      return NotJson("string without an end");
    case StringFault::kControlCharacter:
      return NotJson("control character in a string");
    case StringFault::kBadEscape:
      return NotJson("unknown escape in a string");
    case StringFault::kLoneSurrogate:
      return Refuse("lone surrogate");
  }
  return false;
}

bool JsonCanonicalizer::Number() {
  const char* p = p_;
  if (p != end_ && *p == '-') ++p;
  const char* const digits = p;
  while (p != end_ && *p >= '0' && *p <= '9') ++p;
  const size_t count = p - digits;
  const bool plain =
      count > 0 && count <= kSafeDigits && *digits != '0' && (p == end_ || (*p != '.' && *p != 'e' && *p != 'E'));
  if (!plain) return LongNumber(absl::string_view(p_, end_ - p_));
  std::memcpy(o_, p_, p - p_);
  o_ += p - p_;
  p_ = p;
  return true;
}

bool JsonCanonicalizer::LongNumber(absl::string_view text) {
  text = text.substr(0, NumberLength(text));
  if (text.empty()) return NotJson("expected a value");
  const double value = ReadNumber(text);
  const bool safe = std::fabs(value) <= static_cast<double>(kMaxSafeInteger);
  if ((rules_.safe_numbers && !safe) || std::isinf(value)) {
    return Refuse(absl::StrCat(text.substr(0, kMaxQuotedNumber), text.size() > kMaxQuotedNumber ? "..." : "",
                               " is beyond ", rules_.safe_numbers ? "2^53-1" : "binary64"));
  }
  p_ += text.size();
  // The canonical form may be longer than the source: 1e20.
  out_->set_size(Offset());
  out_->Reserve(end_ - p_ + kMaxNumberLength);
  o_ = out_->data() + out_->size();
  o_ += WriteNumber(value, o_);
  return true;
}

bool JsonCanonicalizer::Literal(absl::string_view word) {
  if (static_cast<size_t>(end_ - p_) < word.size() || std::memcmp(p_, word.data(), word.size()) != 0) {
    return NotJson("expected a value");
  }
  std::memcpy(o_, word.data(), word.size());
  p_ += word.size();
  o_ += word.size();
  return true;
}

bool JsonCanonicalizer::Expect(char c, const char* what) {
  if (!At(c)) return NotJson(what);
  *o_++ = *p_++;
  return true;
}

void JsonCanonicalizer::SkipSpace() {
  while (p_ != end_ && IsSpace(*p_)) ++p_;
}

bool JsonCanonicalizer::Refuse(std::string why) {
  problem_ = JsonProblem{Place(), std::move(why)};
  return false;
}

bool JsonCanonicalizer::NotJson(absl::string_view why) {
  problem_ = JsonProblem{"", absl::StrCat("not JSON: ", why, " at byte ", p_ - begin_)};
  return false;
}

bool JsonCanonicalizer::NotUtf8() {
  const char* p = begin_;
  while (p < end_) {
    const size_t length = std::min<size_t>(LengthOfUtf8(*p), end_ - p);
    if (!IsValidUtf8(absl::string_view(p, length))) break;
    p += length;
  }
  problem_ = JsonProblem{"", absl::StrCat("not UTF-8 at byte ", p - begin_)};
  return false;
}

std::string JsonCanonicalizer::Place() const {
  std::string place;
  for (int level = 1; level <= level_ && place.size() < kMaxPlace; ++level) {
    const Frame& frame = frames_[level];
    if (frame.is_array) {
      absl::StrAppend(&place, "/", frame.index);
    } else if (frame.name_end != 0) {
      place += PlaceOfName(Written(frame.name_begin, frame.name_end));
    }
  }
  return place;
}

char KindOfCanonical(absl::string_view canonical) {
  const char first = canonical[0];
  return first == '-' || (first >= '0' && first <= '9') ? '0' : first;
}

std::string PlaceOfName(absl::string_view canonical_name) {
  const absl::string_view body = WithoutQuotes(canonical_name);
  const absl::string_view shown = CutUtf8(body, kMaxNameInPlace);
  std::string place = "/";
  for (size_t i = 0; i < shown.size(); ++i) {
    if (shown[i] == '~') {
      place += "~0";
    } else if (shown[i] == '/') {
      place += "~1";
    } else {
      place += shown[i];
    }
  }
  if (shown.size() < body.size()) place += "...";
  return place;
}

}  // namespace paracle::cachecore::internal
