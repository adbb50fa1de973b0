// The log of the server: one line for each event on stderr, as text or JSON.
//
// What is logged are facts about the server. Never a prompt, a payload, a token or a whole key: callers pass no such
// thing, and there is no function here that could take a request. Thread-safe once configured.
#ifndef PARACLE_SERVICE_LOGGING_H_
#define PARACLE_SERVICE_LOGGING_H_

#include <initializer_list>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "service/config.h"

namespace paracle::service {

using LogField = std::pair<absl::string_view, std::string>;

// Call once, before other threads log.
void ConfigureLogging(LogLevel level, LogFormat format);

// Whether lines of that level are written.
bool Logs(LogLevel level);

// `event` is a constant; what varies goes into fields.
void Log(LogLevel level, absl::string_view event, std::initializer_list<LogField> fields = {});

// The part of a line after its time and level. Text: `listening address=127.0.0.1:1`, values quoted where they need
// it. JSON: `"message":"listening","address":"127.0.0.1:1"`, without braces.
std::string FormatEvent(LogFormat format, absl::string_view event, std::initializer_list<LogField> fields);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_LOGGING_H_
