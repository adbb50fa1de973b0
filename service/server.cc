#include "service/server.h"

#include <chrono>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "grpc/grpc.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/health_check_service_interface.h"
#include "service/admin_handlers.h"
#include "service/cache_handlers.h"
#include "service/data_plane.h"
#include "service/drain.h"
#include "service/limits/namespace_limits.h"
#include "service/open_calls.h"
#include "service/port_probe.h"
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
  // Otherwise a second server on the port would start in silence and take half of the connections.
  builder->AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
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

// Where a listener is bound is known once the server is built.
struct Listener {
  const ListenAddress* address;
  int bound_port = 0;
};

absl::StatusOr<std::vector<Listener>> AddListeners(const Config& config, Security& security,
                                                   std::vector<SocketLock>* locks, grpc::ServerBuilder* builder) {
  std::vector<Listener> listeners;
  listeners.reserve(config.listen.size());  // The builder keeps pointers to bound_port.
  for (const ListenAddress& address : config.listen) {
    if (address.is_unix()) {
      absl::StatusOr<SocketLock> lock = SocketLock::Take(address.unix_path);
      if (!lock.ok()) return lock.status();
      locks->push_back(*std::move(lock));
    }
    listeners.push_back({&address});
    builder->AddListeningPort(address.ToString(), security.CredentialsFor(address), &listeners.back().bound_port);
  }
  return listeners;
}

absl::Status CannotListen(const std::vector<Listener>& listeners) {
  for (const Listener& listener : listeners) {
    if (listener.bound_port > 0) continue;
    return absl::UnavailableError(
        absl::StrCat("cannot listen on ", listener.address->ToString(), ": ", WhyNotBindable(*listener.address)));
  }
  return absl::UnavailableError("gRPC could not start");
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
  const auto listeners = AddListeners(parts->config, *parts->security, &parts->locks, &builder);
  if (!listeners.ok()) return listeners.status();
  parts->server = builder.BuildAndStart();
  if (parts->server == nullptr) return CannotListen(*listeners);
  for (const Listener& listener : *listeners)
    parts->addresses.push_back(listener.address->ToString(listener.bound_port));
  parts->data_plane->Start();
  grpc::HealthCheckServiceInterface* health = parts->server->GetHealthCheckService();
  health->SetServingStatus(kHealthName, true);
  health->SetServingStatus(true);
  return std::unique_ptr<Server>(new Server(std::move(parts)));
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Server::~Server() { Shutdown(); }

const std::vector<std::string>& Server::addresses() const { return parts_->addresses; }

std::vector<std::shared_ptr<const TurnCounter>> Server::Turns() const { return parts_->data_plane->Turns(); }

void Server::Drain() {
  parts_->server->GetHealthCheckService()->Shutdown();
  std::this_thread::sleep_for(absl::ToChronoMilliseconds(parts_->config.drain_delay));
  Shutdown();
}

void Server::Shutdown() {
  if (parts_->server == nullptr) return;
  if (parts_->served.leases != nullptr) parts_->served.leases->StopWaiting();
  parts_->data_plane->ExpectShutdown();
  ShutDown(parts_->server.get(), parts_->config.drain_timeout,
           [this] { return parts_->data_plane->Busy() || parts_->open_calls.count() > 0; });
  // The queues end by themselves once every call has; then nothing uses the server any more.
  parts_->data_plane.reset();
  parts_->server.reset();
}

}  // namespace paracle::service
