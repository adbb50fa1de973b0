#include "service/call_evidence.h"

#include <optional>

#include "grpcpp/server_context.h"
#include "service/trace_context.h"

namespace paracle::service {
namespace {

absl::string_view View(grpc::string_ref text) { return {text.data(), text.size()}; }

void Take(const grpc::AuthContext& peer, const char* property, auth::Evidence::Names* names) {
  for (const grpc::string_ref& value : peer.FindPropertyValues(property)) names->push_back(View(value));
}

}  // namespace

auth::Evidence EvidenceOf(const grpc::ServerContextBase& call, bool with_certificate) {
  auth::Evidence evidence;
  const auto [begin, end] = call.client_metadata().equal_range("authorization");
  for (auto it = begin; it != end; ++it) evidence.authorization.push_back(View(it->second));
  if (!with_certificate) return evidence;
  // The connection's, and nothing else is: what a certificate proves holds for every call of it.
  const auto peer = call.auth_context();
  if (peer == nullptr || !peer->IsPeerAuthenticated()) return evidence;
  Take(*peer, "peer_uri", &evidence.uris);
  Take(*peer, "peer_dns", &evidence.dns);
  return evidence;
}

std::string PeerOf(const grpc::ServerContextBase& call) { return call.peer(); }

std::string TraceIdOf(const grpc::ServerContextBase& call) {
  const auto found = call.client_metadata().find("traceparent");
  if (found == call.client_metadata().end()) return "";
  const std::optional<TraceContext> trace = ParseTraceparent(View(found->second));
  return trace ? trace->trace_id : "";
}

}  // namespace paracle::service
