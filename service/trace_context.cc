#include "service/trace_context.h"

#include <algorithm>

namespace paracle::service {
namespace {

// "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
constexpr size_t kBytes = 55;
constexpr size_t kTraceAt = 3, kTraceBytes = 32, kSpanAt = 36, kSpanBytes = 16, kFlagsAt = 53;

bool IsHex(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool IsZero(absl::string_view text) { return text.find_first_not_of('0') == absl::string_view::npos; }

}  // namespace

std::optional<TraceContext> ParseTraceparent(absl::string_view header) {
  if (header.size() < kBytes) return std::nullopt;
  const absl::string_view version = header.substr(0, 2);
  // A later version may append fields, after a dash.
  const bool ends = header.size() == kBytes || (version != "00" && header[kBytes] == '-');
  if (!ends || !IsHex(version) || version == "ff") return std::nullopt;
  if (header[kTraceAt - 1] != '-' || header[kSpanAt - 1] != '-' || header[kFlagsAt - 1] != '-') return std::nullopt;
  const absl::string_view trace = header.substr(kTraceAt, kTraceBytes);
  const absl::string_view span = header.substr(kSpanAt, kSpanBytes);
  if (!IsHex(trace) || !IsHex(span) || !IsHex(header.substr(kFlagsAt, 2))) return std::nullopt;
  if (IsZero(trace) || IsZero(span)) return std::nullopt;
  return TraceContext{std::string(trace), std::string(span)};
}

}  // namespace paracle::service
