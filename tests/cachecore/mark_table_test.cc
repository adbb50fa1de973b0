#include "cachecore/mark_table.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/cachecore/sealing_keys.h"

namespace paracle::cachecore {
namespace {

using Kind = InvalidationTarget::Kind;

InvalidationTarget Tag(const std::string& tag) { return {.ns = "ns", .kind = Kind::kTag, .digest = {}, .value = tag}; }

class MarkTableTest : public testing::Test {
 protected:
  bool IsValid(FillToken token, const std::vector<std::string>& tags = {}) {
    return marks_.Validate({.ns = "ns", .digest = digest_, .model = "m", .tags = tags}, token).has_value();
  }

  Digest digest_;
  MarkTable marks_{100};
};

TEST_F(MarkTableTest, EachMarkTakesTheNextNumber) {
  const uint64_t before = marks_.latest();
  EXPECT_EQ(marks_.Add(Tag("a")), before + 1);
  EXPECT_EQ(marks_.Add(Tag("a")), before + 2);
  EXPECT_EQ(marks_.Now().sequence, before + 2);
  EXPECT_EQ(marks_.size(), 1u) << "a later mark replaces the earlier one on the same name";
}

TEST_F(MarkTableTest, AMarkConcernsOnlyWhatBeganBeforeIt) {
  const FillToken before = marks_.Now();
  marks_.Add(Tag("a"));
  EXPECT_FALSE(IsValid(before, {"x", "a"}));
  EXPECT_TRUE(IsValid(before, {"x"}));
  EXPECT_TRUE(IsValid(marks_.Now(), {"x", "a"}));
}

TEST_F(MarkTableTest, ToldToBeValidUpToTheLatestMark) {
  const FillToken before = marks_.Now();
  const uint64_t latest = marks_.Add(Tag("a"));
  EXPECT_EQ(marks_.Validate({.ns = "ns", .digest = digest_, .model = "m", .tags = {}}, before), latest);
}

TEST_F(MarkTableTest, KindsAndNamespacesWithTheSameTextAreApart) {
  const FillToken before = marks_.Now();
  marks_.Add({.ns = "ns", .kind = Kind::kTag, .digest = {}, .value = "m"});
  marks_.Add({.ns = "ns", .kind = Kind::kModel, .digest = {}, .value = ""});
  marks_.Add({.ns = "other", .kind = Kind::kNamespace, .digest = {}, .value = ""});
  marks_.Add({.ns = "other", .kind = Kind::kDigest, .digest = digest_, .value = ""});
  EXPECT_TRUE(IsValid(before));
}

TEST_F(MarkTableTest, UnderAKeyMarksHaveOtherNamesAndConcernTheSame) {
  MarkTable keyed(100, NameHash(SomeKeys()));
  for (const InvalidationTarget& target :
       {Tag("a"), InvalidationTarget{.ns = "ns", .kind = Kind::kDigest, .digest = digest_, .value = ""},
        InvalidationTarget{.ns = "ns", .kind = Kind::kModel, .digest = {}, .value = "m"},
        InvalidationTarget{.ns = "ns", .kind = Kind::kNamespace, .digest = {}, .value = ""}}) {
    EXPECT_FALSE(keyed.NameOf(target) == marks_.NameOf(target));
    const FillToken before = keyed.Now();
    keyed.Add(target);
    const std::vector<std::string> tags = {"a"};
    EXPECT_FALSE(keyed.Validate({.ns = "ns", .digest = digest_, .model = "m", .tags = tags}, before));
    EXPECT_TRUE(keyed.Validate({.ns = "other", .digest = digest_, .model = "m", .tags = tags}, before));
  }
}

TEST_F(MarkTableTest, RefusesOtherHistoriesAndTheFuture) {
  const FillToken now = marks_.Now();
  EXPECT_FALSE(IsValid({.epoch = now.epoch + 1, .sequence = now.sequence}));
  EXPECT_FALSE(IsValid({.epoch = now.epoch, .sequence = now.sequence + 1}));
  MarkTable restarted(100);
  EXPECT_NE(restarted.Now().epoch, now.epoch);
}

TEST_F(MarkTableTest, FoldingForgetsTheOlderHalfAndRefusesWhatItCannotJudge) {
  const FillToken oldest = marks_.Now();
  for (int i = 0; i < 100; ++i) marks_.Add(Tag(absl::StrCat(i)));
  ASSERT_TRUE(marks_.full());
  const FillToken now = marks_.Now();
  marks_.FoldOldest(now.sequence);
  EXPECT_LE(marks_.size(), 50u);
  EXPECT_FALSE(marks_.nearly_full());
  EXPECT_FALSE(IsValid(oldest, {"0"})) << "its mark is forgotten, so the floor must refuse it";
  EXPECT_FALSE(IsValid({.epoch = now.epoch, .sequence = now.sequence - 1}, {"99"})) << "a mark that was kept";
  EXPECT_TRUE(IsValid({.epoch = now.epoch, .sequence = now.sequence - 1}, {"98"}));
}

TEST_F(MarkTableTest, NeverFoldsWhatEntriesWereNotCheckedAgainst) {
  const FillToken oldest = marks_.Now();
  for (int i = 0; i < 100; ++i) marks_.Add(Tag(absl::StrCat(i)));
  marks_.FoldOldest(oldest.sequence);
  EXPECT_EQ(marks_.size(), 100u);
  EXPECT_TRUE(IsValid(oldest)) << "nothing was forgotten, so it can still be judged";
}

// What a replica learns of the shared sequence.
class SharedMarkTableTest : public MarkTableTest {
 protected:
  SharedMarkTableTest() { EXPECT_TRUE(marks_.Learn({.epoch = 7, .from = 0, .to = 10, .floor = 0, .marks = {}})); }

