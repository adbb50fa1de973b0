// paracle-drill NAME [--short] --server PATH: real servers, real faults, real load; prints counts and bounds.
//
// Exit code 0: every bound was kept. 1: one was missed, or there was too little traffic to tell. 2: bad arguments, or
// something that the drill needs is not there.
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include "tests/drills/drill.h"
#include "tests/support/redis_process.h"

namespace paracle::drills {
namespace {

using Drill = bool (*)(const DrillOptions&);

struct NamedDrill {
  std::string_view name;
  Drill run;
};

constexpr NamedDrill kDrills[] = {
    {"redis", RedisDrill}, {"invalidation", InvalidationDrill}, {"topology", TopologyDrill}};

int Usage() {
  std::fprintf(stderr, "usage: paracle-drill NAME [--short] --server PATH\nNAME is one of:");
  for (const NamedDrill& drill : kDrills) std::fprintf(stderr, " %s", drill.name.data());
  std::fprintf(stderr, "\n");
  return 2;
}

std::optional<DrillOptions> ParseOptions(int count, char** words) {
  DrillOptions options;
  for (int i = 2; i < count; ++i) {
    const std::string_view word = words[i];
    if (word == "--short") {
      options.brief = true;
    } else if (word == "--server" && i + 1 < count) {
      options.server = words[++i];
    } else {
      return std::nullopt;
    }
  }
  if (options.server.empty()) return std::nullopt;
  return options;
}

int Run(Drill drill, const DrillOptions& options) {
  if (!support::RedisProcess::Available(support::ServerKind::kRedis)) {
    std::fprintf(stderr, "paracle-drill: no redis-server in PATH, nothing can be proven\n");
    return 2;
  }
  try {
    return drill(options) ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "paracle-drill: %s\n", error.what());
    return 2;
  }
}

int Main(int count, char** words) {
  const auto options = ParseOptions(count, words);
  if (count < 2 || !options) return Usage();
  for (const NamedDrill& drill : kDrills) {
    if (drill.name == words[1]) return Run(drill.run, *options);
  }
  return Usage();
}

}  // namespace
}  // namespace paracle::drills

int main(int count, char** words) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // A long drill is watched while it runs.
  return paracle::drills::Main(count, words);
}
