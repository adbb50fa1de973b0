// The invalidation protocol, modelled: see rules.h for what it consists of, checker.h for what it promises, world.h for
// what it has to bear. PARACLE_MODEL_SCHEDULES overrides how many schedules the whole protocol has to survive;
// with PARACLE_MODEL_STORY set, every schedule that was found is told event by event.
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "tests/model/schedule.h"

namespace paracle::model {
namespace {

#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
constexpr uint64_t kSchedules = 1'000'000;
#else
constexpr uint64_t kSchedules = 50'000;
#endif

uint64_t Schedules() {
  const char* wanted = std::getenv("PARACLE_MODEL_SCHEDULES");
  return wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : kSchedules;
}

void Print(const Totals& totals, uint64_t schedules) {
  std::cout << schedules << " schedules: " << totals.gets << " gets, " << totals.memory_hits << " from memory, "
            << totals.shared_hits << " from Redis (" << totals.degraded_hits << " degraded), " << totals.misses
            << " misses; " << totals.landed << " fills landed, " << totals.refused << " refused; "
            << totals.acknowledged << " invalidations acknowledged, " << totals.unavailable << " unavailable; "
            << totals.epochs << " epochs begun, " << totals.pages_cut << " pages cut, " << totals.pages_ignored
            << " ignored\n";
}

Rules Without(bool Rules::*rule) {
  Rules rules;
  rules.*rule = false;
  return rules;
}

TEST(InvalidationModelTest, NoScheduleBreaksAPromise) {
  const Rules rules;
  World world(rules);
  const auto finding = Explore(world, 1, Schedules());
  ASSERT_FALSE(finding.has_value()) << Story(rules, finding->seed);
  Print(world.totals(), Schedules());
  EXPECT_EQ(world.totals().needlessly_stale, 0);
}

TEST(InvalidationModelTest, TheSameSeedTellsTheSameStory) {
  const Rules rules = Without(&Rules::validate_at_read);
  World world(rules);
  const auto finding = Explore(world, 1, 1000);
  ASSERT_TRUE(finding.has_value());
  const std::string story = Story(rules, finding->seed);
  EXPECT_EQ(story, Story(rules, finding->seed));
  EXPECT_TRUE(absl::EndsWith(story, world.checker().violation() + "\n"));
}

// The other way not to serve what is old: never to catch up.
TEST(InvalidationModelTest, ReplicasThatMayNotLearnACutPageStayBehindForEver) {
  const Rules rules = Without(&Rules::other_epochs_are_never_cut);
  World world(rules);
  for (uint64_t seed = 1; seed <= 20'000 && world.totals().needlessly_stale == 0; ++seed) RunSchedule(world, seed);
  EXPECT_GT(world.totals().needlessly_stale, 0);
}

// A protocol that refuses everything keeps every promise; this one has to be of use as well.
TEST(InvalidationModelTest, RandomSchedulesStillHitLandAndAcknowledge) {
  const Rules rules;
  World world(rules);
  const uint64_t schedules = 10'000;
  ASSERT_FALSE(Explore(world, 1, schedules).has_value());
  const Totals& totals = world.totals();
  EXPECT_GT(totals.memory_hits, totals.gets / 5);
  EXPECT_GT(totals.shared_hits, totals.gets / 15);
  EXPECT_GT(totals.degraded_hits, totals.gets / 100);
  EXPECT_GT(totals.landed, totals.refused);
  EXPECT_GT(totals.acknowledged, 2 * totals.unavailable);
  EXPECT_GT(totals.acknowledged, 10 * schedules);
  EXPECT_GT(totals.epochs, schedules);
}

TEST(InvalidationModelTest, WithoutFaultsAFillAfterAnInvalidateIsServedAgainEverywhere) {
  const Rules rules;
  for (int name : {0, kFirstDigest, kFirstModel}) {
    World world(rules);
    world.Begin(Profile::Calm(), 1, nullptr);
    world.Advance(100);
    for (uint64_t round = 1; round <= 3; ++round) {
      world.Get(0, 0);
      world.Advance(4000);
      EXPECT_EQ(world.totals().landed, round);
      world.Get(0, 0);
      world.Get(1, 0);
      world.Advance(100);
      EXPECT_EQ(world.totals().memory_hits, round);
      EXPECT_EQ(world.totals().shared_hits, round);
      world.Invalidate(static_cast<int>(round % 2), name);
      world.Advance(100);
      EXPECT_EQ(world.totals().acknowledged, round);
    }
    EXPECT_EQ(world.totals().misses, 3);
    EXPECT_EQ(world.totals().refused, 0);
    EXPECT_EQ(world.totals().epochs, 1);
    EXPECT_FALSE(world.checker().violated()) << world.checker().violation();
  }
}

TEST(InvalidationModelTest, WithRedisAwayFromTheStartMemoryServesUnlessConsistencyIsStrict) {
  const Rules rules;
  for (bool strict : {false, true}) {
    World world(rules);
    Profile profile = Profile::Calm();
    profile.strict = strict;
    world.Begin(profile, 1, nullptr);
    world.FailRedis(-1, {}, 60'000, false);
    world.Advance(100);
    world.Get(0, 0);
    world.Advance(4000);
    world.Get(0, 0);
    EXPECT_EQ(world.totals().degraded_hits, strict ? 0 : 1);
    world.Invalidate(0, kFirstDigest);
    world.Get(0, 0);
    EXPECT_EQ(world.totals().misses, strict ? 3 : 2);
    EXPECT_EQ(world.totals().unavailable, 1);
    world.Advance(4000);
    world.Get(0, 0);
    EXPECT_EQ(world.totals().degraded_hits, strict ? 0 : 2);
  }
}

struct Switch {
  const char* name;
  bool Rules::*rule;
};

#define RULE(name) \
  Switch { #name, &Rules::name }

std::string SwitchName(const testing::TestParamInfo<Switch>& info) { return info.param.name; }

class WithoutRuleTest : public testing::TestWithParam<Switch> {
 protected:
  // The first schedule that breaks P1, P3 or P7; what is promised without Redis only satisfies the rule about that.
  static std::optional<Finding> Search(World& world, uint64_t schedules) {
    for (uint64_t seed = 1; seed <= schedules; ++seed) {
      if (RunSchedule(world, seed)) continue;
      const bool local = absl::StartsWith(world.checker().violation(), "Local");
      if (!local || GetParam().rule == &Rules::local_invalidate_takes_a_number) return Finding{seed, seed};
    }
    return std::nullopt;
  }
};

TEST_P(WithoutRuleTest, SomeScheduleBreaksAPromise) {
  const Rules rules = Without(GetParam().rule);
  World world(rules);
  const auto finding = Search(world, 1'000'000);
  ASSERT_TRUE(finding.has_value()) << "the rule is superfluous, or the schedules are too tame";
  std::cout << "without " << GetParam().name << ": seed " << finding->seed << " after " << finding->schedules
            << " schedules, " << world.checker().violation() << "\n";
  if (std::getenv("PARACLE_MODEL_STORY") != nullptr) std::cout << Story(rules, finding->seed);
}

INSTANTIATE_TEST_SUITE_P(
    Each, WithoutRuleTest,
    testing::Values(RULE(validate_at_read), RULE(entries_name_their_question), RULE(set_checks_token),
                    RULE(token_taken_before_lookup), RULE(floor_refuses_old_tokens), RULE(memory_dies_with_its_epoch),
                    RULE(shared_entries_die_with_their_epoch), RULE(promoted_entries_keep_their_token),
                    RULE(checked_again_under_the_promotion), RULE(polling), RULE(messages_only_in_order),
                    RULE(messages_name_their_epoch), RULE(other_epochs_must_be_ahead),
                    RULE(one_ordered_mark_connection), RULE(own_epoch_before_the_first_page),
                    RULE(acknowledge_after_learning), RULE(folding_raises_the_floor),
                    RULE(local_invalidate_takes_a_number), RULE(new_epoch_when_history_changes),
                    RULE(new_epoch_when_marks_are_gone), RULE(every_epoch_is_fresh), RULE(numbers_never_go_back),
                    RULE(other_epochs_from_the_floor), RULE(other_epochs_are_never_cut),
                    RULE(pages_of_adds_are_never_cut), RULE(stale_marks_stop_the_shared_tier),
                    RULE(strict_stops_memory), RULE(freshness_counts_from_the_beginning),
                    RULE(only_complete_pages_are_fresh)),
    SwitchName);

// Rules that cost nothing and that nothing was found to depend on, as long as the others hold:
//   tokens_from_ahead_wait: such a token is above every mark known here, and the entry is checked again from latest on.
//   pages_have_no_gaps: on one ordered connection a page begins where its caller was, or lower.
//   new_epoch_when_caller_is_ahead: numbers fall only with a server that was replaced, and its history says so.
// If one of these ever fails, the rule has become a real one: move it up.
class SecondNetTest : public testing::TestWithParam<Switch> {};

TEST_P(SecondNetTest, NothingDependsOnItAlone) {
  const Rules rules = Without(GetParam().rule);
  World world(rules);
  const auto finding = Explore(world, 1, Schedules() / 20);
  EXPECT_FALSE(finding.has_value()) << Story(rules, finding->seed);
}

INSTANTIATE_TEST_SUITE_P(Each, SecondNetTest,
                         testing::Values(RULE(tokens_from_ahead_wait), RULE(pages_have_no_gaps),
                                         RULE(new_epoch_when_caller_is_ahead)),
                         SwitchName);

}  // namespace
}  // namespace paracle::model
