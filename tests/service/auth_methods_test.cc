// Every method of every service, walked by its descriptor: a method without a row fails.
#include <map>
#include <string>

#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "grpcpp/generic/generic_stub.h"
#include "gtest/gtest.h"
#include "tests/service/auth_server.h"

namespace paracle::service {
namespace {

using ::testing::HasSubstr;
namespace v1 = cache::v1;

struct Row {
  std::string (*request)(const std::string& ns);
  grpc::StatusCode admitted;  // What somebody sees who may.
  std::string who;            // One letter for each role that may.
  bool of_namespace = true;
};

// Of a lease that has ended.
std::string lease_token;  // NOLINT: the same for all tests.

std::string Get(const std::string& ns) {
  v1::GetRequest request;
  *request.mutable_entry() = RefOf('a', ns);
  return request.SerializeAsString();
}

std::string Set(const std::string& ns) { return SetOf(RefOf('a', ns), "answer").SerializeAsString(); }

std::string BatchGet(const std::string& ns) {
  v1::BatchGetRequest request;
  *request.add_entries() = RefOf('a', ns);
  return request.SerializeAsString();
}

std::string BatchSet(const std::string& ns) {
  v1::BatchSetRequest request;
  *request.add_entries() = SetOf(RefOf('a', ns), "answer");
  return request.SerializeAsString();
}

std::string Invalidate(const std::string& ns) {
  v1::InvalidateRequest request;
  request.set_namespace_(ns);
  request.set_everything(true);
  return request.SerializeAsString();
}

// Clear, GetStats and ResetStats have their namespace in the same place.
std::string Namespace(const std::string& ns) {
  v1::ClearRequest request;
  request.set_namespace_(ns);
  return request.SerializeAsString();
}

std::string Renew(const std::string& ns) {
  v1::RenewLeaseRequest request;
  *request.mutable_entry() = RefOf('a', ns);
  request.set_fill_token(lease_token);
  return request.SerializeAsString();
}

std::string Record(const std::string& ns) {
  v1::RecordRequest request;
  *request.mutable_start()->mutable_entry() = RefOf('a', ns);
  request.mutable_start()->set_fill_token(lease_token);
  return request.SerializeAsString();
}

std::string Follow(const std::string& ns) {
  v1::FollowRequest request;
  *request.mutable_entry() = RefOf('f', ns);
  return request.SerializeAsString();
}

std::string Empty(const std::string&) { return ""; }

const std::map<std::string, Row>& Rows() {
  using grpc::StatusCode;
  static const auto* const rows = new std::map<std::string, Row>{
      {"CacheService/Get", {Get, StatusCode::OK, "rw"}},
      {"CacheService/Set", {Set, StatusCode::OK, "w"}},
      {"CacheService/BatchGet", {BatchGet, StatusCode::OK, "rw"}},
      {"CacheService/BatchSet", {BatchSet, StatusCode::OK, "w"}},
      {"CacheService/Invalidate", {Invalidate, StatusCode::OK, "i"}},
      {"CacheService/Clear", {Namespace, StatusCode::OK, "i"}},
      {"CacheService/RenewLease", {Renew, StatusCode::FAILED_PRECONDITION, "w"}},
      {"CacheService/ReleaseLease", {Renew, StatusCode::OK, "w"}},
      {"CacheService/Record", {Record, StatusCode::FAILED_PRECONDITION, "w"}},
      {"CacheService/Follow", {Follow, StatusCode::ABORTED, "rw"}},
      {"AdminService/GetStats", {Namespace, StatusCode::OK, "rwia"}},
      {"AdminService/ResetStats", {Namespace, StatusCode::OK, "a"}},
      {"AdminService/GetConfig", {Empty, StatusCode::OK, "rwia", false}},
  };
  return *rows;
}

class AuthMethodsTest : public ::testing::Test {
 protected:
  AuthMethodsTest() {
    v1::GetRequest request;
    *request.mutable_entry() = RefOf('z', "acme");
    request.mutable_lease();
    v1::GetResponse response;
    server_.server->cache().Get(With(server_.operator_.secret).get(), request, &response);
    v1::ReleaseLeaseRequest release;
    *release.mutable_entry() = request.entry();
    release.set_fill_token(lease_token = response.lease().fill_token());
    v1::ReleaseLeaseResponse released;
    server_.server->cache().ReleaseLease(With(server_.operator_.secret).get(), release, &released);
  }

