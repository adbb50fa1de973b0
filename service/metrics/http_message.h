// The little of HTTP/1.1 (RFC 9112) that a page of figures needs. Pure.
#ifndef PARACLE_SERVICE_METRICS_HTTP_MESSAGE_H_
#define PARACLE_SERVICE_METRICS_HTTP_MESSAGE_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace paracle::service {

struct HttpRequest {
  std::string method;
  std::string path;  // Without its query.
};

// From the first line of `head`, which ends at the empty line. nullopt: not HTTP/1.
std::optional<HttpRequest> ParseHttpRequest(absl::string_view head);

struct HttpResponse {
  int status = 200;
  std::string body;
  absl::string_view content_type = "text/plain; charset=utf-8";
  absl::string_view allow = {};  // For 405.
};

// What goes over the wire. Every response says that the connection closes.
std::string ToWire(const HttpResponse& response);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_METRICS_HTTP_MESSAGE_H_
