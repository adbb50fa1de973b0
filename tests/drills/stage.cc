#include "tests/drills/stage.h"

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"

namespace paracle::drills {
namespace {

using support::CertificateFiles;
using support::Fault;
using support::FaultProxy;
using support::RedisProcess;
using support::RedisTls;
using support::TestCertificates;

constexpr int kMemoryEntries = 200;

// What Redis reads at its start; the contents change.
CertificateFiles Shown(const TestCertificates& certificates) {
  const CertificateFiles files = certificates.expired();
  return {files.certificate + ".shown", files.key + ".shown"};
}

void Show(const TestCertificates& certificates, const CertificateFiles& files) {
  const auto replace = std::filesystem::copy_options::overwrite_existing;
  std::filesystem::copy_file(files.certificate, Shown(certificates).certificate, replace);
  std::filesystem::copy_file(files.key, Shown(certificates).key, replace);
}

Stage StageBehind(const Fault& fault, const std::string& server) {
  Stage stage;
  stage.redis = std::make_unique<RedisProcess>();
  stage.proxy = std::make_unique<FaultProxy>(stage.redis->Port());
  stage.proxy->Set(fault);
  stage.server = std::make_unique<CacheServer>(server, ServerFlags(stage.proxy->Url()));
  return stage;
}

}  // namespace

std::vector<std::string> ServerFlags(const std::string& url) {
  return {"--backend=redis", absl::StrCat("--redis-url=", url), absl::StrCat("--max-size=", kMemoryEntries),
          absl::StrCat("--redis-timeout=", absl::ToInt64Milliseconds(kOperationTimeout), "ms")};
}

Stage ProxiedStage(const std::string& server) { return StageBehind(Fault(), server); }

Stage LonelyStage(const std::string& server) {
  Fault refused;
  refused.kind = Fault::Kind::kRefuse;
  return StageBehind(refused, server);
}

Stage NamelessStage(const std::string& server) {
  Stage stage;
  stage.server = std::make_unique<CacheServer>(server, ServerFlags("redis://redis.nowhere.invalid:6379/0"));
  return stage;
}

Stage ExpiredStage(const std::string& server) {
  Stage stage;
  stage.certificates = std::make_unique<TestCertificates>();
  Show(*stage.certificates, stage.certificates->expired());
  const RedisTls tls = {.ca = stage.certificates->ca(), .server = Shown(*stage.certificates)};
  stage.redis = std::make_unique<RedisProcess>(support::RedisOptions{.tls = &tls});
  std::vector<std::string> flags = ServerFlags(stage.redis->Url("rediss"));
  flags.push_back(absl::StrCat("--redis-cacert=", stage.certificates->ca()));
  stage.server = std::make_unique<CacheServer>(server, flags);
  return stage;
}

void CureCertificate(Stage& stage) {
  Show(*stage.certificates, stage.certificates->server());
  stage.redis->Restart();
}

}  // namespace paracle::drills