  grpc::Status Call(const std::string& method, const std::string& bytes, const std::string& token) {
    grpc::GenericStub stub(server_.server->channel());
    grpc::CompletionQueue queue;
    const auto context = With(token);
    const grpc::Slice slice(bytes);
    auto call =
        stub.PrepareUnaryCall(context.get(), "/paracle.cache.v1." + method, grpc::ByteBuffer(&slice, 1), &queue);
    call->StartCall();
    grpc::ByteBuffer response;
    grpc::Status status;
    call->Finish(&response, &status, this);
    void* tag;
    bool ok;
    queue.Next(&tag, &ok);
    queue.Shutdown();
    while (queue.Next(&tag, &ok)) continue;
    return status;
  }

  // Calls `use` with each method of the descriptors and its row.
  template <typename Use>
  void Walk(Use use) {
    size_t methods = 0;
    for (const char* service : {"CacheService", "AdminService"}) {
      const auto* descriptor = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
          std::string("paracle.cache.v1.") + service);
      ASSERT_NE(descriptor, nullptr) << service;
      for (int i = 0; i < descriptor->method_count(); ++i, ++methods) {
        const std::string method = std::string(service) + "/" + descriptor->method(i)->name();
        const auto row = Rows().find(method);
        ASSERT_NE(row, Rows().end()) << method << " has no row here: who may call it?";
        use(method, row->second);
      }
    }
    EXPECT_EQ(methods, Rows().size());
  }

  AuthServer server_;
};

TEST_F(AuthMethodsTest, NobodyIsNotKnown) {
  std::string wrong = server_.operator_.secret;
  wrong.back() = wrong.back() == 'A' ? 'B' : 'A';
  const std::string unknown = *auth::NewToken("operator");
  Walk([&](const std::string& method, const Row& row) {
    const grpc::Status none = Call(method, row.request("acme"), "");
    EXPECT_EQ(none.error_code(), grpc::StatusCode::UNAUTHENTICATED) << method;
    for (const std::string& token : {wrong, unknown, server_.expired.secret, std::string("password")}) {
      const grpc::Status status = Call(method, row.request("acme"), token);
      EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED) << method;
      EXPECT_EQ(status.error_message(), none.error_message()) << method << ": what is wrong is not told";
    }
    EXPECT_EQ(Call(method, "\xff", "").error_code(), grpc::StatusCode::UNAUTHENTICATED) << method << ": before parsing";
  });
}

TEST_F(AuthMethodsTest, EachRoleMayWhatItMay) {
  const std::pair<char, const IssuedToken*> roles[] = {
      {'r', &server_.reader}, {'w', &server_.writer}, {'i', &server_.invalidator}, {'a', &server_.admin}};
  Walk([&](const std::string& method, const Row& row) {
    for (const auto& [letter, token] : roles) {
      const bool may = row.who.find(letter) != std::string::npos;
      const grpc::Status status = Call(method, row.request("acme"), token->secret);
      EXPECT_EQ(status.error_code(), may ? row.admitted : grpc::StatusCode::PERMISSION_DENIED)
          << method << " by " << letter << ": " << status.error_message();
      if (may) continue;
      EXPECT_THAT(status.error_message(), HasSubstr("needs the role ")) << method;
    }
    EXPECT_EQ(Call(method, row.request("acme"), server_.operator_.secret).error_code(), row.admitted) << method;
  });
}

TEST_F(AuthMethodsTest, AnotherNamespaceIsRefusedWhateverIsInIt) {
  auto set = SetOf(RefOf('a', "elsewhere"), "secret answer");
  v1::SetResponse response;
  ASSERT_TRUE(server_.server->cache().Set(With(server_.other.secret).get(), set, &response).ok());
  Walk([&](const std::string& method, const Row& row) {
    if (!row.of_namespace) return;
    const grpc::Status full = Call(method, row.request("acme"), server_.other.secret);
    EXPECT_EQ(full.error_code(), grpc::StatusCode::PERMISSION_DENIED) << method;
    EXPECT_EQ(full.error_message(), "namespace \"acme\" is not among those of this caller") << method;
    const grpc::Status unknown = Call(method, row.request("acmf"), server_.other.secret);
    EXPECT_EQ(unknown.error_code(), full.error_code());
    EXPECT_EQ(unknown.error_message(), "namespace \"acmf\" is not among those of this caller") << method;
    EXPECT_EQ(Call(method, row.request("elsewhere"), server_.other.secret).error_code(), row.admitted) << method;
  });
}

