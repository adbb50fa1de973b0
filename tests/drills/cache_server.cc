#include "tests/drills/cache_server.h"

#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "grpcpp/grpcpp.h"

namespace paracle::drills {
namespace {

constexpr absl::Duration kStartTimeout = absl::Seconds(20);
constexpr absl::Duration kEndTimeout = absl::Seconds(5);

std::string FreshDirectory() {
  std::string path = std::filesystem::temp_directory_path() / "paracle-drill-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("cannot make a directory like " + path);
  return path;
}

std::string ReadAll(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

CacheServer::CacheServer(const std::string& program, const std::vector<std::string>& flags)
    : directory_(FreshDirectory()) {
  std::vector<std::string> words = {program, "--listen=unix:" + SocketPath(), "--admin-listen=off", "--log-level=info"};
  words.insert(words.end(), flags.begin(), flags.end());
  process_ = support::ChildProcess::Start(words, LogPath());
  AwaitListening();
}

CacheServer::~CacheServer() {
  process_.Terminate(kEndTimeout);
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

void CacheServer::AwaitListening() {
  const absl::Time give_up = absl::Now() + kStartTimeout;
  while (Log().find("listening") == std::string::npos) {
    if (!process_.Running() || absl::Now() > give_up) throw std::runtime_error("no cache server:\n" + Log());
    absl::SleepFor(absl::Milliseconds(10));
  }
}

std::unique_ptr<cache::v1::CacheService::Stub> CacheServer::Connect() const {
  static std::atomic<int> number = 0;
  grpc::ChannelArguments arguments;
  arguments.SetInt("paracle.drill.connection", ++number);  // Channels of unlike arguments share no connection.
  const auto channel = grpc::CreateCustomChannel("unix:" + SocketPath(), grpc::InsecureChannelCredentials(), arguments);
  if (!channel->WaitForConnected(absl::ToChronoTime(absl::Now() + kStartTimeout))) {
    throw std::runtime_error("the cache server does not take a connection");
  }
  return cache::v1::CacheService::NewStub(channel);
}

bool CacheServer::AwaitShared(absl::Duration patience) const {
  const auto stub = Connect();
  cache::v1::SetRequest request;
  request.mutable_entry()->set_namespace_("drill-await");
  request.mutable_entry()->set_digest(std::string(32, 'a'));
  for (const absl::Time give_up = absl::Now() + patience; absl::Now() < give_up;) {
    grpc::ClientContext context;
    cache::v1::SetResponse response;
    stub->Set(&context, request, &response);
    const auto& tiers = response.stored_in();
    if (std::find(tiers.begin(), tiers.end(), cache::v1::TIER_SHARED) != tiers.end()) return true;
    absl::SleepFor(absl::Milliseconds(10));
  }
  return false;
}

std::string CacheServer::Log() const { return ReadAll(LogPath()); }

int CacheServer::LogLines() const {
  const std::string log = Log();
  return static_cast<int>(std::count(log.begin(), log.end(), '\n'));
}

int CacheServer::Threads() const {
  const std::filesystem::directory_iterator tasks(absl::StrCat("/proc/", process_.pid(), "/task"));
  return static_cast<int>(std::distance(begin(tasks), end(tasks)));
}

int CacheServer::Descriptors() const {
  const std::filesystem::directory_iterator files(absl::StrCat("/proc/", process_.pid(), "/fd"));
  return static_cast<int>(std::distance(begin(files), end(files)));
}

}  // namespace paracle::drills
