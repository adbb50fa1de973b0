#include "service/metrics/rpc.h"

#include <set>

#include "gtest/gtest.h"
#include "paracle/cache/v1/admin.pb.h"
#include "paracle/cache/v1/cache.pb.h"

namespace paracle::service {
namespace {

std::string TypeOf(const google::protobuf::MethodDescriptor& method) {
  if (method.client_streaming() && method.server_streaming()) return "bidi_stream";
  return method.client_streaming() ? "client_stream" : method.server_streaming() ? "server_stream" : "unary";
}

std::set<std::string> MethodsOf(const google::protobuf::ServiceDescriptor& service) {
  std::set<std::string> methods;
  for (int i = 0; i < service.method_count(); ++i) {
    methods.insert(TypeOf(*service.method(i)) + " " + std::string(service.full_name()) + "/" +
                   std::string(service.method(i)->name()));
  }
  return methods;
}

TEST(RpcTest, EveryMethodOfTheProtoIsCountedUnderItsName) {
  std::set<std::string> wanted = MethodsOf(*cache::v1::GetRequest::descriptor()->file()->service(0));
  wanted.merge(MethodsOf(*cache::v1::GetStatsRequest::descriptor()->file()->service(0)));
  std::set<std::string> counted;
  for (int i = 0; i < kRpcs; ++i) {
    const RpcFacts& facts = FactsOf(static_cast<Rpc>(i));
    counted.insert(std::string(facts.type) + " " + std::string(facts.service) + "/" + std::string(facts.method));
  }
  EXPECT_EQ(counted, wanted);
}

TEST(RpcTest, ARequestKnowsItsMethod) {
  EXPECT_EQ(RpcOfRequest("BatchGetRequest"), Rpc::kBatchGet);
  EXPECT_EQ(RpcOfRequest("GetConfigRequest"), Rpc::kGetConfig);
}

TEST(RpcTest, CodesAreNamedAsByEveryGrpcServer) {
  EXPECT_EQ(CodeName(0), "OK");
  EXPECT_EQ(CodeName(1), "Canceled");
  EXPECT_EQ(CodeName(16), "Unauthenticated");
  EXPECT_EQ(CodeName(99), "Unknown");
  EXPECT_EQ(ResultName(ResultOfCode(8)), "rejected");
  EXPECT_EQ(ResultName(ResultOfCode(9)), "refused");
  EXPECT_EQ(ResultName(ResultOfCode(3)), "invalid");
  EXPECT_EQ(ResultName(ResultOfCode(7)), "denied");
  EXPECT_EQ(ResultName(ResultOfCode(16)), "denied");
  EXPECT_EQ(ResultName(ResultOfCode(14)), "error");
}

}  // namespace
}  // namespace paracle::service
