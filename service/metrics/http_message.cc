#include "service/metrics/http_message.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace paracle::service {
namespace {

absl::string_view ReasonOf(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 431:
      return "Request Header Fields Too Large";
    default:
      return "Service Unavailable";
  }
}

}  // namespace

std::optional<HttpRequest> ParseHttpRequest(absl::string_view head) {
  const absl::string_view line = head.substr(0, head.find_first_of("\r\n"));
  const size_t method_end = line.find(' ');
  const size_t target_end = line.rfind(' ');
  if (method_end == absl::string_view::npos || method_end == 0 || target_end <= method_end + 1) return std::nullopt;
  if (!absl::StartsWith(line.substr(target_end + 1), "HTTP/1.")) return std::nullopt;
  const absl::string_view target = line.substr(method_end + 1, target_end - method_end - 1);
  if (target[0] != '/' || target.find(' ') != absl::string_view::npos) return std::nullopt;
  return HttpRequest{std::string(line.substr(0, method_end)), std::string(target.substr(0, target.find('?')))};
}

std::string ToWire(const HttpResponse& response) {
  const std::string allow = response.allow.empty() ? "" : absl::StrCat("Allow: ", response.allow, "\r\n");
  return absl::StrCat("HTTP/1.1 ", response.status, " ", ReasonOf(response.status),
                      "\r\nContent-Type: ", response.content_type, "\r\nContent-Length: ", response.body.size(),
                      "\r\nConnection: close\r\nX-Content-Type-Options: nosniff\r\n", allow, "\r\n", response.body);
}

}  // namespace paracle::service
