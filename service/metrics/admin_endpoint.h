// AdminEndpoint is what operators and their machines ask over HTTP:
//   GET /metrics   what Prometheus scrapes
//   GET /healthz   200 while the server serves, 503 before and while it drains
//
// It shows names of models and namespaces, sums, and nothing that callers stored; it changes nothing.
#ifndef PARACLE_SERVICE_METRICS_ADMIN_ENDPOINT_H_
#define PARACLE_SERVICE_METRICS_ADMIN_ENDPOINT_H_

#include <atomic>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "service/metrics/http_server.h"
#include "service/metrics/metrics.h"

namespace paracle::service {

class AdminEndpoint {
 public:
  enum class State { kStarting, kServing, kDraining };

  // `metrics` outlives it. UNAVAILABLE: the address cannot be listened on.
  static absl::StatusOr<std::unique_ptr<AdminEndpoint>> Start(const ListenAddress& address, const Metrics* metrics);

  void SetState(State state) { state_ = state; }

  // What was bound, as "127.0.0.1:9464".
  std::string address() const { return address_; }

 private:
  explicit AdminEndpoint(const Metrics* metrics) : metrics_(*metrics) {}

  HttpResponse Answer(const HttpRequest& request);
  HttpResponse Health() const;
  const std::string& Page();

  const Metrics& metrics_;
  std::atomic<State> state_ = State::kStarting;
  std::string address_;

  // Of the HTTP server's thread.
  std::string page_;
  absl::Time page_until_ = absl::InfinitePast();

  std::unique_ptr<HttpServer> http_;  // Last: its thread uses the rest.
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_METRICS_ADMIN_ENDPOINT_H_
