#include <cstdint>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cachecore/error.h"
#include "cachecore/internal/json_buffer.h"
#include "cachecore/internal/json_canonicalizer.h"
#include "cachecore/internal/json_number.h"
#include "cachecore/internal/json_string.h"
#include "cachecore/internal/key_sources.h"

namespace paracle::cachecore::internal {
namespace {

constexpr absl::string_view kAccepted =
    "unknown member; accepted are endpoint, headers, max_tokens, messages, model, params, provider, temperature, v, "
    "variant";

// Takes one member of a key document, or says what is accepted instead. Containers are checked when they are written.
class DocumentReader {
 public:
  explicit DocumentReader(OwnedKeyFields& fields) : fields_(fields) {}

  // Empty when all is well. `value` is canonical.
  std::string Take(absl::string_view name, absl::string_view value) {
    if (name == "provider") return Text(value, fields_.provider);
    if (name == "endpoint") return Text(value, fields_.endpoint);
    if (name == "model") return Text(value, fields_.model);
    if (name == "messages") return Json(value, fields_.messages_json);
    if (name == "params") return Json(value, fields_.params_json);
    if (name == "headers") return Json(value, fields_.headers_json);
    if (name == "temperature") return Temperature(value);
    if (name == "max_tokens") return MaxTokens(value);
    if (name == "variant") return Variant(value);
    if (name == "v") return value == "1" || value == "null" ? "" : "must be 1";
    return std::string(kAccepted);
  }

 private:
  static bool IsNull(absl::string_view value) { return KindOfCanonical(value) == 'n'; }

  static std::string Text(absl::string_view value, std::string& to) {
    if (IsNull(value)) return "";
    if (KindOfCanonical(value) != '"') return "must be a string";
    to = DecodeString(value);
    return "";
  }

  static std::string Json(absl::string_view value, std::string& to) {
    to = std::string(value);
    return "";
  }

  std::string Temperature(absl::string_view value) {
    if (IsNull(value)) return "";
    if (KindOfCanonical(value) != '0') return "must be a number";
    fields_.temperature = ReadNumber(value);
    return "";
  }

  std::string MaxTokens(absl::string_view value) {
    if (IsNull(value)) return "";
    if (KindOfCanonical(value) == '0') fields_.max_tokens = AsSafeInteger(ReadNumber(value));
    return fields_.max_tokens ? "" : "must be an integer";
  }

  std::string Variant(absl::string_view value) {
    if (IsNull(value)) return "";
    const auto variant = KindOfCanonical(value) == '0' ? AsSafeInteger(ReadNumber(value)) : std::nullopt;
    if (!variant || *variant < 0 || *variant > std::numeric_limits<uint32_t>::max()) {
      return "must be an integer from 0 to 4294967295";
    }
    fields_.variant = static_cast<uint32_t>(*variant);
    return "";
  }

  OwnedKeyFields& fields_;
};

absl::Status Refusal(absl::string_view message) { return InvalidField("document", message, kReasonKeyInvalid); }

}  // namespace

absl::StatusOr<OwnedKeyFields> ReadDocument(absl::string_view json) {
  JsonCanonicalizer canonicalizer;
  JsonBuffer text;
  if (!canonicalizer.Append(json, {.safe_numbers = true}, text)) return Refusal(canonicalizer.problem().ToString());
  if (KindOfCanonical(text.view()) != '{') return Refusal("must be an object");
  OwnedKeyFields fields;
  DocumentReader reader(fields);
  for (const JsonMember& member : canonicalizer.members()) {
    const absl::string_view name = member.Name(text.view());
    const std::string why = reader.Take(DecodeString(name), member.Value(text.view()));
    if (!why.empty()) return Refusal(absl::StrCat(PlaceOfName(name), ": ", why));
  }
  return fields;
}

}  // namespace paracle::cachecore::internal
