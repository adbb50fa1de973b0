#include "tests/service/running_server.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cachecore/disabled_cache.h"
#include "grpcpp/generic/generic_stub.h"
#include "service/cache_options.h"

namespace paracle::service {
namespace {

[[noreturn]] void Give(absl::string_view what, const absl::Status& status) {
  fprintf(stderr, "%s: %s\n", std::string(what).c_str(), status.ToString().c_str());
  abort();
}

Config ConfigOf(const std::vector<Setting>& settings) {
  absl::StatusOr<Config> config = ToConfig(settings);
  if (!config.ok()) Give("settings", config.status());
  return *config;
}

const SettingSpec* SpecOf(absl::string_view name) {
  const auto table = SettingTable();
  return &*std::find_if(table.begin(), table.end(), [name](const SettingSpec& spec) { return spec.name == name; });
}

}  // namespace

std::vector<Setting> SettingsWith(const Overrides& overrides) {
  std::vector<FlagValue> flags = {{SpecOf("LISTEN"), "127.0.0.1:0"}, {SpecOf("THREADS"), "2"}};
  for (const auto& [name, value] : overrides) flags.push_back({SpecOf(name), value});
  auto settings = CollectSettings(flags, [](const char*) -> const char* { return nullptr; });
  if (!settings.ok()) Give("settings", settings.status());
  return *settings;
}

RunningServer::RunningServer(const Overrides& overrides) : ledger_({}, cachecore::Clock::System()) {
  const Config config = ConfigOf(SettingsWith(overrides));
  auto stack = cachecore::MakeCache(ToCacheOptions(config), &ledger_, cachecore::Clock::System());
  if (!stack.ok()) Give("cache", stack.status());
  stack_ = *std::move(stack);
  Start(stack_.cache.get(), overrides);
}

RunningServer::RunningServer(cachecore::Cache* cache, const Overrides& overrides)
    : ledger_({}, cachecore::Clock::System()) {
  Start(cache, overrides);
}

RunningServer::~RunningServer() = default;

void RunningServer::Start(cachecore::Cache* cache, const Overrides& overrides) {
  const std::vector<Setting> settings = SettingsWith(overrides);
  const Served served{
      .cache = cache, .leases = stack_.leases, .recordings = stack_.recordings.get(), .ledger = &ledger_};
  auto server = Server::Start(ConfigOf(settings), settings, served);
  if (!server.ok()) Give("server", server.status());
  server_ = *std::move(server);
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(-1);
  channel_ = grpc::CreateCustomChannel(address(), grpc::InsecureChannelCredentials(), arguments);
  cache_stub_ = cache::v1::CacheService::NewStub(channel_);
  admin_stub_ = cache::v1::AdminService::NewStub(channel_);
}

int RunningServer::port() const {
  int port = 0;
  const std::string& text = address();
  if (!absl::SimpleAtoi(text.substr(text.rfind(':') + 1), &port)) abort();
  return port;
}

std::pair<grpc::Status, std::string> RunningServer::CallRaw(absl::string_view method, absl::string_view bytes) {
  return CallPath(absl::StrCat("/paracle.cache.v1.", method), bytes);
}

std::pair<grpc::Status, std::string> RunningServer::CallPath(const std::string& path, absl::string_view bytes) {
  grpc::GenericStub stub(channel_);
  grpc::CompletionQueue queue;
  const auto context = Patient();
  const grpc::Slice slice(bytes.data(), bytes.size());
  const grpc::ByteBuffer request(&slice, 1);
  auto call = stub.PrepareUnaryCall(context.get(), path, request, &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag;
  bool ok;
  queue.Next(&tag, &ok);
  std::string text;
  grpc::Slice joined;
  if (status.ok() && response.DumpToSingleSlice(&joined).ok()) {
    text.assign(reinterpret_cast<const char*>(joined.begin()), joined.size());
  }
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) continue;
  return {status, text};
}

absl::Status TryToStart(const Overrides& overrides) {
  const std::vector<Setting> settings = SettingsWith(overrides);
  cachecore::DisabledCache cache;
  cachecore::StatsLedger ledger({}, cachecore::Clock::System());
  return Server::Start(ConfigOf(settings), settings, {.cache = &cache, .ledger = &ledger}).status();
}

std::unique_ptr<grpc::ClientContext> Patient() {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  return context;
}

cache::v1::EntryRef RefOf(char digest_byte, absl::string_view ns) {
  cache::v1::EntryRef ref;
  ref.set_digest(std::string(32, digest_byte));
  ref.set_namespace_(std::string(ns));
  ref.set_model("model-1");
  return ref;
}

cache::v1::SetRequest SetOf(const cache::v1::EntryRef& ref, absl::string_view payload) {
  cache::v1::SetRequest request;
  *request.mutable_entry() = ref;
  request.set_payload(std::string(payload));
  return request;
}

}  // namespace paracle::service
