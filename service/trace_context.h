// TraceContext is what a caller said of the trace that its call belongs to, by the header `traceparent` of W3C Trace
// Context (https://www.w3.org/TR/trace-context/): for log lines, so that a refusal is found from the trace. Pure.
#ifndef PARACLE_SERVICE_TRACE_CONTEXT_H_
#define PARACLE_SERVICE_TRACE_CONTEXT_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace paracle::service {

struct TraceContext {
  std::string trace_id;  // 32 lower-case hex digits, not all of them 0.
  std::string span_id;   // 16 of the caller's span, the same.
};

// nullopt: none that is valid. Of whatever length; what comes out has the length said above.
std::optional<TraceContext> ParseTraceparent(absl::string_view header);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_TRACE_CONTEXT_H_
