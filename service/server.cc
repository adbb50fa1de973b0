#include "service/server.h"

#include <chrono>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "grpc/grpc.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/health_check_service_interface.h"
#include "service/acceptor.h"
#include "service/admin_handlers.h"
#include "service/cache_handlers.h"
#include "service/data_plane.h"
#include "service/drain.h"
#include "service/limits/namespace_limits.h"
#include "service/open_calls.h"
#include "service/open_files.h"
#include "service/reflection_service.h"
#include "service/security.h"
#include "service/socket_lock.h"
#include "service/worker_thread.h"

namespace paracle::service {
namespace {

constexpr char kHealthName[] = "paracle.cache.v1.CacheService";
// Invalidations and Clears that may wait for the one before.
constexpr size_t kMaxWaitingInvalidations = 64;

// Keeps the library from being torn down with the last server. Its teardown may wait 10 s for a poller of its own that
// looks after large writes (seen in 1.51), which a process that ends does not have.
void KeepGrpcAlive() {
  static const bool once = (grpc_init(), true);
  (void)once;
}

int Millis(absl::Duration duration) { return static_cast<int>(absl::ToInt64Milliseconds(duration)); }

void SetLimits(const Config& config, grpc::ServerBuilder* builder) {
  builder->SetMaxReceiveMessageSize(static_cast<int>(config.MaxMessageBytes()));
  builder->SetMaxSendMessageSize(-1);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, config.max_streams);
  builder->AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, config.max_metadata_bytes);
}

void SetKeepalive(const Config& config, grpc::ServerBuilder* builder) {
  // Also what ends the few connections whose end gRPC misses while it is flooded.
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 20'000);
  if (config.max_connection_age == absl::ZeroDuration()) return;
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, Millis(config.max_connection_age));
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, 60'000);
}

HandlerContext ContextOf(const Config& config, const Access* access, NamespaceLimits* limits, const Served& served) {
  return {.access = access,
          .namespace_limits = limits,
          .cache = served.cache,
          .leases = served.leases,
          .recordings = served.recordings,
          .ledger = served.ledger,
          .meter = served.meter,
          .limits = {.max_entry_bytes = config.max_entry_bytes,
                     .default_ttl = config.ttl,
                     .max_ttl = config.max_ttl,
                     .default_hold = config.lease_hold,
                     .max_hold = config.lease_max_hold}};
}

std::unique_ptr<NamespaceLimits> MakeLimits(const Config& config) {
  if (!config.namespace_limits.limit_calls()) return nullptr;
  return std::make_unique<NamespaceLimits>(config.namespace_limits, cachecore::Clock::System());
}

}  // namespace

// In the order in which they are built; they end the other way round.
struct Server::Parts {
  Parts(const Config& config, absl::Span<const Setting> settings, const Served& served,
        std::unique_ptr<Security> checked_security)
      : config(config),
        security(std::move(checked_security)),
        acceptor(Acceptor::Make(OpenFilesLimit() / 4 * 3)),
        open_calls(served.meter),
        worker(kMaxWaitingInvalidations),
        served(served),
        namespace_limits(MakeLimits(config)),
        cache_handlers(ContextOf(config, &security->access(), namespace_limits.get(), served), &worker, &open_calls),
        admin_handlers(&security->access(), served, config, settings, &open_calls),
        reflection(&security->access()) {}

  const Config config;
  const std::unique_ptr<Security> security;
  std::vector<SocketLock> locks;
  std::unique_ptr<Acceptor> acceptor;  // Null: nothing is accepted any more.
  std::vector<std::string> addresses;
  OpenCalls open_calls;
  WorkerThread worker;
  const Served served;
  const std::unique_ptr<NamespaceLimits> namespace_limits;  // Null: there are none.
  CacheHandlers cache_handlers;
  AdminHandlers admin_handlers;
  ReflectionService reflection;
  std::unique_ptr<DataPlane> data_plane;
  std::unique_ptr<grpc::Server> server;
};

