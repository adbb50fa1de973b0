#include "cachecore/internal/key_document.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cachecore/internal/json_number.h"
#include "cachecore/internal/json_string.h"

namespace paracle::cachecore::internal {
namespace {

// Levels above the value of a member: the document's own braces.
constexpr int kDepthAboveMember = 1;

class KeyDocumentWriter {
 public:
  KeyDocumentWriter(JsonCanonicalizer& canonicalizer, JsonBuffer& out) : canonicalizer_(canonicalizer), out_(out) {}

  bool Write(const CacheKeyFields& fields) {
    out_.Append("{");
    return Text("endpoint", fields.endpoint, kMaxEndpointBytes) && Json("headers", fields.headers_json, '{') &&
           MaxTokens(fields.max_tokens) && Json("messages", fields.messages_json, '[') &&
           Text("model", fields.model, kMaxModelBytes) && Json("params", fields.params_json, '{') &&
           Provider(fields.provider) && Temperature(fields.temperature) && Tail(fields.variant);
  }

  KeyProblem TakeProblem() { return std::move(problem_); }

 private:
  bool Refuse(absl::string_view member, bool is_json, JsonProblem problem) {
    problem_ = KeyProblem{member, is_json, std::move(problem)};
    return false;
  }

  // Every name but the first comes behind a comma.
  void Name(absl::string_view name) {
    out_.Append(out_.view().back() == '{' ? "\"" : ",\"");
    out_.Append(name);
    out_.Append("\":");
  }

  void Integer(int64_t value) {
    out_.Reserve(kMaxNumberLength);
    char* const at = out_.data() + out_.size();
    out_.set_size(out_.size() + (std::to_chars(at, at + kMaxNumberLength, value).ptr - at));
  }

  bool Text(absl::string_view member, absl::string_view text, size_t most) {
    if (text.empty()) return true;
    if (text.size() > most) {
      return Refuse(member, false, {"", absl::StrCat("must be at most ", most, " bytes, is ", text.size())});
    }
    if (!IsValidUtf8(text)) return Refuse(member, false, {"", "not UTF-8"});
    Name(member);
    AppendString(text, out_);
    return true;
  }

  bool Provider(absl::string_view provider) {
    if (provider.empty()) {
      return Refuse("provider", false, {"", absl::StrCat("required: 1 to ", kMaxProviderBytes, " bytes")});
    }
    return Text("provider", provider, kMaxProviderBytes);
  }

  // A container in canonical form; absent when it is null or empty. `kind` is its opening bracket.
  bool Json(absl::string_view member, absl::string_view json, char kind) {
    if (json.empty()) return true;
    const size_t without = out_.size();
    Name(member);
    const size_t begin = out_.size();
    const JsonRules rules{.depth_above = kDepthAboveMember, .safe_numbers = true, .only_objects = member == "messages"};
    if (!canonicalizer_.Append(json, rules, out_)) return Refuse(member, true, canonicalizer_.problem());
    const absl::string_view value = out_.view().substr(begin);
    if (value == "null" || value == "{}" || value == "[]") {
      out_.set_size(without);
      if (value == "null" || value[0] == kind) return true;
    }
    if (value[0] == kind) return true;
    return Refuse(member, true, {"", kind == '{' ? "must be an object" : "must be an array of objects"});
  }

  bool MaxTokens(std::optional<int64_t> max_tokens) {
    if (!max_tokens) return true;
    if (*max_tokens > kMaxSafeInteger || *max_tokens < -kMaxSafeInteger) {
      return Refuse("max_tokens", false, {"", absl::StrCat(*max_tokens, " is beyond 2^53-1")});
    }
    Name("max_tokens");
    Integer(*max_tokens);
    return true;
  }

  bool Temperature(std::optional<double> temperature) {
    if (!temperature) return true;
    if (!std::isfinite(*temperature)) return Refuse("temperature", false, {"", "must be a finite number"});
    if (std::fabs(*temperature) > static_cast<double>(kMaxSafeInteger)) {
      return Refuse("temperature", false, {"", absl::StrCat(*temperature, " is beyond 2^53-1")});
    }
    Name("temperature");
    out_.Reserve(kMaxNumberLength);
    out_.set_size(out_.size() + WriteNumber(RoundToHundredths(*temperature), out_.data() + out_.size()));
    return true;
  }

  bool Tail(uint32_t variant) {
    out_.Append(",\"v\":1");
    if (variant != 0) {
      Name("variant");
      Integer(variant);
    }
    out_.Append("}");
    return true;
  }

  JsonCanonicalizer& canonicalizer_;
  JsonBuffer& out_;
  KeyProblem problem_;
};

}  // namespace

std::optional<KeyProblem> AppendKeyDocument(const CacheKeyFields& fields, JsonCanonicalizer& canonicalizer,
                                            JsonBuffer& out) {
  KeyDocumentWriter writer(canonicalizer, out);
  if (writer.Write(fields)) return std::nullopt;
  return writer.TakeProblem();
}

}  // namespace paracle::cachecore::internal
