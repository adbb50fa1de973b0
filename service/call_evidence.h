// What a gRPC call brings along that tells who makes it. Views live as long as the call.
#ifndef PARACLE_SERVICE_CALL_EVIDENCE_H_
#define PARACLE_SERVICE_CALL_EVIDENCE_H_

#include <string>

#include "service/auth/authenticator.h"

namespace grpc {
class ServerContextBase;
}

namespace paracle::service {

// `with_certificate`: whether peers are asked for certificates at all; if not, they are not looked for.
auth::Evidence EvidenceOf(const grpc::ServerContextBase& call, bool with_certificate);

std::string PeerOf(const grpc::ServerContextBase& call);

// Of the W3C header traceparent; empty: there is none that is valid.
std::string TraceIdOf(const grpc::ServerContextBase& call);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_CALL_EVIDENCE_H_
