#include "service/json_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace paracle::service {

void AppendJsonEscaped(absl::string_view text, std::string* out) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      absl::StrAppend(out, "\\", absl::string_view(&c, 1));
    } else if (byte < 0x20 || byte >= 0x7f) {
      // Bytes that are not ASCII would have to be checked for UTF-8 first; events are ASCII, so Latin-1 does.
      absl::StrAppendFormat(out, "\\u%04x", byte);
    } else {
      out->push_back(c);
    }
  }
}

void AppendJsonString(absl::string_view text, std::string* out) {
  out->push_back('"');
  AppendJsonEscaped(text, out);
  out->push_back('"');
}

}  // namespace paracle::service
