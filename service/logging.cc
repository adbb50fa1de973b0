#include "service/logging.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "service/json_text.h"
#include "spdlog/sinks/stdout_sinks.h"
#include "spdlog/spdlog.h"

namespace paracle::service {
namespace {

LogFormat configured_format = LogFormat::kText;

bool NeedsQuotes(absl::string_view value) {
  for (const unsigned char c : value) {
    if (c <= ' ' || c >= 0x7f || c == '"' || c == '=' || c == '\\') return true;
  }
  return value.empty();
}

std::string Quoted(absl::string_view text) {
  std::string out;
  AppendJsonString(text, &out);
  return out;
}

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      break;
  }
  return spdlog::level::err;
}

}  // namespace

std::string FormatEvent(LogFormat format, absl::string_view event, std::initializer_list<LogField> fields) {
  const bool json = format == LogFormat::kJson;
  std::string line = json ? absl::StrCat("\"message\":", Quoted(event)) : std::string(event);
  for (const auto& [name, value] : fields) {
    if (json) {
      absl::StrAppend(&line, ",", Quoted(name), ":", Quoted(value));
    } else {
      absl::StrAppend(&line, " ", name, "=", NeedsQuotes(value) ? Quoted(value) : std::string(value));
    }
  }
  return line;
}

void ConfigureLogging(LogLevel level, LogFormat format) {
  auto logger = std::make_shared<spdlog::logger>("paracle", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  configured_format = format;
  logger->set_level(ToSpdlog(level));
  logger->set_pattern(format == LogFormat::kJson ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})"
                                                 : "%Y-%m-%dT%H:%M:%S.%eZ %l %v",
                      spdlog::pattern_time_type::utc);
  logger->flush_on(spdlog::level::debug);
  spdlog::set_default_logger(std::move(logger));
}

bool Logs(LogLevel level) { return spdlog::should_log(ToSpdlog(level)); }

void Log(LogLevel level, absl::string_view event, std::initializer_list<LogField> fields) {
  const auto severity = ToSpdlog(level);
  if (!spdlog::should_log(severity)) return;
  const std::string line = FormatEvent(configured_format, event, fields);
  spdlog::log(severity, "{}", line);
}

}  // namespace paracle::service
