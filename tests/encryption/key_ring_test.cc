#include "cachecore/encryption/key_ring.h"

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace paracle::cachecore::encryption {
namespace {

std::string Key(char letter, size_t size = Secret::kSize) { return absl::Base64Escape(std::string(size, letter)); }

std::string Names() { return absl::StrCat("names ", Key('n'), "\n"); }

std::shared_ptr<const KeyRing> Ring(const std::string& text) {
  const auto ring = KeyRing::Parse(text);
  EXPECT_TRUE(ring.ok()) << ring.status();
  return ring.ok() ? *ring : nullptr;
}

TEST(KeyRingTest, TheLastKeySealsAndEveryOneOpens) {
  const auto ring =
      Ring(absl::StrCat("# of team A\n\n", Names(), "2026-05\t", Key('a'), "\r\n  2026-11   ", Key('b'), " \n"));
  ASSERT_NE(ring, nullptr);
  EXPECT_EQ(ring->names().bytes(), std::string(32, 'n'));
  EXPECT_EQ(ring->SealerOf("default").id, "2026-11");
  EXPECT_EQ(ring->Find("2026-05")->secret->bytes(), std::string(32, 'a'));
  EXPECT_EQ(ring->Find("2026-11")->secret->bytes(), std::string(32, 'b'));
  EXPECT_EQ(ring->size(), 2u);
}

TEST(KeyRingTest, AKeyThatIsNotThereIsNotFound) {
  const auto ring = Ring(absl::StrCat(Names(), "a ", Key('a')));
  EXPECT_EQ(ring->Find("b"), nullptr);
  EXPECT_EQ(ring->Find(""), nullptr);
  EXPECT_EQ(ring->Find("names"), nullptr) << "it seals nothing";
}

TEST(KeyRingTest, ANamespaceMayHaveKeysOfItsOwn) {
  const auto ring = Ring(absl::StrCat(Names(), "acme-1 ", Key('a'), " acme\nall-1 ", Key('b'), "\nacme-2 ", Key('c'),
                                      " acme\nall-2 ", Key('d'), "\n"));
  EXPECT_EQ(ring->SealerOf("acme").id, "acme-2");
  EXPECT_EQ(ring->SealerOf("other").id, "all-2");
  EXPECT_EQ(ring->Find("acme-1")->ns, "acme");
  EXPECT_EQ(ring->Find("all-1")->ns, "");
}

TEST(KeyRingTest, WhatIsNotAcceptedIsNamedByItsLineAndNeverShown) {
  const std::string secret = Key('s');
  const std::string good = absl::StrCat("a ", Key('a'), "\n");
  const struct {
    const char* why;
    std::string text;
    const char* message;
  } kCases[] = {
      {"no key for names", good, "no key for names"},
      {"nothing at all", "", "no key for names"},
      {"no key that seals", Names(), "no key for all namespaces"},
      {"keys of one namespace only", absl::StrCat(Names(), "a ", secret, " acme"), "no key for all namespaces"},
      {"two keys for names", absl::StrCat(Names(), good, "names ", secret), "line 3 is a second key for names"},
      {"names of a namespace", absl::StrCat(good, "names ", secret, " acme"), "line 2 gives names a namespace"},
      {"an id twice", absl::StrCat(Names(), good, "a ", secret), "line 3 has the id of an earlier line"},
      {"a key twice", absl::StrCat(Names(), "a ", secret, "\nb ", secret), "line 3 has the key of an earlier line"},
      {"the key of names again", absl::StrCat(Names(), "a ", Key('n')), "line 2 has the key of an earlier line"},
      {"a short key", absl::StrCat(Names(), "a ", Key('s', 31)), "line 2 has a key that is not accepted"},
      {"a long key", absl::StrCat(Names(), "a ", Key('s', 33)), "line 2 has a key that is not accepted"},
      {"no base64", absl::StrCat(Names(), "a ssss-not-base64!"), "line 2 has a key that is not accepted"},
      {"a key alone", absl::StrCat(Names(), secret), "line 2 is not of two or three words"},
      {"too many words", absl::StrCat(Names(), "a ", secret, " acme and"), "line 2 is not of two or three words"},
      {"an id of other letters", absl::StrCat(Names(), "a/b ", secret), "line 2 has no id that is accepted"},
      {"a long id", absl::StrCat(Names(), std::string(33, 'a'), " ", secret), "line 2 has no id that is accepted"},
  };
  for (const auto& c : kCases) {
    const auto ring = KeyRing::Parse(c.text);
    ASSERT_EQ(ring.status().code(), absl::StatusCode::kInvalidArgument) << c.why;
    EXPECT_TRUE(absl::StrContains(ring.status().message(), c.message)) << c.why << ": " << ring.status();
    EXPECT_TRUE(absl::StrContains(ring.status().message(), "; want ")) << c.why << ": " << ring.status();
    EXPECT_FALSE(absl::StrContains(ring.status().message(), "ssss")) << c.why;
    EXPECT_FALSE(absl::StrContains(ring.status().message(), secret.substr(0, 8))) << c.why;
  }
}

TEST(KeyRingTest, KeysAreBounded) {
  std::string text = Names();
  for (size_t i = 0; i <= KeyRing::kMaxKeys; ++i) {
    std::string key(Secret::kSize, '\0');
    key[0] = static_cast<char>(i);
    key[1] = static_cast<char>(i / 256);
    absl::StrAppend(&text, "k", i, " ", absl::Base64Escape(key), "\n");
  }
  EXPECT_EQ(KeyRing::Parse(text).status().code(), absl::StatusCode::kInvalidArgument);
  text.resize(text.rfind('k'));
  EXPECT_EQ(Ring(text)->size(), KeyRing::kMaxKeys);
}

}  // namespace
}  // namespace paracle::cachecore::encryption
