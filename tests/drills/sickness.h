// The sicknesses of a Redis, as the drill inflicts and cures them.
#ifndef PARACLE_TESTS_DRILLS_SICKNESS_H_
#define PARACLE_TESTS_DRILLS_SICKNESS_H_

#include <functional>
#include <string>
#include <vector>

#include "tests/drills/stage.h"

namespace paracle::drills {

struct Sickness {
  std::string name;
  std::function<void(Stage&)> inflict = {};  // Null: the stage is sick from the start.
  std::function<void(Stage&)> cure = {};     // Null: there is none.
  // Null: the one that is there. Else the drill's short form leaves the sickness out if `long_only`.
  Stage (*own_stage)(const std::string& server) = nullptr;
  bool long_only = false;

  bool writes_lost = true;  // No Set can have reached Redis: none may say so.
  bool asked_on = false;    // Redis is still asked, and slower: calls are held to the operation timeout alone.
  bool loses_data = false;  // Redis has no entries that count after the cure.
  bool counted = true;      // The proxy counts what it did.
  double cancel_share = 0;  // Of the Gets: their callers give up.
};

std::vector<Sickness> Sicknesses();

}  // namespace paracle::drills

#endif  // PARACLE_TESTS_DRILLS_SICKNESS_H_
