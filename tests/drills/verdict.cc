#include <cstdio>

#include "tests/drills/drill.h"

namespace paracle::drills {

void Verdict::Expect(bool kept, const std::string& what) {
  ++expected_;
  if (kept) return;
  ++missed_;
  std::printf("  MISSED: %s\n", what.c_str());
}

bool Verdict::Tell(const std::string& drill) const {
  if (missed_ == 0) {
    std::printf("%s: all %d bounds kept\n", drill.c_str(), expected_);
  } else {
    std::printf("%s: MISSED %d of %d bounds\n", drill.c_str(), missed_, expected_);
  }
  return missed_ == 0 && expected_ > 0;
}

}  // namespace paracle::drills
