// How text stands in JSON lines of logs. Pure, thread-safe.
#ifndef PARACLE_SERVICE_JSON_TEXT_H_
#define PARACLE_SERVICE_JSON_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace paracle::service {

// What stands between the quotes of a JSON string. Also makes text safe to print, as no control character passes.
void AppendJsonEscaped(absl::string_view text, std::string* out);

// With the quotes.
void AppendJsonString(absl::string_view text, std::string* out);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_JSON_TEXT_H_
