#include "tests/model/schedule.h"

#include "absl/strings/str_cat.h"

namespace paracle::model {
namespace {

class Driver {
 public:
  Driver(World& world, const Profile& profile, Dice dice) : world_(world), profile_(profile), dice_(dice) {}

  bool Run() {
    for (int step = 0; step < profile_.steps && !world_.checker().violated(); ++step) {
      Pause();
      Fault();
      Ask();
      if (dice_.Chance(5)) Audit();
    }
    if (!world_.checker().violated()) Audit();
    return !world_.checker().violated();
  }

 private:
  // Short pauses make races, long ones let bounds run out.
  void Pause() {
    const bool long_one = dice_.Chance(30);
    world_.Advance(dice_.Between(0, long_one ? 1500 : profile_.longest_pause));
  }

  // Once every bound has run out, everything that is still served is looked at.
  void Audit() {
    world_.Advance(kSeenWithin + dice_.Between(1, 600));
    for (int replica = 0; replica < profile_.replicas; ++replica) {
      for (int question = 0; question < profile_.questions; ++question) world_.Get(replica, question);
    }
    world_.Advance(100);
  }

  void Ask() {
    const uint32_t kind = dice_.Below(100);
    if (kind < 70) return world_.Get(AnyReplica(), AnyQuestion());
    if (kind < 75) return world_.SetWithoutToken(AnyReplica(), AnyQuestion());
    if (kind < 95) return world_.Invalidate(AnyReplica(), AnyName());
  }

  void Fault() {
    if (dice_.Chance(profile_.connection_lost)) world_.LoseConnection(AnyReplica());
    if (dice_.Chance(profile_.partition)) world_.Partition(AnyReplica(), dice_.Between(100, 5000));
    if (dice_.Chance(profile_.restart)) world_.Restart(AnyReplica());
    if (dice_.Chance(profile_.eviction)) Evict();
    if (profile_.redis_fails == 0) return;
    if (dice_.Chance(60)) world_.Copy(static_cast<int>(dice_.Below(2)), AnyConcerned());
    if (dice_.Chance(profile_.redis_fails)) FailRedis();
  }

  void Evict() {
    const uint32_t kind = dice_.Below(4);  // mostly Z alone
    world_.EvictMarks(kind != 0, kind == 0 || kind == 1);
  }

  void FailRedis() {
    const int slot = dice_.Between(-1, 1);
    const Ms down = dice_.Chance(profile_.redis_stays_up) ? 0 : dice_.Between(1, 2500);
    const Concerned concerned = AnyConcerned();
    world_.FailRedis(slot, concerned, down, dice_.Chance(250));
  }

  Concerned AnyConcerned() {
    const uint32_t kind = dice_.Below(4);
    return {.marks = kind != 0, .entries = kind != 1};
  }
  int AnyReplica() { return static_cast<int>(dice_.Below(profile_.replicas)); }

  // Mostly one that concerns what is asked.
  int AnyName() {
    const uint8_t question = static_cast<uint8_t>(AnyQuestion());
    for (;;) {
      const int name = static_cast<int>(dice_.Below(kNames));
      if (dice_.Chance(100) || Concerns(name, {.question = question, .tags = (1 << kTags) - 1})) return name;
    }
  }
  int AnyQuestion() { return static_cast<int>(dice_.Below(profile_.questions)); }

  World& world_;
  const Profile& profile_;
  Dice dice_;
};

}  // namespace

bool RunSchedule(World& world, uint64_t seed, std::string* log) {
  Dice dice(seed * 0x2545f4914f6cdd1d);
  const Profile profile = Profile::Draw(dice);
  world.Begin(profile, dice.Below(UINT32_MAX), log);
  return Driver(world, profile, dice).Run();
}

std::optional<Finding> Explore(World& world, uint64_t first, uint64_t schedules) {
  for (uint64_t i = 0; i < schedules; ++i) {
    if (!RunSchedule(world, first + i)) return Finding{first + i, i + 1};
  }
  return std::nullopt;
}

std::string Story(const Rules& rules, uint64_t seed) {
  World world(rules);
  std::string log;
  RunSchedule(world, seed, &log);
  return absl::StrCat("seed ", seed, "\n", log, world.checker().violation(), "\n");
}

}  // namespace paracle::model
