#include "tests/model/domain.h"

#include "absl/strings/str_cat.h"

namespace paracle::model {

std::string Describe(NameOfMark mark) {
  const int name = mark.index;
  if (name < kFirstDigest) return absl::StrCat("namespace:", name);
  if (name < kFirstModel) return absl::StrCat("digest:", name - kFirstDigest);
  if (name < kFirstTag) return absl::StrCat("model:", (name - kFirstModel) / 2, "/", (name - kFirstModel) % 2);
  return absl::StrCat("tag:", (name - kFirstTag) / kTags, "/", (name - kFirstTag) % kTags);
}

std::string Describe(const Value& value) {
  return absl::StrCat("value{question ", value.question, " tags ", value.tags, " began #", value.began, "}");
}

std::string Describe(const Token& token) { return absl::StrCat("token{e", token.epoch, " ", token.seq, "}"); }

}  // namespace paracle::model
