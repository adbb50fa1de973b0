// Requests that no stub of ours sends: each gets a clear status, and the server goes on.
#include <string>

#include "gtest/gtest.h"
#include "tests/service/raw_http2.h"
#include "tests/service/running_server.h"

namespace paracle::service {
namespace {

namespace v1 = cache::v1;

std::string Repeat(absl::string_view text, size_t times) {
  std::string out;
  out.reserve(text.size() * times);
  for (size_t i = 0; i < times; ++i) out.append(text.data(), text.size());
  return out;
}

struct Case {
  const char* why;
  const char* method;
  std::string bytes;
  grpc::StatusCode want;
};

void ExpectStillServing(RunningServer& server) {
  v1::GetRequest request;
  *request.mutable_entry() = RefOf('z');
  v1::GetResponse response;
  EXPECT_TRUE(server.cache().Get(Patient().get(), request, &response).ok());
}

TEST(HostileRequestTest, EachIsRefusedAndTheServerGoesOn) {
  constexpr auto kInvalid = grpc::StatusCode::INVALID_ARGUMENT;
  const std::string truncated = std::string("\x0a\x7f\x01\x02", 4);
  const std::string long_varint = std::string(11, '\xff');
  const std::string deep_groups = Repeat("\x7b", 100'000) + Repeat("\x7c", 100'000);
  const std::string not_utf8 = std::string("\x0a\x04\x0a\x02\xff\xfe", 6);
  const Case cases[] = {
      {"no message at all", "CacheService/Get", "", kInvalid},
      {"no message at all", "CacheService/Set", "", kInvalid},
      {"field longer than the message", "CacheService/Get", truncated, kInvalid},
      {"field longer than the message", "CacheService/Set", truncated, kInvalid},
      {"field longer than the message", "CacheService/BatchGet", truncated, kInvalid},
      {"field longer than the message", "CacheService/BatchSet", truncated, kInvalid},
      {"varint without an end", "CacheService/Get", long_varint, kInvalid},
      {"varint without an end", "CacheService/Set", long_varint, kInvalid},
      {"varint without an end", "CacheService/BatchGet", long_varint, kInvalid},
      {"unknown groups nested deeper than the stack", "CacheService/Get", deep_groups, kInvalid},
      {"unknown groups nested deeper than the stack", "CacheService/Set", deep_groups, kInvalid},
      {"unknown groups nested deeper than the stack", "CacheService/BatchSet", deep_groups, kInvalid},
      {"end of a group that did not begin", "CacheService/Set", "\x7c", kInvalid},
      {"namespace that is not UTF-8", "CacheService/Get", not_utf8, kInvalid},
      {"two million empty entries", "CacheService/BatchGet", Repeat(std::string("\x0a\x00", 2), 2'000'000), kInvalid},
      {"two million empty entries", "CacheService/BatchSet", Repeat(std::string("\x0a\x00", 2), 2'000'000), kInvalid},
      {"a million empty tags", "CacheService/Set", Repeat(std::string("\x22\x00", 2), 1'000'000), kInvalid},
      {"a payload of nothing, a million times", "CacheService/Set", Repeat(std::string("\x7a\x00", 2), 1'000'000),
       kInvalid},
      {"field number 0", "CacheService/Set", std::string("\x00\x00", 2), kInvalid},
      {"reserved wire type", "CacheService/Set", "\x0f", kInvalid},
      {"field longer than the message", "CacheService/Invalidate", truncated, kInvalid},
      {"field longer than the message", "CacheService/Clear", truncated, kInvalid},
      {"field longer than the message", "CacheService/RenewLease", truncated, kInvalid},
      {"field longer than the message", "CacheService/ReleaseLease", truncated, kInvalid},
      {"field longer than the message", "AdminService/GetStats", truncated, kInvalid},
      {"field longer than the message", "AdminService/ResetStats", truncated, kInvalid},
      {"field longer than the message", "AdminService/GetConfig", truncated, kInvalid},
      {"unknown groups nested deeper than the stack", "CacheService/Invalidate", deep_groups, kInvalid},
      {"unknown groups nested deeper than the stack", "AdminService/GetConfig", deep_groups, kInvalid},
      {"namespace that is not UTF-8", "CacheService/Clear", std::string("\x0a\x02\xff\xfe", 4), kInvalid},
      {"namespace that is not UTF-8", "AdminService/GetStats", std::string("\x0a\x02\xff\xfe", 4), kInvalid},
  };
  RunningServer server;
  for (const Case& c : cases) {
    const auto [status, response] = server.CallRaw(c.method, c.bytes);
    EXPECT_EQ(status.error_code(), c.want) << c.method << ": " << c.why << ": " << status.error_message();
    EXPECT_NE(status.error_details().find("cache.paracle"), std::string::npos) << c.method << ": " << c.why;
  }
  ExpectStillServing(server);
}

TEST(HostileRequestTest, MalformedRequestIsToldWhatItShouldHaveBeen) {
  RunningServer server;
  const std::string truncated = std::string("\x0a\x7f\x01\x02", 4);
  EXPECT_EQ(server.CallRaw("CacheService/Clear", truncated).first.error_message(),
            "request: is not a valid paracle.cache.v1.ClearRequest");
  EXPECT_EQ(server.CallRaw("AdminService/GetStats", truncated).first.error_message(),
            "request: is not a valid paracle.cache.v1.GetStatsRequest");
}

TEST(HostileRequestTest, MessageOverTheSizeLimitIsResourceExhaustedOnEveryRpc) {
  RunningServer server;
  const std::string too_large(5 << 20, 'x');
  for (const char* method :
       {"CacheService/Get", "CacheService/Set", "CacheService/BatchGet", "CacheService/BatchSet",
        "CacheService/Invalidate", "CacheService/Clear", "CacheService/RenewLease", "CacheService/ReleaseLease",
        "AdminService/GetStats", "AdminService/ResetStats", "AdminService/GetConfig"}) {
    const grpc::Status status = server.CallRaw(method, too_large).first;
    EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << method;
    EXPECT_EQ(status.error_message(), "Received message larger than max (5242880 vs. 4194304)") << method;
  }
  ExpectStillServing(server);
}

TEST(HostileRequestTest, MalformedElementOfABatchFailsAlone) {
  RunningServer server;
  v1::BatchGetRequest request;
  *request.add_entries() = RefOf('a');
  const std::string bytes = request.SerializeAsString() + std::string("\x0a\x02\x1a\x7f", 4);
  const auto [status, text] = server.CallRaw("CacheService/BatchGet", bytes);
  ASSERT_TRUE(status.ok()) << status.error_message();
  v1::BatchGetResponse response;
  ASSERT_TRUE(response.ParseFromString(text));
  ASSERT_EQ(response.results_size(), 2);
  EXPECT_TRUE(response.results(0).has_miss());
  EXPECT_EQ(response.results(1).error().message(), "entries[1]: is not a valid paracle.cache.v1.EntryRef");
  EXPECT_EQ(response.results(1).error().reason(), "MALFORMED_REQUEST");
}

TEST(HostileRequestTest, LastOfTwoPayloadsIsTheOneThatCountsAsInProtobuf) {
  RunningServer server;
  v1::SetRequest set = SetOf(RefOf('a'), "first");
  const std::string bytes = set.SerializeAsString() + std::string("\x7a\x06second", 8);
  ASSERT_TRUE(server.CallRaw("CacheService/Set", bytes).first.ok());
  v1::GetRequest get;
  *get.mutable_entry() = RefOf('a');
  v1::GetResponse response;
  ASSERT_TRUE(server.cache().Get(Patient().get(), get, &response).ok());
  EXPECT_EQ(response.hit().payload(), "second");
}

TEST(HostileRequestTest, UnknownFieldsAreIgnored) {
  RunningServer server;
  v1::GetRequest get;
  *get.mutable_entry() = RefOf('a');
  const std::string unknown = std::string("\xf8\x07\x01\xfa\x07\x02hi\xfb\x07\xfc\x07", 12);
  EXPECT_TRUE(server.CallRaw("CacheService/Get", get.SerializeAsString() + unknown).first.ok());
  const std::string set = SetOf(RefOf('a'), "x").SerializeAsString();
  EXPECT_TRUE(server.CallRaw("CacheService/Set", unknown + set + unknown).first.ok());
}

TEST(HostileRequestTest, UnknownMethodIsUnimplemented) {
  RunningServer server;
  EXPECT_EQ(server.CallRaw("CacheService/Watch", "").first.error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

// A request that breaks off reaches the handler as no message at all; an OK without a body in answer to it would
// abort the process.
TEST(HostileRequestTest, ClientsThatBreakOffAtAnyPointHurtNobody) {
  RunningServer server;
  for (const char* method : {"Get", "Set", "BatchGet", "BatchSet", "Invalidate", "Clear"}) {
    const std::string path = std::string("/paracle.cache.v1.CacheService/") + method;
    for (int round = 0; round < 20; ++round) {
      RawHttp2 client(server.port());
      client.OpenStream(path, /*end_stream=*/true);  // No message.
      client.Data(client.OpenStream(path, false), MessagePrefix(100), /*end_stream=*/true);
      client.Data(client.OpenStream(path, false), MessagePrefix(100) + "0123456789", /*end_stream=*/true);
      client.Data(client.OpenStream(path, false), MessagePrefix(0xffffffff), false);
      const uint32_t reset = client.OpenStream(path, false);
      client.Data(reset, MessagePrefix(100) + "0123456789", false);
      client.Reset(reset);
      client.Reset(client.OpenStream(path, true));
      client.OpenStream(path, false);  // And the connection closes under it.
    }
  }
  ExpectStillServing(server);
}

}  // namespace
}  // namespace paracle::service
