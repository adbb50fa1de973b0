// Binds the C++ to proto/paracle/cache/v1/key_vectors.json, as every other language is bound to it.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "cachecore/cache_key.h"
#include "cachecore/canonical_json.h"
#include "cachecore/error.h"
#include "tests/cachecore/recorded_data.h"

namespace paracle::cachecore {
namespace {

using nlohmann::json;

json Vectors() { return json::parse(ReadFile(std::string(PARACLE_PROTO_DIR) + "/key_vectors.json")); }

std::string TextOf(const json& vector, const std::string& name) {
  if (vector.contains(name)) return vector[name];
  std::string text;
  EXPECT_TRUE(absl::Base64Unescape(vector.at(name + "_base64").get<std::string>(), &text));
  return text;
}

// `message` is the refusal without the name of the field.
void ExpectRefusedAt(const std::string& place, absl::string_view message) {
  if (place.empty()) {
    EXPECT_FALSE(absl::StartsWith(message, "/")) << message;
  } else {
    EXPECT_TRUE(absl::StartsWith(message, place + ": ")) << message << " should be at " << place;
  }
}

void ExpectKey(const json& vector, const absl::StatusOr<DerivedKey>& key) {
  const json& expect = vector["expect"];
  if (expect.contains("refused_at")) {
    ASSERT_FALSE(key.ok()) << key->canonical;
    EXPECT_EQ(ReasonOf(key.status()), kReasonKeyInvalid);
    ExpectRefusedAt(expect["refused_at"], key.status().message().substr(FieldOf(key.status()).size() + 2));
    return;
  }
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(key->canonical, expect["canonical"]);
  EXPECT_EQ(key->digest.ToHex(), expect["digest"]);
}

// The same question by way of the fields of a CacheKey, taken from the key document that it came to.
void ExpectSameKeyFromFields(const DerivedKey& key) {
  const json document = json::parse(key.canonical);
  const auto text = [&](const char* name) { return document.value(name, std::string()); };
  const auto container = [&](const char* name) { return document.contains(name) ? document[name].dump() : ""; };
  const std::string provider = text("provider"), endpoint = text("endpoint"), model = text("model");
  const std::string messages = container("messages"), params = container("params"), headers = container("headers");
  CacheKeyFields fields{.provider = provider,
                        .endpoint = endpoint,
                        .model = model,
                        .variant = document.value("variant", 0u),
                        .messages_json = messages,
                        .params_json = params,
                        .headers_json = headers};
  if (document.contains("temperature")) fields.temperature = document["temperature"].get<double>();
  if (document.contains("max_tokens")) fields.max_tokens = document["max_tokens"].get<int64_t>();
  const auto digest = DigestOf(fields);
  ASSERT_TRUE(digest.ok()) << digest.status();
  EXPECT_EQ(*digest, key.digest);
}

TEST(KeyVectorsTest, Canonicaliser) {
  const json vectors = Vectors()["canonicaliser"];
  ASSERT_GE(vectors.size(), 50u);
  for (const json& vector : vectors) {
    SCOPED_TRACE(vector["why"].get<std::string>());
    const auto canonical = Canonicalize(TextOf(vector, "input"));
    if (vector["expect"].contains("refused_at")) {
      ASSERT_FALSE(canonical.ok()) << *canonical;
      ExpectRefusedAt(vector["expect"]["refused_at"], canonical.status().message());
    } else {
      ASSERT_TRUE(canonical.ok()) << canonical.status();
      EXPECT_EQ(*canonical, vector["expect"]["canonical"]);
    }
  }
}

TEST(KeyVectorsTest, Keys) {
  const json vectors = Vectors()["keys"];
  ASSERT_GE(vectors.size(), 50u);
  for (const json& vector : vectors) {
    SCOPED_TRACE(vector["why"].get<std::string>());
    const auto key = DeriveFromDocument(TextOf(vector, "document"));
    ExpectKey(vector, key);
    if (key.ok()) ExpectSameKeyFromFields(*key);
  }
}

TEST(KeyVectorsTest, Bodies) {
  const json vectors = Vectors()["bodies"];
  ASSERT_GE(vectors.size(), 50u);
  for (const json& vector : vectors) {
    SCOPED_TRACE(vector["why"].get<std::string>());
    const std::string provider = vector["provider"], endpoint = vector.value("endpoint", "");
    const std::string body = TextOf(vector, "body");
    const auto headers = vector.value("headers", std::vector<std::pair<std::string, std::string>>());
    const auto key = DeriveFromRequest({.provider = provider, .endpoint = endpoint, .body = body, .headers = headers});
    ExpectKey(vector, key);
    if (!key.ok()) continue;
    ExpectSameKeyFromFields(*key);
    std::vector<std::string> names;
    for (const std::string& dropped : key->dropped) names.push_back(dropped.substr(0, dropped.find(": ")));
    std::sort(names.begin(), names.end());
    EXPECT_EQ(names, vector["expect"]["dropped"].get<std::vector<std::string>>());
  }
}

}  // namespace
}  // namespace paracle::cachecore
