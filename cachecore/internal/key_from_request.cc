#include <utility>

#include "absl/strings/str_cat.h"
#include "cachecore/error.h"
#include "cachecore/internal/endpoint.h"
#include "cachecore/internal/json_buffer.h"
#include "cachecore/internal/json_canonicalizer.h"
#include "cachecore/internal/json_number.h"
#include "cachecore/internal/json_string.h"
#include "cachecore/internal/key_sources.h"
#include "cachecore/internal/request_rules.h"

namespace paracle::cachecore::internal {
namespace {

bool IsArrayOfObjects(absl::string_view canonical) {
  if (KindOfCanonical(canonical) != '[') return false;
  JsonCanonicalizer canonicalizer;
  JsonBuffer unused;
  return canonicalizer.Append(canonical, {.only_objects = true}, unused);
}

// Takes one member of a request body to where it belongs: a field of the key, `params`, or nowhere.
class BodyReader {
 public:
  explicit BodyReader(OwnedKeyFields& fields) : fields_(fields) {}

  // Both canonical.
  void Take(absl::string_view quoted_name, absl::string_view value) {
    const std::string name = DecodeString(quoted_name);
    if (Drop(name, value) || Lift(name, value)) return;
    absl::StrAppend(&fields_.params_json, fields_.params_json.empty() ? "{" : ",", quoted_name, ":", value);
  }

  void Finish() {
    if (!fields_.params_json.empty()) fields_.params_json += '}';
  }

 private:
  bool Drop(const std::string& name, absl::string_view value) {
    if (value == "null") return Dropped(name, "null");
    if (name == "stream" && value == "false") return Dropped(name, "false, the default");
    if (IsNeutralMember(name)) return Dropped(name, "does not shape the answer");
    if ((name == "model" && value == "\"\"") || (name == "messages" && value == "[]")) return Dropped(name, "empty");
    return false;
  }

  bool Lift(const std::string& name, absl::string_view value) {
    const char kind = KindOfCanonical(value);
    if (name == "model" && kind == '"') {
      fields_.model = DecodeString(value);
    } else if (name == "messages" && IsArrayOfObjects(value)) {
      fields_.messages_json = std::string(value);
    } else if (name == "temperature" && kind == '0') {
      fields_.temperature = ReadNumber(value);
    } else if (name == "max_tokens" && kind == '0') {
      fields_.max_tokens = AsSafeInteger(ReadNumber(value));
      return fields_.max_tokens.has_value();
    } else {
      return false;
    }
    return true;
  }

  bool Dropped(const std::string& name, absl::string_view why) {
    fields_.dropped.push_back(absl::StrCat(name, ": ", why));
    return true;
  }

  OwnedKeyFields& fields_;
};

absl::Status Refusal(absl::string_view message) { return InvalidField("body", message, kReasonKeyInvalid); }

}  // namespace

absl::StatusOr<OwnedKeyFields> ReadRequest(const ProviderRequest& request) {
  JsonCanonicalizer canonicalizer;
  JsonBuffer text;
  if (!canonicalizer.Append(request.body, {.safe_numbers = true}, text)) {
    return Refusal(canonicalizer.problem().ToString());
  }
  if (KindOfCanonical(text.view()) != '{') return Refusal("must be an object");
  OwnedKeyFields fields;
  fields.provider = std::string(request.provider);
  fields.headers_json = ShapingHeaders(request.headers);
  Endpoint endpoint = CanonicalEndpoint(request.endpoint);
  fields.endpoint = std::move(endpoint.text);
  for (const std::string& name : endpoint.removed) {
    fields.dropped.push_back(absl::StrCat("endpoint?", name, ": a credential"));
  }
  BodyReader reader(fields);
  for (const JsonMember& member : canonicalizer.members()) {
    reader.Take(member.Name(text.view()), member.Value(text.view()));
  }
  reader.Finish();
  return fields;
}

}  // namespace paracle::cachecore::internal
