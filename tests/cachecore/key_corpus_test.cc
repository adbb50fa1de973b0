// The key on recorded traffic: what must be told apart is, and no spelling of a body changes its key. Runs on the large
// corpus where it is present, else on the cut in tests/data/llm.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "cachecore/cache_key.h"
#include "tests/cachecore/recorded_data.h"

namespace paracle::cachecore {
namespace {

using nlohmann::json;

std::filesystem::path LargeCorpus() { return std::filesystem::path(PARACLE_SHARED_DATA) / "llm"; }
std::filesystem::path SmallCut() { return std::filesystem::path(PARACLE_TEST_DATA) / "llm"; }

bool HaveLargeCorpus() {
  if (std::filesystem::exists(LargeCorpus() / "bodies.jsonl.gz")) return true;
  std::cerr << "SKIPPED the large corpus: no " << LargeCorpus() << "; using the cut in tests/data/llm" << std::endl;
  return false;
}

std::vector<json> KeyPairs() {
  std::vector<json> pairs;
  for (const auto& line : ReadLines((HaveLargeCorpus() ? LargeCorpus() : SmallCut()) / "key_pairs.jsonl")) {
    pairs.push_back(json::parse(line));
  }
  return pairs;
}

std::vector<json> Exchanges() {
  std::vector<std::string> lines;
  if (HaveLargeCorpus()) {
    lines = ReadGzipLines(LargeCorpus() / "bodies.jsonl.gz");
  } else {
    for (const char* name : {"openai_chat", "openai_responses", "openai_embeddings", "anthropic_messages", "gemini"}) {
      for (std::string& line : ReadLines(SmallCut() / (std::string(name) + ".jsonl"))) lines.push_back(std::move(line));
    }
  }
  std::vector<json> exchanges;
  for (const std::string& line : lines) exchanges.push_back(json::parse(line));
  return exchanges;
}

std::string KeyOf(const std::string& provider, const std::string& endpoint, const std::string& body) {
  const auto key = DeriveFromRequest({.provider = provider, .endpoint = endpoint, .body = body});
  EXPECT_TRUE(key.ok()) << key.status() << "\n" << body;
  return key.ok() ? key->digest.ToHex() : "";
}

// Writes a JSON value in one of its many other spellings.
class Respeller {
 public:
  explicit Respeller(uint32_t seed) : random_(seed) {}

  std::string Spell(const json& value) {
    text_.clear();
    Value(value);
    return text_;
  }

 private:
  void Value(const json& value) {
    Space();
    if (value.is_object()) {
      Object(value);
    } else if (value.is_array()) {
      Array(value);
    } else if (value.is_string()) {
      String(value.get<std::string>());
    } else if (value.is_number()) {
      Number(value);
    } else {
      text_ += value.dump();
    }
    Space();
  }

  void Object(const json& object) {
    std::vector<std::string> names;
    for (const auto& member : object.items()) names.push_back(member.key());
    std::shuffle(names.begin(), names.end(), random_);
    text_ += '{';
    for (size_t i = 0; i < names.size(); ++i) {
      if (i > 0) text_ += ',';
      Space();
      String(names[i]);
      Space();
      text_ += ':';
      Value(object[names[i]]);
    }
    text_ += '}';
  }

  void Array(const json& array) {
    text_ += '[';
    for (size_t i = 0; i < array.size(); ++i) {
      if (i > 0) text_ += ',';
      Value(array[i]);
    }
    text_ += ']';
  }

  void String(const std::string& text) {
    if (Chance(2)) {
      text_ += json(text).dump(-1, ' ', /*ensure_ascii=*/true);
      return;
    }
    text_ += '"';
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x80 && (byte < 0x20 || c == '"' || c == '\\' || Chance(16))) {
        char escape[8];
        std::snprintf(escape, sizeof(escape), Chance(2) ? "\\u%04x" : "\\u%04X", byte);
        text_ += escape;
      } else if (c == '/' && Chance(2)) {
        text_ += "\\/";
      } else {
        text_ += c;
      }
    }
    text_ += '"';
  }

