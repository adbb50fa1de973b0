#include "cachecore/cache_key.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "cachecore/error.h"

namespace paracle::cachecore {
namespace {

constexpr char kMessages[] = R"([{"role":"user","content":"Hi \u00e9"}])";
constexpr char kCanonical[] =
    R"({"endpoint":"/v1/chat/completions","headers":{"openai-beta":"x"},"max_tokens":100,)"
    R"("messages":[{"content":"Hi é","role":"user"}],"model":"gpt-4","params":{"seed":7,"top_p":0.9},)"
    R"("provider":"openai","temperature":0.7,"v":1})";

CacheKeyFields ExampleFields() {
  return {.provider = "openai",
          .endpoint = "/v1/chat/completions",
          .model = "gpt-4",
          .temperature = 0.7,
          .max_tokens = 100,
          .messages_json = kMessages,
          .params_json = R"({"top_p": 0.90, "seed": 7.0})",
          .headers_json = R"({"openai-beta":"x"})"};
}

std::string Message(const absl::Status& status) { return std::string(status.message()); }

void ExpectRefused(const CacheKeyFields& fields, const std::string& field, const std::string& why) {
  const auto digest = DigestOf(fields);
  ASSERT_FALSE(digest.ok()) << why;
  EXPECT_EQ(digest.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Message(digest.status()), field + ": " + why);
  EXPECT_EQ(FieldOf(digest.status()), field);
  EXPECT_EQ(ReasonOf(digest.status()), kReasonKeyInvalid);
  EXPECT_EQ(Message(DeriveFromFields(fields).status()), Message(digest.status()));
}

TEST(CacheKeyTest, ThreeWaysInGiveOneDigest) {
  const auto from_fields = DeriveFromFields(ExampleFields());
  ASSERT_TRUE(from_fields.ok()) << from_fields.status();
  EXPECT_EQ(from_fields->canonical, kCanonical);
  EXPECT_EQ(from_fields->provider, "openai");
  EXPECT_EQ(from_fields->model, "gpt-4");
  EXPECT_EQ(DigestOf(ExampleFields())->ToHex(), from_fields->digest.ToHex());

  const auto from_document = DeriveFromDocument(kCanonical);
  ASSERT_TRUE(from_document.ok()) << from_document.status();
  EXPECT_EQ(from_document->canonical, kCanonical);
  EXPECT_EQ(from_document->digest, from_fields->digest);
  EXPECT_EQ(from_document->model, "gpt-4");

  const std::string body = std::string(R"({"seed":7,"stream":false,"user":"me","tools":null,"messages":)") + kMessages +
                           R"(,"top_p":0.9,"max_tokens":1e2,"model":"gpt-4","temperature":0.7001})";
  const std::vector<std::pair<std::string, std::string>> headers = {{"OpenAI-Beta", "x"}, {"Authorization", "y"}};
  const auto from_request = DeriveFromRequest(
      {.provider = "openai", .endpoint = "https://h/v1/chat/completions?key=k", .body = body, .headers = headers});
  ASSERT_TRUE(from_request.ok()) << from_request.status();
  EXPECT_EQ(from_request->canonical, kCanonical);
  EXPECT_EQ(from_request->digest, from_fields->digest);
  EXPECT_EQ(from_request->dropped, (std::vector<std::string>{"endpoint?key: a credential", "stream: false, the default",
                                                             "tools: null", "user: does not shape the answer"}));
}

TEST(CacheKeyTest, DigestIsThePublishedSha256OfTheCanonicalText) {
  // printf '{"provider":"p","v":1}' | sha256sum
  EXPECT_EQ(DigestOf({.provider = "p"})->ToHex(), "8b507409bd2c339f403d12a566d9e65b4dd291f8d976fa135b0bf4851586a74a");
}

TEST(CacheKeyTest, EveryFieldSeparates) {
  const Digest base = *DigestOf(ExampleFields());
  std::vector<CacheKeyFields> others(9, ExampleFields());
  others[0].provider = "openaI";
  others[1].endpoint = "/v1/chat/completions/";
  others[2].model = "gpt-4 ";
  others[3].temperature.reset();
  others[4].max_tokens = 101;
  others[5].variant = 1;
  others[6].messages_json = R"([{"role":"user","content":"Hi e"}])";
  others[7].params_json = R"({"top_p":0.9,"seed":8})";
  others[8].headers_json = "";
  for (size_t i = 0; i < others.size(); ++i) EXPECT_NE(*DigestOf(others[i]), base) << i;
}

TEST(CacheKeyTest, EmptyAndNullContainersAreAbsent) {
  const Digest bare = *DigestOf({.provider = "p"});
  EXPECT_EQ(*DigestOf({.provider = "p", .messages_json = " [ ] ", .params_json = "{\n}", .headers_json = "{}"}), bare);
  EXPECT_EQ(*DigestOf({.provider = "p", .messages_json = "null", .params_json = "null", .headers_json = "null"}), bare);
}

TEST(CacheKeyTest, TemperatureIsRoundedToTwoDecimals) {
  const struct {
    const char* why;
    double temperature;
    const char* written;
  } cases[] = {
      {"just below the half in binary", 0.705, "0.7"},
      {"just above the half in binary", 0.005, "0.01"},
      {"a tie goes to even, down", 0.125, "0.12"},
      {"a tie goes to even, up", 0.375, "0.38"},
      {"single precision", 0.7f, "0.7"},
      {"no minus zero", -0.001, "0"},
      {"smallest denormal", 5e-324, "0"},
      {"an integer", 1, "1"},
      {"negative", -1.5, "-1.5"},
      {"largest", 9007199254740991, "9007199254740991"},
  };
  for (const auto& c : cases) {
    const auto key = DeriveFromFields({.provider = "p", .temperature = c.temperature});
    ASSERT_TRUE(key.ok()) << c.why;
    EXPECT_EQ(key->canonical, std::string(R"({"provider":"p","temperature":)") + c.written + R"(,"v":1})") << c.why;
  }
}

TEST(CacheKeyTest, RefusedFieldsAreNamedWithTheirPlace) {
  ExpectRefused({}, "provider", "required: 1 to 256 bytes");
  const std::string long_text(2049, 'x');
  ExpectRefused({.provider = long_text}, "provider", "must be at most 256 bytes, is 2049");
  ExpectRefused({.provider = "p", .endpoint = long_text}, "endpoint", "must be at most 2048 bytes, is 2049");
  ExpectRefused({.provider = "p", .model = long_text}, "model", "must be at most 256 bytes, is 2049");
  ExpectRefused({.provider = "p", .model = "\xff"}, "model", "not UTF-8");
  ExpectRefused({.provider = "p", .temperature = std::nan("")}, "temperature", "must be a finite number");
  ExpectRefused({.provider = "p", .temperature = -std::numeric_limits<double>::infinity()}, "temperature",
                "must be a finite number");
  ExpectRefused({.provider = "p", .temperature = 1e16}, "temperature", "1e+16 is beyond 2^53-1");
  ExpectRefused({.provider = "p", .max_tokens = 9007199254740992}, "max_tokens", "9007199254740992 is beyond 2^53-1");
  ExpectRefused({.provider = "p", .max_tokens = std::numeric_limits<int64_t>::min()}, "max_tokens",
                "-9223372036854775808 is beyond 2^53-1");
  ExpectRefused({.provider = "p", .params_json = R"({"tools":[{"seed":9007199254740992}]})"}, "params_json",
                "/tools/0/seed: 9007199254740992 is beyond 2^53-1");
  ExpectRefused({.provider = "p", .params_json = "[]"}, "params_json", "must be an object");
  ExpectRefused({.provider = "p", .params_json = "1"}, "params_json", "must be an object");
  ExpectRefused({.provider = "p", .messages_json = "{}"}, "messages_json", "must be an array of objects");
  ExpectRefused({.provider = "p", .messages_json = R"([{},[]])"}, "messages_json", "/1: must be an object");
  ExpectRefused({.provider = "p", .messages_json = " "}, "messages_json", "not JSON: expected a value at byte 1");
  ExpectRefused({.provider = "p", .headers_json = R"({"a":"1","a":"2"})"}, "headers_json", "/a: member appears twice");
}

TEST(CacheKeyTest, DepthCountsTheDocumentsOwnBraces) {
  const auto params = [](int levels) { return "{\"x\":" + std::string(levels, '[') + std::string(levels, ']') + "}"; };
  const std::string fits = params(98);
  const std::string too_deep = params(99);
  EXPECT_TRUE(DigestOf({.provider = "p", .params_json = fits}).ok());
  EXPECT_FALSE(DigestOf({.provider = "p", .params_json = too_deep}).ok());
  EXPECT_TRUE(DeriveFromDocument(R"({"provider":"p","params":)" + fits + "}").ok());
  EXPECT_FALSE(DeriveFromDocument(R"({"provider":"p","params":)" + too_deep + "}").ok());
  EXPECT_TRUE(DeriveFromRequest({.provider = "p", .body = fits}).ok());
  EXPECT_FALSE(DeriveFromRequest({.provider = "p", .body = too_deep}).ok());
}

TEST(CacheKeyTest, RefusalsOfDocumentsAndBodiesNameWhatWasGiven) {
  const auto document = DeriveFromDocument(R"({"provider":"p","messages":[{},1]})").status();
  EXPECT_EQ(Message(document), "document: /messages/1: must be an object");
  EXPECT_EQ(FieldOf(document), "document");
  EXPECT_EQ(ReasonOf(document), kReasonKeyInvalid);
  EXPECT_EQ(Message(DeriveFromDocument(R"({"provider":"p","top_p":1})").status()),
            "document: /top_p: unknown member; accepted are endpoint, headers, max_tokens, messages, model, params, "
            "provider, temperature, v, variant");
  const auto body = DeriveFromRequest({.provider = "p", .body = R"({"seed":1e16})"}).status();
  EXPECT_EQ(Message(body), "body: /seed: 1e16 is beyond 2^53-1");
  EXPECT_EQ(FieldOf(body), "body");
  EXPECT_EQ(ReasonOf(body), kReasonKeyInvalid);
  EXPECT_EQ(FieldOf(DeriveFromRequest({.body = "{}"}).status()), "provider");
  const std::string long_path(3000, 'x');
  EXPECT_EQ(FieldOf(DeriveFromRequest({.provider = "p", .endpoint = long_path, .body = "{}"}).status()), "endpoint");
  const std::vector<std::pair<std::string, std::string>> headers = {{"openai-beta", "\xff"}};
  const auto bad_header = DeriveFromRequest({.provider = "p", .body = "{}", .headers = headers}).status();
  EXPECT_EQ(Message(bad_header), "headers: not UTF-8 at byte 16");
}

TEST(CacheKeyTest, ThreadsDeriveTheSameDigests) {
  const Digest expected = *DigestOf(ExampleFields());
  std::vector<std::thread> threads;
  std::vector<int> agreed(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 2000; ++i) {
        const bool refused = !DigestOf({.provider = "p", .params_json = "{\"a\":[1,"}).ok();
        agreed[t] += refused && *DigestOf(ExampleFields()) == expected;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(agreed, std::vector<int>(4, 2000));
}

TEST(CacheKeyTest, HugeDocumentsAreKeyedLikeSmallOnes) {
  const std::string content(5 << 20, 'x');
  const std::string messages = R"([{"role":"user","content":")" + content + "\"}]";
  const std::string reordered = R"([{"content":")" + content + R"(","role":"user"}])";
  EXPECT_EQ(*DigestOf({.provider = "p", .messages_json = messages}),
            *DigestOf({.provider = "p", .messages_json = reordered}));
}

}  // namespace
}  // namespace paracle::cachecore
