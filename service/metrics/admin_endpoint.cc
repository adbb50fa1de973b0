#include "service/metrics/admin_endpoint.h"

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace paracle::service {
namespace {

constexpr absl::string_view kPageType = "text/plain; version=0.0.4; charset=utf-8";
// A page is given again for so many times what it took to make, so that whoever asks without a pause gets no more than
// a tenth of a processor.
constexpr int kPageLives = 10;

}  // namespace

absl::StatusOr<std::unique_ptr<AdminEndpoint>> AdminEndpoint::Start(const ListenAddress& address,
                                                                    const Metrics* metrics) {
  auto endpoint = absl::WrapUnique(new AdminEndpoint(metrics));
  auto http = HttpServer::Start(address, HttpLimits(),
                                [raw = endpoint.get()](const HttpRequest& request) { return raw->Answer(request); });
  if (!http.ok()) {
    return absl::UnavailableError(absl::StrCat("cannot serve metrics on ", address.ToString(), ": ",
                                               http.status().message(),
                                               " (PARACLE_CACHE_ADMIN_LISTEN names another address, or off)"));
  }
  endpoint->http_ = *std::move(http);
  endpoint->address_ = address.ToString(endpoint->http_->port());
  return endpoint;
}

HttpResponse AdminEndpoint::Answer(const HttpRequest& request) {
  const bool metrics = request.path == "/metrics";
  if (!metrics && request.path != "/healthz") return {.status = 404, .body = "here are /metrics and /healthz\n"};
  if (request.method != "GET") return {.status = 405, .body = "only GET\n", .allow = "GET"};
  if (!metrics) return Health();
  return {.status = 200, .body = Page(), .content_type = kPageType};
}

HttpResponse AdminEndpoint::Health() const {
  switch (state_) {
    case State::kServing:
      return {.status = 200, .body = "serving\n"};
    case State::kDraining:
      return {.status = 503, .body = "draining\n"};
    case State::kStarting:
      break;
  }
  return {.status = 503, .body = "starting\n"};
}

const std::string& AdminEndpoint::Page() {
  const absl::Time begun = absl::Now();
  if (begun < page_until_) return page_;
  page_ = metrics_.Text();
  const absl::Time made = absl::Now();
  page_until_ = made + kPageLives * (made - begun);
  return page_;
}

}  // namespace paracle::service