  void Number(const json& number) {
    char spelt[400];
    if (!number.is_number_float()) {
      std::snprintf(spelt, sizeof(spelt), "%s%s", number.dump().c_str(), Chance(2) ? ".0" : "e0");
    } else {
      std::snprintf(spelt, sizeof(spelt), Chance(2) ? "%.20e" : "%.17g", number.get<double>());
    }
    text_ += spelt;
  }

  void Space() {
    constexpr char kSpaces[] = " \n\r\t";
    while (Chance(4)) text_ += kSpaces[random_() % 4];
  }

  bool Chance(uint32_t one_in) { return random_() % one_in == 0; }

  std::mt19937 random_;
  std::string text_;
};

std::string KeyOfSide(const json& pair, const char* side) {
  return KeyOf(pair["provider"], pair[side]["endpoint"], pair[side]["request_body"].dump());
}

TEST(KeyCorpusTest, DifferentPairsAreToldApartAndSamePairsAreNot) {
  std::map<std::string, int> seen;
  for (const json& pair : KeyPairs()) {
    SCOPED_TRACE(pair["differs"].dump() + " of " + pair["a"]["source"].dump());
    ++seen[pair["expect"]];
    if (pair["expect"] == "policy") continue;
    EXPECT_EQ(KeyOfSide(pair, "a") == KeyOfSide(pair, "b"), pair["expect"] == "same");
  }
  EXPECT_GE(seen["different"], 20);
  EXPECT_EQ(seen["same"], 2);
}

bool Streams(const json& side) { return side["request_body"].value("stream", json()) == json(true); }

// As the table of key_derivation.md, "What the rules come to", has it.
bool IsSameByPolicy(const json& pair) {
  if (Streams(pair["a"]) != Streams(pair["b"])) return false;
  for (const std::string name : pair["differs"]) {
    if (name != "stream" && name != "user" && name != "service_tier") return false;
  }
  return true;
}

TEST(KeyCorpusTest, PolicyPairsFallAsDocumented) {
  std::map<bool, int> seen;
  for (const json& pair : KeyPairs()) {
    if (pair["expect"] != "policy") continue;
    SCOPED_TRACE(pair.dump().substr(0, 2000));
    const bool same = IsSameByPolicy(pair);
    EXPECT_EQ(KeyOfSide(pair, "a") == KeyOfSide(pair, "b"), same);
    ++seen[same];
  }
  EXPECT_GE(seen[true], 2);
  EXPECT_GE(seen[false], 6);
}

TEST(KeyCorpusTest, NoSpellingOfABodyChangesItsKey) {
  Respeller respeller(20261123);
  int bodies = 0;
  for (const json& exchange : Exchanges()) {
    SCOPED_TRACE(exchange["endpoint"]);
    const std::string plain = exchange["request_body"].dump();
    const std::string respelt = respeller.Spell(exchange["request_body"]);
    EXPECT_NE(plain, respelt);
    EXPECT_EQ(KeyOf(exchange["provider"], exchange["endpoint"], plain),
              KeyOf(exchange["provider"], exchange["endpoint"], respelt));
    ++bodies;
  }
  EXPECT_GE(bodies, 10);
}

TEST(KeyCorpusTest, AnyOtherCharacterOfABodyChangesItsKey) {
  std::mt19937 random(20261123);
  for (const json& exchange : Exchanges()) {
    json body = exchange["request_body"];
    std::vector<json::json_pointer> texts;
    const json flat = body.flatten();
    for (const auto& leaf : flat.items()) {
      const json::json_pointer at(leaf.key());
      const bool is_neutral = leaf.key() == "/stream" || leaf.key() == "/user" || leaf.key() == "/service_tier" ||
                              leaf.key().starts_with("/metadata") || leaf.key().starts_with("/prompt_cache") ||
                              leaf.key() == "/safety_identifier";
      if (leaf.value().is_string() && !is_neutral) texts.push_back(at);
    }
    if (texts.empty()) continue;
    const std::string before = KeyOf(exchange["provider"], exchange["endpoint"], body.dump());
    const auto& at = texts[random() % texts.size()];
    body[at] = body[at].get<std::string>() + " ";
    EXPECT_NE(KeyOf(exchange["provider"], exchange["endpoint"], body.dump()), before) << at;
  }
}

}  // namespace
}  // namespace paracle::cachecore
