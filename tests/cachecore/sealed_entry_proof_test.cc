// The counts that stand behind "never a wrong answer" for sealed entries: a million round trips, 100,000 changed bytes,
// 10,000 swaps. PARACLE_PROOF_SCALE divides them, for sanitizers.
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "cachecore/entry_codec.h"
#include "gtest/gtest.h"
#include "tests/cachecore/sealing_keys.h"
#include "tests/cachecore/stored_entry_bytes.h"
#include "tests/support/answer.h"

namespace paracle::cachecore {
namespace {

int Scaled(int count) {
  const char* const scale = std::getenv("PARACLE_PROOF_SCALE");
  return count / std::max(1, scale == nullptr ? 1 : std::atoi(scale));
}

class SealedEntryProof : public testing::Test {
 protected:
  Answer RandomAnswer() {
    const size_t size = random_() % 64 == 0 ? random_() % 20'000 : random_() % 900;
    return {.ns = kNamespaces[random_() % std::size(kNamespaces)],
            .question = static_cast<int>(random_() % 1'000'000),
            .payload = noise_.substr(random_() % (noise_.size() - size), size),
            .tags = {"a-tag"}};
  }

  static EntryTag TagOf(const Answer& answer) { return EntryTag::Of(answer.Spec({}).id, NameHash()); }

  std::string Seal(const Answer& answer) {
    const absl::string_view payload = answer.payload;
    return *codec_.Encode(answer.Spec({&payload, 1}), TagOf(answer), kBegun, kNow);
  }

  static constexpr const char* kNamespaces[] = {"default", "team-a", "acme"};
  std::mt19937_64 random_{20261126};
  const std::string noise_ = Incompressible(100'000);
  const EntryCodec codec_{KeysOf(KeyLine("one", '1') + KeyLine("acme", 'c', "acme") + KeyLine("two", '2'))};
};

TEST_F(SealedEntryProof, AMillionRoundTrips) {
  for (int i = Scaled(1'000'000); i > 0; --i) {
    const Answer answer = RandomAnswer();
    const auto entry = codec_.Decode(Seal(answer), TagOf(answer));
    ASSERT_TRUE(entry.ok()) << entry.status();
    ASSERT_TRUE(entry->payload == answer.payload);
    ASSERT_EQ(entry->head.digest, DigestOfQuestion(answer.question));
    ASSERT_EQ(entry->head.ns, answer.ns);
  }
}

TEST_F(SealedEntryProof, OfAHundredThousandChangedBytesNoneIsServed) {
  Answer answer;
  std::string bytes;
  for (int i = 0; i < Scaled(100'000); ++i) {
    if (i % 100 == 0) {
      answer = RandomAnswer();
      bytes = Seal(answer);
    }
    std::string changed = bytes;
    char& byte = changed[random_() % changed.size()];
    byte = static_cast<char>(byte ^ (1 + random_() % 255));
    ASSERT_FALSE(codec_.Decode(changed, TagOf(answer)).ok());
  }
}

TEST_F(SealedEntryProof, OfTenThousandSwapsBetweenQuestionsAndNamespacesNoneIsServed) {
  int swaps = 0;
  while (swaps < Scaled(10'000)) {
    const Answer answer = RandomAnswer();
    Answer other = answer;
    // The same question in another namespace, another question in the same one, or both.
    if (random_() % 2 == 0) other.ns = kNamespaces[random_() % std::size(kNamespaces)];
    if (random_() % 2 == 0) other.question = static_cast<int>(random_() % 1'000'000);
    if (other.ns == answer.ns && other.question == answer.question) continue;
    const std::string bytes = Seal(answer);
    ASSERT_EQ(codec_.Decode(bytes, TagOf(other)).status().code(), absl::StatusCode::kUnauthenticated);
    ASSERT_EQ(codec_.DecodeHead(bytes, TagOf(other)).status().code(), absl::StatusCode::kUnauthenticated);
    ++swaps;
  }
}

TEST_F(SealedEntryProof, HeadsAndPayloadsOfTwoEntriesMakeNoThird) {
  const EntryCodec codec(SomeKeys());
  const Answer answer{.payload = "first"};
  const auto seal = [&](absl::string_view payload) {
    return *codec.Encode(answer.Spec({&payload, 1}), TagOf(answer), kBegun, kNow);
  };
  const std::string a = seal("first"), b = seal("other");
  ASSERT_EQ(a.size(), b.size());
  for (size_t cut = 1; cut < a.size(); ++cut) {
    const std::string mixed = a.substr(0, cut) + b.substr(cut);
    if (mixed == a || mixed == b) continue;
    ASSERT_FALSE(codec.Decode(mixed, TagOf(answer)).ok()) << cut;
  }
}

}  // namespace
}  // namespace paracle::cachecore
