#include "cli/rpc_client.h"

#include <grpc/grpc.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <chrono>
#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/health_stub.h"
#include "cli/read_input.h"
#include "paracle/cache/v1/admin.grpc.pb.h"
#include "paracle/cache/v1/cache.grpc.pb.h"

namespace paracle::cli {
namespace {

// Marks a status as having come out of here; its value tells whether a server was reached.
constexpr char kOriginUrl[] = "paracle/cli/rpc";
constexpr char kConnect[] = "connect";
constexpr char kCall[] = "call";

absl::Status Marked(absl::Status status, absl::string_view origin) {
  status.SetPayload(kOriginUrl, absl::Cord(origin));
  return status;
}

// What gRPC said, in the words of somebody who wants to know what to do.
std::string ConnectAdvice(const std::string& grpc_message, bool tls) {
  for (const char* reason : {"Connection refused", "No such file or directory"}) {
    if (!absl::StrContains(grpc_message, reason)) continue;
    return absl::StrCat(reason[0] == 'C' ? "connection refused" : "no such socket",
                        "; is the server running? start one with scripts/serve");
  }
  if (absl::StrContains(grpc_message, "DNS resolution failed") || absl::StrContains(grpc_message, "ares")) {
    return "the host name cannot be resolved; check --endpoint";
  }
  if (tls) {
    return absl::StrCat(
        "the TLS handshake or the connection failed; check --cacert, --cert, --key and that the "
        "server uses TLS (",
        grpc_message, ")");
  }
  return absl::StrCat("what listens there does not speak gRPC in the clear; if the server uses TLS give --cacert (",
                      grpc_message, ")");
}

class GrpcRpcClient final : public RpcClient {
 public:
  GrpcRpcClient(const ClientOptions& options, std::shared_ptr<grpc::Channel> channel)
      : endpoint_(options.endpoint),
        authorization_(options.token.empty() ? "" : absl::StrCat("Bearer ", options.token)),
        timeout_(options.timeout),
        tls_(options.uses_tls()),
        channel_(std::move(channel)),
        cache_(pb::CacheService::NewStub(channel_)),
        admin_(pb::AdminService::NewStub(channel_)),
        health_(channel_) {}

  absl::StatusOr<pb::GetResponse> Get(const pb::GetRequest& request) override {
    return Call<pb::GetResponse>(*cache_, &pb::CacheService::Stub::Get, request);
  }
  absl::StatusOr<pb::SetResponse> Set(const pb::SetRequest& request) override {
    return Call<pb::SetResponse>(*cache_, &pb::CacheService::Stub::Set, request);
  }
  absl::StatusOr<pb::InvalidateResponse> Invalidate(const pb::InvalidateRequest& request) override {
    return Call<pb::InvalidateResponse>(*cache_, &pb::CacheService::Stub::Invalidate, request);
  }
  absl::StatusOr<pb::ClearResponse> Clear(const pb::ClearRequest& request) override {
    return Call<pb::ClearResponse>(*cache_, &pb::CacheService::Stub::Clear, request);
  }
  absl::StatusOr<pb::GetStatsResponse> GetStats(const pb::GetStatsRequest& request) override {
    return Call<pb::GetStatsResponse>(*admin_, &pb::AdminService::Stub::GetStats, request);
  }
  absl::StatusOr<pb::ResetStatsResponse> ResetStats(const pb::ResetStatsRequest& request) override {
    return Call<pb::ResetStatsResponse>(*admin_, &pb::AdminService::Stub::ResetStats, request);
  }
  absl::StatusOr<pb::GetConfigResponse> GetConfig(const pb::GetConfigRequest& request) override {
    return Call<pb::GetConfigResponse>(*admin_, &pb::AdminService::Stub::GetConfig, request);
  }
  absl::StatusOr<bool> IsServing() override {
    return Call<bool>(health_, &HealthStub::Check, std::string(pb::CacheService::service_full_name()));
  }

 private:
  // Waits until there is a connection, the attempt failed, or `deadline`. True when there is one.
  bool Connect(std::chrono::system_clock::time_point deadline) {
    while (true) {
      const grpc_connectivity_state state = channel_->GetState(/*try_to_connect=*/true);
      if (state == GRPC_CHANNEL_READY) return true;
      if (state == GRPC_CHANNEL_TRANSIENT_FAILURE || !channel_->WaitForStateChange(state, deadline)) return false;
    }
  }

