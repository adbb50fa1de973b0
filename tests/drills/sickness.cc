#include "tests/drills/sickness.h"

#include <stdexcept>
#include <utility>

#include "absl/time/time.h"

namespace paracle::drills {
namespace {

using support::Fault;

Sickness Proxied(std::string name, Fault fault) {
  return {.name = std::move(name),
          .inflict = [fault](Stage& stage) { stage.proxy->Set(fault); },
          .cure = [](Stage& stage) { stage.proxy->Heal(); }};
}

Sickness Proxied(std::string name, Fault::Kind kind) {
  Fault fault;
  fault.kind = kind;
  return Proxied(std::move(name), fault);
}

// Replies come, and some of them are not what they should be.
Sickness Confused(std::string name, Fault::Kind kind, double probability) {
  Fault fault;
  fault.kind = kind;
  fault.probability = probability;
  Sickness sickness = Proxied(std::move(name), fault);
  sickness.writes_lost = false;
  sickness.asked_on = true;
  return sickness;
}

void Configure(Stage& stage, const std::vector<std::string>& words) {
  const support::RedisReply reply = stage.redis->Command(words);
  if (reply.text != "OK") throw std::runtime_error("Redis refuses " + words[0] + ": " + reply.ToString());
}

Sickness Blackhole() {
  Sickness sickness = Proxied("blackhole", Fault::Kind::kBlackhole);
  sickness.counted = false;
  return sickness;
}

Sickness Killed() {
  return {.name = "killed",
          .inflict = [](Stage& stage) { stage.redis->Kill(); },
          .cure = [](Stage& stage) { stage.redis->Restart(); },
          .loses_data = true,
          .counted = false};
}

Sickness Frozen() {
  return {.name = "frozen (SIGSTOP)",
          .inflict = [](Stage& stage) { stage.redis->Stop(); },
          .cure = [](Stage& stage) { stage.redis->Continue(); },
          .counted = false};
}

// The real thing, because the proxy cannot know which scripts write.
Sickness OutOfMemory() {
  return {.name = "OOM",
          .inflict =
              [](Stage& stage) {
                Configure(stage, {"CONFIG", "SET", "maxmemory", "1"});
              },
          .cure =
              [](Stage& stage) {
                Configure(stage, {"CONFIG", "SET", "maxmemory", "0"});
              },
          .counted = false};
}

// A replica whose master is away, as after half a failover.
Sickness ReadOnly() {
  return {.name = "READONLY",
          .inflict =
              [](Stage& stage) {
                Configure(stage, {"REPLICAOF", "127.0.0.1", "1"});
              },
          .cure =
              [](Stage& stage) {
                Configure(stage, {"REPLICAOF", "NO", "ONE"});
              },
          .loses_data = true,
          .counted = false};
}

// Slow enough that callers give up while Redis is being asked.
Sickness CancelStorm() {
  Sickness sickness = Proxied("30 % cancelled", Fault::Delay(absl::Milliseconds(2), absl::Milliseconds(3)));
  sickness.writes_lost = false;
  sickness.asked_on = true;
  sickness.cancel_share = 0.3;
  return sickness;
}

Sickness AwayAtStart() {
  Sickness sickness = Proxied("away at start", Fault::Kind::kRefuse);
  sickness.inflict = {};
  sickness.own_stage = LonelyStage;
  sickness.counted = false;
  return sickness;
}

Sickness CertificateExpired() {
  return {
      .name = "cert expired", .cure = CureCertificate, .own_stage = ExpiredStage, .long_only = true, .counted = false};
}

Sickness NameGone() { return {.name = "DNS gone", .own_stage = NamelessStage, .long_only = true, .counted = false}; }

}  // namespace

std::vector<Sickness> Sicknesses() {
  return {
      Proxied("refused", Fault::Kind::kRefuse),
      Killed(),
      Frozen(),
      Proxied("200 ms slow", Fault::Delay(absl::Milliseconds(200))),
      Proxied("LOADING", Fault::Loading()),
      Proxied("BUSY", Fault::Busy()),
      Proxied("NOAUTH", Fault::NoAuth()),
      OutOfMemory(),
      ReadOnly(),
      Proxied("half a reply", Fault::Kind::kTruncate),
      Blackhole(),
      Proxied("reset", Fault::Kind::kReset),
      Confused("1 byte a write", Fault::Kind::kSlice, 1),
      Confused("half, 5 %", Fault::Kind::kTruncate, 0.05),
      Confused("wrong order, 30 %", Fault::Kind::kWrongOrder, 0.3),
      Confused("duplicate, 5 %", Fault::Kind::kDuplicate, 0.05),
      CancelStorm(),
      AwayAtStart(),
      CertificateExpired(),
      NameGone(),
  };
}

}  // namespace paracle::drills