namespace {

// Hands connections to the server that `builder` builds.
Acceptor::OnAccept HandTo(grpc::ServerBuilder* builder, std::shared_ptr<grpc::ServerCredentials> credentials) {
  using ByFile = grpc::ServerBuilder::experimental_type::ExternalConnectionType;
  const std::shared_ptr<grpc::experimental::ExternalConnectionAcceptor> server =
      builder->experimental().AddExternalConnectionAcceptor(ByFile::FROM_FD, std::move(credentials));
  return [server](int listener, int fd) {
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
    connection.listener_fd = listener;
    connection.fd = fd;
    server->HandleNewConnection(&connection);
  };
}

absl::Status Listen(const ListenAddress& address, Acceptor::OnAccept on_accept, Acceptor* acceptor,
                    std::vector<SocketLock>* locks, std::vector<std::string>* bound) {
  if (address.is_unix()) {
    absl::StatusOr<SocketLock> lock = SocketLock::Take(address.unix_path);
    if (!lock.ok()) return lock.status();
    locks->push_back(*std::move(lock));
  }
  const absl::StatusOr<int> port = acceptor->Listen(address, std::move(on_accept));
  if (!port.ok()) return port.status();
  bound->push_back(address.ToString(*port));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const Config& config, absl::Span<const Setting> settings,
                                                      const Served& served) {
  auto security = Security::Make(config);
  if (!security.ok()) return security.status();
  KeepGrpcAlive();
  auto parts = std::make_unique<Parts>(config, settings, served, *std::move(security));
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  SetLimits(config, &builder);
  SetKeepalive(config, &builder);
  builder.RegisterService(&parts->cache_handlers);
  builder.RegisterService(&parts->admin_handlers);
  if (config.reflection) parts->reflection.RegisterWith(&builder);
  parts->data_plane = std::make_unique<DataPlane>(
      config.threads, config.max_in_flight, config.max_waiters, &parts->cache_handlers,
      ContextOf(config, &parts->security->access(), parts->namespace_limits.get(), served), &builder);
  for (const ListenAddress& address : config.listen) {
    const absl::Status listening = Listen(address, HandTo(&builder, parts->security->CredentialsFor(address)),
                                          parts->acceptor.get(), &parts->locks, &parts->addresses);
    if (!listening.ok()) return listening;
  }
  parts->server = builder.BuildAndStart();
  if (parts->server == nullptr) return absl::UnavailableError("gRPC could not start");
  parts->data_plane->Start();
  grpc::HealthCheckServiceInterface* health = parts->server->GetHealthCheckService();
  health->SetServingStatus(kHealthName, true);
  health->SetServingStatus(true);
  parts->acceptor->Start();
  return std::unique_ptr<Server>(new Server(std::move(parts)));
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Server::~Server() { Shutdown(); }

const std::vector<std::string>& Server::addresses() const { return parts_->addresses; }

std::vector<std::shared_ptr<const TurnCounter>> Server::Turns() const {
  auto turns = parts_->data_plane->Turns();
  turns.push_back(parts_->acceptor->turns());
  return turns;
}

void Server::Drain() {
  parts_->server->GetHealthCheckService()->Shutdown();
  std::this_thread::sleep_for(absl::ToChronoMilliseconds(parts_->config.drain_delay));
  Shutdown();
}

void Server::Shutdown() {
  if (parts_->server == nullptr) return;
  parts_->acceptor.reset();  // What it handed over later, gRPC would neither serve nor close.
  if (parts_->served.leases != nullptr) parts_->served.leases->StopWaiting();
  parts_->data_plane->ExpectShutdown();
  ShutDown(parts_->server.get(), parts_->config.drain_timeout,
           [this] { return parts_->data_plane->Busy() || parts_->open_calls.count() > 0; });
  // The queues end by themselves once every call has; then nothing uses the server any more.
  parts_->data_plane.reset();
  parts_->server.reset();
}

}  // namespace paracle::service