  absl::Status CannotConnect(const grpc::Status& status, bool attempt_failed) const {
    const std::string why = attempt_failed ? ConnectAdvice(status.error_message(), tls_)
                                           : absl::StrCat("no answer within ", absl::FormatDuration(timeout_),
                                                          "; check --endpoint, or give it longer with --timeout");
    return Marked(absl::UnavailableError(absl::StrCat("cannot connect to ", endpoint_, ": ", why)), kConnect);
  }

  absl::Status CallFailed(const grpc::Status& status) const {
    const auto code = static_cast<absl::StatusCode>(status.error_code());
    std::string message = absl::StrCat(endpoint_, ": ", absl::StatusCodeToString(code), ": ", status.error_message());
    if (code == absl::StatusCode::kDeadlineExceeded) {
      message = absl::StrCat(endpoint_, ": ", absl::StatusCodeToString(code), ": no answer within ",
                             absl::FormatDuration(timeout_), "; give it longer with --timeout");
    } else if (code == absl::StatusCode::kUnimplemented) {
      absl::StrAppend(&message, "; is this a Paracle Cache of this version?");
    } else if (code == absl::StatusCode::kUnauthenticated) {
      absl::StrAppend(&message, "; give --token-file or PARACLE_CACHE_TOKEN");
    } else if (absl::StrContains(status.error_message(), "larger than max")) {
      absl::StrAppend(&message, "; `paracle cache config` tells the server's limits");
    }
    return Marked(absl::Status(code, message), kCall);
  }

  template <typename Response, typename Stub, typename Method, typename Request>
  absl::StatusOr<Response> Call(Stub& stub, Method method, const Request& request) {
    const auto now = std::chrono::system_clock::now();
    const auto timeout = absl::ToChronoMicroseconds(timeout_);
    const bool connected = Connect(now + timeout);
    const bool attempt_failed = !connected && channel_->GetState(false) == GRPC_CHANNEL_TRANSIENT_FAILURE;
    if (!connected && !attempt_failed) return CannotConnect(grpc::Status(), false);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + timeout);
    if (!authorization_.empty()) context.AddMetadata("authorization", authorization_);
    Response response{};
    const grpc::Status status = (stub.*method)(&context, request, &response);
    if (status.ok()) return response;
    return connected ? CallFailed(status) : CannotConnect(status, true);
  }

  const std::string endpoint_;
  const std::string authorization_;
  const absl::Duration timeout_;
  const bool tls_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<pb::CacheService::Stub> cache_;
  const std::unique_ptr<pb::AdminService::Stub> admin_;
  HealthStub health_;
};

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> Credentials(const ClientOptions& options) {
  if (!options.uses_tls()) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions ssl;
  const std::tuple<const char*, const std::string&, std::string&> files[] = {
      {"--cacert", options.cacert_file, ssl.pem_root_certs},
      {"--cert", options.cert_file, ssl.pem_cert_chain},
      {"--key", options.key_file, ssl.pem_private_key}};
  for (const auto& [flag, path, pem] : files) {
    if (path.empty()) continue;
    absl::StatusOr<std::string> content = ReadInput(flag, path);
    if (!content.ok()) return content.status();
    if (!absl::StrContains(*content, "-----BEGIN ")) {
      return absl::InvalidArgumentError(absl::StrCat(flag, ": ", path, " is not a PEM file"));
    }
    pem = *std::move(content);
  }
  return grpc::SslCredentials(ssl);
}

}  // namespace

absl::StatusOr<std::unique_ptr<RpcClient>> NewRpcClient(const ClientOptions& options) {
  absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> credentials = Credentials(options);
  if (!credentials.ok()) return credentials.status();
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);  // An operator may have raised the server's limit.
  if (IsLoopback(options.endpoint)) arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetUserAgentPrefix("paracle-cli");
  return std::make_unique<GrpcRpcClient>(options, grpc::CreateCustomChannel(options.endpoint, *credentials, arguments));
}

bool IsConnectFailure(const absl::Status& status) {
  const auto payload = status.GetPayload(kOriginUrl);
  return payload && *payload == kConnect;
}

bool MayComeBack(const absl::Status& status) {
  return ExitCodeFor(status) == ExitCode::kRpcFailed && (absl::IsUnavailable(status) || absl::IsCancelled(status));
}

ExitCode ExitCodeFor(const absl::Status& status) {
  if (status.ok()) return ExitCode::kOk;
  if (IsConnectFailure(status)) return ExitCode::kCannotConnect;
  return status.GetPayload(kOriginUrl) ? ExitCode::kRpcFailed : ExitCode::kUsage;
}

}  // namespace paracle::cli
