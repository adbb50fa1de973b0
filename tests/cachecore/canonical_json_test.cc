#include "cachecore/canonical_json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "cachecore/internal/json_block.h"
#include "cachecore/internal/json_buffer.h"
#include "cachecore/internal/json_canonicalizer.h"
#include "cachecore/internal/json_number.h"
#include "cachecore/internal/json_string.h"
#include "tests/cachecore/recorded_data.h"

namespace paracle::cachecore {
namespace {

std::string Canonical(const std::string& text) {
  const auto canonical = Canonicalize(text);
  return canonical.ok() ? *canonical : "refused: " + std::string(canonical.status().message());
}

TEST(CanonicalJsonTest, PublishedPairsOfRfc8785) {
  const std::filesystem::path shared = std::filesystem::path(PARACLE_SHARED_DATA) / "jcs";
  if (!std::filesystem::exists(shared)) GTEST_SKIP() << "no recorded data: " << shared;
  int pairs = 0;
  for (const auto& input : std::filesystem::directory_iterator(shared / "input")) {
    EXPECT_EQ(Canonical(ReadFile(input.path())), ReadFile(shared / "output" / input.path().filename())) << input.path();
    ++pairs;
  }
  EXPECT_EQ(pairs, 6);
}

TEST(CanonicalJsonTest, PublishedNumbersOfEs6) {
  const std::filesystem::path lines = std::filesystem::path(PARACLE_SHARED_DATA) / "jcs" / "es6numbers_10k.txt.gz";
  if (!std::filesystem::exists(lines)) GTEST_SKIP() << "no recorded data: " << lines;
  int count = 0;
  for (const std::string& line : ReadGzipLines(lines)) {
    const size_t comma = line.find(',');
    const uint64_t bits = std::stoull(line.substr(0, comma), nullptr, 16);
    double value;
    std::memcpy(&value, &bits, sizeof(value));
    char spelt[64];
    std::snprintf(spelt, sizeof(spelt), "%.17g", value);
    ASSERT_EQ(Canonical(spelt), line.substr(comma + 1)) << line;
    ++count;
  }
  EXPECT_EQ(count, 10'000);
}

TEST(CanonicalJsonTest, RandomNumbersReadBackAsTheSameValue) {
  std::mt19937_64 random(8785);
  for (int i = 0; i < 100'000; ++i) {
    const uint64_t bits = random();
    double value;
    std::memcpy(&value, &bits, sizeof(value));
    if (!std::isfinite(value)) continue;
    char text[internal::kMaxNumberLength];
    const absl::string_view written(text, internal::WriteNumber(value, text));
    ASSERT_EQ(internal::NumberLength(written), written.size()) << written;
    ASSERT_EQ(internal::ReadNumber(written), value) << written;
  }
}

TEST(CanonicalJsonTest, BlockOfEveryByteAtEveryPlaceAsThePortableOneHasIt) {
  for (int byte = 0; byte < 256; ++byte) {
    for (size_t at = 0; at < internal::kJsonBlock; ++at) {
      char from[internal::kJsonBlock];
      std::memset(from, 'x', sizeof(from));
      from[at] = static_cast<char>(byte);
      if (at + 1 < sizeof(from)) from[sizeof(from) - 1] = '"';
      char to[internal::kJsonBlock];
      char portable[internal::kJsonBlock];
      EXPECT_EQ(internal::CopyJsonBlock(from, to), internal::CopyJsonBlockPortable(from, portable))
          << byte << " " << at;
      EXPECT_EQ(std::memcmp(from, to, sizeof(from)), 0);
      EXPECT_EQ(std::memcmp(from, portable, sizeof(from)), 0);
    }
  }
}

TEST(CanonicalJsonTest, StringsOfEveryLengthAndEscapeAtEveryPlace) {
  for (size_t length = 0; length < 70; ++length) {
    for (size_t at = 0; at <= length; ++at) {
      const std::string before(at, 'x');
      const std::string after(length - at, 'y');
      EXPECT_EQ(Canonical("\"" + before + "\\u00e9" + after + "\""), "\"" + before + "\u00e9" + after + "\"");
      EXPECT_EQ(Canonical("\"" + before + "\\u000A" + after + "\""), "\"" + before + "\\n" + after + "\"");
    }
  }
}

// The order of code units, decided by decoding both names in full.
int OrderOfUtf16(const std::u16string& a, const std::u16string& b) { return a == b ? 0 : a < b ? -1 : 1; }

TEST(CanonicalJsonTest, NamesAreOrderedByUtf16CodeUnits) {
  const std::pair<std::string, std::u16string> characters[] = {{"a", u"a"},
                                                               {"~", u"~"},
                                                               {"\\n", u"\n"},
                                                               {"\\u0001", u"\x01"},
                                                               {"\\\"", u"\""},
                                                               {"\\\\", u"\\"},
                                                               {"\u0080", u"\u0080"},
                                                               {"\u07ff", u"\u07ff"},
                                                               {"\u0800", u"\u0800"},
                                                               {"\ud7ff", u"\ud7ff"},
                                                               {"\ue000", u"\ue000"},
                                                               {"\uffff", u"\uffff"},
                                                               {"\U00010000", u"\U00010000"},
                                                               {"\U0010ffff", u"\U0010ffff"}};
  std::mt19937 random(1);
  for (int round = 0; round < 50'000; ++round) {
    std::string names[2];
    std::u16string units[2];
    const int shared = random() % 3;
    for (int i = 0; i < shared; ++i) {
      const auto& [utf8, utf16] = characters[random() % std::size(characters)];
      for (int side = 0; side < 2; ++side) names[side] += utf8, units[side] += utf16;
    }
    for (int side = 0; side < 2; ++side) {
      for (int i = random() % 3; i > 0; --i) {
        const auto& [utf8, utf16] = characters[random() % std::size(characters)];
        names[side] += utf8, units[side] += utf16;
      }
    }
    ASSERT_EQ(internal::CompareUtf16(names[0], names[1]), OrderOfUtf16(units[0], units[1]))
        << names[0] << " " << names[1];
  }
}

TEST(CanonicalJsonTest, MembersOfALargeObjectAreSortedAndTwinsFound) {
  std::string text = "{";
  std::string sorted = "{";
  for (int i = 0; i < 5000; ++i) {
    text += "\"" + std::to_string(99'999 - i) + "\":{\"b\":1,\"a\":2},";
    sorted += (i ? ",\"" : "\"") + std::to_string(95'000 + i) + "\":{\"a\":2,\"b\":1}";
  }
  EXPECT_EQ(Canonical(text + "\"0\":0}"), "{\"0\":0," + sorted.substr(1) + "}");
  EXPECT_EQ(Canonical(text + "\"97000\":0}"), "refused: /97000: member appears twice");
}

TEST(CanonicalJsonTest, RefusalsSayWhereAndWhy) {
  const struct {
    const char* why;
    const char* text;
    const char* message;
  } cases[] = {
      {"a place within arrays and objects", R"({"a":[0,{"b":1e999}]})", "/a/1/b: 1e999 is beyond binary64"},
      {"what is no JSON has no place but an offset", "[1,]", "not JSON: expected a value at byte 3"},
      {"the offset of invalid UTF-8", "[\"a\xff\"]", "not UTF-8 at byte 3"},
      {"UTF-8 cut short at the end", "\"\xe2\x82", "not UTF-8 at byte 1"},
      {"a slash in a name", R"({"a/b":{"~":["\ud800"]}})", "/a~1b/~0/0: lone surrogate"},
      {"a lone surrogate in a name is in the object", R"([{"\udfff":1}])", "/0: lone surrogate"},
      {"control characters in a name stay escaped", R"({"\n":1,"\u000a":2})", "/\\n: member appears twice"},
      {"more text", "{} {}", "not JSON: more text after the value at byte 3"},
  };
  for (const auto& c : cases) EXPECT_EQ(Canonical(c.text), std::string("refused: ") + c.message) << c.why;
}

TEST(CanonicalJsonTest, LongNamesAndNumbersAreCutInRefusals) {
  const std::string name(1000, 'n');
  EXPECT_EQ(Canonical("{\"" + name + "\":1,\"" + name + "\":2}"),
            "refused: /" + name.substr(0, 64) + "...: member appears twice");
  EXPECT_EQ(Canonical("[" + std::string(1000, '9') + "]"),
            "refused: /0: " + std::string(40, '9') + "... is beyond binary64");
  std::string deep;
  for (int i = 0; i < 101; ++i) deep += "{\"" + name + "\":";
  EXPECT_LT(Canonical(deep).size(), 1200u);
}

TEST(CanonicalJsonTest, ReusedCanonicalizerForgetsWhatWasRefused) {
  internal::JsonCanonicalizer canonicalizer;
  internal::JsonBuffer out;
  out.Append("x");
  EXPECT_FALSE(canonicalizer.Append(R"({"b":[{"a":1,"c":nul)", {}, out));
  EXPECT_EQ(out.view(), "x");
  EXPECT_TRUE(canonicalizer.Append(R"({"b":2,"a":1})", {}, out));
  EXPECT_EQ(out.view(), R"(x{"a":1,"b":2})");
  ASSERT_EQ(canonicalizer.members().size(), 2u);
  EXPECT_EQ(canonicalizer.members()[1].Name(out.view()), "\"b\"");
  EXPECT_EQ(canonicalizer.members()[1].Value(out.view()), "2");
}

TEST(CanonicalJsonTest, TrimGivesBackWhatAHugeDocumentNeeded) {
  internal::JsonBuffer out;
  out.Append(std::string(3 << 20, 'x'));
  out.Clear(4 << 20);
  EXPECT_GE(out.capacity(), 3u << 20);
  out.Clear(1 << 20);
  EXPECT_EQ(out.capacity(), 0u);
}

}  // namespace
}  // namespace paracle::cachecore