  static MarkPage Page(uint64_t from, uint64_t to, std::vector<std::pair<std::string, uint64_t>> tags = {}) {
    MarkPage page{.epoch = 7, .from = from, .to = to, .floor = 0, .marks = {}};
    for (const auto& [tag, number] : tags) page.marks.push_back({MarkName::Of(Tag(tag), NameHash()), number});
    return page;
  }
};

TEST_F(SharedMarkTableTest, AMarkFromElsewhereConcernsWhatBeganBeforeIt) {
  const FillToken before = marks_.Now();
  EXPECT_TRUE(marks_.Learn(Page(10, 11, {{"a", 11}})));
  EXPECT_FALSE(IsValid(before, {"a"}));
  EXPECT_TRUE(IsValid(before, {"b"}));
  EXPECT_TRUE(IsValid(marks_.Now(), {"a"}));
}

TEST_F(SharedMarkTableTest, APageThatLeavesAGapIsIgnored) {
  const FillToken before = marks_.Now();
  EXPECT_FALSE(marks_.Learn(Page(11, 12, {{"a", 12}})));
  EXPECT_EQ(marks_.Now(), before);
  EXPECT_TRUE(marks_.Learn(Page(10, 12, {{"a", 12}}))) << "asked for again, it has no gap";
  EXPECT_TRUE(marks_.Learn(Page(10, 12, {{"a", 12}}))) << "twice does no harm";
  EXPECT_EQ(marks_.position().number, 12u);
}

TEST_F(SharedMarkTableTest, ANewEpochEndsWhateverWasValid) {
  const FillToken before = marks_.Now();
  MarkPage page = Page(20, 20);
  page.epoch = 8;
  EXPECT_TRUE(marks_.Learn(page));
  EXPECT_FALSE(IsValid(before));
  EXPECT_EQ(marks_.Now().epoch, 8u);
  EXPECT_GT(marks_.Now().sequence, before.sequence);
}

TEST_F(SharedMarkTableTest, NumbersNeverGoBackIntoANewEpoch) {
  const FillToken before = marks_.Now();
  MarkPage page = Page(0, 10);
  page.epoch = 8;
  EXPECT_FALSE(marks_.Learn(page)) << "an entry checked at number 10 would seem checked for the new epoch";
  EXPECT_EQ(marks_.Now(), before);
}

TEST_F(SharedMarkTableTest, AnInvalidationOfOursFallsBetweenTwoSharedNumbers) {
  const FillToken before = marks_.Now();
  marks_.Add(Tag("a"));
  EXPECT_FALSE(IsValid(before, {"a"}));
  EXPECT_TRUE(IsValid(marks_.Now(), {"a"}));
  EXPECT_EQ(marks_.position().number, 10u) << "for others, nothing has happened";
  EXPECT_TRUE(marks_.Learn(Page(10, 11)));
  EXPECT_FALSE(IsValid(before, {"a"})) << "it is not forgotten when the shared sequence moves on";
}

TEST_F(SharedMarkTableTest, TheSharedFloorRefusesOlderTokens) {
  const FillToken before = marks_.Now();
  MarkPage page = Page(10, 15);
  page.floor = 12;
  EXPECT_TRUE(marks_.Learn(page));
  EXPECT_FALSE(IsValid(before)) << "marks up to 12 are forgotten";
}

TEST_F(SharedMarkTableTest, MoreMarksThanItMayHoldAreFolded) {
  std::vector<std::pair<std::string, uint64_t>> tags;
  for (uint64_t i = 1; i <= 1000; ++i) tags.emplace_back(absl::StrCat(i), 10 + i);
  const FillToken before = marks_.Now();
  EXPECT_TRUE(marks_.Learn(Page(10, 1010, tags)));
  EXPECT_LE(marks_.size(), 500u);
  EXPECT_FALSE(IsValid(before));
}

TEST(FillTokenTest, EncodesToSeventeenBytesAndBack) {
  const FillToken token{.epoch = 0x0123456789abcdef, .sequence = 0xfedcba9876543210};
  const std::string bytes = token.Encode();
  EXPECT_EQ(bytes, absl::string_view("\x01\x01\x23\x45\x67\x89\xab\xcd\xef\xfe\xdc\xba\x98\x76\x54\x32\x10", 17));
  EXPECT_EQ(FillToken::Decode(bytes), token);
}

TEST(FillTokenTest, RefusesWhatIsNoToken) {
  const std::string good = FillToken{}.Encode();
  EXPECT_EQ(FillToken::Decode(""), std::nullopt);
  EXPECT_EQ(FillToken::Decode(good.substr(1)), std::nullopt);
  EXPECT_EQ(FillToken::Decode(good + "x"), std::nullopt);
  EXPECT_EQ(FillToken::Decode("\x02" + good.substr(1)), std::nullopt) << "a version that is yet to come";
}

}  // namespace
}  // namespace paracle::cachecore
