// JsonCanonicalizer checks a JSON text and rewrites it as RFC 8785 (JCS), in one pass and without a tree.
//
// Refused, besides what is not JSON at all: invalid UTF-8, duplicate members (however their names are escaped), lone
// surrogates, numbers beyond binary64, nesting deeper than 100. Takes time and memory in proportion to the text.
// Not thread-safe; meant to be reused, so that its bookkeeping is allocated once.
#ifndef PARACLE_CACHECORE_INTERNAL_JSON_CANONICALIZER_H_
#define PARACLE_CACHECORE_INTERNAL_JSON_CANONICALIZER_H_

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "cachecore/internal/json_buffer.h"

namespace paracle::cachecore::internal {

inline constexpr int kMaxJsonDepth = 100;

// Why a text was refused.
struct JsonProblem {
  // JSON Pointer (RFC 6901), with control characters escaped as in JSON and cut when very long. Empty: the whole
  // text, which is also the place of everything that is not JSON or not UTF-8.
  std::string place;
  std::string why;

  std::string ToString() const { return place.empty() ? why : place + ": " + why; }
};

struct JsonRules {
  int depth_above = 0;        // Levels that the text will be nested in; they count towards kMaxJsonDepth.
  bool safe_numbers = false;  // Refuse numbers beyond +-(2^53-1).
  bool only_objects = false;  // If the text is an array, refuse elements that are not objects.
};

// One member of the outermost object, as offsets into the output. The value is all from `value` to `end`.
struct JsonMember {
  size_t begin;  // Of the name, at its quote.
  size_t name_end;
  size_t end;

  absl::string_view Name(absl::string_view text) const { return text.substr(begin, name_end - begin); }
  absl::string_view Value(absl::string_view text) const { return text.substr(name_end + 1, end - name_end - 1); }
};

class JsonCanonicalizer {
 public:
  // Appends the canonical form of `text` to `out`. False: refused, problem() says why and `out` has its old size.
  // REQUIRES: `text` does not lie in `out`.
  bool Append(absl::string_view text, const JsonRules& rules, JsonBuffer& out);

  // Of the last Append that returned false.
  const JsonProblem& problem() const { return problem_; }

  // Of the last Append that returned true, in canonical order; empty unless the text is an object.
  const std::vector<JsonMember>& members() const { return members_; }

  // Gives back what a huge document needed, if it is more than `keep` bytes.
  void Trim(size_t keep);

 private:
  // One open array or object; what problem().place is made of.
  struct Frame {
    bool is_array;
    size_t index;       // Of the element, in an array.
    size_t name_begin;  // Of the member, in an object; name_end is 0 while there is none.
    size_t name_end;
  };

  bool Value();
  bool Object();
  bool Members(size_t begin);
  bool Member(size_t first, bool& sorted);
  bool Array();
  bool Elements();
  bool String();
  bool Number();
  bool LongNumber(absl::string_view text);
  bool Literal(absl::string_view word);
  bool Expect(char c, const char* what);
  bool Enter(bool is_array);
  bool SortMembers(size_t first, size_t begin);
  void SkipSpace();

  bool Refuse(std::string why);
  bool NotJson(absl::string_view why);
  bool NotUtf8();
  std::string Place() const;

  bool At(char c) const { return p_ != end_ && *p_ == c; }
  size_t Offset() const { return o_ - out_->data(); }
  absl::string_view Written(size_t begin, size_t end) const { return {out_->data() + begin, end - begin}; }

  JsonRules rules_;
  const char* begin_ = nullptr;
  const char* p_ = nullptr;
  const char* end_ = nullptr;
  JsonBuffer* out_ = nullptr;  // Has room for as many bytes as there are from p_ to end_, beyond o_.
  char* o_ = nullptr;
  int level_ = 0;
  std::array<Frame, kMaxJsonDepth + 1> frames_;  // Those of levels 1 to level_ are open.
  std::vector<JsonMember> members_;              // Of all open objects, the outermost first.
  JsonBuffer sorted_;
  JsonProblem problem_;
};

// What kind of value a canonical text is: '{', '[', '"', '0' for any number, 't', 'f' or 'n'.
char KindOfCanonical(absl::string_view canonical);

// The same pointer as the problem's, cut and escaped likewise: "/name" for a canonical member name with its quotes.
std::string PlaceOfName(absl::string_view canonical_name);

}  // namespace paracle::cachecore::internal

#endif  // PARACLE_CACHECORE_INTERNAL_JSON_CANONICALIZER_H_
