// What drills have in common: how they are asked for, and how they judge.
//
// A short drill has few samples on a machine that may be busy, so its bounds on time are three times the promised ones,
// and the redis drill judges lower quantiles; its bounds on failed calls and wrong answers are the promised ones.
#ifndef PARACLE_TESTS_DRILLS_DRILL_H_
#define PARACLE_TESTS_DRILLS_DRILL_H_

#include <string>

namespace paracle::drills {

struct DrillOptions {
  bool brief = false;  // --short
  std::string server;  // The paracle-cache-server to run.

  int leniency() const { return brief ? 3 : 1; }  // Times every bound on time.
};

// Counts what was missed, and says each.
class Verdict {
 public:
  // Prints `what` and counts it when `kept` is false.
  void Expect(bool kept, const std::string& what);

  // Prints the sum of it; true: nothing was missed.
  bool Tell(const std::string& drill) const;

 private:
  int expected_ = 0;
  int missed_ = 0;
};

// Each prints its table and its verdict. True: every bound was kept. Throws std::runtime_error when it cannot run.
bool RedisDrill(const DrillOptions& options);
bool InvalidationDrill(const DrillOptions& options);
bool TopologyDrill(const DrillOptions& options);

}  // namespace paracle::drills

#endif  // PARACLE_TESTS_DRILLS_DRILL_H_
