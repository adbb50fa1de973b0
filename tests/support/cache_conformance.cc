#include "tests/support/cache_conformance.h"

#include <future>

#include "absl/strings/str_cat.h"
#include "cachecore/error.h"
#include "gmock/gmock.h"

namespace paracle::cachecore {
namespace {

using Kind = InvalidationTarget::Kind;
using testing::Optional;

std::string BytesOfLength(size_t length) {
  std::string bytes(length, '\0');
  uint32_t state = static_cast<uint32_t>(length) + 1;
  for (char& byte : bytes) byte = static_cast<char>((state = state * 1'664'525 + 1'013'904'223) >> 24);
  return bytes;
}

InvalidationTarget TargetOf(Kind kind) {
  InvalidationTarget target{.ns = "default", .kind = kind, .digest = DigestOfQuestion(1), .value = ""};
  if (kind == Kind::kTag) target.value = "faq";
  if (kind == Kind::kModel) target.value = "gpt-4";
  return target;
}

constexpr Kind kKinds[] = {Kind::kDigest, Kind::kTag, Kind::kModel, Kind::kNamespace};

}  // namespace

void CacheConformance::SetUp() {
  if (!GetParam().why_missing.empty()) GTEST_SKIP() << "SKIPPED: " << GetParam().why_missing;
  cache_ = Make({});
}

bool& CacheConformance::SecondOfAPair() {
  static bool second = false;
  return second;
}

GetOutcome CacheConformance::Get(int question, const std::string& ns) {
  std::promise<GetOutcome> answered;
  cache_->Get({.ns = ns, .digest = DigestOfQuestion(question)}, absl::InfiniteFuture(),
              [&](GetOutcome outcome) { answered.set_value(std::move(outcome)); });
  return answered.get_future().get();
}

absl::StatusOr<SetOutcome> CacheConformance::Set(const Answer& answer) {
  std::promise<absl::StatusOr<SetOutcome>> answered;
  const absl::string_view payload[] = {answer.payload};
  cache_->Set(answer.Spec(payload), absl::InfiniteFuture(),
              [&](absl::StatusOr<SetOutcome> outcome) { answered.set_value(std::move(outcome)); });
  return answered.get_future().get();
}

absl::StatusOr<InvalidateOutcome> CacheConformance::Invalidate(const InvalidationTarget& target, bool dry_run) {
  std::promise<absl::StatusOr<InvalidateOutcome>> answered;
  cache_->Invalidate(target, dry_run,
                     [&](absl::StatusOr<InvalidateOutcome> outcome) { answered.set_value(std::move(outcome)); });
  return answered.get_future().get();
}

std::optional<Hit> CacheConformance::Find(int question, const std::string& ns) {
  GetOutcome outcome = Get(question, ns);
  if (!std::holds_alternative<Hit>(outcome)) return std::nullopt;
  return std::get<Hit>(std::move(outcome));
}

std::optional<std::string> CacheConformance::PayloadOf(int question, const std::string& ns) {
  const std::optional<Hit> hit = Find(question, ns);
  if (!hit) return std::nullopt;
  return std::string(hit->entry->payload());
}

FillToken CacheConformance::TokenOf(int question, const std::string& ns) {
  const GetOutcome outcome = Get(question, ns);
  EXPECT_TRUE(std::holds_alternative<Miss>(outcome)) << "question " << question << " is there already";
  return std::holds_alternative<Miss>(outcome) ? std::get<Miss>(outcome).fill_token : FillToken{};
}

TEST_P(CacheConformance, MissesWhatWasNeverStored) { EXPECT_EQ(PayloadOf(1), std::nullopt); }

TEST_P(CacheConformance, ReturnsEverythingThatWasStored) {
  const Answer answer{.ns = "team/a",
                      .question = 1,
                      .payload = "the answer",
                      .provider = "anthropic",
                      .model = "claude",
                      .content_type = "text/plain",
                      .tags = {"faq", "a tag that is too long to be held within a string object"},
                      .origin = {.prompt_tokens = 12,
                                 .completion_tokens = 4'294'967'295,
                                 .cost_usd = 0.0123,
                                 .latency = absl::Milliseconds(1500)},
                      .ttl = absl::Seconds(90)};
  const auto stored = Set(answer);
  ASSERT_TRUE(stored.ok()) << stored.status();
  const std::optional<Hit> hit = Find(1, "team/a");
  ASSERT_TRUE(hit);
  const Entry& entry = *hit->entry;
  EXPECT_EQ(entry.payload(), "the answer");
  EXPECT_EQ(entry.content_type(), "text/plain");
  EXPECT_THAT(entry.tags(), testing::ElementsAreArray(answer.tags));
  EXPECT_EQ(entry.origin().prompt_tokens, 12);
  EXPECT_EQ(entry.origin().completion_tokens, 4'294'967'295);
  EXPECT_EQ(entry.origin().cost_usd, 0.0123);
  EXPECT_EQ(entry.origin().latency, absl::Milliseconds(1500));
  EXPECT_EQ(entry.expire_time() - entry.create_time(), absl::Seconds(90));
  EXPECT_EQ(entry.expire_time(), stored->expire_time);
}

TEST_P(CacheConformance, P1_ReturnsPayloadsOfEveryLengthByteForByte) {
  const std::vector<size_t> lengths = {0, 1, 7, 8, 9, 136, 4096, 65'535, 1'048'577, 3 << 20};
  for (size_t i = 0; i < lengths.size(); ++i) {
    ASSERT_TRUE(Set({.question = static_cast<int>(i), .payload = BytesOfLength(lengths[i])}).ok());
  }
  for (size_t i = 0; i < lengths.size(); ++i) {
    const std::optional<std::string> payload = PayloadOf(static_cast<int>(i));
    ASSERT_TRUE(payload) << lengths[i] << " bytes";
    EXPECT_TRUE(*payload == BytesOfLength(lengths[i])) << lengths[i] << " bytes";
  }
}

TEST_P(CacheConformance, JoinsThePiecesOfAPayload) {
  const absl::string_view pieces[] = {"a", "", "bcd", "e"};
  EntrySpec spec;
  spec.id = {.ns = "default", .digest = DigestOfQuestion(1)};
  spec.payload = pieces;
  spec.ttl = absl::Hours(1);
  std::promise<bool> stored;
  cache_->Set(spec, absl::InfiniteFuture(),
              [&](absl::StatusOr<SetOutcome> outcome) { stored.set_value(outcome.ok()); });
  ASSERT_TRUE(stored.get_future().get());
  EXPECT_THAT(PayloadOf(1), Optional(std::string("abcde")));
}

TEST_P(CacheConformance, P1_KeepsNamespacesApart) {
  ASSERT_TRUE(Set({.ns = "a", .question = 1, .payload = "of a"}).ok());
  ASSERT_TRUE(Set({.ns = "b", .question = 1, .payload = "of b"}).ok());
  EXPECT_THAT(PayloadOf(1, "a"), Optional(std::string("of a")));
  EXPECT_THAT(PayloadOf(1, "b"), Optional(std::string("of b")));
  EXPECT_EQ(PayloadOf(1, "c"), std::nullopt);
  EXPECT_EQ(PayloadOf(1, "ab"), std::nullopt);
}

TEST_P(CacheConformance, P1_TellsDigestsApartThatDifferInOneBitAnywhere) {
  ASSERT_TRUE(Set({.question = 1}).ok());
  for (size_t bit = 0; bit < 8 * Digest::kSize; ++bit) {
    Digest other = DigestOfQuestion(1);
    other.bytes[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    std::promise<bool> missed;
    cache_->Get({.ns = "default", .digest = other}, absl::InfiniteFuture(),
                [&](GetOutcome outcome) { missed.set_value(std::holds_alternative<Miss>(outcome)); });
    EXPECT_TRUE(missed.get_future().get()) << "bit " << bit;
  }
}

TEST_P(CacheConformance, ReplacesWhatWasStoredBefore) {
  ASSERT_TRUE(Set({.question = 1, .payload = "first", .tags = {"old"}}).ok());
  ASSERT_TRUE(Set({.question = 1, .payload = "second, and longer"}).ok());
  EXPECT_THAT(PayloadOf(1), Optional(std::string("second, and longer")));
  if (GetParam().has_usage) {
    EXPECT_EQ(cache_->GetUsage().entries, 1);
  }
  const LedgerCounts total = ledger_.Snapshot("").total;
  EXPECT_EQ(total.sets, 2);
  EXPECT_EQ(total.evictions, 0);
  EXPECT_EQ(total.invalidations, 0);
  const auto removed = Invalidate({.ns = "default", .kind = Kind::kTag, .digest = {}, .value = "old"});
  EXPECT_EQ(removed->removed, 0) << "the tag was the replaced entry's";
}

TEST_P(CacheConformance, AcceptsTheSameSetTwice) {
  const FillToken token = TokenOf(1);
  ASSERT_TRUE(Set({.question = 1, .fill_token = token}).ok());
  EXPECT_TRUE(Set({.question = 1, .fill_token = token}).ok());
  EXPECT_THAT(PayloadOf(1), Optional(std::string("an answer")));
}

TEST_P(CacheConformance, CountsHitsOfAnEntryFromItsSetOn) {
  if (!GetParam().counts_hits) GTEST_SKIP() << GetParam().why_not;
  ASSERT_TRUE(Set({.question = 1}).ok());
  for (uint32_t count = 1; count <= 3; ++count) EXPECT_EQ(Find(1)->hit_count, count);
  ASSERT_TRUE(Set({.question = 1}).ok());
  EXPECT_EQ(Find(1)->hit_count, 1u);
}

TEST_P(CacheConformance, P2_StopsServingAtTheEndOfTheLife) {
  ASSERT_TRUE(Set({.question = 1, .ttl = absl::Seconds(60)}).ok());
  clock_.Advance(absl::Seconds(60) - absl::Nanoseconds(1));
  EXPECT_TRUE(Find(1)) << "a nanosecond before the end";
  clock_.Advance(absl::Nanoseconds(1));
  EXPECT_FALSE(Find(1)) << "at the end";
  if (GetParam().has_usage) {
    EXPECT_EQ(ledger_.Snapshot("").total.expirations, 1);
  }
  EXPECT_EQ(cache_->GetUsage().entries, 0);
}

TEST_P(CacheConformance, P2_AJumpOfTheWallClockNeitherKillsNorRevives) {
  if (!GetParam().monotonic_expiry) GTEST_SKIP() << GetParam().why_not;
  ASSERT_TRUE(Set({.question = 1, .ttl = absl::Seconds(60)}).ok());
  clock_.StepWallTime(absl::Hours(5));
  EXPECT_TRUE(Find(1));
  clock_.Advance(absl::Seconds(60));
  clock_.StepWallTime(-absl::Hours(10));
  EXPECT_FALSE(Find(1));
}

TEST_P(CacheConformance, TheLongestLifeDoesNotOverflow) {
  ASSERT_TRUE(Set({.question = 1, .ttl = absl::InfiniteDuration()}).ok());
  clock_.Advance(absl::Hours(24 * 700));
  EXPECT_TRUE(Find(1));
}

TEST_P(CacheConformance, InvalidatesWhatIsNamedAndNothingElse) {
  struct Case {
    std::string why;
    InvalidationTarget target;
    std::vector<int> gone;
  };
  const Case cases[] = {
      {"one question", {.ns = "default", .kind = Kind::kDigest, .digest = DigestOfQuestion(1), .value = ""}, {1}},
      {"a question nobody stored",
       {.ns = "default", .kind = Kind::kDigest, .digest = DigestOfQuestion(9), .value = ""},
       {}},
      {"a tag of two", {.ns = "default", .kind = Kind::kTag, .digest = {}, .value = "faq"}, {1, 2}},
      {"half a tag is no tag", {.ns = "default", .kind = Kind::kTag, .digest = {}, .value = "fa"}, {}},
      {"a model is not a tag", {.ns = "default", .kind = Kind::kTag, .digest = {}, .value = "gpt-4"}, {}},
      {"a model", {.ns = "default", .kind = Kind::kModel, .digest = {}, .value = "gpt-4"}, {1, 3}},
      {"the namespace", {.ns = "default", .kind = Kind::kNamespace, .digest = {}, .value = ""}, {1, 2, 3}},
      {"another namespace", {.ns = "other", .kind = Kind::kNamespace, .digest = {}, .value = ""}, {4}},
      {"a namespace that is not there", {.ns = "none", .kind = Kind::kNamespace, .digest = {}, .value = ""}, {}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.why);
    cache_ = Make({});
    ASSERT_TRUE(Set({.question = 1, .model = "gpt-4", .tags = {"faq"}}).ok());
    ASSERT_TRUE(Set({.question = 2, .model = "gpt-5", .tags = {"x", "faq"}}).ok());
    ASSERT_TRUE(Set({.question = 3, .model = "gpt-4"}).ok());
    ASSERT_TRUE(Set({.ns = "other", .question = 4, .model = "gpt-4", .tags = {"faq"}}).ok());

    const auto counted = Invalidate(c.target, /*dry_run=*/true);
    ASSERT_TRUE(counted.ok());
    for (int question : {1, 2, 3}) EXPECT_TRUE(Find(question)) << "a dry run only counts";

    const auto removed = Invalidate(c.target);
    ASSERT_TRUE(removed.ok());
    if (GetParam().counts_exactly) {
      EXPECT_EQ(counted->removed, static_cast<int64_t>(c.gone.size()));
      EXPECT_EQ(removed->removed, static_cast<int64_t>(c.gone.size()));
    }
    for (int question : {1, 2, 3, 4}) {
      const bool gone = std::find(c.gone.begin(), c.gone.end(), question) != c.gone.end();
      EXPECT_EQ(Find(question, question == 4 ? "other" : "default").has_value(), !gone) << "question " << question;
    }
  }
}

TEST_P(CacheConformance, CountsWhatAnInvalidationRemoved) {
  for (int question = 0; question < 700; ++question)
    ASSERT_TRUE(Set({.question = question, .ttl = absl::Hours(1)}).ok());
  ASSERT_TRUE(Set({.question = 700, .ttl = absl::Seconds(1)}).ok());
  clock_.Advance(absl::Seconds(1));
  const auto removed = Invalidate(TargetOf(Kind::kNamespace));
  ASSERT_TRUE(removed.ok());
  if (!GetParam().counts_exactly) GTEST_SKIP() << GetParam().why_not;
  EXPECT_EQ(removed->removed, 700) << "what had expired was gone already";
  EXPECT_FALSE(removed->estimated);
  EXPECT_EQ(ledger_.Snapshot("").total.invalidations, 700);
  EXPECT_EQ(cache_->GetUsage().entries, 0);
}

TEST_P(CacheConformance, P3_RefusesAFillThatBeganBeforeAnInvalidation) {
  for (Kind kind : kKinds) {
    SCOPED_TRACE(static_cast<int>(kind));
    cache_ = Make({});
    const Answer late{.question = 1, .payload = "late", .tags = {"other", "faq"}, .fill_token = TokenOf(1)};
    ASSERT_TRUE(Invalidate(TargetOf(kind)).ok());
    const auto refused = Set(late);
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(ReasonOf(refused.status()), kReasonStaleFillToken);
    EXPECT_EQ(PayloadOf(1), std::nullopt);

    Answer fresh = late;
    fresh.payload = "fresh";
    fresh.fill_token = TokenOf(1);
    EXPECT_TRUE(Set(fresh).ok());
    EXPECT_THAT(PayloadOf(1), Optional(std::string("fresh")));
    EXPECT_FALSE(Set(late).ok()) << "it does not age into validity";
    EXPECT_THAT(PayloadOf(1), Optional(std::string("fresh"))) << "what is there stays";
  }
}

TEST_P(CacheConformance, P3_AnInvalidationOfSomethingElseRefusesNobody) {
  const FillToken token = TokenOf(1);
  ASSERT_TRUE(Invalidate({.ns = "default", .kind = Kind::kDigest, .digest = DigestOfQuestion(2), .value = ""}).ok());
  ASSERT_TRUE(Invalidate({.ns = "default", .kind = Kind::kTag, .digest = {}, .value = "gpt-4"}).ok());
  ASSERT_TRUE(Invalidate({.ns = "default", .kind = Kind::kModel, .digest = {}, .value = "faq"}).ok());
  ASSERT_TRUE(Invalidate({.ns = "other", .kind = Kind::kNamespace, .digest = {}, .value = ""}).ok());
  ASSERT_TRUE(Invalidate(TargetOf(Kind::kNamespace), /*dry_run=*/true).ok());
  EXPECT_TRUE(Set({.question = 1, .tags = {"faq"}, .fill_token = token}).ok());
  EXPECT_TRUE(Find(1));
}

TEST_P(CacheConformance, P3_RefusesTokensThatItNeverGave) {
  FillToken future = TokenOf(1);
  future.sequence += 1;
  FillToken elsewhere = TokenOf(1);
  elsewhere.epoch += 1;
  for (const FillToken& token : {future, elsewhere, FillToken{}}) {
    const auto refused = Set({.question = 1, .fill_token = token});
    EXPECT_EQ(ReasonOf(refused.status()), kReasonStaleFillToken);
  }
  EXPECT_FALSE(Find(1));
}

TEST_P(CacheConformance, AnEntryLargerThanTheLimitIsAcceptedAndNotKept) {
  cache_ = Make({.max_entries = 10, .max_bytes = 1 << 20});
  ASSERT_TRUE(Set({.question = 1, .payload = "small"}).ok());
  ASSERT_TRUE(Set({.question = 2, .payload = "bystander"}).ok());
  const auto outcome = Set({.question = 1, .payload = BytesOfLength(2 << 20)});
  ASSERT_TRUE(outcome.ok());
  EXPECT_FALSE(outcome->stored_in_memory);
  EXPECT_THAT(PayloadOf(2), Optional(std::string("bystander"))) << "nobody else gives way for what cannot fit";
  EXPECT_NE(PayloadOf(1), std::string("small")) << "the caller has replaced it";
}

TEST_P(CacheConformance, TheEntryLimitPushesOutTheLeastRecentlyUsed) {
  if (!GetParam().exact_lru) GTEST_SKIP() << GetParam().why_not;
  cache_ = Make({.max_entries = 3});
  for (int question : {1, 2, 3}) ASSERT_TRUE(Set({.question = question}).ok());
  EXPECT_TRUE(Find(1));
  ASSERT_TRUE(Set({.question = 4}).ok());
  EXPECT_FALSE(Find(2));
  for (int question : {1, 3, 4}) EXPECT_TRUE(Find(question)) << question;
  EXPECT_EQ(cache_->GetUsage().entries, 3);
  EXPECT_EQ(ledger_.Snapshot("").total.evictions, 1);
}

TEST_P(CacheConformance, AHandleOutlivesTheEntryAndTheCache) {
  ASSERT_TRUE(Set({.question = 1, .payload = "kept", .model = "m", .tags = {"t"}}).ok());
  const Hit hit = *Find(1);
  ASSERT_TRUE(Invalidate(TargetOf(Kind::kNamespace)).ok());
  cache_.reset();
  EXPECT_EQ(hit.entry->payload(), "kept");
  EXPECT_EQ(hit.entry->label().model(), "m");
  EXPECT_EQ(hit.entry->tags()[0], "t");
}

TEST_P(CacheConformance, AnswersFromASecondCacheOnlyIfItSurvivesRestarts) {
  ASSERT_TRUE(Set({.question = 1}).ok());
  cache_.reset();
  SecondOfAPair() = true;
  cache_ = Make({});
  SecondOfAPair() = false;
  EXPECT_EQ(Find(1).has_value(), GetParam().survives_restart);
}

}  // namespace paracle::cachecore