TEST_F(AuthMethodsTest, StatisticsOfAllAreForAnAdminOfAll) {
  v1::GetStatsResponse stats;
  v1::ResetStatsResponse reset;
  auto& admin = server_.server->admin();
  EXPECT_EQ(admin.GetStats(With(server_.admin.secret).get(), {}, &stats).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(admin.ResetStats(With(server_.admin.secret).get(), {}, &reset).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_TRUE(admin.GetStats(With(server_.operator_.secret).get(), {}, &stats).ok());
  EXPECT_TRUE(stats.has_leases());
  v1::GetStatsRequest own;
  own.set_namespace_("acme");
  ASSERT_TRUE(admin.GetStats(With(server_.reader.secret).get(), own, &stats).ok());
  EXPECT_FALSE(stats.has_leases()) << "they are those of all namespaces";
}

TEST_F(AuthMethodsTest, SettingsAreForAdmins) {
  v1::GetConfigResponse config;
  ASSERT_TRUE(server_.server->admin().GetConfig(With(server_.reader.secret).get(), {}, &config).ok());
  EXPECT_EQ(config.settings_size(), 0);
  EXPECT_GT(config.limits().max_entry_bytes(), 0) << "clients need it";
  EXPECT_GT(config.features_size(), 0);
  ASSERT_TRUE(server_.server->admin().GetConfig(With(server_.admin.secret).get(), {}, &config).ok());
  EXPECT_GT(config.settings_size(), 10);
}

TEST_F(AuthMethodsTest, HealthIsOpenAndReflectionIsNot) {
  EXPECT_TRUE(server_.server->CallPath("/grpc.health.v1.Health/Check", "").first.ok());
  EXPECT_EQ(
      server_.server->CallPath("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "").first.error_code(),
      grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(server_.server->CallPath("/paracle.cache.v1.CacheService/Nothing", "").first.error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(AuthMethodsTest, ABatchIsRefusedWholeForOneEntry) {
  v1::BatchSetRequest request;
  *request.add_entries() = SetOf(RefOf('a', "acme"), "answer");
  *request.add_entries() = SetOf(RefOf('b', "elsewhere"), "answer");
  v1::BatchSetResponse stored;
  EXPECT_EQ(server_.server->cache().BatchSet(With(server_.writer.secret).get(), request, &stored).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  v1::BatchGetRequest lookup;
  *lookup.add_entries() = RefOf('a', "acme");
  v1::BatchGetResponse found;
  ASSERT_TRUE(server_.server->cache().BatchGet(With(server_.writer.secret).get(), lookup, &found).ok());
  EXPECT_TRUE(found.results(0).has_miss()) << "nothing was done";
  *lookup.add_entries() = RefOf('b', "elsewhere");
  EXPECT_EQ(server_.server->cache().BatchGet(With(server_.reader.secret).get(), lookup, &found).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
}

// protobuf merges a field that comes twice, so the namespace that counts may be in the second one.
TEST_F(AuthMethodsTest, AnEntryInTwoPartsIsJudgedAsItIsRead) {
  v1::EntryRef harmless, meant;
  harmless.set_namespace_("acme");
  meant = RefOf('a', "elsewhere");
  v1::SetRequest first, second;
  *first.mutable_entry() = harmless;
  *second.mutable_entry() = meant;
  second.set_payload("planted");
  const std::string set = first.SerializeAsString() + second.SerializeAsString();
  EXPECT_EQ(Call("CacheService/Set", set, server_.writer.secret).error_code(), grpc::StatusCode::PERMISSION_DENIED);
  v1::BatchSetRequest batch;
  batch.add_entries()->ParseFromString(set);
  EXPECT_EQ(Call("CacheService/BatchSet", batch.SerializeAsString(), server_.writer.secret).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  // By hand: a length-delimited field 1 that holds the two parts as they are.
  const std::string raw = std::string("\x0a") + static_cast<char>(set.size()) + set;
  ASSERT_LT(set.size(), 128U);
  EXPECT_EQ(Call("CacheService/BatchSet", raw, server_.writer.secret).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(AuthMethodsTest, AReaderWhoAsksForALeaseGetsAPlainMiss) {
  v1::GetRequest request;
  *request.mutable_entry() = RefOf('l', "acme");
  request.mutable_lease()->mutable_wait()->set_seconds(5);
  v1::GetResponse response;
  ASSERT_TRUE(server_.server->cache().Get(With(server_.writer.secret).get(), request, &response).ok());
  EXPECT_TRUE(response.has_lease());
  // Not even waiting for the one who holds it: a plain lookup.
  ASSERT_TRUE(server_.server->cache().Get(With(server_.reader.secret).get(), request, &response).ok());
  EXPECT_TRUE(response.has_miss());
}

}  // namespace
}  // namespace paracle::service
